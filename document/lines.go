// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// DefaultMaxLine is the longest line read when LineOptions does not say otherwise: 16 MiB.
const DefaultMaxLine = 16 << 20

var (
	// ErrEmpty is wrapped by the error of ReadLines when there is no line with text.
	ErrEmpty = errors.New("nothing to read")
	// ErrLineTooLong is wrapped by the error about a line above LineOptions.MaxLine.
	ErrLineTooLong = errors.New("line too long")
)

// LineFormat says how a line of input is to be read.
type LineFormat int

// The line formats.
const (
	AnyLine  LineFormat = iota // a line whose first character is { is a JSON object, any other is plain text; both may be mixed
	TextLine                   // every line is plain text
	JSONLine                   // every line is a JSON object
)

// LineOptions bounds and names a line-wise input. The zero value is ready to use.
type LineOptions struct {
	Name      string // what errors call the input; "" means "standard input"
	Format    LineFormat
	MaxLine   int  // bytes; 0 means DefaultMaxLine
	KeepBlank bool // give blank lines as empty text instead of leaving them out (not with JSONLine)
	// MetaFields puts fields that are not known into Meta instead of refusing them: for files that have columns of their own.
	MetaFields bool
}

// Line is one text of a line-wise input.
type Line struct {
	Number int    // 1-based line of the input
	ID     string // id of a JSON object; empty when it has none and for plain text
	Title  string
	Text   string
	Format Format         // "format" of a JSON object; empty when it has none and for plain text
	Meta   map[string]any // "metadata" or "meta" of a JSON object; numbers are json.Number
	// InvalidBytes is the number of bytes that were not UTF-8 and were replaced by U+FFFD.
	InvalidBytes int
}

// Document gives the line the shape of a document, in plain text unless it says otherwise.
func (l Line) Document() Document {
	return Document{ID: l.ID, Title: l.Title, Text: l.Text, Format: cmp.Or(l.Format, Plain), Meta: l.Meta, InvalidBytes: l.InvalidBytes}
}

// LineError is an error in one line of an input.
type LineError struct {
	Name   string // the input
	Number int    // 1-based
	Err    error
}

// Error names the input and the line.
func (e *LineError) Error() string { return fmt.Sprintf("%s: line %d: %v", e.Name, e.Number, e.Err) }

// Unwrap gives the cause.
func (e *LineError) Unwrap() error { return e.Err }

// ReadLines reads plain lines and JSON objects, in order. A JSON object has the fields {"id","text"} or, as in the BEIR
// benchmark, {"_id","title","text"}; "metadata" (or "meta") is an object that is kept, "format" is that of the text, "url" and "score" are allowed and not
// read. Text is required; an id is a string or a whole number. Any other field, a field given twice and an id given as both
// "id" and "_id" are errors: a misspelt field would otherwise be lost without a word.
//
// Lines end at LF or CRLF; a byte order mark is removed; invalid UTF-8 is replaced and counted. Input without any text gives
// an error that wraps ErrEmpty, a line above the bound ErrLineTooLong, a NUL byte ErrBinary; an error in a line is a *LineError.
// With an error, no lines are returned.
func ReadLines(r io.Reader, o LineOptions) ([]Line, error) {
	var lines []Line
	for l, err := range Lines(r, o) {
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: %w: give one text a line, or JSON objects like {\"id\":\"a\",\"text\":\"…\"}", o.name(), ErrEmpty)
	}
	return lines, nil
}

// Lines is ReadLines one line at a time. It ends after the first error, and gives nothing for empty input.
func Lines(r io.Reader, o LineOptions) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for l, err := range allLines(r, o) {
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// allLines goes on after a line that is an error, as long as the input itself can be read: a *LineError for a line, the
// input's own error last.
func allLines(r io.Reader, o LineOptions) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		limit := o.MaxLine
		if limit <= 0 {
			limit = DefaultMaxLine
		}
		br := bufio.NewReaderSize(r, 64<<10)
		var buf []byte
		for number, more := 1, true; more; number++ {
			var err error
			buf, more, err = readLine(br, buf[:0], limit)
			l, ok := Line{Number: number}, false
			if err == nil && (len(buf) > 0 || more) {
				l, ok, err = o.parse(buf, number)
			}
			long := errors.Is(err, ErrLineTooLong)
			if err != nil {
				err = &LineError{o.name(), number, err}
			}
			if (ok || err != nil) && !yield(l, err) {
				return
			}
			if long { // after the error is told: the line may have no end
				more = skipLine(br, buf)
			}
		}
	}
}

// skipLine reads past the rest of a line, the start of which was read; more is false at the end of the input.
func skipLine(br *bufio.Reader, start []byte) (more bool) {
	if bytes.HasSuffix(start, []byte("\n")) {
		return true
	}
	for {
		switch _, err := br.ReadSlice('\n'); {
		case err == nil:
			return true
		case !errors.Is(err, bufio.ErrBufferFull):
			return false
		}
	}
}

func (o LineOptions) name() string {
	if o.Name == "" {
		return "standard input"
	}
	return o.Name
}

// parse reads one line; ok is false for a blank line that is left out.
func (o LineOptions) parse(raw []byte, number int) (l Line, ok bool, err error) {
	if number == 1 {
		if bytes.HasPrefix(raw, []byte{0xFF, 0xFE}) || bytes.HasPrefix(raw, []byte{0xFE, 0xFF}) {
			return Line{}, false, errors.Join(ErrBinary, errUTF16)
		}
		raw = bytes.TrimPrefix(raw, []byte(bom))
	}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return Line{}, false, fmt.Errorf("%w: NUL at byte %d: give text in UTF-8", ErrBinary, i+1)
	}
	text, invalid := cleanText(raw)
	l = Line{Number: number, InvalidBytes: invalid}
	trimmed := strings.Trim(text, " \t\r\v\f")
	switch {
	case trimmed == "":
		return l, o.KeepBlank && o.Format != JSONLine, nil
	case o.Format == JSONLine || o.Format == AnyLine && trimmed[0] == '{':
		err = l.parseJSON(trimmed, o.MetaFields)
		if o.Format == AnyLine && errors.Is(err, errMalformed) {
			err = fmt.Errorf("%w (a line that begins with { is read as a JSON object)", err)
		}
		return l, err == nil, err
	}
	l.Text = text
	return l, true, nil
}

// readLine reads up to and without the next line break into buf. more is false at the end of the input. No more than limit
// bytes and one buffer are held.
func readLine(br *bufio.Reader, buf []byte, limit int) (line []byte, more bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		buf = append(buf, part...)
		done := err == nil || errors.Is(err, io.EOF)
		if len(buf) > limit+len("\r\n") || done && len(trimBreak(buf)) > limit {
			return buf, false, fmt.Errorf("%w: more than %d bytes: split the text", ErrLineTooLong, limit)
		}
		switch {
		case err == nil:
			return trimBreak(buf), true, nil
		case errors.Is(err, io.EOF):
			return trimBreak(buf), false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return buf, false, err
		}
	}
}

// trimBreak removes one LF or CRLF, or the CR that the end of the input left alone.
func trimBreak(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
