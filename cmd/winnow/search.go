// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type searchFlags struct {
	modelFlags
	retrievalFlags
	top            int
	rerank, format string
	budget         time.Duration
	explain        bool
	config         string

	configuration *configuration
}

// retrievalFlags say where candidates are looked for and how.
type retrievalFlags struct {
	db, mode, filter, fusion string
	candidates               int
	diversity                float64
	configured               winnow.Settings // of the configuration file
}

func (r *retrievalFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	dbFlag(cmd, &r.db)
	choice(fs, &r.mode, "mode", string(winnow.Dense), []string{string(winnow.Dense), string(winnow.Lexical), string(winnow.Hybrid)}, "find candidates by vectors, by words (BM25), or by both")
	filterFlag(fs, &r.filter)
	candidatesFlag(fs, &r.candidates)
	choice(fs, &r.fusion, "fusion", string(winnow.DefaultFusion().Method), fusionNames(), "how hybrid search joins its lists")
	fs.Float64Var(&r.diversity, "diversity", 0, "avoid hits that repeat others: 0 not at all, 1 at any price (`SHARE`)")
}

func fusionNames() (names []string) {
	for _, f := range rank.Methods() {
		names = append(names, string(f))
	}
	return names
}

// configure takes what flags do not say from a configuration file.
func (r *retrievalFlags) configure(cmd *cobra.Command, s winnow.Settings) {
	r.configured = s
	if s.Mode != "" && !cmd.Flags().Changed("mode") {
		r.mode = string(s.Mode)
	}
	if s.Candidates != 0 && !cmd.Flags().Changed("candidates") {
		r.candidates = s.Candidates
	}
}

func (r *retrievalFlags) check(cmd *cobra.Command) error {
	switch {
	case r.candidates < 1:
		return misuse(cmd, "--candidates is 0: at least 1 (--rerank off turns reranking off)")
	case !(r.diversity >= 0 && r.diversity <= 1):
		return misuse(cmd, "--diversity is %v: from 0 to 1", r.diversity)
	}
	return checkFilter(cmd, r.filter)
}

// filterFlag registers --filter.
func filterFlag(fs *pflag.FlagSet, p *string) {
	fs.StringVar(p, "filter", "", "only documents whose metadata match `EXPR`, as in 'lang = \"en\" and year >= 2020'")
}

// checkFilter refuses an expression that makes no sense; the message shows where.
func checkFilter(cmd *cobra.Command, expression string) error {
	if expression == "" {
		return nil
	}
	if _, err := filter.Parse(expression); err != nil {
		return misuse(cmd, "--%v", err) // the message begins with "filter:"
	}
	return nil
}

// request is what the flags and the configuration file ask for. An index without vectors is searched by words unless something else
// is asked for.
func (r *retrievalFlags) request(cmd *cobra.Command, e *winnow.Engine) winnow.Request {
	if e.Retriever() == nil && !cmd.Flags().Changed("mode") {
		r.mode = string(winnow.Lexical)
	}
	f := winnow.DefaultFusion()
	f.Method = rank.Method(r.fusion)
	if own := r.configured.Fusion; own != nil && !cmd.Flags().Changed("fusion") {
		f = *own
	}
	s := r.configured // for what no flag says
	s.Candidates, s.Mode, s.Fusion = r.candidates, winnow.Mode(r.mode), &f
	return winnow.Request{Settings: s, Filter: r.filter, Diversity: r.diversity}
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:     "search QUERY [PATH...] [--db DIR] [-k 10] [--rerank auto|off|MODEL]",
		Short:   "find the best passages in an index, or in files and folders",
		GroupID: groupSearch,
		Long: "Finds the passages nearest to the query with a bi-encoder (or by words, or by both: --mode), reads the best of them again beside the query with a cross-encoder, and prints the passages that answer best.\n\n" +
			"Without PATH it searches the index that `winnow index` has made. With PATH it reads files and folders anew each time, for a quick look.\n\n" +
			"--rerank auto uses the built-in cross-encoder and orders by what vectors, words and it say together, standardised (score kind fused); " +
			"a model named orders by its logit alone; off leaves the order of retrieval. MODEL@20 reads the best 20 candidates only, and several, as in small@100,large@20, read in stages. The scores of all stages are shown in any case. --budget ends reranking when the time is up.\n\n" +
			"--filter looks at what is known of documents: id, title, path, format, ext, modified, and the metadata of rows and files: 'lang = \"en\" and year >= 2020 and not tag in (\"draft\")'. " +
			"In queries by words, \"…\" is a phrase, +word must be there, -word must not.\n\n" +
			"What `winnow tune` and `winnow calibrate` found is read from winnow.json of the working directory or a parent; flags override it. p is the probability that a passage is relevant.\n\n" +
			"What cannot be read is named on standard error; the search goes on without it and ends with exit code 1.",
		Example: `winnow search "how does reranking work?"
			winnow search "+tokenizer -bpe" --mode lexical --filter 'path like "docs/*"' --explain
			winnow search "why rerank?" notes/ -k 3 --format json | jq -r '.hits[].source.path'`,
		Args: queryAndPaths("the query is empty: say what to look for"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.search(cmd, &f, args[0], args[1:]) },
	}
	f.add(cmd, "print the best `N` passages")
	fs := cmd.Flags()
	fs.BoolVar(&f.explain, "explain", false, "show how the index was searched and how scores came about")
	choice(fs, &f.format, "format", "table", []string{"table", "json", "md", "csv"}, "output format")
	return cmd
}

