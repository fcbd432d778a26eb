// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/speed"
	"github.com/winnow-search/winnow/model/builtin"
)

type benchFlags struct {
	models     namesValue
	precisions []string
	threads    []int
	each       secondsValue
	json       bool
}

func (a *app) benchCommand() *cobra.Command {
	f := benchFlags{each: secondsValue(300 * time.Millisecond)}
	cmd := &cobra.Command{
		Use:     "bench [-m MODEL]... [--precision P,...] [--threads N,...] [--json]",
		Short:   "measure how fast this machine runs a model",
		GroupID: groupModels,
		Long: "Measures models on texts of given lengths, made of real words, in each precision that this processor has instructions for. " +
			"Of a bi-encoder: tokens and texts a second, and the time of one query of 16 tokens. Of a cross-encoder: the time of a pair, and of reranking 100 pairs of 16 + 80 tokens. " +
			"Lengths count the special tokens in; those of queries and of the 100 pairs do not. Tokenising is part of every time.\n\n" +
			"Precisions take turns; times are medians, and ratios say how many times as fast as fp32. " +
			"Memory is what the process had resident at most, the program's own file with the built-in models included.\n\n" +
			"GEMM peak is the best that the product kernel itself reaches in the same run, with operands that fit into the cache, on all threads at once. The percentage of it is " +
			"the work of the model in a second over that peak, where a token takes 2·(weights of the products) + 4·length·hidden·layers operations: products with weights, and attention. " +
			"What a model does not compute (in a cross-encoder's last layer most of what is not the first token's) is not counted.\n\n" +
			"With the built-in models it takes some 20 seconds. Other work on the machine disturbs it.",
		Example: `winnow bench
			winnow bench -m ./my-model --precision fp32,int8 --threads 1,2
			winnow bench --json > speed.json`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.VarP(&f.models, "model", "m", "measure `MODEL`, a directory, a Hub id in the Hugging Face cache, or a built-in name; may be given several times; by default both built-in models")
	choices(fs, &f.precisions, "precision", precisionNames(), "measure the precisions `P,...`; by default all that this processor has instructions for")
	wholes(fs, &f.threads, "threads", "compute with `N,...` threads, one number after the other; 0, the default: as many as there are processors")
	fs.Var(&f.each, "seconds", "measure each figure for about `S` seconds, and at least once")
	jsonFlag(cmd, &f.json)
	return cmd
}

// benchmark is the JSON output.
type benchmark struct {
	speed.Machine
	Version string       `json:"version"`
	Runs    []*speed.Run `json:"runs"`
}

func (a *app) bench(cmd *cobra.Command, f *benchFlags) error {
	b := &benchmark{Machine: speed.ThisMachine(), Version: version()}
	models, threads := f.models, f.threads
	if len(models) == 0 {
		models = namesValue{builtin.Retriever, builtin.Reranker}
	}
	if len(threads) == 0 {
		threads = []int{0}
	}
	p := progress{out: a.stderr}
	var plans []speed.Plan
	for _, name := range models { // all of them first: a wrong name is found at once
		precisions, err := a.benchPrecisions(cmd, name, f.precisions)
		if err != nil {
			return err
		}
		for _, n := range threads {
			plans = append(plans, speed.Plan{Model: name, Precisions: precisions, Threads: n, Each: time.Duration(f.each), Progress: p.step})
		}
	}
	if !f.json {
		a.printMachine(b)
	}
	for _, plan := range plans {
		run, err := speed.Measure(cmd.Context(), plan)
		p.clear()
		if err != nil {
			return err
		}
		b.Runs = append(b.Runs, run)
		if !f.json {
			a.printRun(run)
			if err := a.stdout.Flush(); err != nil {
				return fmt.Errorf("standard output: %w", err)
			}
		}
	}
	if f.json {
		return a.printJSON(b)
	}
	return nil
}

// benchPrecisions are those to measure for a model: what was asked for, as it is computed here.
func (a *app) benchPrecisions(cmd *cobra.Command, name string, asked []string) ([]encoder.Precision, error) {
	resolve := func(p encoder.Precision) (encoder.Precision, error) {
		return await(cmd.Context(), func() (encoder.Precision, error) { return speed.Resolve(name, p) })
	}
	if len(asked) == 0 {
		_, err := resolve(encoder.FP32)
		return encoder.Supported(), err
	}
	var list []encoder.Precision
	for _, text := range asked {
		p, err := resolve(encoder.Precision(text))
		if err != nil {
			return nil, err
		}
		a.notePrecision(text, p)
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list, nil
}

// step shows what is being measured.
func (p *progress) step(done, total int, name string) {
	if p.out.Terminal {
		p.show(term.Truncate("measuring "+name+" ("+term.Count(done+1)+" of "+term.Plural(total, "turn", "turns")+")", max(p.out.Columns()-1, 1)))
	}
}
