// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/model/builtin"
)

type evalFlags struct {
	modelFlags
	modes, reranks, runFiles   []string
	depths                     []int
	candidates, level          int
	measures, split, qrels     string
	db, queries                string
	baseline, shift            string
	run, perQuery, plot, cache string
	html                       string
	vectors, passages, fusion  string
	sample, seed               int
	excludeSameID, json        bool

	measured []eval.Measure         // of measures
	stages   map[string]*evalStages // by the text of --rerank
}

func (a *app) evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:     "eval BEIR_DIR... [--mode MODE]... [--rerank STAGES]... [--depths 5,10,20,50,100]",
		Short:   "measure retrieval and reranking on judged queries",
		GroupID: groupScores,
		Long: "Says for judged queries how good results are with and without reranking, what that costs, and whether the difference is more than chance. " +
			"BEIR_DIR is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv. Your own index is measured with --db DIR --queries FILE --qrels FILE, another program's results with --run-file FILE.\n\n" +
			"--mode and --rerank may be given several times; every mode is run with every reranker. Each depth of --depths is a run of its own: so many of the first candidates are read. " +
			"Every run is compared with the first one (or --baseline) by nDCG@10 and a randomisation test, corrected after Holm.\n\n" +
			"Queries run one at a time, after one that is not counted. --run writes runs in TREC's format, each with a manifest of models, versions and digests beside it: the same call writes the same run again, byte for byte.",
		Example: `winnow eval scifact/ --depths 5,10,20,50,100 --plot scifact.svg --html scifact.html
			winnow eval scifact/ nq/ --mode lexical --mode dense --mode hybrid --rerank off --json
			winnow eval --db notes.winnow --queries queries.jsonl --qrels judgments.tsv
			winnow eval scifact/ --run-file theirs.trec --rerank off --rerank auto@20 --per-query queries.jsonl`,
		Args: cobra.ArbitraryArgs, // checked with what the environment says
		RunE: func(cmd *cobra.Command, args []string) error { return a.eval(cmd, &f, args) },
	}
	f.add(cmd, "the bi-encoder (an index of --db has its own)", builtin.Retriever)
	fs := cmd.Flags()
	fs.Var(&modesValue{&f.modes}, "mode", "find candidates by vectors, by words, or by both: `MODE` is dense, lexical or hybrid; may be given several times (default dense)")
	fs.Var((*namesValue)(&f.reranks), "rerank", "rerank with `STAGES`: off, auto, a cross-encoder, MODEL@20 for one depth, A@100,B@10 in stages; may be given several times (default off and auto)")
	wholes(fs, &f.depths, "depths", "rerank the best so many candidates: numbers with commas between; without, all candidates")
	whole(fs, &f.candidates, "candidates", "", 0, "retrieve `N` documents a query; 0: 100, or the deepest depth")
	fs.StringVar(&f.measures, "measures", "", "measure `LIST`, such as nDCG@10,P@3,MRR@10,MAP,recall@100,success@5,Rprec,judged@10,RBP,ERR@20; the first nDCG decides comparisons")
	whole(fs, &f.level, "relevant", "", 0, "documents count as relevant from grade `N` on; 0: 1, and 2 for collections named trec-dl…")
	fs.BoolVar(&f.excludeSameID, "exclude-same-id", false, "leave out the document that has the query's id, as ArguAna needs")
	fs.StringVar(&f.split, "split", eval.DefaultSplit, "take the judgments of qrels/`SPLIT`.tsv")
	fs.StringVar(&f.qrels, "qrels", "", "take the judgments of `FILE`, in the format of BEIR or TREC")
	whole(fs, &f.sample, "queries-limit", "", 0, "run `N` queries chosen at random; 0: all")
	whole(fs, &f.seed, "seed", "", 1, "choose and test with the random `NUMBER`")
	fs.StringVar(&f.vectors, "vectors", "flat", "index vectors as `SPEC`: flat, hnsw32, ivf64, hnsw32,int8 …")
	choice(fs, &f.passages, "passages", "whole", []string{"whole", "split"}, "search documents whole, or cut into passages, the best of which stands for its document")
	choice(fs, &f.fusion, "fusion", string(winnow.DefaultFusion().Method), fusionNames(), "how hybrid search joins its lists")
	fs.StringVar(&f.cache, "cache", "", "keep indexes below `DIR` for the next time")
	fs.StringVar(&f.db, "db", "", "measure the index directory `DIR`, with --queries and --qrels")
	fs.StringVar(&f.queries, "queries", "", "the queries for --db: `FILE` has a JSON object a line, with _id and text")
	fs.Var((*namesValue)(&f.runFiles), "run-file", "evaluate the run in `FILE`, in TREC's format; may be given several times")
	fs.StringVar(&f.baseline, "baseline", "", "compare with the run `NAME` instead of the first")
	fs.StringVar(&f.run, "run", "", "write the run to `FILE`, in TREC's format; several runs go to files with their names before the extension, or into FILE if that is a directory")
	fs.StringVar(&f.perQuery, "per-query", "", "write every query's values for every run to `FILE`, a JSON object a line")
	fs.StringVar(&f.plot, "plot", "", "draw curves, rank shifts and scores into `FILE`, a .svg or .png")
	fs.StringVar(&f.html, "html", "", "write a report with all tables and pictures into `FILE`, one page to send to a colleague")
	fs.StringVar(&f.shift, "shift", "", "draw the rank shifts of the query with this `ID`; without, of the one that gains most")
	jsonFlag(cmd, &f.json)
	return cmd
}

