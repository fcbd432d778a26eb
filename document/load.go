// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DefaultMaxFileSize is the largest file read when LoadOptions does not say otherwise: 64 MiB.
const DefaultMaxFileSize = 64 << 20

// LoadOptions bounds a load. The zero value is ready to use.
type LoadOptions struct {
	MaxFileSize int64 // bytes; 0 means DefaultMaxFileSize
}

// ProblemKind names what was wrong with a path.
type ProblemKind string

// The kinds of problem.
const (
	ProblemMissing     ProblemKind = "missing"     // the named path does not exist
	ProblemPermission  ProblemKind = "permission"  // no right to read it
	ProblemBinary      ProblemKind = "binary"      // not text
	ProblemTooLarge    ProblemKind = "too large"   // above LoadOptions.MaxFileSize
	ProblemUnsupported ProblemKind = "unsupported" // a named file of a kind that is not read, or not a regular file
	ProblemLink        ProblemKind = "link"        // a symbolic link inside a folder, not followed
	ProblemEmpty       ProblemKind = "empty"       // a named folder without any file to read
	ProblemRead        ProblemKind = "read"        // any other input/output error
)

// Problem is a path that was skipped, and why. It is an error whose text names the path and the remedy.
type Problem struct {
	Path string
	Kind ProblemKind
	Err  error
	// Failure is true when a caller should end with a failing exit code: the user named the path, or it could not be read.
	// A binary, oversized or linked file met inside a folder is reported but is no failure.
	Failure bool
}

// Error names the path and what to do.
func (p Problem) Error() string { return p.Path + ": skipped: " + p.Err.Error() }

// Unwrap gives the cause, for errors.Is.
func (p Problem) Unwrap() error { return p.Err }

// Load reads files and folders into documents, in the order of paths and, inside a folder, in the byte order of names.
//
// Folders are walked for .md, .markdown and .txt files; names that begin with a dot are left out. A file named in paths may
// also be another plain text (source code, logs, reStructuredText, files without an extension). Named symbolic links are
// followed, links inside folders are not and are reported, so a loop of links cannot be entered. A file reached twice is loaded once.
//
// What cannot be read is a Problem, not an error; the error is for an empty list of paths and for an ended context, and then
// no documents are returned.
func Load(ctx context.Context, paths []string, o LoadOptions) ([]Document, []Problem, error) {
	if len(paths) == 0 {
		return nil, nil, errors.New("no paths given: name at least one file or folder")
	}
	l := loader{max: o.MaxFileSize, seen: map[string]bool{}, open: openFile, readDir: os.ReadDir}
	if l.max <= 0 {
		l.max = DefaultMaxFileSize
	}
	return l.load(ctx, paths)
}

// loader is the state of one Load. Opening is behind two functions so that tests can fail it whatever their user's rights.
type loader struct {
	max      int64
	seen     map[string]bool // resolved paths of files already loaded
	met      int             // files and problems met, those that were loaded already included
	docs     []Document
	problems []Problem
	open     func(path string) (file, error)
	readDir  func(path string) ([]fs.DirEntry, error)
}

type file interface {
	io.ReadCloser
	Stat() (fs.FileInfo, error)
}

func openFile(path string) (file, error) { return os.Open(path) }

func (l *loader) load(ctx context.Context, paths []string) ([]Document, []Problem, error) {
	for _, p := range paths {
		p = filepath.Clean(p)
		info, err := os.Stat(p)
		switch {
		case err != nil:
			l.fail(p, err)
		case info.IsDir():
			before := l.met
			if err := l.walk(ctx, p); err != nil {
				return nil, nil, err
			}
			if l.met == before {
				l.report(p, ProblemEmpty, true, errors.New("no .md, .markdown or .txt file in this folder"))
			}
		default:
			l.named(p, info)
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("load documents: %w", err)
		}
	}
	return l.docs, l.problems, nil
}

// named loads a file that the user listed.
func (l *loader) named(path string, info fs.FileInfo) {
	if !info.Mode().IsRegular() {
		l.report(path, ProblemUnsupported, true, errors.New("not a regular file: name a file or a folder"))
		return
	}
	format, ok := formatOf(path, true)
	if !ok {
		l.report(path, ProblemUnsupported, true, fmt.Errorf(
			"files of type %q are not read: give .md, .markdown, .txt or another plain text file", filepath.Ext(path),
		))
		return
	}
	l.read(path, format, true)
}

// walk loads the files below a folder. os.ReadDir sorts by name, which makes the order stable.
func (l *loader) walk(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("load documents: %w", err)
	}
	entries, err := l.readDir(dir)
	if err != nil {
		l.fail(dir, err)
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			if err := l.walk(ctx, path); err != nil {
				return err
			}
		case e.Type()&fs.ModeSymlink != 0:
			l.link(path)
		case e.Type().IsRegular():
			format, ok := formatOf(path, false)
			if !ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("load documents: %w", err)
			}
			l.read(path, format, false)
		}
	}
	return nil
}

// link reports a symbolic link that would have been read were it not a link.
func (l *loader) link(path string) {
	_, text := formatOf(path, false)
	if info, err := os.Stat(path); text || err == nil && info.IsDir() {
		l.report(path, ProblemLink, false, errors.New("symbolic links inside folders are not followed: name it to read it"))
	}
}

// read loads one file.
func (l *loader) read(path string, format Format, named bool) {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		l.fail(path, err)
		return
	}
	l.met++
	if l.seen[resolved] {
		return
	}
	l.seen[resolved] = true
	data, err := l.readAll(path)
	var large tooLargeError
	switch {
	case errors.As(err, &large):
		l.report(path, ProblemTooLarge, named, err)
		return
	case err != nil:
		l.fail(path, err)
		return
	}
	if err := sniffText(data); err != nil {
		l.report(path, ProblemBinary, named, err)
		return
	}
	d := Document{ID: filepath.ToSlash(path), Format: format, Source: Source{Path: path}}
	d.Text, d.InvalidBytes = cleanText(data)
	if format == Markdown {
		d.Title = markdownTitle(d.Text)
	}
	l.docs = append(l.docs, d)
}

// tooLargeError reports a file above the bound.
type tooLargeError struct{ max int64 }

func (e tooLargeError) Error() string {
	return fmt.Sprintf("larger than %d bytes: split the file or raise the bound", e.max)
}

// readAll reads a file of at most l.max bytes. The bound holds for what is read, too: a file may grow while it is read.
func (l *loader) readAll(path string) (data []byte, err error) {
	f, err := l.open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > l.max {
		return nil, tooLargeError{l.max}
	}
	data = make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > l.max {
			return nil, tooLargeError{l.max}
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

// fail reports an operating system error under the kind it belongs to.
func (l *loader) fail(path string, err error) {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the problem names the path already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.report(path, ProblemMissing, true, fmt.Errorf("%w: check the spelling", err))
	case errors.Is(err, fs.ErrPermission):
		l.report(path, ProblemPermission, true, fmt.Errorf("%w: give this user the right to read it", err))
	default:
		l.report(path, ProblemRead, true, err)
	}
}

func (l *loader) report(path string, kind ProblemKind, failure bool, err error) {
	l.met++
	l.problems = append(l.problems, Problem{Path: path, Kind: kind, Err: err, Failure: failure})
}
