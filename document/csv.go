// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxColumns  = 4096 // columns of a table
	maxReplays  = 100  // rows with an open quote after which a file is given up: each makes what follows it be read again
	maxRowLines = 10000
)

// columns says what the columns of a table are, by the names in its header.
type columns struct {
	names           []string
	id, title, text int // -1 when there is none
}

// columnNames are the names that give a column its meaning, in the order of preference. Case does not matter.
var columnNames = struct{ id, title, text []string }{
	id: []string{"id", "_id", "doc_id", "docid"}, title: []string{"title"}, text: []string{"text", "body", "content"},
}

func readHeader(fields []string) (columns, error) {
	c := columns{names: make([]string, len(fields))}
	seen := map[string]bool{}
	for i, f := range fields {
		name := strings.TrimSpace(f)
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		if seen[name] {
			return c, fmt.Errorf("%w: two columns are called %s: give each its own name", ErrDamaged, quote(name))
		}
		seen[name], c.names[i] = true, name
	}
	find := func(names []string) int {
		for _, n := range names {
			if i := slices.IndexFunc(c.names, func(s string) bool { return strings.EqualFold(s, n) }); i >= 0 {
				return i
			}
		}
		return -1
	}
	c.id, c.title, c.text = find(columnNames.id), find(columnNames.title), find(columnNames.text)
	return c, nil
}

// document makes a document of a row. Without a column of text, the text is a line "name: value" for each column that has no
// meaning of its own.
func (c columns) document(fields []string) (Document, error) {
	if len(fields) != len(c.names) {
		return Document{}, fmt.Errorf("%d fields where the header has %d", len(fields), len(c.names))
	}
	d := Document{Format: Plain}
	var lines []string
	for i, f := range fields {
		switch {
		case i == c.id:
			d.ID = strings.TrimSpace(f)
		case i == c.title:
			d.Title = strings.TrimSpace(f)
		case i == c.text:
			d.Text = f
		case strings.TrimSpace(f) != "":
			if d.Meta == nil {
				d.Meta = map[string]any{}
			}
			d.Meta[c.names[i]] = cellValue(strings.TrimSpace(f))
			if c.text < 0 {
				lines = append(lines, c.names[i]+": "+strings.TrimSpace(f))
			}
		}
	}
	if c.text < 0 {
		d.Text = strings.Join(lines, "\n")
	}
	return d, nil
}

// cellValue reads a cell as a number or a truth value where it is written as JSON writes them, so that 007 stays a text.
func cellValue(s string) any {
	if n, ok := number(s); ok {
		return n
	}
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	return s
}

// csvRows reads a table with a header. In CSV (RFC 4180) a quoted field may hold the delimiter, line breaks and doubled
// quotes; the delimiter is the one of , ; tab and | that the header has most of. In TSV a line is a row.
func (r *reading) csvRows(in io.Reader, tsv bool, give func(Document, int) error) error {
	t := table{br: bufio.NewReaderSize(in, 64<<10), limit: r.o.MaxRow, tsv: tsv, delimiter: '\t'}
	var c columns
	header := false
	for {
		fields, line, invalid, err := t.next()
		var bad *LineError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			if !header || bad.Number == 1 && errors.Is(bad.Err, ErrBinary) {
				return fmt.Errorf("%w: the header: %w", ErrDamaged, bad.Err)
			}
			r.badRow(bad.Number, bad.Err)
			if t.replays > maxReplays {
				return fmt.Errorf("%w: more than %d rows with a quote that is not closed: the rest was not read", ErrDamaged, maxReplays)
			}
			continue
		case err != nil:
			return unpackError(err)
		case !header:
			if c, err = readHeader(fields); err != nil {
				return err
			}
			header = true
			continue
		}
		d, err := c.document(fields)
		if err != nil {
			r.badRow(line, err)
			continue
		}
		d.InvalidBytes = invalid
		if err := give(d, line); err != nil {
			return err
		}
	}
}

// table reads the rows of a table. Lines of a row whose quote is never closed are read again, as rows of their own.
type table struct {
	br        *bufio.Reader
	limit     int
	tsv       bool
	delimiter byte

	header  bool     // it was taken
	line    int      // number of the last line taken
	again   [][]byte // lines to be taken again before the reader's; nil for one that was too long
	long    error    // what it is to be too long
	ended   bool
	replays int
	buf     []byte
}