// modesValue is a flag's value that may be given several times, modes with commas between.
type modesValue struct{ modes *[]string }

// Type implements pflag.Value.
func (m *modesValue) Type() string { return "string" }

// String implements pflag.Value.
func (m *modesValue) String() string {
	if m.modes == nil {
		return ""
	}
	return strings.Join(*m.modes, ",")
}

// Set implements pflag.Value.
func (m *modesValue) Set(text string) error {
	var known []string
	for _, mode := range winnow.Modes() {
		known = append(known, string(mode))
	}
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if err := (&choiceValue{new(string), known}).Set(name); err != nil {
			return err
		}
		if !slices.Contains(*m.modes, name) {
			*m.modes = append(*m.modes, name)
		}
	}
	return nil
}

// checkSources says what is missing to measure anything, or too much. Where a folder is named, an index that the environment alone
// names is not meant, nor what is asked of it.
func (f *evalFlags) checkSources(cmd *cobra.Command, dirs []string) error {
	if len(dirs) > 0 && f.db != "" && !typed(cmd, "db") {
		for name, value := range map[string]*string{"db": &f.db, "queries": &f.queries, "qrels": &f.qrels} {
			if !typed(cmd, name) {
				*value = ""
			}
		}
	}
	switch {
	case f.db != "" && len(dirs) > 0:
		return misuse(cmd, "both BEIR_DIR and --db are given: measure one of them")
	case f.db != "" && (f.queries == "" || f.qrels == ""):
		return misuse(cmd, "--db needs --queries FILE and --qrels FILE: an index has documents, but no judged queries")
	case f.db == "" && f.queries != "":
		return misuse(cmd, "--queries goes with --db; a BEIR folder has its own")
	case len(dirs) > 1 && f.qrels != "":
		return misuse(cmd, "--qrels goes with one collection; %d are given", len(dirs))
	case len(dirs) > 1 && len(f.runFiles) > 0:
		return misuse(cmd, "--run-file goes with one collection; %d are given", len(dirs))
	case len(dirs) == 0 && f.db == "" && len(f.runFiles) > 0 && f.qrels == "":
		return misuse(cmd, "--run-file needs judgments: name a BEIR_DIR, or --qrels FILE")
	case len(dirs) == 0 && f.db == "" && len(f.runFiles) == 0:
		return misuse(cmd, "BEIR_DIR is missing: %s BEIR_DIR, or --db DIR --queries FILE --qrels FILE, or --run-file FILE --qrels FILE", cmd.CommandPath())
	}
	for i, d := range dirs {
		if slices.Contains(dirs[:i], d) {
			return misuse(cmd, "%s is given twice", d)
		}
	}
	return nil
}

