// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"maps"
	"slices"

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
