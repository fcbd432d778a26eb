// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/unpack"
)

// qrelsHeader is the first line of a BEIR judgment file.
const qrelsHeader = "query-id\tcorpus-id\tscore"

// LoadQrels is [ReadQrels] of a file.
func LoadQrels(path string) (map[string]Judgments, error) {
	f, err := unpack.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadQrels(f, path)
}

// ReadQrels reads judgments by query id, in the format of TREC (four columns separated by spaces or tabs: query, a column
// that is not read, document, grade) or of BEIR (the header query-id, corpus-id, score, and three columns separated by tabs).
// The first line tells which. The input may be compressed with gzip. name is what errors call it.
//
// Errors name the line: a wrong number of columns, a grade that is not a whole number in [-32768, 32767], a document judged
// twice for a query, a line of more than 64 KiB. A file without judgments is an error that wraps document.ErrEmpty.
func ReadQrels(r io.Reader, name string) (map[string]Judgments, error) {
	return readQrels(r, name, nil, nil)
}

// readQrels refuses ids that are not among queries and docs, where these are given.
func readQrels(r io.Reader, name string, queries, docs map[string]bool) (map[string]Judgments, error) {
	qrels := map[string]Judgments{}
	started, beir := false, false
	err := eachLine(r, name, func(_ int, line string) error {
		if !started {
			started = true
			if line == qrelsHeader {
				beir = true
				return nil
			}
			if n := columns(line, nil); n != 4 {
				return fmt.Errorf("want the header %q of BEIR, or TREC's 4 columns (query 0 document grade); got %d columns", qrelsHeader, n)
			}
		}
		query, doc, grade, err := judgment(line, beir)
		switch {
		case err != nil:
			return err
		case queries != nil && !queries[query]:
			return fmt.Errorf("query %q is not in queries.jsonl", query)
		case docs != nil && !docs[doc]:
			return fmt.Errorf("document %q is not in corpus.jsonl", doc)
		}
		j := qrels[query]
		if j == nil {
			j = Judgments{}
			qrels[query] = j
		}
		if _, ok := j[doc]; ok {
			return fmt.Errorf("query %q and document %q were already judged", query, doc)
		}
		j[doc] = grade
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(qrels) == 0 {
		return nil, fmt.Errorf("%s: no judgments: %w", name, document.ErrEmpty)
	}
	return qrels, nil
}

// judgment reads one line.
func judgment(line string, beir bool) (query, doc string, grade int, err error) {
	var text string
	if beir {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return "", "", 0, fmt.Errorf("want 3 columns separated by tabs, got %d", len(fields))
		}
		query, doc, text = fields[0], fields[1], fields[2]
		if query == "" || doc == "" {
			return "", "", 0, fmt.Errorf("query %q, document %q: an id is empty", query, doc)
		}
	} else {
		var c [4]string
		if n := columns(line, c[:]); n != len(c) {
			return "", "", 0, fmt.Errorf("want 4 columns (query 0 document grade), got %d", n)
		}
		query, doc, text = c[0], c[2], c[3]
	}
	g, err := strconv.ParseInt(text, 10, 16)
	if err != nil {
		return "", "", 0, fmt.Errorf("score %q is not a whole number between -32768 and 32767", text)
	}
	return query, doc, int(g), nil
}

// WriteQrels writes judgments in the format of TREC, sorted by query and document. The same judgments give the same bytes. Ids
// with white space, which the format cannot hold, are errors. The error of w is returned.
func WriteQrels(w io.Writer, qrels map[string]Judgments) error {
	return writeQrels(w, qrels, "", func(query, doc string, grade int) (string, error) {
		if err := column("query", query); err != nil {
			return "", err
		}
		if err := column("document", doc); err != nil {
			return "", err
		}
		return query + " 0 " + doc + " " + strconv.Itoa(grade), nil
	})
}

func writeQrels(w io.Writer, qrels map[string]Judgments, header string, text func(query, doc string, grade int) (string, error)) error {
	out := bufio.NewWriter(w)
	if header != "" {
		out.WriteString(header + "\n") //nolint:errcheck // a bufio.Writer keeps its error for Flush
	}
	for _, query := range slices.Sorted(maps.Keys(qrels)) {
		j := qrels[query]
		for _, doc := range slices.Sorted(maps.Keys(j)) {
			line, err := text(query, doc, j[doc])
			if err != nil {
				return fmt.Errorf("write judgments: %w", err)
			}
			out.WriteString(line + "\n") //nolint:errcheck // as above
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write judgments: %w", err)
	}
	return nil
}
