// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/unpack"
)

// Bounds of run and judgment files.
const (
	maxColumnLine  = 64 << 10    // bytes of a line
	maxColumnLines = 200_000_000 // lines: MS MARCO's training queries at depth 200
)

// eachLine calls f with each line that is not blank, without its line break; a byte order mark is removed. An error of f or of
// the input is a *document.LineError.
func eachLine(r io.Reader, name string, f func(number int, line string) error) error {
	return eachLineUpTo(r, name, maxColumnLines, f)
}

func eachLineUpTo(r io.Reader, name string, most int, f func(number int, line string) error) error {
	content, err := unpack.Reader(r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	in := &watched{r: content}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxColumnLine)
	lines.Split(in.split)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSuffix(lines.Text(), "\r")
		if number == 1 {
			line = strings.TrimPrefix(line, "\uFEFF")
		}
		var err error
		switch {
		case number > most:
			err = fmt.Errorf("more than %d lines: split the file", most)
		case strings.IndexByte(line, 0) >= 0:
			err = fmt.Errorf("%w: NUL in a line", document.ErrBinary)
		case strings.Trim(line, spaces) != "":
			err = f(number, line)
		}
		if err != nil {
			return &document.LineError{Name: name, Number: number, Err: err}
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("%w: more than %d bytes", document.ErrLineTooLong, maxColumnLine)
		}
		return &document.LineError{Name: name, Number: number + 1, Err: err}
	}
	return nil
}

// watched remembers an error of its reader, so that the part of a line before it is not taken for a line.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

func (w *watched) split(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if advance, line, err = bufio.ScanLines(data, atEOF && w.err == nil); advance == 0 && atEOF {
		err = w.err
	}
	return advance, line, err
}

// spaces separate columns: those of C's isspace, as trec_eval has it. Others may be part of an id.
const spaces = " \t\n\v\f\r"

// columns splits a line into exactly len(into) columns, and returns how many there are.
func columns(line string, into []string) int {
	n := 0
	for {
		line = strings.TrimLeft(line, spaces)
		if line == "" {
			return n
		}
		end := strings.IndexAny(line, spaces)
		if end < 0 {
			end = len(line)
		}
		if n < len(into) {
			into[n] = line[:end]
		}
		n++
		line = line[end:]
	}
}

// column checks an id that is to be written between spaces.
func column(what, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%s is empty: a TREC file cannot hold it", what)
	case strings.ContainsAny(id, spaces+"\x00"):
		return fmt.Errorf("%s %q holds white space: a TREC file separates its columns by it", what, id)
	case len(id) > maxColumnLine/4:
		return fmt.Errorf("%s %.20q… has %d bytes: at most %d can be written", what, id, len(id), maxColumnLine/4)
	}
	return nil
}
