// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
)

type repairFlags struct {
	modelFlags
	db   string
	json bool
}

func (a *app) repairCommand() *cobra.Command {
	var f repairFlags
	cmd := &cobra.Command{
		Use:     "repair [--db DIR]",
		Short:   "rebuild what is damaged in an index",
		GroupID: groupIndex,
		Long: "Finds what is damaged, as `winnow check` does, and rebuilds it from what is whole: postings, metadata and graphs from the documents and vectors, damaged vectors by encoding the passages again. " +
			"Only a document whose own bytes are damaged is lost; the files that miss documents are named, and the next `winnow index` reads them again. Damaged files stay, with .damaged after their names.\n\n" +
			"Exit code 0: the index is whole now. 1: something was lost.",
		Example: "winnow repair\nwinnow repair --db corpus.winnow",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.repair(cmd, &f) },
	}
	f.add(cmd, "the bi-encoder, if it is not the index's own", "")
	dbFlag(cmd, &f.db)
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) repair(cmd *cobra.Command, f *repairFlags) error {
	dir, err := needDB(cmd, f.db, "")
	if err != nil {
		return err
	}
	var bi *encoder.BiEncoder
	o := index.RepairOptions{Embed: func(s index.Settings) (index.Embedder, error) {
		name := s.Model
		if f.model != "" {
			name = f.model
		}
		own := s.VectorPrecision()
		if !cmd.Flags().Changed("precision") {
			f.precision = own
		}
		var err error
		if bi, err = encoder.OpenBi(name, f.options()...); err != nil {
			return nil, err
		}
		fingerprint, err := bi.Model().Fingerprint()
		if err != nil {
			return nil, err
		}
		if fingerprint != s.Fingerprint {
			return nil, &index.ModelError{Dir: dir, Model: s.Model, Fingerprint: s.Fingerprint, Given: name}
		}
		if got := string(bi.Precision()); got != own && f.precision != own {
			return nil, &index.PrecisionError{Dir: dir, Precision: own, Given: got}
		}
		return func(ctx context.Context, passages []document.Chunk) ([]float32, error) {
			texts := make([]string, len(passages))
			for i, p := range passages {
				texts[i] = p.Context()
			}
			v, err := bi.Encode(ctx, texts, encoder.As(encoder.Document))
			if err != nil {
				return nil, err
			}
			return v.Data, nil
		}, nil
	}}
	o.Threads = f.threads
	bar := a.newIndexBar()
	o.Progress = bar.update
	r, err := index.Repair(cmd.Context(), dir, o)
	bar.clear()
	if bi != nil {
		defer bi.Close()
	}
	if err != nil {
		return err
	}
	if f.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		a.printRepaired(dir, r)
	}
	if len(r.Lost) == 0 {
		return nil
	}
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	return fmt.Errorf("not everything could be saved: `winnow index PATH... --db %s` brings back what is still in its files", dir)
}

func (a *app) printRepaired(dir string, r *index.Repaired) {
	for _, l := range r.Lost[:min(shownPlaces, len(r.Lost))] {
		a.stdout.Println(a.stdout.Paint(term.Red, "lost") + " " + a.stdout.Clean(l))
	}
	if more := len(r.Lost) - shownPlaces; more > 0 {
		a.stdout.Println("and " + term.Plural(more, "more line", "more lines") + "; --json has all")
	}
	for _, f := range r.Files[:min(shownPlaces, len(r.Files))] {
		what := ""
		if f.Documents > 1 {
			what = fmt.Sprintf("%s of %s of ", term.Count(f.Missing), term.Plural(f.Documents, "document", "documents"))
		}
		a.stdout.Println(a.stdout.Paint(term.Red, "missing") + " " + what + a.stdout.Clean(f.Path))
	}
	if more := len(r.Files) - shownPlaces; more > 0 {
		a.stdout.Println("and of " + term.Plural(more, "more file", "more files") + "; --json names all")
	}
	if r.Manifest {
		a.stdout.Println("the manifest was made anew")
	}
	for _, s := range r.Segments {
		a.stdout.Println("rebuilt " + s)
	}
	for _, s := range r.Dropped {
		a.stdout.Println("dropped " + s + ": nothing of it is left")
	}
	switch {
	case len(r.Segments) > 0:
		a.stdout.Println(fmt.Sprintf("%s kept, %s encoded anew", term.Plural(r.Kept, "document", "documents"), term.Plural(r.Embedded, "passage", "passages")))
	case !r.Manifest && len(r.Lost)+len(r.Dropped) == 0:
		a.stdout.Println(dir + " is whole: nothing to repair")
	}
}
