// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment/tune"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type tuneFlags struct {
	evalFlags  // what is measured on, and with what
	budget     time.Duration
	write      string
	measure    string
	candidates []int
	ef, probes []int
	fusions    []string
	precisions []string
	folds      int

	aim   eval.Measure // of measure
	space tune.Space
}

// writeOut is the value of --write that stands for standard output.
const writeOut = "-"

func (a *app) tuneCommand() *cobra.Command {
	var f tuneFlags
	cmd := &cobra.Command{
		Use:     "tune BEIR_DIR... --budget TIME [--write winnow.json]",
		Short:   "find the best settings within a latency budget",
		GroupID: groupScores,
		Long: "Tries modes, fusions, numbers of candidates, rerankers, cascades and depths on judged queries, and says which settings give the best results while 95 of 100 searches keep to the budget. " +
			"BEIR_DIR is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv; your own index is tuned with --db DIR --queries FILE --qrels FILE.\n\n" +
			"Every query is retrieved once a mode and every reranker reads what any setting could ask for; thousands of settings are then combinations of what is known. " +
			"The winner is the fastest setting that is as good as the best one within a standard error; one that reranks must be better by two. It is run as a search at the end, and the procedure that chose it is scored by cross-validation, on queries that it has not seen.\n\n" +
			"--write puts the winner into a configuration file, which search reads; what else the file has stays.",
		Example: `winnow tune scifact/ --budget 50ms
			winnow tune scifact/ --budget 50ms --write winnow.json --plot frontier.svg
			winnow tune --db .winnow --queries queries.jsonl --qrels judgments.tsv --budget 20ms
			winnow tune scifact/ --budget 200ms --rerank auto --rerank cross-encoder/ms-marco-MiniLM-L-6-v2`,
		Args: cobra.ArbitraryArgs, // checked with what the environment says
		RunE: func(cmd *cobra.Command, args []string) error { return a.tune(cmd, &f, args) },
	}
	f.add(cmd, "the bi-encoder (an index of --db has its own)", builtin.Retriever)
	fs := cmd.Flags()
	fs.DurationVar(&f.budget, "budget", 0, "what 95 of 100 searches may take: a `TIME` such as 50ms")
	fs.StringVar(&f.write, "write", "", "write the winner into the configuration `FILE`, such as winnow.json; - prints it, and all else goes to standard error")
	fs.StringVar(&f.measure, "measure", "nDCG@10", "make `MEASURE` as high as possible, such as nDCG@10, MRR@10, P@3, recall@100")
	fs.Var(&modesValue{&f.modes}, "mode", "try finding candidates by `MODE`: dense, lexical or hybrid; may be given several times (default all)")
	fs.Var((*namesValue)(&f.reranks), "rerank", "try the cross-encoder `MODEL`: auto, a model, or off for none; may be given several times, from cheap to costly, which tries cascades as well (default auto)")
	f.depths = []int{5, 10, 20, 50, 100}
	wholes(fs, &f.depths, "depths", "try to rerank the best so many candidates: numbers with commas between (default 5,10,20,50,100)")
	f.candidates = []int{100}
	wholes(fs, &f.candidates, "candidates", "try to retrieve so many passages: numbers with commas between; as many as the measure looks at are tried in any case (default 100)")
	choices(fs, &f.fusions, "fusion", fusionNames(), "try these `METHODS` of joining the lists of hybrid search: "+strings.Join(fusionNames(), ",")+" (default all but linear)")
	choices(fs, &f.precisions, "precisions", precisionNames(), "try both encoders at these `PRECISIONS`, the index being made anew for each (default that of --precision)")
	wholes(fs, &f.ef, "ef", "try these widths of searching a graph of vectors; 0: the index's own (default 0,128,256,512 if there is a graph)")
	wholes(fs, &f.probes, "probes", "try to search so many lists of vectors; 0: the index's own number (default 0,4,16,64 if there are lists)")
	fs.StringVar(&f.vectors, "vectors", "flat", "index vectors as `SPEC`: flat, hnsw32, ivf64, hnsw32,int8 …")
	choice(fs, &f.passages, "passages", "whole", []string{"whole", "split"}, "search documents whole, or cut into passages, the best of which stands for its document")
	whole(fs, &f.folds, "folds", "", 0, "cross-validate with `N` folds; 0: 5, or as many as there are queries")
	whole(fs, &f.level, "relevant", "", 0, "documents count as relevant from grade `N` on; 0: 1, and 2 for collections named trec-dl…")
	fs.BoolVar(&f.excludeSameID, "exclude-same-id", false, "leave out the document that has the query's id, as ArguAna needs")
	fs.StringVar(&f.split, "split", eval.DefaultSplit, "take the judgments of qrels/`SPLIT`.tsv")
	fs.StringVar(&f.qrels, "qrels", "", "take the judgments of `FILE`, in the format of BEIR or TREC")
	whole(fs, &f.sample, "queries-limit", "", 0, "use `N` queries of each collection, chosen at random; 0: all")
	whole(fs, &f.seed, "seed", "", 1, "choose, divide and test with the random `NUMBER`")
	fs.StringVar(&f.cache, "cache", "", "keep indexes below `DIR` for the next time")
	fs.StringVar(&f.db, "db", "", "tune for the index directory `DIR`, with --queries and --qrels")
	fs.StringVar(&f.queries, "queries", "", "the queries for --db: `FILE` has a JSON object a line, with _id and text")
	fs.StringVar(&f.plot, "plot", "", "draw the settings and their frontier into `FILE`, a .svg or .png")
	jsonFlag(cmd, &f.json)
	return cmd
}

