// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
)

// rows reads a file with a document a row. A row that cannot be read is a problem, and the others are read.
func (r *reading) rows(ctx context.Context, k kind, f io.Reader, meta map[string]any, yield func(Document) error) error {
	var in io.Reader = &contextReader{ctx, f}
	if _, gz := extension(r.file.Path); gz {
		unpacked, err := gzip.NewReader(bufio.NewReaderSize(in, 64<<10))
		if err != nil {
			return fmt.Errorf("%w: not gzip: %w", ErrDamaged, err)
		}
		in = unpacked
	}
	if r.whole {
		in = &boundedReader{r: in, left: r.o.MaxFileSize, limit: r.o.MaxFileSize}
	}
	in = markedReader{in}
	give := func(d Document, line int) error {
		if d.ID == "" {
			d.ID = PathID(r.file.Path) + "#" + strconv.Itoa(line)
		}
		if strings.TrimSpace(d.Text) == "" && d.Title != "" { // all that there is to find
			d.Text, d.Title, d.Format = d.Title, "", Plain
		}
		d.Source = Source{Path: r.file.Path, Line: line}
		all := maps.Clone(meta)
		maps.Copy(all, d.Meta)
		d.Meta = all
		return yield(d)
	}
	if k == jsonLines {
		return r.jsonRows(in, give)
	}
	return r.csvRows(in, k == tsvRows, give)
}

func (r *reading) jsonRows(in io.Reader, give func(Document, int) error) error {
	o := LineOptions{Name: r.file.Path, Format: JSONLine, MaxLine: r.o.MaxRow, MetaFields: true}
	for l, err := range allLines(in, o) {
		var bad *LineError
		switch {
		case err == nil:
			if err := give(l.Document(), l.Number); err != nil {
				return err
			}
		case errors.As(err, &bad) && isRowError(bad.Err):
			if bad.Number == 1 && errors.Is(bad.Err, ErrBinary) {
				return bad.Err // the whole file is something else
			}
			r.badRow(bad.Number, bad.Err)
		default:
			return unpackError(err)
		}
	}
	return nil
}

// isRowError tells an error in a row from one of the input.
func isRowError(err error) bool {
	return !errors.As(err, new(inputError))
}

// inputError is an error of the file under the rows. Reading ends with it.
type inputError struct{ err error }

func (e inputError) Error() string { return e.err.Error() }
func (e inputError) Unwrap() error { return e.err }

// unpackError names damage of a compressed file as such.
func unpackError(err error) error {
	if in, ok := errors.AsType[inputError](err); ok {
		err = in.err
	}
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: what follows cannot be unpacked: %w", ErrDamaged, err)
	}
	return err
}

// markedReader marks the errors of the file itself.
type markedReader struct{ r io.Reader }

func (m markedReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = inputError{err}
	}
	return n, err
}

// boundedReader refuses to give more than limit bytes.
type boundedReader struct {
	r           io.Reader
	left, limit int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLarge(b.limit)
	}
	return n, err
}
