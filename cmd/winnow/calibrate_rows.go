// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/unpack"
	"github.com/winnow-search/winnow/train/dataset"
)

// The bounds of labelled rows, which are held in memory: the longest line in bytes, all lines together, unpacked, and the pairs that they make.
const (
	maxRow      = 4 << 20
	maxRowBytes = 1 << 30
	maxPairs    = 5_000_000
)

// labelledRow is a question with a text that answers it and texts that do not.
type labelledRow struct {
	Query     string   `json:"query"`
	Positive  string   `json:"positive"`
	Negatives []string `json:"negatives"`
}

// loadRows reads a file of labelled rows as a collection: its texts are the documents, each once, among which candidates are found.
func loadRows(name string) (*eval.Collection, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	c, err := readRows(f, name)
	if err != nil {
		return nil, err
	}
	return c.Collection, nil
}

// readRows reads labelled rows, a JSON object a line, perhaps compressed with gzip.
func readRows(r io.Reader, name string) (*dataset.Collector, error) {
	return readRowsWithin(r, name, maxRowBytes, maxPairs)
}

func readRowsWithin(r io.Reader, name string, most int64, mostPairs int) (*dataset.Collector, error) {
	content, err := unpack.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	limited := &io.LimitedReader{R: content, N: most + 1}
	collection := filepath.Base(name)
	for _, ext := range []string{".gz", ".jsonl"} {
		collection = strings.TrimSuffix(collection, ext)
	}
	c := dataset.NewCollector(collection)
	s := bufio.NewScanner(limited)
	s.Buffer(make([]byte, 0, 64<<10), maxRow)
	number := 0
	// The last line is looked at when it is known that it is whole.
	for s.Scan() && limited.N > 0 {
		number++
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		row, err := parseRow(s.Bytes())
		if err != nil {
			return nil, &document.LineError{Name: name, Number: number, Err: err}
		}
		c.Judge(row.Query, row.Positive, 1)
		for _, text := range row.Negatives {
			c.Judge(row.Query, text, 0)
		}
		if c.Pairs > mostPairs {
			return nil, &document.LineError{Name: name, Number: number, Err: fmt.Errorf("more than %d pairs: take a part of the rows", mostPairs)}
		}
	}
	switch err := s.Err(); {
	case limited.N <= 0:
		return nil, fmt.Errorf("%s: more than %d bytes, unpacked: take a part of the rows", name, most)
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &document.LineError{Name: name, Number: number + 1, Err: fmt.Errorf("longer than %d bytes", maxRow)}
	case err != nil:
		return nil, &document.LineError{Name: name, Number: number + 1, Err: err}
	case c.Pairs == 0:
		return nil, fmt.Errorf("%s: %w: give one object a line, {\"query\", \"positive\", \"negatives\": […]}", name, document.ErrEmpty)
	}
	return c, nil
}

// parseRow reads a line.
func parseRow(line []byte) (row labelledRow, err error) {
	if err := strictLine(line, &row); err != nil {
		return row, err
	}
	for _, f := range []struct{ name, text string }{{"query", row.Query}, {"positive", row.Positive}} {
		if strings.TrimSpace(f.text) == "" {
			return row, fmt.Errorf("field %q is missing or empty", f.name)
		}
	}
	for i, text := range row.Negatives {
		if strings.TrimSpace(text) == "" {
			return row, fmt.Errorf("negative %d is empty", i+1)
		}
	}
	return row, nil
}
