// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
)

type statsFlags struct {
	db     string
	sample int
	json   bool
}

func (a *app) statsCommand() *cobra.Command {
	var f statsFlags
	cmd := &cobra.Command{
		Use:     "stats [--db DIR]",
		Short:   "what an index holds, and how much its search misses",
		GroupID: groupIndex,
		Long: "Shows what an index was made with, its documents, passages and segments, and their size.\n\n" +
			"Recall is measured: for a sample of the stored vectors ten neighbours are looked for in the index and once more exactly; it is the mean share of the exact ten that were found. A search that retrieves more, as `winnow search` does by default, looks more widely and misses less. --sample 0 leaves it out.",
		Example: "winnow stats\nwinnow stats --db corpus.winnow --json | jq .recall",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.stats(cmd, &f) },
	}
	dbFlag(cmd, &f.db)
	whole(cmd.Flags(), &f.sample, "sample", "", 100, "measure recall with `N` stored vectors")
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) stats(cmd *cobra.Command, f *statsFlags) error {
	dir, db, err := openIndex(cmd, f.db, index.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Stats()
	if err != nil {
		return explainDB(dir, err)
	}
	if f.sample > 0 {
		snapshot, err := db.Snapshot()
		if err != nil {
			return err
		}
		defer snapshot.Release()
		if s.Recall, err = snapshot.MeasureRecall(cmd.Context(), f.sample, 10, 1); err != nil {
			return explainDB(dir, err)
		}
	}
	if f.json {
		return a.printJSON(s)
	}
	a.printStats(s)
	if r := s.Recall; r != nil && r.Recall < lowRecall {
		a.warn(fmt.Sprintf("the vectors lie too close together for the way they are kept (%s): index anew into another directory with --vectors hnsw16, or flat", s.Settings.Vectors))
	}
	return nil
}

// lowRecall is a recall below which people notice what is missing.
const lowRecall = 0.9

func (a *app) printStats(s *index.Stats) {
	o := a.stdout
	row := func(name, value string) {
		o.Println(o.Paint(term.Bold, fmt.Sprintf("%-10s", name)) + " " + value)
	}
	row("index", o.Line(s.Dir))
	if set := s.Settings; set.Dim == 0 {
		row("vectors", "none: searched by words")
	} else {
		row("model", o.Line(set.Model))
		row("vectors", fmt.Sprintf("%d dimensions, %s, %s, encoded in %s", set.Dim, set.Metric, set.Vectors, set.VectorPrecision()))
	}
	row("words", words(s.Settings))
	row("documents", fmt.Sprintf("%s from %s", term.Count(s.Documents), term.Plural(s.Files, "file", "files")))
	passages := term.Count(s.Passages)
	if s.Deleted > 0 {
		passages += fmt.Sprintf(" (and %s deleted, gone with the next merge)", term.Count(s.Deleted))
	}
	row("passages", passages)
	row("size", term.Bytes(s.Bytes))
	if r := s.Recall; r != nil {
		row("recall@"+strconv.Itoa(r.K), fmt.Sprintf("%.4f of exact search (worst %.1f, %s)", r.Recall, r.Worst, term.Plural(r.Queries, "query", "queries")))
	}
	if len(s.Segments) == 0 {
		return
	}
	o.Println("")
	line := func(vectors string, columns ...any) string {
		if s.Settings.Dim > 0 {
			vectors = "  " + vectors
		} else {
			vectors = ""
		}
		return fmt.Sprintf("%-18s %9s %9s %8s %9s", columns...) + vectors
	}
	o.Println(o.Paint(term.Faint, line("vectors", "segment", "documents", "passages", "deleted", "size")))
	for _, g := range s.Segments {
		o.Println(line(g.Vectors, g.Name, term.Count(g.Documents), term.Count(g.Passages), term.Count(g.Deleted), term.Bytes(g.Bytes)))
	}
}

// words says how text is cut into terms.
func words(s index.Settings) string {
	w := s.Analyzer
	if w.Language == "" {
		return "any language: no stop words, no stemming"
	}
	parts := []string{w.Language}
	for _, p := range []struct {
		on   bool
		name string
	}{{w.StopWords, "stop words"}, {w.Stem, "stemming"}, {w.Code, "parts of identifiers"}} {
		if p.on {
			parts = append(parts, p.name)
		}
	}
	return strings.Join(parts, ", ")
}
