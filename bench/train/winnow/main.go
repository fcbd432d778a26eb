// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command winnow makes some steps of training and prints how long each took, for bench/train/run.py.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime/pprof"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/speed"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/train"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	kind := flag.String("kind", "bi", "bi or cross")
	name := flag.String("model", "", "model directory")
	rows := flag.String("rows", "", "rows in order; each is used once")
	batch := flag.Int("batch", 32, "rows of a batch")
	steps := flag.Int("steps", 10, "steps")
	threads := flag.Int("threads", 0, "threads")
	tokens := flag.Int("tokens", 128, "tokens of an input")
	precision := flag.String("precision", "fp32", "fp32 or bf16")
	profile := flag.String("profile", "", "write a CPU profile to a file")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}

	m, err := model.Open(*name)
	if err != nil {
		return err
	}
	o := train.Defaults()
	o.BatchSize, o.Steps, o.Threads, o.MaxTokens, o.Precision = *batch, *steps, *threads, *tokens, encoder.Precision(*precision)
	o.ChunkTokens, o.InOrder = 1<<30, true // as in PyTorch: a batch at once, and the batches that it gets
	var task *train.Task
	if *kind == "bi" {
		task, err = train.Bi(m, loss.MultipleNegativesRanking{}, nil, &o)
	} else {
		task, err = train.Cross(m, loss.BinaryCrossEntropy{}, &o)
	}
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	_, err = task.Run(context.Background(), train.Plan{
		Rows: func() iter.Seq2[dataset.Row, error] { return dataset.Rows([]string{*rows}, dataset.Options{}) },
		Done: func(s train.Step) error {
			return out.Encode(map[string]any{"seconds": s.Seconds, "tokens": s.Tokens, "loss": s.Loss})
		},
	})
	if err != nil {
		return err
	}
	return out.Encode(map[string]any{"peak": speed.PeakMemory()})
}
