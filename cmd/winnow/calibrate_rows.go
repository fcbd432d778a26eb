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
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/unpack"
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

// judgedPair is a text that is known to answer a question, or known not to.
type judgedPair struct {
	query, text string
	relevant    bool
}

// loadRows reads a file of labelled rows as a collection: its texts are the documents, each once, among which candidates are found.
func loadRows(name string) (*eval.Collection, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	pairs, err := readRows(f, name)
	if err != nil {
		return nil, err
	}
	c := &eval.Collection{Name: filepath.Base(name), Qrels: map[string]eval.Judgments{}}
	for _, ext := range []string{".gz", ".jsonl"} {
		c.Name = strings.TrimSuffix(c.Name, ext)
	}
	queries, texts := map[string]string{}, map[string]string{} // ids
	for _, p := range pairs {
		query, ok := queries[p.query]
		if !ok {
			query = "q" + strconv.Itoa(len(queries)+1) // none is that of a text, for --exclude-same-id beside a folder
			queries[p.query], c.Qrels[query] = query, eval.Judgments{}
			c.Queries = append(c.Queries, eval.Query{ID: query, Text: p.query})
		}
		text, ok := texts[p.text]
		if !ok {
			text = strconv.Itoa(len(texts) + 1)
			texts[p.text] = text
			c.Docs = append(c.Docs, document.Document{ID: text, Text: p.text})
		}
		grade := 0
		if p.relevant {
			grade = 1
		}
		c.Qrels[query][text] = grade
	}
	return c, nil
}

// readRows reads labelled rows, a JSON object a line, perhaps compressed with gzip, as pairs in their order. A pair that is there
// twice counts once, and as relevant if any row says so: a question with several answers has a row for each.
func readRows(r io.Reader, name string) ([]judgedPair, error) {
	return readRowsWithin(r, name, maxRowBytes, maxPairs)
}

func readRowsWithin(r io.Reader, name string, most int64, mostPairs int) ([]judgedPair, error) {
	content, err := unpack.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	limited := &io.LimitedReader{R: content, N: most + 1}
	var pairs []judgedPair
	at := map[[2]string]int{}
	add := func(query, text string, relevant bool) {
		key := [2]string{query, text}
		if i, ok := at[key]; ok {
			pairs[i].relevant = pairs[i].relevant || relevant
			return
		}
		at[key] = len(pairs)
		pairs = append(pairs, judgedPair{query, text, relevant})
	}
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
		add(row.Query, row.Positive, true)
		for _, text := range row.Negatives {
			add(row.Query, text, false)
		}
		if len(pairs) > mostPairs {
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
	case len(pairs) == 0:
		return nil, fmt.Errorf("%s: %w: give one object a line, {\"query\", \"positive\", \"negatives\": […]}", name, document.ErrEmpty)
	}
	return pairs, nil
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
