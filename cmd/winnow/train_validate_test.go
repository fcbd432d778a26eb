// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// judged writes a BEIR folder of questions with graded answers, and rows of the same kind to train on.
func judged(t *testing.T) (folder, rows string) {
	t.Helper()
	colours := []string{"red", "green", "light", "dark"}
	things := []string{"house", "ship", "train", "river", "stone", "paper"}
	var corpus, queries, qrels, data bytes.Buffer
	fmt.Fprintln(&qrels, "query-id\tcorpus-id\tscore")
	for i, thing := range things {
		for j, colour := range colours {
			fmt.Fprintf(&corpus, `{"_id":"d%d-%d","title":"the %s","text":"a %s %s of number %d, and not the fast one"}`+"\n", i, j, thing, colour, thing, i*7+j)
			fmt.Fprintf(&data, `{"query":"where is the %s %s","positive":"here is a %s %s","negatives":["a %s wind"]}`+"\n", colour, thing, colour, thing, colour)
		}
		fmt.Fprintf(&queries, `{"_id":"q%d","text":"what is the %s %s"}`+"\n", i, colours[i%4], thing)
		fmt.Fprintf(&qrels, "q%d\td%d-%d\t2\nq%d\td%d-%d\t1\n", i, i, i%4, i, i, (i+1)%4)
	}
	folder = filepath.Join(t.TempDir(), "judged")
	if err := os.MkdirAll(filepath.Join(folder, "qrels"), 0o777); err != nil {
		t.Fatal(err)
	}
	rows = filepath.Join(t.TempDir(), "rows.jsonl")
	for path, text := range map[string][]byte{
		filepath.Join(folder, "corpus.jsonl"): corpus.Bytes(), filepath.Join(folder, "queries.jsonl"): queries.Bytes(),
		filepath.Join(folder, "qrels", "test.tsv"): qrels.Bytes(), rows: data.Bytes(),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, rows
}

// printed is what a command of winnow prints as JSON.
func printed(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, messages bytes.Buffer
	c := exec.CommandContext(t.Context(), "winnow", args...)
	c.Stdout, c.Stderr = &out, &messages
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &messages)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &out)
	}
}

// What training measures with --validate is what `winnow eval` measures of the same model: before, and of the model that is kept.
func TestValidateIsWhatEvalMeasures(t *testing.T) {
	folder, rows := judged(t)
	models, err := filepath.Abs("../../internal/parity/testdata")
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(t.TempDir(), "words.trec")
	printed(t, nil, "eval", folder, "--mode", "lexical", "--rerank", "off", "--candidates", "9", "--run", run)
	measured := func(measure string, args ...string) float64 {
		t.Helper()
		var report struct {
			Collections []struct {
				Runs []struct {
					Measures map[string]float64 `json:"measures"`
				} `json:"runs"`
			} `json:"collections"`
		}
		printed(t, &report, append([]string{"eval", folder, "--measures", measure, "--json"}, args...)...)
		if len(report.Collections) != 1 || len(report.Collections[0].Runs) != 1 {
			t.Fatalf("%v: %+v", args, report)
		}
		value, ok := report.Collections[0].Runs[0].Measures[measure]
		if !ok {
			t.Fatalf("%v: %+v", args, report)
		}
		return value
	}
	for _, tt := range []struct {
		kind, model, measure string
		train                []string
		eval                 func(model string) []string
	}{
		{
			"cross", "cross-default", "nDCG@3",
			[]string{"--candidates", run},
			func(model string) []string { return []string{"--run-file", run, "--rerank", model} },
		},
		{
			"bi", "bi-mean", "MRR@10", nil,
			func(model string) []string { return []string{"--mode", "dense", "-m", model, "--rerank", "off"} },
		},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			var trained struct{ Before, Best float64 }
			out, model := filepath.Join(t.TempDir(), "tuned"), filepath.Join(models, tt.model)
			printed(t, &trained, append([]string{
				"train", tt.kind, rows, "-m", model, "--out", out, "--validate", folder, "--measure", tt.measure,
				"--steps", "6", "--batch", "6", "--rate", "1e-3", "--validate-every", "3", "--json",
			}, tt.train...)...)
			before, after := measured(tt.measure, tt.eval(model)...), measured(tt.measure, tt.eval(out)...)
			if math.Abs(trained.Before-before) > 1e-12 || math.Abs(trained.Best-after) > 1e-12 {
				t.Errorf("training measures %v before and %v, eval %v and %v", trained.Before, trained.Best, before, after)
			}
			if before == after || before <= 0 || before >= 1 {
				t.Errorf("from %v to %v: that could be anything", before, after)
			}
		})
	}
}
