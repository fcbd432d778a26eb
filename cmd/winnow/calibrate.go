// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/config"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/speed"
	"github.com/winnow-search/winnow/model/builtin"
)

type calibrateFlags struct {
	modelFlags
	retriever, split, unjudged string
	depth, level, sample, seed int
	excludeSameID, json        bool
	write, plot, cache         string
}

// What becomes of candidates without a judgment.
const (
	unjudgedAuto       = "auto"
	unjudgedIrrelevant = "irrelevant"
	unjudgedSkip       = "skip"
)

func (a *app) calibrateCommand() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use:     "calibrate BEIR_DIR|ROWS.jsonl... [-m RERANKER] [--write winnow.json]",
		Short:   "learn from judgments what a reranker's scores mean",
		GroupID: groupScores,
		Long: "A cross-encoder gives logits, which order documents and say little else. From judged queries this command learns how likely a document with some logit is relevant: " +
			"it scores the best candidates of each query and the judged documents, fits a map from logit to probability (a sigmoid with slope and offset after Platt, and a rising line by isotonic regression; cross-validation by queries takes the better one), " +
			"and shows by how much probabilities were off before and after, on queries that were held out.\n\n" +
			"BEIR_DIR is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv. A file ROWS.jsonl has an object a line, {\"query\", \"positive\", \"negatives\": […]}, whose texts are then the documents; it may be compressed with gzip.\n\n" +
			"Few collections judge every candidate. --unjudged irrelevant counts candidates without a judgment as not relevant, which calls some relevant ones wrong; skip leaves them out, which makes relevance look more frequent than it is among candidates. " +
			"auto skips where judges have looked at many documents that are not relevant (five a query or more, as in TREC's pools), else counts them; what was done is printed.\n\n" +
			"--write keeps the map in a configuration file, by the model's fingerprint. search, rerank, compare, matrix and validate use winnow.json of the working directory or a parent.",
		Example: `winnow calibrate judged/ --write winnow.json
			winnow calibrate scifact/ cranfield/ --depth 20 --plot reliability.svg
			winnow calibrate answers.jsonl.gz -m cross-encoder/ms-marco-MiniLM-L-6-v2 --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, "BEIR_DIR is missing: %s BEIR_DIR", cmd.CommandPath())
			}
			for i, name := range args {
				if slices.Contains(args[:i], name) {
					return misuse(cmd, "%s is given twice", name)
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.calibrate(cmd, &f, args) },
	}
	f.add(cmd, "the cross-encoder", builtin.Reranker)
	fs := cmd.Flags()
	fs.StringVar(&f.retriever, "retriever", builtin.Retriever, "find candidates with the bi-encoder `MODEL`")
	whole(fs, &f.depth, "depth", "", 100, "score the best `N` candidates of each query: as many as search reads")
	choice(fs, &f.unjudged, "unjudged", unjudgedAuto, []string{unjudgedAuto, unjudgedIrrelevant, unjudgedSkip}, "count candidates without a judgment as irrelevant, or skip them")
	whole(fs, &f.level, "relevant", "", 0, "documents count as relevant from grade `N` on; 0: 1, and 2 for collections named trec-dl…")
	fs.BoolVar(&f.excludeSameID, "exclude-same-id", false, "leave out the document that has the query's id, as ArguAna needs")
	fs.StringVar(&f.split, "split", eval.DefaultSplit, "take the judgments of qrels/`SPLIT`.tsv")
	whole(fs, &f.sample, "queries-limit", "", 0, "take `N` queries of each collection, chosen at random; 0: all")
	whole(fs, &f.seed, "seed", "", 1, "choose queries and deal them into folds with the random `NUMBER`")
	fs.StringVar(&f.cache, "cache", "", "keep indexes below `DIR` for the next time")
	fs.StringVar(&f.write, "write", "", "put the calibration into the configuration `FILE`, usually winnow.json; what else is in it stays")
	fs.StringVar(&f.plot, "plot", "", "draw a reliability diagram into `FILE`, a .svg or .png")
	jsonFlag(cmd, &f.json)
	return cmd
}

// check looks at everything that can be wrong before a model is opened.
func (f *calibrateFlags) check(cmd *cobra.Command) error {
	switch ext := strings.ToLower(filepath.Ext(f.plot)); {
	case f.plot != "" && ext != ".svg" && ext != ".png":
		return misuse(cmd, "--plot %q: pictures are drawn as SVG or PNG; end the name in .svg or .png", f.plot)
	case f.level > eval.MaxLevel:
		return misuse(cmd, "--relevant is %d: at most %d", f.level, eval.MaxLevel)
	case f.depth < 1:
		return misuse(cmd, "--depth is 0: score one candidate a query at least")
	}
	for _, out := range []struct{ flag, path string }{{"plot", f.plot}, {"write", f.write}} {
		if err := checkOutput(cmd, out.flag, out.path); err != nil {
			return err
		}
	}
	if f.unjudged == unjudgedSkip {
		if err := refuseIdle(cmd, "with --unjudged skip: judged documents are scored, and no others are looked for", "depth", "retriever", "cache"); err != nil {
			return err
		}
	}
	_, err := f.present()
	return err
}

// present is what the file of --write says already.
func (f *calibrateFlags) present() (*config.Config, error) {
	if f.write == "" {
		return &config.Config{}, nil
	}
	c, err := config.Load(f.write)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &config.Config{}, nil
	case err != nil:
		return nil, fmt.Errorf("%w: mend the file, or name another with --write", err)
	}
	return c, nil
}

// judgedSource is where pairs come from.
type judgedSource struct {
	Name      string `json:"name"`
	Queries   int    `json:"queries"`
	Documents int    `json:"documents,omitempty"`
	Level     int    `json:"relevance_level,omitempty"`
	Unjudged  string `json:"unjudged,omitempty"` // irrelevant or skip; absent where every pair is judged
	Pairs     int    `json:"pairs"`
	Relevant  int    `json:"relevant"`
	Assumed   int    `json:"assumed_irrelevant,omitempty"` // pairs without a judgment
	Below     int    `json:"below_depth,omitempty"`        // judged documents that were not among the candidates
}

// measuredMap says how far probabilities were off.
type measuredMap struct {
	Brier   float64 `json:"brier"`
	LogLoss float64 `json:"log_loss"`
	ECE     float64 `json:"ece"`
}

// eceBins is the number of bins of the expected calibration error and of diagrams.
const eceBins = 10

func measureMap(p []float64, relevant []bool) measuredMap {
	return measuredMap{calibration.Brier(p, relevant), calibration.LogLoss(p, relevant), calibration.ECE(p, relevant, eceBins)}
}

// calibrated is what --json prints.
type calibrated struct {
	Model       string                         `json:"model"`
	Fingerprint string                         `json:"fingerprint"`
	Precision   encoder.Precision              `json:"precision"`
	Sources     []judgedSource                 `json:"collections"`
	Pairs       int                            `json:"pairs"`
	Relevant    int                            `json:"relevant"`
	BaseRate    float64                        `json:"base_rate"`
	Folds       int                            `json:"folds"` // 0: too few queries to hold any out
	LogLoss     map[calibration.Method]float64 `json:"log_loss_by_method,omitempty"`
	Before      measuredMap                    `json:"before"`          // the sigmoid of the logit
	After       *measuredMap                   `json:"after,omitempty"` // on held-out queries
	Map         calibration.Map                `json:"map"`
	Bands       []bandCut                      `json:"bands"`
	Reliability struct {
		Before []reliabilityBin `json:"before"`
		After  []reliabilityBin `json:"after,omitempty"`
	} `json:"reliability"`
	Warnings []string `json:"warnings,omitempty"`
	Written  string   `json:"written,omitempty"`
	Plot     string   `json:"plot,omitempty"`

	long      cut
	reason    string // why nothing could be held out
	maxTokens int    // of a pair
}

// bandCut is where a band begins.
type bandCut struct {
	Band        string   `json:"band"`
	Probability float64  `json:"probability"`     // at least
	Logit       *float64 `json:"logit,omitempty"` // at least; absent if no logit reaches the probability, or all do
}

// reliabilityBin is a calibration.Bin with a count, as JSON.
type reliabilityBin struct {
	From      float64 `json:"from"`
	To        float64 `json:"to"`
	Count     int     `json:"count"`
	Predicted float64 `json:"predicted"`
	Observed  float64 `json:"observed"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

