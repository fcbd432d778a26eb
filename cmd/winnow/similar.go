// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
)

type similarFlags struct {
	modelFlags
	db, filter, format string
	top                int
}

func (a *app) similarCommand() *cobra.Command {
	var f similarFlags
	cmd := &cobra.Command{
		Use:     "similar ID [--db DIR] [-k 10]",
		Short:   "more like this: the documents nearest to one of an index",
		GroupID: groupSearch,
		Long: "Finds the documents of an index whose passages are nearest to those of a document, or to one passage of it (ID#2), best first; of each document its best passage is shown. " +
			"ID is what search shows: the path of a file, or the id of a row. The stored vectors are used: nothing is encoded or reranked.",
		Example: "winnow similar notes/rerank.md\nwinnow similar q17 --db corpus.winnow -k 5 --filter 'lang = \"en\"'",
		Args:    exactly("ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.similar(cmd, &f, args[0]) },
	}
	f.add(cmd, "the bi-encoder, if it is not the index's own", "")
	dbFlag(cmd, &f.db)
	fs := cmd.Flags()
	whole(fs, &f.top, "top", "k", 10, "print the best `N` documents")
	filterFlag(fs, &f.filter)
	choice(fs, &f.format, "format", "table", []string{"table", "json", "md", "csv"}, "output format")
	return cmd
}

func (a *app) similar(cmd *cobra.Command, f *similarFlags, id string) error {
	if f.top < 1 {
		return misuse(cmd, "-k, --top is 0: ask for one document at least")
	}
	if err := checkFilter(cmd, f.filter); err != nil {
		return err
	}
	dir, err := needDB(cmd, f.db, "")
	if err != nil {
		return err
	}
	e, err := a.openDB(cmd, &f.modelFlags, dir, winnow.Off, winnow.ReadOnly())
	if err != nil {
		return err
	}
	defer e.Close()
	s := searched{db: dir, passages: e.Len()}
	if b := e.Retriever(); b != nil {
		s.dense = string(b.Similarity())
	}
	if s.Result, err = e.Similar(cmd.Context(), id, winnow.TopK(f.top), winnow.Filter(f.filter)); err != nil {
		return explainDB(dir, err)
	}
	return a.printSearched(f.format, &s)
}
