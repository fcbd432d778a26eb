// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/unpack"
)

// Query is one question of a collection.
type Query struct {
	ID   string
	Text string
}

// Collection is a test collection: documents, queries and judgments.
type Collection struct {
	Name     string // base name of its folder
	Split    string // whose judgments these are, such as "test"; "" if they are of another file
	Docs     []document.Document
	Queries  []Query              // those that have judgments, in the order of the file
	Unjudged []Query              // the others of the file: those of other splits
	Qrels    map[string]Judgments // by query id
}

// DefaultSplit is the split that LoadBEIR reads.
const DefaultSplit = "test"

// LoadBEIR is [LoadBEIRSplit] of the split "test".
func LoadBEIR(dir string) (*Collection, error) { return LoadBEIRSplit(dir, DefaultSplit) }

// LoadBEIRSplit reads a folder in the layout of the BEIR benchmark (Thakur et al., 2021): corpus.jsonl with
// {"_id","title","text"}, queries.jsonl with {"_id","text"}, and qrels/<split>.tsv with the columns query-id, corpus-id and score
// under a header. Ids may be whole numbers in JSON. Queries without a judgment in the split are kept apart. Each file may be compressed
// with gzip, which its content tells, and may then have .gz at the end of its name.
//
// An error names the file and the line: malformed lines, unknown fields, missing or repeated ids, judgments of unknown
// queries or documents, and repeated judgments are all errors. Empty documents are allowed, empty queries are not.
func LoadBEIRSplit(dir, split string) (*Collection, error) {
	if err := checkSplit(split); err != nil {
		return nil, fmt.Errorf("load collection %s: %w", dir, err)
	}
	return loadBEIR(dir, split, func(queries, docs map[string]bool) (map[string]Judgments, error) {
		return readSplit(dir, split, queries, docs)
	})
}

// LoadBEIRQrels is [LoadBEIRSplit] with the judgments of a file, as [LoadQrels] reads it, in place of those of a split, which the
// folder need not have. Its queries and documents must be those of the folder.
func LoadBEIRQrels(dir, path string) (*Collection, error) {
	return loadBEIR(dir, "", func(queries, docs map[string]bool) (map[string]Judgments, error) {
		f, err := unpack.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readQrels(f, path, queries, docs)
	})
}

func loadBEIR(dir, split string, judgments func(queries, docs map[string]bool) (map[string]Judgments, error)) (*Collection, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("load collection %s: %w", dir, err)
	}
	c := &Collection{Name: filepath.Base(abs), Split: split}
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
	if c.Qrels, err = judgments(queries, docs); err != nil {
		return nil, err
	}
	for _, q := range all {
		if c.Qrels[q.ID] != nil {
			c.Queries = append(c.Queries, q)
		} else {
			c.Unjudged = append(c.Unjudged, q)
		}
	}
	return c, nil
}

// checkSplit keeps the name of a split inside the folder.
func checkSplit(split string) error {
	if split == "" || split == "." || split == ".." || strings.ContainsAny(split, "/\\:\x00") {
		return fmt.Errorf("split %q is not the name of a file in the folder qrels", split)
	}
	return nil
}

// Splits returns the splits of a folder in the layout of BEIR, sorted: the names of its judgment files without .tsv or .tsv.gz.
func Splits(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "qrels"))
	if err != nil {
		return nil, missingPart(err, DefaultSplit)
	}
	var splits []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".gz"), ".tsv"); ok && !e.IsDir() && name != "" {
			splits = append(splits, name)
		}
	}
	slices.Sort(splits)
	return slices.Compact(splits), nil
}

// LoadRun is the function of this name, for a run over the collection: queries and documents that the collection does not
// have are errors with their line.
func (c *Collection) LoadRun(path string) (*Run, error) {
	queries, docs := map[string]bool{}, make(map[string]bool, len(c.Docs))
	for _, q := range c.Queries {
		queries[q.ID] = true
	}
	for _, q := range c.Unjudged {
		queries[q.ID] = true
	}
	for _, d := range c.Docs {
		docs[d.ID] = true
	}
	f, err := unpack.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRun(f, path, queries, docs)
}

// readSplit reads the judgments, all of whose ids must be known.
func readSplit(dir, split string, queries, docs map[string]bool) (map[string]Judgments, error) {
	f, path, err := unpack.OpenEither(filepath.Join(dir, "qrels", split+".tsv"))
	if errors.Is(err, os.ErrNotExist) {
		if splits, _ := Splits(dir); len(splits) > 0 {
			return nil, fmt.Errorf("%w: the folder has judgments for %s", err, strings.Join(splits, ", "))
		}
		return nil, missingPart(err, split)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readQrels(f, path, queries, docs)
}

// readJSONL calls add for each line of a file, whose ids must be there and differ; they are put into ids.
func readJSONL(path string, ids map[string]bool, add func(document.Line) error) error {
	f, path, err := unpack.OpenEither(path)
	if err != nil {
		return missingPart(err, DefaultSplit)
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
func missingPart(err error, split string) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/%s.tsv", err, split)
	}
	return err
}
