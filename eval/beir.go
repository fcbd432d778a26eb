// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document"
)

// Query is one question of a collection.
type Query struct {
	ID   string
	Text string
}

// Collection is a test collection: documents, queries and judgments.
type Collection struct {
	Name    string // base name of its folder
	Docs    []document.Document
	Queries []Query              // those that have judgments, in the order of the file
	Qrels   map[string]Judgments // by query id
}

// qrelsHeader is the first line of a BEIR judgment file.
const qrelsHeader = "query-id\tcorpus-id\tscore"

// LoadBEIR reads a folder in the layout of the BEIR benchmark (Thakur et al., 2021): corpus.jsonl with
// {"_id","title","text"}, queries.jsonl with {"_id","text"}, and qrels/test.tsv with the columns query-id, corpus-id and score under
// a header. Queries of other splits, which have no judgment there, are left out.
//
// An error names the file and the line: malformed lines, unknown fields, missing or repeated ids, judgments of unknown
// queries or documents, and repeated judgments are all errors. Empty documents are allowed, empty queries are not.
func LoadBEIR(dir string) (*Collection, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("load collection %s: %w", dir, err)
	}
	c := &Collection{Name: filepath.Base(abs)}
	docs := map[string]bool{}
	err = readJSONL(filepath.Join(dir, "corpus.jsonl"), docs, func(l document.Line) error {
		c.Docs = append(c.Docs, l.Document())
		return nil
	})
	if err != nil {
		return nil, err
	}
	queries := map[string]bool{}
	var all []Query
	err = readJSONL(filepath.Join(dir, "queries.jsonl"), queries, func(l document.Line) error {
		if strings.TrimSpace(l.Text) == "" {
			return fmt.Errorf("query %q is empty", l.ID)
		}
		all = append(all, Query{l.ID, l.Text})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.Qrels, err = readQrels(filepath.Join(dir, "qrels", "test.tsv"), queries, docs); err != nil {
		return nil, err
	}
	for _, q := range all {
		if c.Qrels[q.ID] != nil {
			c.Queries = append(c.Queries, q)
		}
	}
	return c, nil
}

// readJSONL calls add for each line of a file, whose ids must be there and differ; they are put into ids.
func readJSONL(path string, ids map[string]bool, add func(document.Line) error) error {
	f, err := os.Open(path)
	if err != nil {
		return missingPart(err)
	}
	defer f.Close()
	for l, err := range document.Lines(f, document.LineOptions{Name: path, Format: document.JSONLine}) {
		if err != nil {
			return err
		}
		switch {
		case l.ID == "":
			err = errors.New(`field "_id" is missing or empty`)
		case ids[l.ID]:
			err = fmt.Errorf("id %q was already used: ids must differ", l.ID)
		default:
			ids[l.ID] = true
			err = add(l)
		}
		if err != nil {
			return &document.LineError{Name: path, Number: l.Number, Err: err}
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s: %w", path, document.ErrEmpty)
	}
	return nil
}

// missingPart says what a collection's folder must hold.
func missingPart(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv", err)
	}
	return err
}

// readQrels reads judgments, all of whose ids must be known.
func readQrels(path string, queries, docs map[string]bool) (map[string]Judgments, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, missingPart(err)
	}
	defer f.Close()
	return parseQrels(f, path, queries, docs)
}

func parseQrels(r io.Reader, path string, queries, docs map[string]bool) (map[string]Judgments, error) {
	qrels := map[string]Judgments{}
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSuffix(lines.Text(), "\r")
		if number == 1 {
			if strings.TrimPrefix(line, "\uFEFF") != qrelsHeader {
				return nil, &document.LineError{Name: path, Number: 1, Err: fmt.Errorf("want the header %q", qrelsHeader)}
			}
			continue
		}
		if line == "" {
			continue
		}
		if err := addJudgment(qrels, line, queries, docs); err != nil {
			return nil, &document.LineError{Name: path, Number: number, Err: err}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &document.LineError{Name: path, Number: number + 1, Err: err}
	}
	if len(qrels) == 0 {
		return nil, fmt.Errorf("%s: no judgments: %w", path, document.ErrEmpty)
	}
	return qrels, nil
}

func addJudgment(qrels map[string]Judgments, line string, queries, docs map[string]bool) error {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return fmt.Errorf("want 3 columns separated by tabs, got %d", len(fields))
	}
	query, doc := fields[0], fields[1]
	grade, err := strconv.ParseInt(fields[2], 10, 16)
	switch {
	case err != nil:
		return fmt.Errorf("score %q is not a whole number between -32768 and 32767", fields[2])
	case !queries[query]:
		return fmt.Errorf("query %q is not in queries.jsonl", query)
	case !docs[doc]:
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
	j[doc] = int(grade)
	return nil
}
