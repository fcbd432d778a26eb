// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// beirLine is a line of corpus.jsonl or queries.jsonl.
type beirLine struct {
	ID    string         `json:"_id"`
	Title *string        `json:"title,omitempty"` // of documents: there, even when empty
	Text  string         `json:"text"`
	Meta  map[string]any `json:"metadata,omitempty"`
}

// WriteBEIR writes the collection as a folder that LoadBEIRSplit reads: corpus.jsonl with ids, titles, texts and metadata,
// queries.jsonl with the queries and then those without judgments, and qrels/<split>.tsv sorted by query and document. The same
// collection gives the same bytes. The folder may exist; a file of these names in it is an error, nothing is overwritten. Ids with
// a tab or a line break, which judgments cannot hold, are errors.
func (c *Collection) WriteBEIR(dir string) error {
	split := c.Split
	if split == "" {
		split = DefaultSplit
	}
	if err := checkSplit(split); err != nil {
		return fmt.Errorf("write collection %s: %w", dir, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "qrels"), 0o755); err != nil {
		return fmt.Errorf("write collection: %w", err)
	}
	for _, part := range []struct {
		name  string
		write func(*bufio.Writer) error
	}{
		{"corpus.jsonl", c.writeDocs},
		{"queries.jsonl", c.writeQueries},
		{filepath.Join("qrels", split+".tsv"), func(w *bufio.Writer) error { return writeQrels(w, c.Qrels, qrelsHeader, tsvLine) }},
	} {
		if err := writeNew(filepath.Join(dir, part.name), part.write); err != nil {
			return fmt.Errorf("write collection: %w", err)
		}
	}
	return nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, write func(*bufio.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(write(w), w.Flush(), f.Close())
}

func (c *Collection) writeDocs(w *bufio.Writer) error {
	lines := jsonLines(w)
	for _, d := range c.Docs {
		if err := lines.Encode(beirLine{ID: d.ID, Title: &d.Title, Text: d.Text, Meta: d.Meta}); err != nil {
			return fmt.Errorf("document %q: %w", d.ID, err)
		}
	}
	return nil
}

func (c *Collection) writeQueries(w *bufio.Writer) error {
	lines := jsonLines(w)
	for _, queries := range [][]Query{c.Queries, c.Unjudged} {
		for _, q := range queries {
			if err := lines.Encode(beirLine{ID: q.ID, Text: q.Text}); err != nil {
				return fmt.Errorf("query %q: %w", q.ID, err)
			}
		}
	}
	return nil
}

// jsonLines writes an object a line, with < and > as they are.
func jsonLines(w *bufio.Writer) *json.Encoder {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return lines
}

func tsvLine(query, doc string, grade int) (string, error) {
	for _, id := range []string{query, doc} {
		if id == "" || strings.ContainsAny(id, "\t\r\n\x00") {
			return "", fmt.Errorf("id %q is empty or holds a tab or line break: a file of judgments cannot hold it", id)
		}
	}
	return query + "\t" + doc + "\t" + strconv.Itoa(grade), nil
}
