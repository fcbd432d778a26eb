// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// maxRowProblems is how many bad rows of a file are told one by one. A file with more of them is not what its name says.
const maxRowProblems = 100

// Read calls yield for each document of a file: one for most kinds, one a row for CSV and JSON lines, which are read as a
// stream whatever their size. It returns what was skipped; a file that cannot be read at all is one problem and no document.
//
// Memory: a multiple of LoadOptions.MaxFileSize below ten for a file that is one document (HTML is the largest), of MaxRow
// below four for rows. Ids are unique within a file read whole; those that rows give themselves need not be.
//
// The error is the first that yield returned, as it is, or that of an ended context; both end the reading.
func Read(ctx context.Context, f File, o LoadOptions, yield func(Document) error) ([]Problem, error) {
	r := reading{disk: osDisk, o: o.withDefaults(), file: f}
	return r.read(ctx, yield)
}

// TooLarge returns the problem that [Read] would have with a file of this size, and whether it would have one: such a file
// need not be opened. Files of rows are read as a stream and may have any size.
func TooLarge(f File, o LoadOptions) (Problem, bool) {
	o = o.withDefaults()
	if f.Size <= o.MaxFileSize || kindOf(f.Path, f.Named).rows() {
		return Problem{}, false
	}
	return problemOf(f.Path, tooLarge(o.MaxFileSize), f.Named), true
}

// Hash returns the SHA-256 of a file's bytes in hexadecimal: equal hashes mean that nothing has to be read again. Take it
// before Read, so that a change between the two makes the next comparison fail instead of being missed.
func Hash(ctx context.Context, path string) (string, error) {
	f, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := regular(f); err != nil {
		return "", &fs.PathError{Op: "hash", Path: path, Err: err}
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{&contextReader{ctx, f}}, make([]byte, 256<<10)); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader ends reading when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// file is what is needed of an *os.File.
type file interface {
	io.ReadCloser
	Stat() (fs.FileInfo, error)
}

var errNotRegular = errors.New("not a regular file")

// regular refuses folders, pipes and devices, which could be read without end.
func regular(f file) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	return err
}

// reading is the state of one Read.
type reading struct {
	disk     disk
	o        LoadOptions
	file     File
	whole    bool // bound files of rows too: the caller keeps all documents
	problems []Problem
	untold   int // bad rows that were not told
}

func (r *reading) read(ctx context.Context, yield func(Document) error) ([]Problem, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.file.Path, err)
	}
	k := kindOf(r.file.Path, r.file.Named)
	if k == unread {
		ext, _ := extension(r.file.Path)
		r.problem(Problem{Path: r.file.Path, Kind: ProblemUnsupported, Failure: true, Err: fmt.Errorf("files of type %q are not read: give %s", "."+ext, kindsRead)})
		return r.problems, nil
	}
	var stop stopError
	err := r.open(ctx, k, func(d Document) error {
		if err := yield(d); err != nil {
			return stopError{err}
		}
		return nil
	})
	switch {
	case errors.As(err, &stop):
		return r.problems, stop.err
	case err != nil && ctx.Err() != nil:
		return r.problems, fmt.Errorf("read %s: %w", r.file.Path, ctx.Err())
	case err != nil:
		r.problem(problemOf(r.file.Path, err, r.file.Named))
	}
	if r.untold > 0 {
		r.problem(Problem{Path: r.file.Path, Rows: r.untold, Kind: ProblemRow, Failure: true, Err: fmt.Errorf("%d further rows that cannot be read", r.untold)})
	}
	return r.problems, nil
}

// stopError is an error of the caller's own, on its way out.
type stopError struct{ err error }

func (e stopError) Error() string { return e.err.Error() }

func (r *reading) problem(p Problem) { r.problems = append(r.problems, p) }

// badRow notes a row that is skipped.
func (r *reading) badRow(line int, err error) {
	if len(r.problems) >= maxRowProblems {
		r.untold++
		return
	}
	r.problem(Problem{Path: r.file.Path, Line: line, Kind: ProblemRow, Err: err, Failure: true})
}

// open opens the file and reads it as its kind asks.
func (r *reading) open(ctx context.Context, k kind, yield func(Document) error) error {
	f, err := r.disk.open(r.file.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errNotRegular
	}
	if (!k.rows() || r.whole) && info.Size() > r.o.MaxFileSize {
		return tooLarge(r.o.MaxFileSize)
	}
	meta := r.meta(info.ModTime())
	if k.rows() {
		return r.rows(ctx, k, f, meta, yield)
	}
	data, err := readAll(&contextReader{ctx, f}, info.Size(), r.o.MaxFileSize)
	if err != nil {
		return err
	}
	x, err := extract(ctx, k, data, r.o)
	if err != nil {
		return err
	}
	if x.lang != "" {
		meta["lang"] = x.lang
	}
	return yield(Document{
		ID: PathID(r.file.Path), Title: x.title, Text: x.text, Format: x.format,
		Source: Source{Path: r.file.Path}, Meta: meta, InvalidBytes: x.invalid,
	})
}

// meta is the metadata that every document of the file gets.
func (r *reading) meta(modified time.Time) map[string]any {
	m := map[string]any{}
	if ext, _ := extension(r.file.Path); ext != "" {
		m["ext"] = ext
	}
	if !modified.IsZero() {
		m["modified"] = Modified(modified)
	}
	return m
}

// Modified is a time as the metadata "modified" has it.
func Modified(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// tooLarge says that a file is above the bound.
func tooLarge(limit int64) error {
	return fmt.Errorf("%w: larger than %d bytes: split it, or leave it out with .winnowignore", ErrTooLarge, limit)
}

// readAll reads at most limit bytes. The bound holds for what is read, whatever size was stated: a file may grow meanwhile.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	data := make([]byte, 0, min(size, limit)+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, tooLarge(limit)
		}
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// number keeps a value that is a JSON number as one, so that filters can compare it.
func number(s string) (json.Number, bool) {
	if len(s) == 0 || len(s) > 40 || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return "", false
	}
	if !json.Valid([]byte(s)) {
		return "", false
	}
	return json.Number(s), true
}