// check looks at everything that can be wrong before a model is opened.
func (f *evalFlags) check(cmd *cobra.Command, dirs []string) error {
	var err error
	if f.measures != "" {
		if f.measured, err = eval.ParseMeasures(f.measures); err != nil {
			return misuse(cmd, "--measures: %v", err)
		}
	}
	if f.level > eval.MaxLevel {
		return misuse(cmd, "--relevant is %d: at most %d", f.level, eval.MaxLevel)
	}
	if _, err := vector.ParseSpec(f.vectors); err != nil {
		return misuse(cmd, "--vectors: %v", err)
	}
	if err := f.checkReranks(cmd, dirs); err != nil {
		return err
	}
	if err := f.checkIdle(cmd, dirs); err != nil {
		return err
	}
	if f.plot != "" {
		if ext := strings.ToLower(filepath.Ext(f.plot)); ext != ".svg" && ext != ".png" {
			return misuse(cmd, "--plot %q: pictures are drawn as SVG or PNG; end the name in .svg or .png", f.plot)
		}
	}
	if f.shift != "" && f.plot == "" && f.html == "" {
		return misuse(cmd, "--shift says what pictures show: name a file with --plot or --html")
	}
	if f.shift != "" && !slices.ContainsFunc(f.reranks, func(r string) bool { return r != winnow.Off }) {
		return misuse(cmd, "--shift shows what reranking moves, and --rerank is off")
	}
	for _, out := range []struct{ flag, path string }{{"run", f.run}, {"per-query", f.perQuery}, {"plot", f.plot}, {"html", f.html}} {
		if err := checkOutput(cmd, out.flag, out.path); err != nil {
			return err
		}
	}
	return nil
}

// checkReranks parses --rerank and settles how long first-stage lists are.
func (f *evalFlags) checkReranks(cmd *cobra.Command, dirs []string) error {
	if len(f.reranks) == 0 {
		f.reranks = []string{winnow.Off, winnow.Auto}
		if len(f.runFiles) > 0 {
			f.reranks = f.reranks[:1]
		}
	}
	if len(f.modes) == 0 && len(f.runFiles) == 0 {
		f.modes = []string{string(winnow.Dense)}
	}
	deepest := slices.Max(append([]int{0}, f.depths...))
	if len(f.depths) > 0 && deepest == 0 {
		return misuse(cmd, "--depths is 0: name depths above, or turn reranking off with --rerank off")
	}
	f.stages = map[string]*evalStages{}
	sweeps := false
	for _, text := range f.reranks {
		stages, err := winnow.ParseStages(text)
		if err != nil {
			return misuse(cmd, "--rerank: %v", err)
		}
		f.stages[text] = &evalStages{stages: stages}
		if len(stages) > 0 {
			deepest = max(deepest, stages[0].Depth)
			sweeps = sweeps || stages[0].Depth == 0
			if len(f.runFiles) > 0 && len(dirs) == 0 {
				instead := ""
				if f.db != "" {
					instead = " instead of --db"
				}
				return misuse(cmd, "--rerank of a --run-file reads the texts of a BEIR folder: name BEIR_DIR%s, or leave --rerank away", instead)
			}
		}
		for _, later := range stages[min(1, len(stages)):] {
			if depth := slices.Min(f.depthsOf(stages[0].Depth)); later.Depth > depth && stages[0].Depth == 0 && len(f.depths) > 0 {
				return misuse(cmd, "--depths has %d, and a later stage of --rerank %s reads %d: name depths of %d or more, or give %s a smaller one", depth, text, later.Depth, later.Depth, later.Model)
			}
		}
	}
	switch {
	case len(f.depths) > 0 && !sweeps:
		return misuse(cmd, "--depths has no effect: every --rerank is off or has a depth of its own; leave it away, or add --rerank auto")
	case f.candidates == 0:
		f.candidates = max(100, deepest)
	case f.candidates < deepest:
		return misuse(cmd, "--candidates is %d, but %d are to be reranked: retrieve as many at least", f.candidates, deepest)
	}
	return nil
}

// checkOutput refuses a file that could not be written, before the work.
func checkOutput(cmd *cobra.Command, flag, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		switch {
		case !info.IsDir(): // it would be replaced by a file
			return misuse(cmd, "--%s %s is not a regular file: name one, or a file that is not there", flag, path)
		case flag != "run":
			return misuse(cmd, "--%s %s is a directory: name a file", flag, path)
		}
		return nil
	}
	dir := filepath.Dir(path)
	if flag == "run" && strings.HasSuffix(path, "/") {
		dir = path
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return misuse(cmd, "--%s %s: there is no directory %s: make it first", flag, path, dir)
	case err != nil:
		return fmt.Errorf("--%s: %w", flag, err)
	case !info.IsDir():
		return misuse(cmd, "--%s %s: %s is not a directory", flag, path, dir)
	}
	return nil
}

// plan is what all collections are measured by.
func (f *evalFlags) plan() experiment.Plan {
	return experiment.Plan{
		Measures: f.measured, Level: f.level, Candidates: f.candidates, Depths: f.depths,
		ExcludeSameID: f.excludeSameID, Baseline: f.baseline, Seed: uint64(f.seed),
	}
}
