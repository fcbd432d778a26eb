// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
)

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

// Documents streams what there is to be searched in a BEIR folder, which is all of its corpus, or in a file: corpus.jsonl, other texts
// alone, perhaps with a title, or rows, of which it takes all texts but the anchors of positives. Empty texts are left out. The last
// that it yields may be an error.
func Documents(path string) iter.Seq2[document.Document, error] {
	return func(yield func(document.Document, error) bool) {
		ok := true
		give := func(d document.Document) {
			ok = ok && (d.FullText() == "" || yield(d, nil))
		}
		err := read(corpusFile(path), Options{texts: true}, func(r Row) bool {
			if r.Positive == "" {
				give(document.Document{Title: r.title, Text: r.Anchor})
			} else {
				give(document.Document{Text: r.Positive})
			}
			for _, text := range r.Negatives {
				give(document.Document{Text: text})
			}
			return ok
		})
		if err != nil && ok {
			yield(document.Document{}, err)
		}
	}
}

// corpusFile is the file of a folder's documents, or path itself if it is none.
func corpusFile(path string) string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return path
	}
	file := filepath.Join(path, "corpus.jsonl")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(file + ".gz"); err == nil {
			return file + ".gz"
		}
	}
	return file
}