func reliabilityBins(p []float64, relevant []bool) []reliabilityBin {
	var out []reliabilityBin
	for _, b := range calibration.Reliability(p, relevant, eceBins) {
		if b.Count > 0 {
			out = append(out, reliabilityBin(b))
		}
	}
	return out
}

func (a *app) calibrate(cmd *cobra.Command, f *calibrateFlags, sources []string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	judged, err := f.load(cmd.Context(), sources)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(judged, func(j *judgedCollection) bool { return j.Split != "" }) {
		if err := refuseIdle(cmd, "on files of rows, which have neither splits nor ids", "split", "exclude-same-id"); err != nil {
			return err
		}
	}
	c, err := await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return encoder.OpenCross(f.model, f.options()...) })
	if err != nil {
		return err
	}
	defer c.Close()
	if n := c.Labels(); n != 1 {
		return fmt.Errorf("model %s has %d labels; a reranker has one", f.model, n)
	}
	a.checkMaxTokens(&f.modelFlags, c.Model())
	out := &calibrated{Model: c.Model().Name, Precision: c.Precision(), maxTokens: c.MaxTokens()}
	if out.Fingerprint, err = c.Model().Fingerprint(); err != nil {
		return err
	}
	pairs, err := a.scorePairs(cmd, f, c, judged, out)
	if err != nil {
		return err
	}
	if err := out.fit(pairs, f); err != nil {
		return err
	}
	if f.plot != "" {
		if err := out.draw(f.plot); err != nil {
			return err
		}
		out.Plot = f.plot
	}
	if f.write != "" {
		if err := f.save(out); err != nil {
			return err
		}
		out.Written = f.write
	}
	if f.json {
		err = a.printJSON(out)
	} else {
		a.printCalibrated(out)
	}
	if err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	a.notePrecision(f.precision, c.Precision())
	out.long.report(a, out.Pairs, c.MaxTokens(), "pair")
	for _, w := range out.Warnings {
		a.warn(w)
	}
	if f.plot != "" {
		a.note("reliability diagram in " + f.plot)
	}
	if f.write != "" {
		a.note("calibration of " + out.Model + " in " + f.write)
	} else {
		a.note("nothing is kept: --write " + config.Name + " does")
	}
	return nil
}

