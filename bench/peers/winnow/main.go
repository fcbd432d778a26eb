// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command winnow is winnow's side of the comparison with peer engines: it reads the workload file that bench/peers/run.py
// wrote, measures encoding, reranking and single-query latency through package encoder, and prints JSON.
// Unlike the peer's, its times include tokenisation.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/winnow-search/winnow/encoder"
)

// workload is the part of the workload file that winnow needs: texts, never ids.
type workload struct {
	Passages  []string `json:"passages"`
	Query     string   `json:"query"`
	Documents []string `json:"documents"`
}

// result is what run.py reads. Times are seconds, the best of the runs made.
type result struct {
	Engine  string  `json:"engine"`
	Encode  float64 `json:"encode_seconds"`
	Rerank  float64 `json:"rerank_seconds"`
	Query   float64 `json:"query_seconds"`
	Tokens  int     `json:"tokens"`
	Threads int     `json:"threads"`
}

type options struct {
	workload, retriever, reranker, outputs string
	threads, repeats                       int
}

func main() {
	var o options
	flag.StringVar(&o.workload, "workload", "", "workload `file` written by run.py")
	flag.StringVar(&o.retriever, "retriever", "", "bi-encoder: a `model` name or directory")
	flag.StringVar(&o.reranker, "reranker", "", "cross-encoder: a `model` name or directory")
	flag.StringVar(&o.outputs, "outputs", "", "`directory` to write embeddings.f32 and logits.f32 to")
	flag.IntVar(&o.threads, "threads", 2, "worker threads")
	flag.IntVar(&o.repeats, "repeats", 20, "runs of the short measurements; the best counts")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/peers/winnow:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.threads < 1 || o.repeats < 1 {
		return errors.New("-threads and -repeats must be at least 1")
	}
	data, err := os.ReadFile(o.workload)
	if err != nil {
		return fmt.Errorf("reading the workload: %w", err)
	}
	var w workload
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("reading the workload %s: %w", o.workload, err)
	}
	out := result{Engine: "winnow", Threads: o.threads}
	vectors, err := measureRetriever(ctx, o, w, &out)
	if err != nil {
		return err
	}
	logits, err := measureReranker(ctx, o, w, &out)
	if err != nil {
		return err
	}
	if o.outputs != "" {
		if err := writeFloats(filepath.Join(o.outputs, "embeddings.f32"), vectors); err != nil {
			return err
		}
		if err := writeFloats(filepath.Join(o.outputs, "logits.f32"), logits); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// measureRetriever encodes all passages once, after a warm-up on a few, and one short query many times.
func measureRetriever(ctx context.Context, o options, w workload, out *result) ([]float32, error) {
	bi, err := encoder.OpenBi(o.retriever, encoder.Threads(o.threads))
	if err != nil {
		return nil, err
	}
	defer bi.Close()
	if _, err := bi.Encode(ctx, w.Passages[:min(64, len(w.Passages))]); err != nil {
		return nil, err
	}
	var passages *encoder.Embeddings
	out.Encode, err = best(1, func() (err error) {
		passages, err = bi.Encode(ctx, w.Passages)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, n := range passages.Tokens {
		out.Tokens += n
	}
	query := []string{w.Query}
	out.Query, err = best(10*o.repeats, func() error {
		_, err := bi.Encode(ctx, query)
		return err
	})
	return passages.Data, err
}

// measureReranker scores the query against every document.
func measureReranker(ctx context.Context, o options, w workload, out *result) ([]float32, error) {
	cross, err := encoder.OpenCross(o.reranker, encoder.Threads(o.threads))
	if err != nil {
		return nil, err
	}
	defer cross.Close()
	pairs := make([]encoder.Pair, len(w.Documents))
	for i, d := range w.Documents {
		pairs[i] = encoder.Pair{Query: w.Query, Document: d}
	}
	if _, err := cross.Predict(ctx, pairs[:min(8, len(pairs))]); err != nil {
		return nil, err
	}
	var scores *encoder.Scores
	out.Rerank, err = best(max(3, o.repeats/4), func() (err error) {
		scores, err = cross.Predict(ctx, pairs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return scores.Logits, nil
}

// best runs f n times and returns the shortest time in seconds.
func best(n int, f func() error) (float64, error) {
	shortest := time.Duration(-1)
	for range n {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if d := time.Since(start); shortest < 0 || d < shortest {
			shortest = d
		}
	}
	return shortest.Seconds(), nil
}

// writeFloats writes values as little-endian float32.
func writeFloats(path string, values []float32) error {
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("writing the outputs: %w", err)
	}
	return nil
}