// queryAndPaths is the check of a command that takes a query, and paths in place of --db.
func queryAndPaths(empty string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return misuse(cmd, "%s is missing: %s %[1]s", argument(cmd), cmd.CommandPath())
		case strings.TrimSpace(args[0]) == "":
			return misuse(cmd, "%s", empty)
		case len(args) > 1 && cmd.Flags().Changed("db"):
			return misuse(cmd, "both PATH and --db are given: search one of them")
		}
		return nil
	}
}

// argument is the name of a command's first argument.
func argument(cmd *cobra.Command) string { return strings.Fields(cmd.Use)[1] }

// add registers the flags of commands that search; top says what -k is the number of.
func (f *searchFlags) add(cmd *cobra.Command, top string) {
	f.modelFlags.add(cmd, "for PATH, since an index has its own, the bi-encoder", builtin.Retriever)
	f.retrievalFlags.add(cmd)
	fs := cmd.Flags()
	whole(fs, &f.top, "top", "k", 10, top)
	fs.StringVar(&f.rerank, "rerank", winnow.Auto, "auto, off, or a cross-encoder `MODEL`: a directory, a Hub id, or a built-in name; MODEL@N reads N candidates, A@100,B@20 in stages")
	fs.DurationVar(&f.budget, "budget", 0, "end reranking when a search has taken this `TIME`, as in 50ms; 0: no bound")
	configFlag(cmd, &f.config)
}

// prepare checks the flags and takes from the configuration file what they do not say.
func (f *searchFlags) prepare(a *app, cmd *cobra.Command) error {
	switch {
	case f.top < 1:
		return misuse(cmd, "-k, --top is 0: ask for one passage at least")
	case f.budget < 0:
		return misuse(cmd, "--budget is %s: it must not be negative", f.budget)
	}
	if err := a.configureSearch(cmd, f); err != nil {
		return err
	}
	return f.check(cmd)
}

// options are those of a search, with its stages of reranking.
func (f *searchFlags) options(cmd *cobra.Command, e *winnow.Engine) ([]winnow.SearchOption, []winnow.Stage, error) {
	stages, err := winnow.ParseStages(f.rerank)
	if err != nil {
		return nil, nil, misuse(cmd, "--rerank: %v", err)
	}
	opts, err := f.asked(cmd, e).Options(winnow.Settings{})
	return opts, stages, err
}

// asked is the request that the flags stand for.
func (f *searchFlags) asked(cmd *cobra.Command, e *winnow.Engine) winnow.Request {
	r := f.request(cmd, e)
	r.TopK, r.Rerank, r.Budget = f.top, f.rerank, winnow.Duration(f.budget)
	return r
}

func (a *app) search(cmd *cobra.Command, f *searchFlags, query string, paths []string) error {
	ctx := cmd.Context()
	if err := f.prepare(a, cmd); err != nil {
		return err
	}
	s := searched{}
	e, t, err := a.openSearch(cmd, f, paths, &s)
	if err != nil {
		return err
	}
	defer e.Close()
	if b := e.Retriever(); b != nil {
		s.dense = string(b.Similarity())
	}
	s.passages = e.Len()
	opts, _, err := f.options(cmd, e)
	if err != nil {
		return err
	}
	if f.format != "json" && f.format != "csv" && f.format != "md" {
		opts = append(opts, winnow.Snippets())
	}
	if f.explain {
		opts = append(opts, winnow.Explain())
	}
	if s.Result, err = e.Search(ctx, query, opts...); err != nil {
		return explainDB(s.db, err)
	}
	if err := s.explainProbabilities(f.configuration, e); err != nil {
		return err
	}
	if err := a.printSearched(f.format, &s); err != nil {
		return err
	}
	return errors.Join(a.noteSearch(f, e, &s), t.failed())
}

// configureSearch takes from the configuration file what flags do not say.
func (a *app) configureSearch(cmd *cobra.Command, f *searchFlags) (err error) {
	if f.configuration, err = a.configure(cmd, f.config); err != nil {
		return err
	}
	s := f.configuration.file.Search
	f.configuration.settings = s != winnow.Settings{}
	f.configure(cmd, s)
	if s.Rerank != "" && !cmd.Flags().Changed("rerank") {
		f.rerank = s.Rerank
	}
	if s.Budget != 0 && !cmd.Flags().Changed("budget") {
		f.budget = time.Duration(s.Budget)
	}
	return nil
}

