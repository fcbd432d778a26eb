// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/unpack"
)

// maxRow is the longest row of a file, in bytes.
const maxRow = 16 << 20

// Options say how data is read.
type Options struct {
	Split string // of BEIR folders: qrels/SPLIT.tsv; "train" if empty
	// Level is the least grade of a BEIR folder's judgments that counts as relevant; 1 if 0.
	Level int
}

// Rows streams the rows of files and folders, one path after the other. After an error, which is the last
// that it yields, there are no more; an [*Error] names row and field.
func Rows(paths []string, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, path := range paths {
			ok := true
			err := read(path, o, func(r Row) bool {
				ok = yield(r, nil)
				return ok
			})
			if err != nil && ok {
				yield(Row{}, err)
			}
			if err != nil || !ok {
				return
			}
		}
	}
}

// read calls yield with the rows of one path until it returns false.
func read(path string, o Options, yield func(Row) bool) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist", path)
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return readFolder(path, o, yield)
	}
	f, err := unpack.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	name := strings.TrimSuffix(strings.ToLower(path), ".gz")
	switch filepath.Ext(name) {
	case ".csv":
		return readTable(path, f, ',', yield)
	case ".tsv":
		return readTable(path, f, '\t', yield)
	case ".jsonl", ".ndjson", ".json":
		return readLines(path, f, yield)
	}
	return fmt.Errorf("%s: its name tells no format; known are .jsonl, .csv and .tsv, each also with .gz, and BEIR folders", path)
}

// readLines reads JSON Lines: an object a line.
func readLines(path string, r io.Reader, yield func(Row) bool) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxRow)
	n := 1
	for ; s.Scan(); n++ {
		line := s.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		row, err := parseLine(line, Place{File: path, Line: n})
		if err != nil {
			return err
		}
		if !yield(row) {
			return nil
		}
	}
	if err := s.Err(); errors.Is(err, bufio.ErrTooLong) {
		return &Error{Place{File: path, Line: n}, "", tooLong}
	} else if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// tooLong says that a row is longer than maxRow.
var tooLong = fmt.Sprintf("the row is longer than %d MiB: cut its texts", maxRow>>20)

func parseLine(line []byte, at Place) (Row, error) {
	if !utf8.Valid(line) {
		return Row{}, &Error{at, "", "it is not UTF-8"}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Row{}, &Error{at, "", "it is not a JSON object: " + jsonReason(err)}
	}
	b := builder{row: Row{Place: at}}
	for _, name := range sorted(fields) {
		c := meaning(name)
		if c == unknown || string(fields[name]) == "null" {
			continue
		}
		if err := b.take(name, c); err != nil {
			return Row{}, err
		}
		if err := b.json(name, c, fields[name]); err != nil {
			return Row{}, err
		}
	}
	return b.done()
}

// sorted are the names of fields, negatives in the order of their numbers.
func sorted(fields map[string]json.RawMessage) []string {
	list := make([]string, 0, len(fields))
	for name := range fields {
		list = append(list, name)
	}
	slices.SortFunc(list, func(a, b string) int {
		if meaning(a) == negative && meaning(b) == negative && len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return list
}

// json takes the value of a field.
func (b *builder) json(field string, c column, value json.RawMessage) error {
	switch c {
	case label:
		var x float64
		if err := json.Unmarshal(value, &x); err != nil {
			return b.fail(field, "it is not a number: %.40s", value)
		}
		return b.number(field, x)
	case scores:
		if err := json.Unmarshal(value, &b.row.Scores); err != nil {
			return b.fail(field, "it is not a list of numbers: %.40s", value)
		}
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return b.text(field, c, text)
	}
	var list []string
	if err := json.Unmarshal(value, &list); err != nil || c == anchor {
		return b.fail(field, "it is not a text: %.40s", value)
	}
	if c == positive {
		if len(list) != 1 {
			return b.fail(field, "it has %d texts; give a row for each positive", len(list))
		}
		return b.text(field, c, list[0])
	}
	for i, text := range list {
		if strings.TrimSpace(text) == "" {
			return b.fail(field, "text %d of the list is empty", i+1)
		}
		if err := b.text(field, c, text); err != nil {
			return err
		}
	}
	return nil
}

// jsonReason says what is wrong in words that need no knowledge of the parser.
func jsonReason(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%v at byte %d", err, syntax.Offset)
	case errors.As(err, &kind):
		return "it is of type " + kind.Value
	}
	return err.Error()
}

// readTable reads a table whose first row names the columns.
func readTable(path string, r io.Reader, comma rune, yield func(Row) bool) error {
	bound := &bounded{r: r, left: maxRow}
	t := csv.NewReader(bound)
	t.Comma, t.ReuseRecord, t.LazyQuotes = comma, true, comma == '\t'
	head, err := t.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: it is empty; its first row names the columns: %s", path, Columns)
	}
	if err != nil {
		return tableError(path, err)
	}
	columns, fields := make([]column, len(head)), slices.Clone(head)
	for i, name := range head {
		fields[i] = strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF"))
		columns[i] = meaning(fields[i])
	}
	if !slices.Contains(columns, anchor) {
		return &Error{Place{File: path, Line: 1}, "", fmt.Sprintf("no column of the first row, %q, is a text to start from; columns are %s", fields, Columns)}
	}
	for {
		bound.left = maxRow
		record, err := t.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tableError(path, err)
		}
		line, _ := t.FieldPos(0)
		b := builder{row: Row{Place: Place{File: path, Line: line}}}
		for i, value := range record {
			if err := b.cell(fields[i], columns[i], value); err != nil {
				return err
			}
		}
		row, err := b.done()
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
	if c == unknown {
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

// readFolder reads a BEIR folder: a row for each relevant document of a query, with the documents judged not
// relevant as its negatives.
func readFolder(path string, o Options, yield func(Row) bool) error {
	split := o.Split
	if split == "" {
		split = "train"
	}
	c, err := eval.LoadBEIRSplit(path, split)
	if err != nil {
		return err
	}
	level := max(o.Level, 1)
	texts := make(map[string]string, len(c.Docs))
	for _, d := range c.Docs {
		texts[d.ID] = d.FullText()
	}
	for _, q := range c.Queries {
		var relevant, others []string
		for _, id := range slices.Sorted(maps.Keys(c.Qrels[q.ID])) {
			switch {
			case texts[id] == "": // an empty document teaches nothing
			case c.Qrels[q.ID][id] >= level:
				relevant = append(relevant, texts[id])
			default:
				others = append(others, texts[id])
			}
		}
		for _, text := range relevant {
			if !yield(Row{Anchor: q.Text, Positive: text, Negatives: others, Place: Place{File: path, Query: q.ID}}) {
				return nil
			}
		}
	}
	return nil
}
