// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
)

type checkFlags struct {
	db   string
	json bool
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:     "check [--db DIR]",
		Short:   "read every byte of an index and test all it promises",
		GroupID: groupIndex,
		Long: "Verifies every checksum and every structure of an index: documents against ids, rows and metadata, postings and their bounds, and that every node of a graph can be reached. " +
			"It changes nothing, and can run while something else writes.\n\n" +
			"Exit code 0: the index is whole. 1: damage, a line for each place with file, sections and byte, at most 20 of them; --json has more. `winnow repair` rebuilds it.",
		Example: "winnow check\nwinnow check --db corpus.winnow --json",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.check(cmd, &f) },
	}
	dbFlag(cmd, &f.db)
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) check(cmd *cobra.Command, f *checkFlags) error {
	dir, err := needDB(cmd, f.db, "")
	if err != nil {
		return err
	}
	bar := a.newIndexBar()
	r, err := index.Check(cmd.Context(), dir, index.Options{Progress: bar.update})
	bar.clear()
	if err != nil {
		return err
	}
	if f.json {
		if err := a.printCheckJSON(dir, r); err != nil {
			return err
		}
	} else {
		for _, n := range r.Notes {
			a.note(n)
		}
		a.printPlaces(r)
		if len(r.Problems) == 0 {
			a.stdout.Println(fmt.Sprintf("%s is whole: %s, %s, %s in %s", dir, term.Plural(r.Documents, "document", "documents"),
				term.Plural(r.Rows, "passage", "passages"), term.Bytes(r.Bytes), term.Plural(r.Segments, "segment", "segments")))
		}
	}
	if len(r.Problems) > 0 {
		if err := a.stdout.Flush(); err != nil {
			return err
		}
		return fmt.Errorf("index %s is damaged: `winnow repair --db %s` rebuilds what can be rebuilt", dir, dir)
	}
	return nil
}

// shownPlaces is how many places of damage are printed; one bad disk can make thousands.
const shownPlaces = 20

// printPlaces prints a line for each place of damage.
func (a *app) printPlaces(r *index.Report) {
	places, more := r.Places()
	for _, p := range places[:min(shownPlaces, len(places))] {
		a.stdout.Println(a.stdout.Paint(term.Red, "damaged") + " " + a.stdout.Clean(p.String()))
	}
	if more += max(0, len(places)-shownPlaces); more > 0 {
		a.stdout.Println("and " + term.Plural(more, "more place", "more places"))
	}
}

// printCheckJSON prints a report, with all the places that the check remembers.
func (a *app) printCheckJSON(dir string, r *index.Report) error {
	out := struct {
		Dir       string        `json:"dir"`
		Whole     bool          `json:"whole"`
		Segments  int           `json:"segments"`
		Documents int           `json:"documents"`
		Passages  int           `json:"passages"`
		Bytes     int64         `json:"bytes"`
		Problems  []index.Place `json:"problems"`
		More      int           `json:"more_problems,omitempty"`
		Notes     []string      `json:"notes"`
	}{dir, len(r.Problems) == 0, r.Segments, r.Documents, r.Rows, r.Bytes, []index.Place{}, 0, append([]string{}, r.Notes...)}
	places, more := r.Places()
	out.Problems, out.More = append(out.Problems, places...), more
	return a.printJSON(out)
}
