// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/winnow-search/winnow/internal/unpack"
)

// maxRow is the longest row of a file, in bytes.
const maxRow = 16 << 20

// Options say how data is read.
type Options struct {
	Split string // of BEIR folders: qrels/SPLIT.tsv; "train" if empty
	// Level is the least grade of a BEIR folder's judgments that counts as relevant; 1 if 0.
	Level int

	texts bool // for Documents: titles are read, labels and scores are not, and empty texts are left out
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
		return readCSV(path, f, o, yield)
	case ".tsv":
		return readTSV(path, f, o, yield)
	case ".jsonl", ".ndjson", ".json":
		return readLines(path, f, o, yield)
	}
	return fmt.Errorf("%s: its name tells no format; known are .jsonl, .csv and .tsv, each also with .gz, and BEIR folders", path)
}

// readLines reads JSON Lines: an object a line.
func readLines(path string, r io.Reader, o Options, yield func(Row) bool) error {
	return eachLine(path, r, func(at Place, line []byte) (bool, error) {
		if len(bytes.TrimSpace(line)) == 0 {
			return true, nil
		}
		row, err := parseLine(line, at, o)
		return err == nil && yield(row), err
	})
}

// eachLine calls do with every line, without its end and a byte order mark, until it returns false or an error.
func eachLine(path string, r io.Reader, do func(at Place, line []byte) (bool, error)) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxRow)
	n := 1
	for ; s.Scan(); n++ {
		line := s.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if more, err := do(Place{File: path, Line: n}, line); err != nil || !more {
			return err
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

func parseLine(line []byte, at Place, o Options) (Row, error) {
	if !utf8.Valid(line) {
		return Row{}, &Error{at, "", "it is not UTF-8"}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Row{}, &Error{at, "", "it is not a JSON object: " + jsonReason(err)}
	}
	b := builder{row: Row{Place: at}, texts: o.texts}
	for _, name := range sorted(fields) {
		c := meaning(name)
		if !b.reads(c) || string(fields[name]) == "null" {
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
