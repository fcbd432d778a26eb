// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/model/builtin"
)

type compareFlags struct {
	modelFlags
	candidates     int
	rerank, format string
}

func (a *app) compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:     "compare QUERY FILE [--rerank MODEL]",
		Short:   "set bi-encoder and cross-encoder side by side",
		GroupID: groupSearch,
		Long: "Scores the passages of FILE with a bi-encoder and with a cross-encoder, each for itself, and shows both scores and ranks side by side, by the cross-encoder's order: " +
			"what reranking by the logit alone would change. Kendall's tau says how far the two orders agree.\n\n" +
			"FILE is a Markdown or text file (or a folder of them), which is cut into passages; a .jsonl file with an object a line ({\"id\", \"text\"}); or - for standard input with a text or an object a line.\n\n" +
			"Names for ranges of scores (High, Medium, Low) are shown for the models they are known for, the logits of cross-encoder/ms-marco-*, and for no others.",
		Example: `winnow compare "change password" answers.jsonl
			printf 'Paris is in France\nWhere is Paris?\n' | winnow compare "Where is Paris?" -`,
		Args: exactly("QUERY", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.compare(cmd, &f, args[0], args[1]) },
	}
	f.add(cmd, "the bi-encoder", builtin.Retriever)
	fs := cmd.Flags()
	candidatesFlag(fs, &f.candidates)
	fs.StringVar(&f.rerank, "rerank", builtin.Reranker, "the cross-encoder: a directory, a Hub id, or a built-in name (`MODEL`)")
	choice(fs, &f.format, "format", "table", []string{"table", "json", "csv"}, "output format")
	return cmd
}

func (a *app) compare(cmd *cobra.Command, f *compareFlags, query, file string) error {
	ctx := cmd.Context()
	switch {
	case strings.TrimSpace(query) == "":
		return misuse(cmd, "the query is empty: say what the passages are compared for")
	case f.candidates < 1:
		return misuse(cmd, "--candidates is 0: compare one passage at least")
	case f.rerank == winnow.Off:
		return misuse(cmd, "--rerank is off: a comparison needs a cross-encoder")
	}
	if f.rerank == winnow.Auto { // as in search, whose variable may be set
		f.rerank = builtin.Reranker
	}
	p := progress{out: a.stderr}
	e, err := a.openEngine(cmd, &f.modelFlags, f.rerank, winnow.Progress(p.report))
	if err != nil {
		return err
	}
	defer e.Close()
	t := &texts{}
	if file == "-" || isJSONLines(file) {
		lines, err := a.readLines(ctx, cmd, file)
		if err != nil {
			return err
		}
		for _, l := range lines {
			t.docs = append(t.docs, l.Document())
		}
	} else if t, err = a.loadPaths(ctx, []string{file}); err != nil {
		return err
	}
	if _, err := a.addTexts(ctx, e, t, &p); err != nil {
		return err
	}
	c, err := e.Compare(ctx, query, winnow.Candidates(f.candidates), winnow.Rerank(f.rerank))
	if err != nil {
		return err
	}
	print := map[string]func(*winnow.Comparison, int) error{"table": a.printComparison, "json": a.printComparisonJSON, "csv": a.printComparisonCSV}[f.format]
	if err := print(c, e.Len()); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	cross, err := e.Reranker(f.rerank)
	if err != nil {
		return err
	}
	a.notePrecisions(f.precision, c.Precision)
	var long cut
	for _, r := range c.Rows {
		long.add(r.TruncatedTokens)
	}
	a.warnQuery(query, c.QueryTruncated)
	long.report(a, len(c.Rows), cross.MaxTokens(), "pair")
	return t.failed()
}