// take returns the next line without its line break. The bytes are valid until the next call unless they are kept.
func (t *table) take() (line []byte, err error) {
	if len(t.again) > 0 {
		line = t.again[0]
		t.again = t.again[1:]
		t.line++
		if line == nil {
			return nil, &LineError{Number: t.line, Err: t.long}
		}
		return line, nil
	}
	if t.ended {
		return nil, io.EOF
	}
	var more bool
	t.buf, more, err = readLine(t.br, t.buf[:0], t.limit)
	t.line++
	switch {
	case errors.Is(err, ErrLineTooLong):
		t.ended, t.long = !skipLine(t.br, t.buf), err
		return nil, &LineError{Number: t.line, Err: err}
	case err != nil:
		return nil, err
	}
	t.ended = !more
	if len(t.buf) == 0 && !more {
		return nil, io.EOF
	}
	if t.line == 1 {
		t.buf = bytes.TrimPrefix(t.buf, []byte(bom))
		if err := sniffText(t.buf); err != nil {
			return nil, &LineError{Number: 1, Err: err}
		}
	}
	return t.buf, nil
}

// next returns the fields of the next row that is not blank, and the number of its first line. io.EOF ends the table; a
// *LineError is for one row only.
func (t *table) next() (fields []string, number, invalid int, err error) {
	line, err := t.take()
	for err == nil && len(bytes.TrimSpace(line)) == 0 {
		line, err = t.take()
	}
	number = t.line
	if err != nil {
		return nil, number, 0, err
	}
	if !t.header {
		t.header = true
		if i := bytes.IndexByte(bytes.TrimRight(line, "\r"), '\r'); i >= 0 && bytes.Count(line[:i], []byte{'"'})%2 == 0 {
			return nil, number, 0, &LineError{Number: number, Err: errLoneCR}
		}
		if !t.tsv {
			t.delimiter = sniffDelimiter(line)
		}
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, number, 0, &LineError{Number: number, Err: fmt.Errorf("%w: a NUL byte", ErrBinary)}
	}
	text, invalid := cleanText(line)
	if t.tsv {
		fields = strings.Split(text, "\t")
		for i, f := range fields {
			if len(f) > 1 && f[0] == '"' && f[len(f)-1] == '"' {
				fields[i] = strings.ReplaceAll(f[1:len(f)-1], `""`, `"`)
			}
		}
	} else {
		var more int
		fields, more, err = t.record(text, number)
		invalid += more
	}
	if err == nil && len(fields) > maxColumns {
		err = &LineError{Number: number, Err: fmt.Errorf("more than %d columns", maxColumns)}
	}
	return fields, number, invalid, err
}

// record splits a CSV row that begins with the given line, and takes the further lines that its quoted fields reach over.
func (t *table) record(line string, number int) (fields []string, invalid int, err error) {
	var kept [][]byte // lines taken on the way
	size := len(line)
	for {
		if line == "" || line[0] != '"' {
			i := strings.IndexByte(line, t.delimiter)
			if i < 0 {
				return append(fields, line), invalid, nil
			}
			fields, line = append(fields, line[:i]), line[i+1:]
			continue
		}
		var value strings.Builder
		for line = line[1:]; ; {
			i := strings.IndexByte(line, '"')
			if i < 0 {
				value.WriteString(line)
				value.WriteByte('\n')
				raw, err := t.take()
				if size += len(raw) + 1; err == nil && (size > t.limit || len(kept) >= maxRowLines) {
					kept = append(kept, bytes.Clone(raw))
					err = errOpenQuote
				}
				if err != nil {
					if _, isInput := errors.AsType[inputError](err); isInput {
						return nil, 0, err
					}
					if errors.Is(err, ErrLineTooLong) {
						kept = append(kept, nil)
					}
					t.again = append(kept, t.again...)
					t.line, t.replays = number, t.replays+1
					return nil, 0, &LineError{Number: number, Err: errOpenQuote}
				}
				kept = append(kept, bytes.Clone(raw))
				var bad int
				line, bad = cleanText(raw)
				invalid += bad
				continue
			}
			value.WriteString(line[:i])
			line = line[i+1:]
			if line != "" && line[0] == '"' { // a doubled quote
				value.WriteByte('"')
				line = line[1:]
				continue
			}
			break
		}
		fields = append(fields, value.String())
		switch {
		case line == "":
			return fields, invalid, nil
		case line[0] != t.delimiter:
			t.again = append(kept, t.again...)
			t.line = number
			if len(kept) > 0 {
				t.replays++
			}
			return nil, 0, &LineError{Number: number, Err: fmt.Errorf("text after the closing quote of field %d: double the quotes inside a quoted field", len(fields))}
		}
		line = line[1:]
	}
}

var (
	errOpenQuote = errors.New("a quote that is not closed")
	errLoneCR    = errors.New("lines end at CR alone: save the table with LF or CRLF")
)

// sniffDelimiter returns the delimiter that the header has most of outside quotes; a comma when there is none.
func sniffDelimiter(header []byte) byte {
	var count [256]int
	quoted := false
	for _, c := range header {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}