// fewRelevant is the number of relevant pairs below which a map is not to be trusted.
const fewRelevant = 100

// fit fits the map and measures it.
func (c *calibrated) fit(s *scoredPairs, f *calibrateFlags) error {
	chosen, err := calibration.Fit(s.logits, s.relevant, s.groups, calibration.Options{Seed: uint64(f.seed)})
	if err != nil {
		return err
	}
	c.Map, c.Folds, c.LogLoss, c.reason = chosen.Map, chosen.Folds, chosen.LogLoss, chosen.Reason
	c.Pairs = len(s.logits)
	for _, r := range s.relevant {
		if r {
			c.Relevant++
		}
	}
	c.BaseRate = float64(c.Relevant) / float64(c.Pairs)
	before := make([]float64, c.Pairs)
	for i, x := range s.logits {
		before[i] = calibration.Sigmoid().Probability(x)
	}
	c.Before = measureMap(before, s.relevant)
	c.Reliability.Before = reliabilityBins(before, s.relevant)
	if c.Folds > 0 {
		after := measureMap(chosen.HeldOut, s.relevant)
		c.After = &after
		c.Reliability.After = reliabilityBins(chosen.HeldOut, s.relevant)
	}
	c.Bands = bandCuts(c.Map)
	c.warn()
	return nil
}

// warn says where the map is not to be trusted.
func (c *calibrated) warn() {
	add := func(format string, args ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...)) }
	if c.Map.Flat() {
		add("the map is flat: in these pairs a higher logit did not mean more relevant documents; %s does not fit this data, or the judgments do not belong to it", c.Model)
	}
	if c.Relevant < fewRelevant {
		add("only %d of the pairs are relevant; below %d a map is a rough guess: judge more queries", c.Relevant, fewRelevant)
	}
	if n := c.Pairs - c.Relevant; n < fewRelevant {
		more := "--unjudged " + unjudgedIrrelevant
		if slices.ContainsFunc(c.Sources, func(s judgedSource) bool { return s.Unjudged == unjudgedIrrelevant }) {
			more = "a larger --depth"
		}
		add("only %d of the pairs are not relevant; below %d a map is a rough guess: %s gives more", n, fewRelevant, more)
	}
	if c.Folds == 0 {
		add("%s: nothing could be held out, and nothing says how good the map is; judge more queries", c.reason)
	}
	if rate := float64(c.Relevant) / float64(max(c.Pairs, 1)); c.After != nil && rate > 0 && rate < 1 && c.After.LogLoss >= baseLoss(rate) {
		add("on held-out queries the map is no better than saying %.0f %% of every pair, the share of relevant ones: it knows nothing; do not use it", 100*rate)
	} else if c.After != nil && c.After.LogLoss >= c.Before.LogLoss {
		add("on held-out queries the calibrated probabilities are no better than the plain sigmoid")
	}
}

// baseLoss is the log loss of giving every pair the share of relevant ones, which lies between 0 and 1.
func baseLoss(rate float64) float64 {
	return -rate*math.Log(rate) - (1-rate)*math.Log(1-rate)
}

// save adds the map to the file of --write.
func (f *calibrateFlags) save(c *calibrated) error {
	file, err := f.present() // anew: it may have changed meanwhile
	if err != nil {
		return err
	}
	if file.Calibration == nil {
		file.Calibration = map[string]config.Calibration{}
	}
	on := speed.ThisMachine()
	from := config.Provenance{
		Pairs: c.Pairs, Winnow: version(), Machine: on.CPU + ", " + string(on.Tier), Precision: c.Precision, MaxTokens: c.maxTokens,
		Measures: map[string]float64{"relevant": float64(c.Relevant), "brier_before": c.Before.Brier, "log_loss_before": c.Before.LogLoss, "ece_before": c.Before.ECE},
	}
	if c.After != nil {
		from.Measures["brier"], from.Measures["log_loss"], from.Measures["ece"] = c.After.Brier, c.After.LogLoss, c.After.ECE
	}
	for _, s := range c.Sources {
		from.Collections = append(from.Collections, s.Name)
		from.Queries += s.Queries
	}
	file.Calibration[c.Fingerprint] = config.Calibration{Model: c.Model, Map: c.Map, From: from}
	return file.Save(f.write)
}

// index says how a collection's documents are indexed for finding candidates.
func (f *calibrateFlags) index(bar *evalBar) experiment.Index {
	return experiment.Index{
		Models: winnow.Models(f.retriever, ""), Precision: encoder.Precision(f.precision), Threads: f.threads, Cache: f.cache, Progress: bar.encoding,
	}
}
