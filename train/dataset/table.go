// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// table is one whose first row names the columns.
type table struct {
	fields  []string // names of the columns
	columns []column // what they mean
	texts   bool
}

// header takes the first row.
func header(at Place, head []string, o Options) (*table, error) {
	t := &table{fields: make([]string, len(head)), columns: make([]column, len(head)), texts: o.texts}
	for i, name := range head {
		t.fields[i] = strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF"))
		t.columns[i] = meaning(t.fields[i])
	}
	if !slices.Contains(t.columns, anchor) {
		return nil, &Error{at, "", fmt.Sprintf("no column of the first row, %q, is a text to start from; columns are %s", t.fields, Columns)}
	}
	return t, nil
}

// row takes another row, of as many fields.
func (t *table) row(at Place, record []string) (Row, error) {
	b := builder{row: Row{Place: at}, texts: t.texts}
	for i, value := range record {
		if err := b.cell(t.fields[i], t.columns[i], value); err != nil {
			return Row{}, err
		}
	}
	return b.done()
}

func emptyTable(path string) error {
	return fmt.Errorf("%s: it is empty; its first row names the columns: %s", path, Columns)
}

// readTSV reads a table of a line a row and a tab between fields: a quote is a character like others.
func readTSV(path string, r io.Reader, o Options, yield func(Row) bool) error {
	var t *table
	err := eachLine(path, r, func(at Place, line []byte) (bool, error) {
		if len(line) == 0 {
			return true, nil
		}
		record := strings.Split(string(line), "\t")
		if t == nil {
			var err error
			t, err = header(at, record, o)
			return true, err
		}
		if len(record) != len(t.fields) {
			return false, &Error{at, "", fmt.Sprintf("wrong number of fields: %d, where the first row has %d; fields hold neither tabs nor line breaks", len(record), len(t.fields))}
		}
		row, err := t.row(at, record)
		return err == nil && yield(row), err
	})
	if err == nil && t == nil {
		return emptyTable(path)
	}
	return err
}

// readCSV reads a table by RFC 4180.
func readCSV(path string, r io.Reader, o Options, yield func(Row) bool) error {
	bound := &bounded{r: r, left: maxRow}
	c := csv.NewReader(bound)
	c.ReuseRecord = true
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return emptyTable(path)
	}
	if err != nil {
		return tableError(path, err)
	}
	t, err := header(Place{File: path, Line: 1}, head, o)
	if err != nil {
		return err
	}
	for {
		bound.left = maxRow
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tableError(path, err)
		}
		line, _ := c.FieldPos(0)
		row, err := t.row(Place{File: path, Line: line}, record)
		if err != nil {
			return err
		}
		if !yield(row) {
			return nil
		}
	}
}

// bounded is a reader that gives out so many bytes before left is set anew: a quote that is never closed makes a row of all that
// follows.
type bounded struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New(tooLong + ", or close its quotes")
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func tableError(path string, err error) error {
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return &Error{Place{File: path, Line: bad.Line}, "", bad.Err.Error()}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// cell takes the value of a table's field.
func (b *builder) cell(field string, c column, value string) error {
	if !b.reads(c) {
		return nil
	}
	if err := b.take(field, c); err != nil {
		return err
	}
	switch c {
	case label:
		x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return b.fail(field, "it is not a number: %.40q", value)
		}
		return b.number(field, x)
	case scores:
		for part := range strings.FieldsSeq(strings.ReplaceAll(value, ",", " ")) {
			x, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return b.fail(field, "it is not a list of numbers: %.40q", value)
			}
			b.row.Scores = append(b.row.Scores, x)
		}
		return nil
	}
	return b.text(field, c, strings.Clone(value))
}
