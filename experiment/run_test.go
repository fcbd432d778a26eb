// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
)

func runSmall(t *testing.T, threads int, vectors string) *Collection {
	t.Helper()
	c := smallCollection()
	e := build(t, c, Index{Threads: threads, Vectors: vectors})
	cross := openCross(t, randomCross, encoder.Threads(threads))
	var systems []System
	for _, mode := range winnow.Modes() {
		r := retriever(t, e, mode)
		systems = append(systems, System{Retriever: r, Mode: string(mode)},
			System{Retriever: r, Mode: string(mode), Reranker: "auto", Stages: []Stage{{Reranker: cross, Fuse: true}}})
	}
	got, err := Run(t.Context(), subject(c), systems, Plan{Depths: []int{20, 5}, Candidates: 50, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The same call writes the same files, on any number of threads; so does each way to search.
func TestRunFilesAreTheSameByteForByte(t *testing.T) {
	for _, vectors := range []string{"flat", "hnsw8", "ivf4"} {
		var first map[string][]byte
		for _, threads := range []int{1, 1, 4} {
			got := map[string][]byte{}
			dir := t.TempDir()
			for _, r := range runSmall(t, threads, vectors).Runs {
				path := filepath.Join(dir, safe(r.Name))
				m := NewManifest("test", threads, 1)
				if err := WriteRun(path, r, m); err != nil {
					t.Fatal(err)
				}
				var err error
				if got[r.Name], err = os.ReadFile(path); err != nil {
					t.Fatal(err)
				}
				manifest, err := os.ReadFile(path + ".json")
				if err != nil {
					t.Fatal(err)
				}
				var back struct {
					SHA string `json:"run_sha256"`
					Run struct{ Name string }
				}
				if err := json.Unmarshal(manifest, &back); err != nil {
					t.Fatal(err)
				}
				in, err := digest(path)
				if err != nil || in.SHA256 != back.SHA || back.Run.Name != r.Name {
					t.Errorf("manifest of %s: %+v, file %+v, %v", r.Name, back, in, err)
				}
			}
			if len(got) != 9 {
				t.Fatalf("%d runs, want 9", len(got))
			}
			if first == nil {
				first = got
			}
			for name, data := range got {
				if !bytes.Equal(data, first[name]) {
					t.Errorf("%s: run %s with %d threads differs from the first", vectors, name, threads)
				}
			}
		}
	}
}

// The measures of a result are those of its run file: whoever evaluates the file elsewhere gets them.
func TestMeasuresAreThoseOfTheRunFile(t *testing.T) {
	c, got := smallCollection(), runSmall(t, 0, "flat")
	for _, r := range got.Runs {
		var file bytes.Buffer
		if err := r.Run.Write(&file); err != nil {
			t.Fatal(err)
		}
		run, err := eval.ReadRun(&file, "run")
		if err != nil {
			t.Fatal(err)
		}
		report, err := eval.Evaluate(run, c.Qrels, eval.Options{Measures: got.Measures, Level: got.Level})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(report.Means, r.Measures); diff != "" {
			t.Errorf("%s: %s", r.Name, diff)
		}
		again, err := Run(t.Context(), subject(c), []System{{Retriever: RunFile(run, c), Mode: "file", External: true, Candidates: Unlimited}}, Plan{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(report.Means, again.Runs[0].Measures); diff != "" || again.Runs[0].Latency != nil {
			t.Errorf("%s as a file: %s", r.Name, diff)
		}
	}
}

// Reranking an external run is reranking what it was made from.
func TestRerankARunFile(t *testing.T) {
	c := smallCollection()
	e := build(t, c, Index{})
	cross := openCross(t, randomCross)
	stages := []Stage{{Reranker: cross}}
	first, err := Run(t.Context(), subject(c), []System{{Retriever: retriever(t, e, winnow.Dense), Mode: "dense"}, {Retriever: retriever(t, e, winnow.Dense), Mode: "dense", Reranker: "x", Stages: stages}}, Plan{Depths: []int{10}})
	if err != nil {
		t.Fatal(err)
	}
	system := System{Retriever: RunFile(first.Runs[0].Run, c), Mode: "file", Reranker: "x", Stages: stages, External: true, Candidates: Unlimited, Depths: []int{10}}
	second, err := Run(t.Context(), subject(c), []System{system}, Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Runs[1].Run.Lists, second.Runs[0].Run.Lists); diff != "" {
		t.Error(diff)
	}
	if name := second.Runs[0].Name; name != "file+x@10" || second.Runs[0].Latency == nil || second.Runs[0].Latency.Total != nil {
		t.Errorf("run %s, latency %v", name, second.Runs[0].Latency)
	}
	if curve := second.Curves(second.Main, 1)[0]; curve.Points[0].Total != 0 || second.curves(second.Main, "", "", 1) != nil {
		t.Errorf("a total of reranking alone is drawn: %+v", curve)
	}
	infinite := *first.Runs[0].Run
	infinite.Lists = map[string][]eval.Scored{"q0": {{ID: "d00", Score: math.Inf(1)}, {ID: "d01", Score: 1}}}
	system.Retriever = RunFile(&infinite, c)
	if _, err := Run(t.Context(), subject(c), []System{{Retriever: system.Retriever, Mode: "file", External: true}}, Plan{}); err == nil || !strings.Contains(err.Error(), `query "q0": document "d00": score +Inf is not a finite`) {
		t.Errorf("infinite scores: %v", err)
	}
	system.Retriever = RunFile(first.Runs[0].Run, nil)
	if _, err := Run(t.Context(), subject(c), []System{system}, Plan{}); err == nil || !strings.Contains(err.Error(), "has no texts to rerank") {
		t.Errorf("reranking without texts: %v", err)
	}
	c.Docs = c.Docs[:30]
	system.Retriever = RunFile(first.Runs[0].Run, c)
	if _, err := Run(t.Context(), subject(c), []System{system}, Plan{}); err == nil || !strings.Contains(err.Error(), "is not in the corpus of small") {
		t.Errorf("a document without text: %v", err)
	}
}

// Of a document cut into passages the best one stands for it; ids with # are no passages.
func TestPassagesStandForTheirDocument(t *testing.T) {
	c := smallCollection()
	for i := range c.Docs {
		c.Docs[i].ID += "#100"
		c.Docs[i].Text = strings.Repeat(c.Docs[i].Text+".\n\n", 12)
	}
	e := build(t, c, Index{Split: true, MaxTokens: 48})
	if e.Len() <= len(c.Docs) {
		t.Fatalf("%d passages of %d documents: the test needs more", e.Len(), len(c.Docs))
	}
	for _, mode := range winnow.Modes() {
		r := retriever(t, e, mode)
		for _, n := range []int{1, 7, 60, 1000} {
			got, err := r.Retrieve(t.Context(), c.Queries[3], n)
			if err != nil {
				t.Fatal(err)
			}
			res, err := e.Search(t.Context(), c.Queries[3].Text, winnow.In(mode), winnow.Rerank(winnow.Off), winnow.Candidates(e.Len()), winnow.TopK(e.Len()))
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, h := range res.Hits {
				id, _, _ := strings.Cut(h.ID, "#")
				if id += "#100"; !slices.Contains(want, id) {
					want = append(want, id)
				}
			}
			var have []string
			for _, x := range got.Candidates {
				have = append(have, x.ID)
			}
			if mode == winnow.Hybrid { // fused scores depend on how long the lists are
				slices.Sort(have)
				if len(slices.Compact(have)) != min(n, len(want)) {
					t.Errorf("hybrid, %d asked: %d documents", n, len(have))
				}
				continue
			}
			if diff := cmp.Diff(want[:min(n, len(want))], have); diff != "" {
				t.Errorf("%s, %d asked: %s", mode, n, diff)
			}
		}
	}
}

func TestSameIDIsLeftOut(t *testing.T) {
	c := smallCollection()
	for i := range c.Queries { // as in ArguAna: each query is a document
		id := c.Docs[i].ID
		c.Qrels[id] = c.Qrels[c.Queries[i].ID]
		c.Queries[i] = eval.Query{ID: id, Text: c.Docs[i].FullText()}
	}
	e := build(t, c, Index{})
	for _, exclude := range []bool{false, true} {
		got, err := Run(t.Context(), subject(c), []System{{Retriever: retriever(t, e, winnow.Dense), Mode: "dense"}}, Plan{ExcludeSameID: exclude, Candidates: 20})
		if err != nil {
			t.Fatal(err)
		}
		for query, list := range got.Runs[0].Run.Lists {
			if len(list) != 20 {
				t.Errorf("%d candidates, want 20", len(list))
			}
			if slices.Contains(ids(list), query) == exclude {
				t.Errorf("exclude %v: query %s in its list: %v", exclude, query, !exclude)
			}
		}
	}
}

func TestPlanErrors(t *testing.T) {
	list := listRetriever{{ID: "d01", Text: "1"}}
	systems := []System{{Retriever: list, Mode: "dense"}, {Retriever: list, Mode: "dense", Reranker: "x", Stages: []Stage{{Reranker: &textScore{}}}}}
	s := subject(smallCollection())
	for want, x := range map[string]struct {
		systems []System
		plan    Plan
	}{
		"nothing to measure":                                             {nil, Plan{}},
		"depth 300 is more than the 50 candidates":                       {systems, Plan{Depths: []int{300}, Candidates: 50}},
		"two runs would be called dense":                                 {append(systems, systems[0]), Plan{}},
		`did you mean "dense+x@5"`:                                       {systems, Plan{Depths: []int{5}, Baseline: "dense+x@4"}},
		"depth 5 is less than the 20 that a later stage of x,y@20 reads": {[]System{{Retriever: list, Mode: "dense", Reranker: "x,y@20", Stages: []Stage{{Reranker: &textScore{}}, {Reranker: &textScore{}, Depth: 20}}}}, Plan{Depths: []int{50, 5}}},
		"depth -1": {systems, Plan{Depths: []int{-1}}},
	} {
		if _, err := Run(t.Context(), s, x.systems, x.plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, s, systems, Plan{Progress: func(name string, done, _ int) {
		if name == "dense+x" && done == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(fmt.Sprint(err), "small, dense+x, after 2 of 6 queries") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPicturesAndPages(t *testing.T) {
	c := runSmall(t, 0, "flat")
	pictures, err := c.Pictures(PictureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range pictures {
		names = append(names, p.Name)
	}
	for _, want := range []string{"quality", "precision", "scores", "logits", "queries"} {
		if !slices.Contains(names, want) {
			t.Errorf("no picture %s among %v", want, names)
		}
	}
	if _, err := Page("all", pictures).SVG(); err != nil {
		t.Error(err)
	}
	if data, err := Page("all", pictures).PNG(); err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) {
		t.Errorf("png: %v", err)
	}
	if _, err := c.Pictures(PictureOptions{Query: "q9"}); err == nil || !strings.Contains(err.Error(), `query "q9" was not run`) {
		t.Errorf("unknown query: %v", err)
	}
	run, err := c.Find("dense+auto@5")
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Shift(run, "q2", 10)
	if err != nil {
		t.Fatal(err)
	}
	before, err := c.Find("dense")
	if err != nil {
		t.Fatal(err)
	}
	if s.Before != before.Values[c.Main][2] || s.After != run.Values[c.Main][2] {
		t.Errorf("shift of %v to %v; runs say %v and %v", s.Before, s.After, before.Values[c.Main][2], run.Values[c.Main][2])
	}
	for _, item := range s.Items {
		if item.After == 0 || item.Before == 0 || item.Before > 10 && item.After > 10 || item.Before > 5 && item.Before != item.After {
			t.Errorf("item %+v at depth 5", item)
		}
	}
	for _, d := range c.Distributions(run) {
		if n := len(d.Relevant) + len(d.Other); n != map[bool]int{true: 6 * 5, false: 6 * 50}[d.Kind == "logit"] {
			t.Errorf("%s: %d scores", d.Kind, n)
		}
	}
}

func TestJSONIsWhatIsPromised(t *testing.T) {
	small := runSmall(t, 0, "flat")
	if runtime.GOOS == "linux" && small.PeakMemory == 0 {
		t.Error("the peak of memory is not known")
	}
	data, err := json.Marshal(small)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Name               string
		Queries, Documents int
		Runs               []struct {
			Mode, Model, Reranker *string
			Depth                 *int
			Measures              map[string]float64
			Latency               map[string]map[string]float64 `json:"latency_ms"`
			Versus                *struct {
				P    map[string]float64 `json:"p"`
				Holm map[string]float64 `json:"p_holm"`
			}
		}
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back.Name != "small" || back.Queries != 6 || back.Documents != 60 || len(back.Runs) != 9 {
		t.Errorf("%+v", back)
	}
	for i, r := range back.Runs {
		if r.Mode == nil || r.Model == nil || r.Reranker == nil || r.Depth == nil {
			t.Fatalf("run %d lacks a field", i)
		}
		for _, m := range []string{"nDCG@10", "P@3", "MRR@10", "MAP", "recall@20", "recall@100"} {
			if v, ok := r.Measures[m]; !ok || math.IsNaN(v) {
				t.Errorf("run %d: %s is %v, %v", i, m, v, ok)
			}
		}
		for _, stage := range []string{"encode", "retrieve", "rerank", "total"} {
			for _, x := range []string{"mean", "p50", "p95", "p99"} {
				if _, ok := r.Latency[stage][x]; !ok {
					t.Errorf("run %d: no latency %s %s", i, stage, x)
				}
			}
		}
		if (r.Versus == nil) != (i == 0) || i > 0 && (len(r.Versus.P) != 3 || len(r.Versus.Holm) != 3) {
			t.Errorf("run %d: comparison %+v", i, r.Versus)
		}
	}
	if first := back.Runs[0]; *first.Reranker != winnow.Off || *first.Depth != 0 {
		t.Errorf("first run %s at %d", *first.Reranker, *first.Depth)
	}
}
