// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
)

type searchFlags struct {
	modelFlags
	top, candidates int
	rerank, format  string
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:     "search QUERY PATH... [-k 10] [--rerank auto|off|MODEL]",
		Short:   "find the best passages in files and folders",
		GroupID: groupSearch,
		Long: "Reads Markdown and text files (folders: every .md, .markdown and .txt file below), cuts them into passages, finds the passages nearest to the query with a bi-encoder, " +
			"reads the best of them again beside the query with a cross-encoder, and prints the passages that answer best.\n\n" +
			"--rerank auto uses the built-in cross-encoder and orders by the sum of both standardised scores (score kind fused); " +
			"a model named orders by its logit alone; off leaves the bi-encoder's order. The scores of both stages are shown in any case.\n\n" +
			"What cannot be read is named on standard error; the search goes on without it and ends with exit code 1.",
		Example: `winnow search "how does reranking work?" README.md docs/
			winnow search "why rerank?" notes/ -k 3 --format json | jq -r '.hits[].source.path'`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return misuse(cmd, "QUERY is missing: %s QUERY PATH...", cmd.CommandPath())
			case strings.TrimSpace(args[0]) == "":
				return misuse(cmd, "the query is empty: say what to look for")
			case len(args) == 1:
				return misuse(cmd, "PATH is missing: name the files or folders to search, as in: %s %q README.md docs/", cmd.CommandPath(), args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.search(cmd, &f, args[0], args[1:]) },
	}
	f.add(cmd, "the bi-encoder", builtin.Retriever)
	fs := cmd.Flags()
	whole(fs, &f.top, "top", "k", 10, "print the best `N` passages")
	candidatesFlag(fs, &f.candidates)
	fs.StringVar(&f.rerank, "rerank", winnow.Auto, "auto, off, or a cross-encoder `MODEL`: a directory, a Hub id, or a built-in name")
	choice(fs, &f.format, "format", "table", []string{"table", "json", "md", "csv"}, "output format")
	return cmd
}

func (a *app) search(cmd *cobra.Command, f *searchFlags, query string, paths []string) error {
	ctx := cmd.Context()
	switch {
	case f.top < 1:
		return misuse(cmd, "-k, --top is 0: ask for one passage at least")
	case f.candidates < 1:
		return misuse(cmd, "--candidates is 0: at least 1 (--rerank off turns reranking off)")
	}
	p := progress{out: a.stderr}
	e, err := a.openEngine(cmd, &f.modelFlags, f.rerank, winnow.Progress(p.report))
	if err != nil {
		return err
	}
	defer e.Close()
	t, err := a.loadPaths(ctx, paths)
	if err != nil {
		return err
	}
	s := searched{terms: termsOf(query), dense: string(e.Retriever().Similarity()), files: len(t.docs)}
	if s.encoding, err = a.addTexts(ctx, e, t, &p); err != nil {
		return err
	}
	s.passages = e.Len()
	if s.Result, err = e.Search(ctx, query, winnow.TopK(f.top), winnow.Candidates(f.candidates), winnow.Rerank(f.rerank)); err != nil {
		return err
	}
	print := map[string]func(*searched) error{"table": a.printHits, "json": a.printResult, "md": a.printMarkdown, "csv": a.printCSV}[f.format]
	if err := print(&s); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	a.notePrecisions(f.precision, s.Precision)
	var long cut
	for _, h := range s.Hits {
		long.add(h.TruncatedTokens)
	}
	limit := e.Retriever().MaxTokens()
	if s.Reranked > 0 {
		c, err := e.Reranker(f.rerank)
		if err != nil {
			return err
		}
		limit = c.MaxTokens()
	}
	a.warnQuery(query, s.QueryTruncated)
	long.report(a, len(s.Hits), limit, "passage shown, with the query,")
	return t.failed()
}

// openEngine opens the models that a command's flags name, the cross-encoder among them, so that a
// wrong name is found before files are read.
func (a *app) openEngine(cmd *cobra.Command, f *modelFlags, rerank string, opts ...winnow.Option) (*winnow.Engine, error) {
	if rerank == "" {
		return nil, misuse(cmd, "--rerank is empty: name a cross-encoder, or leave it out")
	}
	// The built-in cross-encoder is made to be fused, whatever the bi-encoder.
	pair := model.Pair{Retriever: f.model, Reranker: builtin.Reranker, Fuse: true}
	opts = append(opts, winnow.Threads(f.threads), winnow.MaxTokens(f.maxTokens), winnow.AtPrecision(encoder.Precision(f.precision)))
	e, err := await(cmd.Context(), func() (*winnow.Engine, error) { return winnow.New(pair, opts...) })
	if err != nil {
		return nil, err
	}
	a.checkMaxTokens(f, e.Retriever().Model())
	if rerank != winnow.Off {
		var c *encoder.CrossEncoder
		if c, err = await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return e.Reranker(rerank) }); err == nil {
			a.checkMaxTokens(&modelFlags{model: c.Model().Name, maxTokens: f.maxTokens}, c.Model())
		}
	}
	if err != nil {
		_ = e.Close() // the first error is the one to read
		return nil, err
	}
	return e, nil
}

// warnQuery says what of the query was not read as it stands.
func (a *app) warnQuery(query string, truncated int) {
	if !utf8.ValidString(query) {
		a.warn("the query is not valid UTF-8; U+FFFD stands in for each byte that is not")
	}
	if truncated > 0 {
		a.warn(fmt.Sprintf("the query does not fit: %s left out", term.Plural(truncated, "token was", "tokens were")))
	}
}

// place is where a passage stands: path:12-18, or its document's id.
func place(id string, s *winnow.Source) string {
	switch {
	case s == nil:
		return id
	case s.StartLine == s.EndLine:
		return fmt.Sprintf("%s:%d", s.Path, s.StartLine)
	}
	return fmt.Sprintf("%s:%d-%d", s.Path, s.StartLine, s.EndLine)
}