// explainProbabilities finds out where the probabilities of hits are from: those of the last cross-encoder that read.
func (s *searched) explainProbabilities(k *configuration, e *winnow.Engine) error {
	if len(s.Reading) == 0 {
		return nil
	}
	last := s.Reading[len(s.Reading)-1]
	if s.calibrated = last.Calibrated; !last.Calibrated {
		return nil
	}
	c, err := e.Reranker(last.Model)
	if err != nil {
		return err
	}
	s.origin, err = k.origin(c)
	return err
}

// openSearch opens the index, or makes one in memory of the paths.
func (a *app) openSearch(cmd *cobra.Command, f *searchFlags, paths []string, s *searched) (*winnow.Engine, *texts, error) {
	if len(paths) == 0 {
		instead := ""
		if strings.Contains(cmd.Use, " [PATH...]") {
			instead = "files and folders: " + cmd.CommandPath() + " " + argument(cmd) + " PATH..."
		}
		dir, err := needDB(cmd, f.db, instead)
		if err != nil {
			return nil, nil, err
		}
		s.db = dir
		// Searching by words needs no bi-encoder.
		lexical := f.mode == string(winnow.Lexical) && f.diversity == 0
		e, err := a.openDBFor(cmd, &f.modelFlags, dir, f.rerank, lexical, winnow.ReadOnly(), f.configuration.calibrated())
		return e, &texts{}, err
	}
	p := progress{out: a.stderr}
	e, err := a.openEngine(cmd, &f.modelFlags, f.rerank, winnow.Progress(p.report), f.configuration.calibrated())
	if err != nil {
		return nil, nil, err
	}
	t, err := a.loadPaths(cmd.Context(), paths)
	if err == nil {
		s.files = len(t.docs)
		s.encoding, err = a.addTexts(cmd.Context(), e, t, &p)
	}
	if err != nil {
		_ = e.Close() // the first error is the one to read
		return nil, nil, err
	}
	return e, t, nil
}

// printSearched prints a result in a format.
func (a *app) printSearched(format string, s *searched) error {
	for i := range s.Hits {
		s.fromHere(s.Hits[i].Source)
	}
	print := map[string]func(*searched) error{"table": a.printHits, "json": a.printResult, "md": a.printMarkdown, "csv": a.printCSV}[format]
	if err := print(s); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	for _, w := range s.Warnings {
		a.warn("--filter: " + w)
	}
	return nil
}

// fromHere writes the path of a source in the index as it leads there from the working directory.
func (s *searched) fromHere(src *winnow.Source) {
	if s.db != "" && src != nil {
		src.Path = relativePath(s.db, src.Path)
	}
}

// noteSearch says on stderr what is to be known of a search beside its result.
func (a *app) noteSearch(f *searchFlags, e *winnow.Engine, s *searched) error {
	a.notePrecisions(f.precision, s.Precision)
	var long cut
	for _, h := range s.Hits {
		long.add(h.TruncatedTokens)
	}
	limit := 0
	if b := e.Retriever(); b != nil {
		limit = b.MaxTokens()
	}
	var read []*encoder.CrossEncoder
	for _, r := range s.Reading {
		c, err := e.Reranker(r.Model)
		if err != nil {
			return err
		}
		read = append(read, c)
	}
	if err := f.configuration.note(a, read...); err != nil {
		return err
	}
	if stages, err := winnow.ParseStages(f.rerank); err == nil && s.Reranked > 0 {
		c, err := e.Reranker(stages[0].Model) // the one that reads most
		if err != nil {
			return err
		}
		limit = c.MaxTokens()
	}
	a.warnQuery(s.Query, s.QueryTruncated)
	a.noteStopWords(e, s)
	long.report(a, len(s.Hits), limit, "passage shown, with the query,")
	return nil
}

// openEngine opens the models that a command's flags name, the cross-encoder among them, so that a
// wrong name is found before files are read.
func (a *app) openEngine(cmd *cobra.Command, f *modelFlags, rerank string, opts ...winnow.Option) (*winnow.Engine, error) {
	// The built-in cross-encoder is made to be fused, whatever the bi-encoder.
	pair := model.Pair{Retriever: f.model, Reranker: builtin.Reranker, Fuse: true}
	return a.openPair(cmd, f, pair, rerank, func(opts ...winnow.Option) (*winnow.Engine, error) { return winnow.New(pair, opts...) }, opts...)
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

// place is where a passage stands: path:12-18, path:p3 where there are pages, or its document's id.
func place(id string, s *winnow.Source) string {
	switch {
	case s == nil:
		return id
	case s.Page > 0:
		return fmt.Sprintf("%s:p%d", s.Path, s.Page)
	case s.StartLine == s.EndLine:
		return fmt.Sprintf("%s:%d", s.Path, s.StartLine)
	}
	return fmt.Sprintf("%s:%d-%d", s.Path, s.StartLine, s.EndLine)
}
