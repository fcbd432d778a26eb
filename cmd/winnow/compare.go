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
	db             string
	candidates     int
	rerank, format string
	config         string
}

func (a *app) compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:     "compare QUERY [FILE | --db DIR] [--rerank MODEL]",
		Short:   "set BM25, bi-encoder and cross-encoder side by side",
		GroupID: groupSearch,
		Long: "Scores the nearest passages with BM25, a bi-encoder and a cross-encoder, each for itself, and shows scores and ranks side by side, by the cross-encoder's order: " +
			"what reranking by the logit alone would change. Kendall's tau says how far the orders of the two encoders agree. BM25 ranks all passages; it is blank for those without a word of the query.\n\n" +
			"Without FILE the passages are those of an index. FILE is a Markdown or text file (or a folder of them), which is cut into passages; a .jsonl file with an object a line ({\"id\", \"text\"}); or - for standard input with a text or an object a line.\n\n" +
			"Names for ranges of scores (High, Medium, Low) come from the cross-encoder's calibration (`winnow calibrate`; the built-in one has one). Without, a rule of thumb is shown for the logits of cross-encoder/ms-marco-*, and nothing for other models.",
		Example: `winnow compare "change password" answers.jsonl
			winnow compare "how does reranking work?" --candidates 10
			printf 'Paris is in France\nWhere is Paris?\n' | winnow compare "Where is Paris?" -`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return misuse(cmd, "QUERY is missing: %s QUERY [FILE]", cmd.CommandPath())
			case len(args) > 2:
				return misuse(cmd, "%q is one argument too many: %s QUERY [FILE]", args[2], cmd.CommandPath())
			case len(args) == 2 && cmd.Flags().Changed("db"):
				return misuse(cmd, "both FILE and --db are given: compare the passages of one of them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.compare(cmd, &f, args[0], args[1:]) },
	}
	f.add(cmd, "for FILE, since an index has its own, the bi-encoder", builtin.Retriever)
	dbFlag(cmd, &f.db)
	fs := cmd.Flags()
	candidatesFlag(fs, &f.candidates)
	fs.StringVar(&f.rerank, "rerank", builtin.Reranker, "the cross-encoder: a directory, a Hub id, or a built-in name (`MODEL`)")
	choice(fs, &f.format, "format", "table", []string{"table", "json", "csv"}, "output format")
	configFlag(cmd, &f.config)
	return cmd
}

func (a *app) compare(cmd *cobra.Command, f *compareFlags, query string, files []string) error {
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
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return err
	}
	e, t, dir, err := a.openTexts(cmd, &f.modelFlags, f.db, "QUERY", files, f.rerank, k.calibrated())
	if err != nil {
		return err
	}
	defer e.Close()
	if e.Retriever() == nil {
		return fmt.Errorf("index %s has no vectors to compare: make one without -m none", dir)
	}
	c, err := e.Compare(cmd.Context(), query, winnow.Candidates(f.candidates), winnow.Rerank(f.rerank))
	if err != nil {
		return explainDB(dir, err)
	}
	cross, err := e.Reranker(f.rerank)
	if err != nil {
		return err
	}
	if c.Calibrated {
		origin, err := k.origin(cross)
		if err != nil {
			return err
		}
		if c.Bands != "" {
			c.Bands += " (" + origin + ")"
		}
	}
	if dir != "" {
		for _, r := range c.Rows {
			if r.Source != nil {
				r.Source.Path = relativePath(dir, r.Source.Path)
			}
		}
	}
	print := map[string]func(*winnow.Comparison, int) error{"table": a.printComparison, "json": a.printComparisonJSON, "csv": a.printComparisonCSV}[f.format]
	if err := print(c, e.Len()); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if err := k.note(a, cross); err != nil {
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