// check looks at everything that can be wrong before a model is opened, and makes the space.
func (f *tuneFlags) check(cmd *cobra.Command) error {
	var err error
	if f.aim, err = eval.ParseMeasure(f.measure); err != nil {
		return misuse(cmd, "--measure: %v", err)
	}
	switch {
	case f.budget == 0 && !cmd.Flags().Changed("budget"):
		return misuse(cmd, "--budget is missing: say what 95 of 100 searches may take, as in --budget 50ms")
	case f.budget <= 0:
		return misuse(cmd, "--budget is %s: it must be above 0", f.budget)
	case f.folds == 1:
		return misuse(cmd, "--folds is 1: of one fold nothing is left to choose by; at least 2")
	case f.json && f.write == writeOut:
		return misuse(cmd, "--json and --write - both print to standard output: write the configuration to a file")
	case f.level > eval.MaxLevel:
		return misuse(cmd, "--relevant is %d: at most %d", f.level, eval.MaxLevel)
	}
	spec, err := vector.ParseSpec(f.vectors)
	if err != nil {
		return misuse(cmd, "--vectors: %v", err)
	}
	if f.plot != "" {
		if ext := strings.ToLower(filepath.Ext(f.plot)); ext != ".svg" && ext != ".png" {
			return misuse(cmd, "--plot %q: pictures are drawn as SVG or PNG; end the name in .svg or .png", f.plot)
		}
	}
	for _, out := range []struct{ flag, path string }{{"write", f.write}, {"plot", f.plot}} {
		if out.path == writeOut {
			continue
		}
		if err := checkOutput(cmd, out.flag, out.path); err != nil {
			return err
		}
	}
	if err := f.checkModels(cmd); err != nil {
		return err
	}
	if err := f.checkIdle(cmd, spec.Kind); err != nil {
		return err
	}
	return f.makeSpace(cmd, spec)
}

// checkModels reads --rerank: models without depths, which are --depths.
func (f *tuneFlags) checkModels(cmd *cobra.Command) error {
	if len(f.reranks) == 0 {
		f.reranks = []string{winnow.Auto}
	}
	if slices.Equal(f.reranks, []string{winnow.Off}) {
		f.reranks = nil
	}
	f.stages = map[string]*evalStages{}
	for _, name := range f.reranks {
		stages, err := winnow.ParseStages(name)
		switch {
		case err != nil:
			return misuse(cmd, "--rerank: %v", err)
		case name == winnow.Off:
			return misuse(cmd, "--rerank off goes alone: searching without reranking is tried in any case")
		case len(stages) > 1 || stages[0].Depth > 0:
			return misuse(cmd, "--rerank %s: name one model; depths to try are those of --depths, and cascades are made of several --rerank", name)
		}
		f.stages[name] = &evalStages{stages: stages}
	}
	if len(f.modes) == 0 {
		for _, m := range winnow.Modes() {
			f.modes = append(f.modes, string(m))
		}
	}
	if len(f.precisions) == 0 {
		f.precisions = []string{f.precision}
	} else if cmd.Flags().Changed("precision") {
		return misuse(cmd, "--precision and --precisions are both given: the second says all that are tried")
	}
	return nil
}

func (f *tuneFlags) makeSpace(cmd *cobra.Command, spec vector.Spec) error {
	s := &f.space
	for _, m := range f.modes {
		s.Modes = append(s.Modes, winnow.Mode(m))
	}
	for _, m := range f.fusions {
		s.Methods = append(s.Methods, rank.Method(m))
	}
	for _, p := range f.precisions {
		s.Precisions = append(s.Precisions, encoder.Precision(p))
	}
	if slices.Contains(f.candidates, 0) {
		return misuse(cmd, "--candidates 0: at least 1")
	}
	s.Candidates, s.Depths = f.candidates, slices.DeleteFunc(slices.Clone(f.depths), func(d int) bool { return d == 0 })
	deepest, most := slices.Max(append([]int{0}, s.Depths...)), slices.Max(append([]int{0}, s.Candidates...))
	switch given := cmd.Flags().Changed; {
	case deepest <= most || len(f.reranks) == 0:
	case given("candidates") && given("depths"):
		return misuse(cmd, "--candidates is %d at most, but --depths says to rerank %d: retrieve as many at least", most, deepest)
	case given("depths"):
		s.Candidates = []int{deepest}
	}
	for _, name := range f.reranks {
		r := tune.Reranker{Name: name}
		if name == winnow.Auto {
			r = tune.Reranker{Name: builtin.Reranker, Fused: winnow.Auto}
		}
		s.Rerankers = append(s.Rerankers, r)
	}
	s.Ef, s.Probes = f.ef, f.probes
	if f.db == "" {
		f.widths(spec.Kind)
	}
	if _, err := tune.NewObservations(*s, f.shown()); err != nil {
		return misuse(cmd, "%v", err)
	}
	return nil
}

// widths are those of an index of a kind, unless they were given.
func (f *tuneFlags) widths(k vector.Kind) {
	ef, probes := tune.Widths(k)
	if len(f.ef) == 0 {
		f.space.Ef = ef
	}
	if len(f.probes) == 0 {
		f.space.Probes = probes
	}
}

// shown is how many results the measure looks at; 0 if it looks at all.
func (f *tuneFlags) shown() int {
	if f.aim.Kind == eval.KindRprec {
		return 0
	}
	return f.aim.Cut
}
