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

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/train"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

type trainFlags struct {
	model, out, loss, teacher, precision, schedule string
	batch, steps, accumulate, seed                 int
	maxTokens, threads, chunk                      int
	every, patience, holdOut, saveEvery            int
	epochs, rate, warmUp, decay, clip, dropout     float64
	average, scale, margin, temperature, prior     float64
	mask, changed, json                            bool
	freeze                                         []string
	matryoshka                                     []int
	split, validate, candidates, checkpoint, plot  string
	measure                                        string
	licences                                       licences

	aim eval.Measure // of measure
}

func (a *app) trainCommand() *cobra.Command {
	var f trainFlags
	d := train.Defaults()
	cmd := &cobra.Command{
		Use:     "train bi|cross DATA... -m MODEL --out DIR [--loss NAME]",
		Short:   "train a bi-encoder or a cross-encoder",
		GroupID: groupModels,
		Long: "Trains a model on rows of texts and writes it in the Hugging Face layout, with a model card.\n\n" +
			"DATA is a file of rows, .jsonl, .csv or .tsv, perhaps compressed with gzip, or a BEIR folder. Fields of a row: " + dataset.Columns + ".\n\n" +
			"Losses of bi-encoders: " + strings.Join(loss.BiNames(), ", ") + ". Of cross-encoders: " + strings.Join(loss.CrossNames(), ", ") + ". " +
			"mnr (multiple negatives ranking) and softmax suit questions with answers and mined negatives (winnow mine); cosent and cosine suit pairs with graded labels; distil copies the vectors of --teacher, distil-tokens those of its tokens, too, which needs far less text.\n\n" +
			"Training computes products in fp32 or, with --precision bf16, in bf16. Ctrl-C keeps the state in a checkpoint; the same command goes on from there, and ends with the same weights as without the interruption. " +
			"With --validate or --hold-out the best model is kept.",
		Example: `winnow train bi questions.jsonl.gz -m sentence-transformers/all-MiniLM-L6-v2 --out tuned --hold-out 200
			winnow train cross mined.jsonl -m cross-encoder/ms-marco-MiniLM-L-6-v2 --loss softmax --epochs 2 --out reranker
			winnow train bi texts.jsonl -m student --loss distil --teacher sentence-transformers/all-MiniLM-L6-v2 --out small`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || args[0] != "bi" && args[0] != "cross":
				return misuse(cmd, "say what to train: %s bi DATA, or %s cross DATA", cmd.CommandPath(), cmd.CommandPath())
			case len(args) == 1:
				return misuse(cmd, "DATA is missing: %s %s DATA", cmd.CommandPath(), args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.train(cmd, &f, args[0], args[1:]) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&f.model, "model", "m", "", "begin with `MODEL`: a directory, a Hub id in the Hugging Face cache, or a built-in name")
	fs.StringVar(&f.out, "out", "", "write to `DIR`, which must not exist or be empty; required")
	fs.StringVar(&f.loss, "loss", "", "train with the loss `NAME`; by default mnr of bi-encoders and softmax of cross-encoders")
	fs.Float64Var(&f.epochs, "epochs", d.Epochs, "go `N` times through the data")
	whole(fs, &f.steps, "steps", "", 0, "make `N` steps, whatever --epochs says; 0: as many as the epochs have")
	whole(fs, &f.batch, "batch", "", d.BatchSize, "take `N` rows at a time")
	whole(fs, &f.accumulate, "accumulate", "", d.Accumulate, "make a step of `N` batches")
	fs.Float64Var(&f.rate, "rate", d.Rate, "the highest learning `RATE`")
	fs.Float64Var(&f.warmUp, "warmup", d.WarmUp, "let the rate rise over this `PART` of the steps, from 0 to 1")
	choice(fs, &f.schedule, "schedule", string(d.Schedule), []string{"linear", "cosine", "constant"}, "how the rate goes on")
	fs.Float64Var(&f.decay, "weight-decay", d.WeightDecay, "shrink matrices by `PART` times the rate each step")
	fs.Float64Var(&f.clip, "clip", d.Clip, "cut gradients to the length `N`; 0: never")
	fs.Float64Var(&f.dropout, "dropout", d.Dropout, "leave out this `PART` of activations, from 0 to below 1")
	fs.Float64Var(&f.average, "average", 0, "use an average of the weights that keeps this `PART` of itself each step, such as 0.999; 0: no average")
	fs.Float64Var(&f.scale, "scale", 0, "scale of similarities in mnr and cosent; 0: 20")
	fs.Float64Var(&f.margin, "margin", 0, "margin of contrastive losses, of triplet, and of --mask; 0: the loss's own")
	fs.BoolVar(&f.mask, "mask", false, "leave out other rows' texts that are nearer than the positive, in mnr")
	fs.Float64Var(&f.temperature, "temperature", 0, "temperature of a teacher's scores in softmax; 0: 1")
	fs.Float64Var(&f.prior, "prior", 0, "add the rows' scores, a retriever's (winnow mine --scores), times `WEIGHT` to the logits in softmax: the model learns what the retriever lacks; 0: scores are a teacher's")
	wholes(fs, &f.matryoshka, "matryoshka", "train the leading `DIMENSIONS` too, such as 256,128,64")
	fs.StringVar(&f.teacher, "teacher", "", "the bi-encoder `MODEL` whose vectors distil copies and --mask asks")
	fs.Var(&listValue{&f.freeze, "list", func(string) error { return nil }}, "freeze", "leave `PARTS` as they are: words, embeddings, layers by number, such as 0-2")
	whole(fs, &f.maxTokens, "max-tokens", "", 0, "cut inputs to `N` tokens, special ones included; 0: as many as the model takes")
	precisionFlag(cmd, &f.precision)
	whole(fs, &f.chunk, "chunk-tokens", "", d.ChunkTokens, "hold the activations of `N` tokens at a time; less takes less memory and, for batches above it, a third more time")
	threadsFlag(cmd, &f.threads)
	whole(fs, &f.seed, "seed", "", int(d.Seed), "shuffle and drop out with the random `NUMBER`")
	fs.StringVar(&f.split, "split", "train", "of BEIR folders take qrels/`SPLIT`.tsv")
	fs.StringVar(&f.validate, "validate", "", "measure on the BEIR folder `DIR` (its split test) while training, and keep the best model")
	fs.StringVar(&f.candidates, "candidates", "", "order the candidates of the run `FILE` for --validate: of a cross-encoder, required")
	whole(fs, &f.holdOut, "hold-out", "", 0, "keep about `N` rows out of training, and measure on them")
	fs.StringVar(&f.measure, "measure", train.DefaultMeasure().String(), "keep the model with the highest `MEASURE`, such as nDCG@10, MRR@10, recall@100, for --validate and --hold-out")
	whole(fs, &f.every, "validate-every", "", 0, "measure every `N` steps; 0: ten times in all")
	whole(fs, &f.patience, "patience", "", 0, "stop after `N` measurements without a better one; 0: never")
	fs.StringVar(&f.checkpoint, "checkpoint", "", "keep the state in `DIR`, and go on from there; by default OUT.checkpoint")
	whole(fs, &f.saveEvery, "checkpoint-every", "", 500, "write the state every `N` steps")
	fs.BoolVar(&f.changed, "changed", false, "go on from a checkpoint of other data or settings, too")
	fs.StringVar(&f.plot, "plot", "", "draw loss and measure into `FILE`, a .svg or .png")
	fs.Var(&f.licences, "licence", "what the model card says of the data's licence: a `TEXT` for all of them, or FILE=TEXT for one; may be given several times")
	jsonFlag(cmd, &f.json)
	return cmd
}

// options are the run's settings.
func (f *trainFlags) options() *train.Options {
	o := train.Defaults()
	o.Epochs, o.Steps, o.BatchSize, o.Accumulate = f.epochs, f.steps, f.batch, f.accumulate
	o.Rate, o.WarmUp, o.Schedule, o.WeightDecay = f.rate, f.warmUp, train.Schedule(f.schedule), f.decay
	o.Clip, o.Dropout, o.Average, o.Seed = f.clip, f.dropout, f.average, uint64(f.seed)
	o.MaxTokens, o.Precision, o.Threads, o.Freeze, o.ChunkTokens = f.maxTokens, encoder.Precision(f.precision), f.threads, f.freeze, f.chunk
	return &o
}

// check looks at everything that can be wrong before a model is opened.
func (f *trainFlags) check(cmd *cobra.Command, kind string, data []string) error {
	if err := required(cmd, "out", "the directory to write"); err != nil {
		return err
	}
	if f.model == "" {
		f.model = map[string]string{"bi": builtin.Retriever, "cross": builtin.Reranker}[kind]
	}
	if f.loss == "" {
		f.loss = map[string]string{"bi": "mnr", "cross": "softmax"}[kind]
	}
	if f.checkpoint == "" {
		f.checkpoint = filepath.Clean(f.out) + ".checkpoint"
	}
	known := map[string][]string{"bi": loss.BiNames(), "cross": loss.CrossNames()}[kind]
	if !slices.Contains(known, f.loss) {
		return misuse(cmd, "--loss %q: want %s%s", f.loss, orList(known), didYouMean(f.loss, known, "%s"))
	}
	if err := f.licences.resolve(data); err != nil {
		return misuse(cmd, "--licence: %v", err)
	}
	if err := f.checkPlaces(cmd); err != nil {
		return err
	}
	if err := f.checkMeasuring(cmd, kind); err != nil {
		return err
	}
	if err := f.settings().Check(f.loss); err != nil {
		return misuse(cmd, "--%v", err)
	}
	switch {
	case f.teacher != "" && !strings.HasPrefix(f.loss, "distil") && !f.mask:
		return misuse(cmd, "--teacher has no effect on the loss %s: distil and distil-cosine copy it, --mask asks it", f.loss)
	case kind == "cross" && len(f.matryoshka) > 0:
		return misuse(cmd, "--matryoshka has no effect on a cross-encoder: it gives no vectors")
	}
	if ext := strings.ToLower(filepath.Ext(f.plot)); f.plot != "" && ext != ".svg" && ext != ".png" {
		return misuse(cmd, "--plot %q: pictures are drawn as SVG or PNG; end the name in .svg or .png", f.plot)
	}
	if err := f.options().Check(); err != nil {
		return misuse(cmd, "%v", err)
	}
	for _, path := range data {
		if _, err := os.Stat(path); err != nil {
			return fileError(path, err)
		}
	}
	return checkOutput(cmd, "plot", f.plot)
}

// checkPlaces sees to it that what is written in the end can be written.
func (f *trainFlags) checkPlaces(cmd *cobra.Command) error {
	info, err := os.Stat(f.out)
	if err == nil && !info.IsDir() {
		return misuse(cmd, "--out %s is a file: name a directory", f.out)
	}
	if entries, err := os.ReadDir(f.out); err == nil && len(entries) > 0 {
		return misuse(cmd, "--out %s exists and is not empty: remove it or choose another directory", f.out)
	}
	if rest, err := filepath.Rel(f.out, f.checkpoint); err == nil && filepath.IsLocal(rest) {
		return misuse(cmd, "--checkpoint %s is in --out %s: the model needs a directory of its own", f.checkpoint, f.out)
	}
	if info, err := os.Stat(f.checkpoint); err == nil && !info.IsDir() {
		return misuse(cmd, "--checkpoint %s is a file: name a directory", f.checkpoint)
	}
	if err := creatable(f.out); err != nil {
		return fmt.Errorf("--out %s cannot be written: %w", f.out, err)
	}
	if err := creatable(f.checkpoint); err != nil {
		return fmt.Errorf("--checkpoint %s cannot be written: %w", f.checkpoint, err)
	}
	return nil
}

// creatable says why a file or directory of this name could not be made, its parents included.
func creatable(path string) error {
	dir := filepath.Dir(filepath.Clean(path))
	for {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	probe, err := os.MkdirTemp(dir, ".winnow-*")
	if err != nil {
		return err
	}
	return os.Remove(probe)
}

// checkMeasuring looks at the flags about validation.
func (f *trainFlags) checkMeasuring(cmd *cobra.Command, kind string) error {
	var err error
	if f.aim, err = eval.ParseMeasure(f.measure); err != nil {
		return misuse(cmd, "--measure: %v", err)
	}
	if f.validate == "" && f.holdOut == 0 {
		if err := refuseIdle(cmd, "without --validate or --hold-out", "measure", "validate-every", "patience"); err != nil {
			return err
		}
	}
	mode := "lexical"
	if f.prior > 0 { // whose scores the rows have
		mode = "dense"
	}
	switch {
	case f.validate != "" && f.holdOut > 0:
		return misuse(cmd, "--validate and --hold-out are both given: measure on one of them")
	case f.validate == "" && f.candidates != "":
		return misuse(cmd, "--candidates without --validate: a run belongs to a collection")
	case f.loss == "classes" && (f.validate != "" || f.holdOut > 0):
		return misuse(cmd, "--validate and --hold-out measure rankings, and classes are none: measure the model on rows of your own")
	case kind == "cross" && f.validate != "" && f.candidates == "":
		return misuse(cmd, "--candidates is missing: a cross-encoder is measured by how it orders candidates; `winnow eval %s --mode %s --rerank off --run FILE` writes a run", f.validate, mode)
	}
	return nil
}

// measured says what is measured on what.
func (f *trainFlags) measured(j *train.Judge) string {
	if j == nil {
		return ""
	}
	of := j.Measure.String()
	if f.prior > 0 {
		of += fmt.Sprintf(" with a prior of %v", f.prior)
	}
	if f.holdOut > 0 {
		return of + " on rows held out"
	}
	return of + " on " + j.Collection.Name
}

// settings are the loss's.
func (f *trainFlags) settings() loss.Settings {
	return loss.Settings{Scale: f.scale, Margin: f.margin, Mask: f.mask, Temperature: f.temperature, Prior: f.prior}
}

// judge is what the model is measured on, or nil.
func (f *trainFlags) judge(held []dataset.Row, kind string) (*train.Judge, error) {
	switch {
	case f.holdOut > 0:
		j, err := train.HoldOut(held, kind == "cross", f.aim)
		if err == nil {
			j.Prior = f.prior
		}
		return j, err
	case f.validate == "":
		return nil, nil
	}
	c, err := eval.LoadBEIR(f.validate)
	if err != nil {
		return nil, err
	}
	j := &train.Judge{Collection: c, Prior: f.prior, Measure: f.aim}
	if f.candidates == "" {
		return j, nil
	}
	run, err := c.LoadRun(f.candidates)
	if err != nil {
		return nil, err
	}
	j.Candidates = run.Lists
	for _, q := range c.Queries {
		if len(j.Candidates[q.ID]) == 0 {
			return nil, fmt.Errorf("%s has no candidates for query %s of %s", f.candidates, q.ID, f.validate)
		}
	}
	return j, nil
}
