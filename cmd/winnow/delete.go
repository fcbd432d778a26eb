// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/index"
)

type deleteFlags struct {
	db   string
	json bool
}

func (a *app) deleteCommand() *cobra.Command {
	var f deleteFlags
	cmd := &cobra.Command{
		Use:     "delete ID... [--db DIR]",
		Short:   "remove documents from an index",
		GroupID: groupIndex,
		Long: "Removes documents by their ids, as search shows them: the path of a file, or the id of a row. All of them go at once, durably; what they took up is freed by the next merge.\n\n" +
			"A document of a file that is still there comes back when that file changes and is indexed again.",
		Example: "winnow delete notes/old.md\nwinnow delete q17 q18 --db corpus.winnow",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, "ID is missing: name the documents to remove")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.delete(cmd, &f, args) },
	}
	dbFlag(cmd, &f.db)
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) delete(cmd *cobra.Command, f *deleteFlags, ids []string) error {
	bar := a.newIndexBar()
	dir, db, err := openIndex(cmd, f.db, index.Options{Write: true, Progress: bar.update})
	if err != nil {
		return err
	}
	defer db.Close()
	applied, err := db.Apply(cmd.Context(), index.Change{Delete: ids})
	bar.clear()
	if err != nil {
		return explainDB(dir, err)
	}
	if err := db.Close(); err != nil {
		return err
	}
	if f.json {
		if err := a.printJSON(map[string]any{"deleted": applied.Deleted, "unknown": append([]string{}, applied.Unknown...)}); err != nil {
			return err
		}
	} else {
		a.stdout.Println(term.Plural(applied.Deleted, "document", "documents") + " deleted")
	}
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	for _, id := range applied.Unknown {
		a.warn(fmt.Sprintf("there is no document %q", id))
	}
	if n := len(applied.Unknown); n > 0 {
		return fmt.Errorf("%s unknown", term.Plural(n, "id is", "ids are"))
	}
	return nil
}
