// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
	_ "github.com/winnow-search/winnow/model/builtin"
)

const checkpoints = "../parity/testdata"

func open(t *testing.T, name string) *model.Model {
	t.Helper()
	m, err := model.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// Texts have the number of tokens asked for, for every tokenizer at hand, and differ.
func TestTextsAreExact(t *testing.T) {
	names, err := filepath.Glob(checkpoints + "/*/config.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d checkpoints, %v", len(names), err)
	}
	for i := range names {
		names[i] = filepath.Dir(names[i])
	}
	for _, name := range append(names, "builtin:retriever") {
		tok := open(t, name).Tokenizer
		words, err := newMaker(tok)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, n := range []int{1, 2, 16, 80, 509, 510} {
			for range 3 {
				text := words.text(n)
				if got := len(tok.AppendIDs(nil, text)); got != n {
					t.Errorf("%s: a text of %d tokens has %d: %q", name, n, got, text)
				}
				if n > 16 && seen[text] {
					t.Errorf("%s: the same text twice: %q", name, text)
				}
				seen[text] = true
			}
		}
	}
}

// Workloads are no longer than the model takes.
func TestWorkloadsFitTheModel(t *testing.T) {
	for _, c := range []struct {
		name   string
		tokens []int
	}{
		{"builtin:retriever", []int{128, 256, 18}},
		{"builtin:reranker", []int{128, 256, 512, 99}},
		{checkpoints + "/bi-max", []int{64, 18}},
	} {
		loads, err := workloads(open(t, c.name), 2)
		if err != nil {
			t.Fatal(err)
		}
		var tokens []int
		for _, w := range loads {
			tokens = append(tokens, w.tokens)
			if w.len() == 0 || w.few(1).len() != 1 || w.few(1000).len() != w.len() {
				t.Errorf("%s, %s: %d inputs, %d of few", c.name, w.name(), w.len(), w.few(1).len())
			}
		}
		if !slices.Equal(tokens, c.tokens) {
			t.Errorf("%s: inputs of %v tokens, want %v", c.name, tokens, c.tokens)
		}
	}
}

// The count of operations, summed here layer by layer and token by token.
func TestOperations(t *testing.T) {
	for _, w := range []work{{6, 384, 1536, false}, {6, 384, 1536, true}, {1, 64, 72, true}} {
		for _, n := range []int{1, 2, 128} {
			var want float64
			for layer := range int(w.layers) {
				for token := range n {
					want += 2 * 2 * w.hidden * w.hidden // keys and values
					if w.first && layer == int(w.layers)-1 && token > 0 {
						continue
					}
					want += 2*2*w.hidden*w.hidden + 2*2*w.hidden*w.intermediate // query, output, feed-forward
					want += 2 * 2 * float64(n) * w.hidden                       // scores, and sums of values
				}
			}
			if got := w.operations(n); math.Abs(got-want) > 1e-9*want {
				t.Errorf("%+v, %d tokens: %v operations, want %v", w, n, got, want)
			}
		}
	}
	if got := workOf(open(t, "builtin:retriever")).weights(); got != 5*(4*384*384+2*384*608) {
		t.Errorf("%v weights", got)
	}
	if !workOf(open(t, checkpoints+"/bi-cls")).first || workOf(open(t, checkpoints+"/bi-mean")).first || !workOf(open(t, "builtin:reranker")).first {
		t.Error("which models need the first token's state alone is not told apart")
	}
}

func TestMeasure(t *testing.T) {
	for _, name := range []string{checkpoints + "/bi-mean", checkpoints + "/cross-sigmoid"} {
		steps, last := 0, -1
		r, err := Measure(t.Context(), Plan{
			Model: name, Precisions: encoder.Supported(), Threads: 2, Each: time.Millisecond,
			Progress: func(done, total int, step string) {
				if done < last || done >= total || step == "" {
					t.Errorf("step %q: %d of %d after %d", step, done, total, last)
				}
				last = done
				steps++
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Threads != 2 || len(r.Measured) != len(encoder.Supported()) || steps < rounds*len(r.Measured) {
			t.Errorf("%s: %+v after %d steps", name, r, steps)
		}
		positive := func(what string, v float64) {
			if !(v > 0) || math.IsInf(v, 0) {
				t.Errorf("%s: %s is %v", name, what, v)
			}
		}
		for _, m := range r.Measured {
			positive("peak", m.Peak)
			positive("packed", float64(m.Packed))
			for _, l := range m.Lengths {
				positive("tokens a second", l.TokensPerSecond)
				positive("ratio", l.Ratio)
				positive("percentage", l.PercentOfPeak)
				if l.Calls < 1 || (l.TextsPerSecond > 0) == (l.PairMS > 0) {
					t.Errorf("%s: %+v", name, l)
				}
			}
			if cross := r.Kind == parity.Cross; cross != (m.Rerank != nil) || cross == (m.Query != nil) {
				t.Errorf("%s, a %s-encoder: query %v, rerank %v", name, r.Kind, m.Query, m.Rerank)
			}
			if m.Query != nil && m.Query.P99 < m.Query.Median {
				t.Errorf("%s: %+v", name, m.Query)
			}
		}
	}
}

func TestMeasureEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Measure(ctx, Plan{Model: checkpoints + "/bi-mean", Precisions: encoder.Supported(), Each: time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What cannot be measured gives an error, not figures of something else.
func TestMeasureRefuses(t *testing.T) {
	undo, err := kernel.Use(kernel.Scalar)
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	if got := encoder.Supported(); !slices.Equal(got, []encoder.Precision{encoder.FP32}) {
		t.Errorf("plain Go has instructions for %v", got)
	}
	if got, err := Resolve(checkpoints+"/bi-mean", encoder.Int8); got != encoder.FP32 || err != nil {
		t.Errorf("int8 is computed in %s, %v", got, err)
	}
	for _, p := range []Plan{
		{Model: "nowhere", Precisions: []encoder.Precision{encoder.FP32}},
		{Model: checkpoints + "/bi-mean", Precisions: []encoder.Precision{encoder.Int8}},
		{Model: checkpoints + "/bi-mean", Precisions: []encoder.Precision{encoder.FP32}, Threads: 1 << 20},
	} {
		if r, err := Measure(t.Context(), p); err == nil {
			t.Errorf("%+v gives %+v", p, r)
		}
	}
}

func TestQuantile(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(i+1))
	}
	for _, c := range []struct {
		q    float64
		n    int
		want time.Duration
	}{{0.5, 1, 1}, {0.5, 2, 1}, {0.5, 3, 2}, {0.99, 1, 1}, {0.99, 100, 99}, {0.99, 200, 198}, {1, 200, 200}} {
		if got := quantile(times[:c.n], c.q); got != c.want {
			t.Errorf("%v of %d: %d, want %d", c.q, c.n, got, c.want)
		}
	}
}

func TestCPUName(t *testing.T) {
	for info, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 97\nmodel name\t: Some  CPU @ 3.00GHz\n": "Some CPU @ 3.00GHz",
		"processor\t: 0\nBogoMIPS\t: 48.00\n\nModel\t\t: Some Board 4\n":     "Some Board 4",
		"processor: 0\nmodel name:\n":                                        "",
		"":                                                                   "",
	} {
		if got := cpuName(info); got != want {
			t.Errorf("%q gives %q, want %q", info, got, want)
		}
	}
	if m := ThisMachine(); m.CPU == "" || m.Processors < 1 || m.Tier == "" {
		t.Errorf("%+v", m)
	}
}
