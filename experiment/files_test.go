// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"bytes"
	gocmp "cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/model"
)

func TestRunFileNames(t *testing.T) {
	dir := t.TempDir()
	for _, x := range []struct {
		pattern     string
		collections []string
		runs        [][]string
		want        [][]string
	}{
		{"out.trec", []string{"a"}, [][]string{{"dense"}}, [][]string{{"out.trec"}}},
		{"out.trec", []string{"a"}, [][]string{{"dense", "dense+x/y@5"}}, [][]string{{"out.dense.trec", "out.dense+x-y@5.trec"}}},
		{"out.trec", []string{"a", "b"}, [][]string{{"dense"}, {"dense"}}, [][]string{{"out.a.dense.trec"}, {"out.b.dense.trec"}}},
		{dir, []string{"a"}, [][]string{{"dense"}}, [][]string{{filepath.Join(dir, "a.dense.trec")}}},
		{"new/", []string{"a"}, [][]string{{"dense"}}, [][]string{{filepath.Join("new", "a.dense.trec")}}},
	} {
		got, err := RunFiles(x.pattern, x.collections, x.runs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s: %s", x.pattern, diff)
		}
	}
	for _, runs := range [][]string{{"x/y", "x-y"}, {"A", "a"}} {
		if _, err := RunFiles("out.trec", []string{"a"}, [][]string{runs}); err == nil {
			t.Errorf("%q go into one file without an error", runs)
		}
	}
}

func TestSampleKeepsTheOrder(t *testing.T) {
	var all []eval.Query
	for i := range 50 {
		all = append(all, eval.Query{ID: fmt.Sprintf("%02d", i)})
	}
	a, b, other := Sample(all, 10, 1), Sample(all, 10, 1), Sample(all, 10, 2)
	if diff := cmp.Diff(a, b); diff != "" || cmp.Equal(a, other) {
		t.Errorf("seeds 1, 1 and 2: %v, %v, %v", a, b, other)
	}
	for i := 1; i < len(a); i++ {
		if a[i-1].ID >= a[i].ID {
			t.Errorf("%v is out of order", a)
		}
	}
	if len(Sample(all, 0, 1)) != 50 || len(Sample(all, 99, 1)) != 50 {
		t.Error("0 and more than there are mean all")
	}
}

func TestQueryLines(t *testing.T) {
	c := runSmall(t, 0, "flat")
	var out bytes.Buffer
	if err := c.WriteQueries(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6*len(c.Runs) {
		t.Fatalf("%d lines", len(lines))
	}
	sum := map[string]float64{}
	for _, l := range lines {
		var x queryLine
		if err := json.Unmarshal([]byte(l), &x); err != nil {
			t.Fatal(err)
		}
		sum[x.Run] += x.Measures[c.Main]
		if x.Candidates == 0 || x.Latency["total"] <= 0 || x.Relevant == 0 {
			t.Errorf("line %s", l)
		}
	}
	for _, r := range c.Runs {
		if d := sum[r.Name]/6 - r.Measures[c.Main]; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: lines give %v, the result %v", r.Name, sum[r.Name]/6, r.Measures[c.Main])
		}
	}
}

func TestIndexIsKept(t *testing.T) {
	c, cache := smallCollection(), t.TempDir()
	x := Index{Models: model.Pair{Retriever: randomBi}, Cache: cache, Vectors: "hnsw8"}
	for i := range 2 {
		e, reused, err := Build(t.Context(), c, x)
		if err != nil {
			t.Fatal(err)
		}
		if reused != (i == 1) || e.Len() != len(c.Docs) {
			t.Errorf("call %d: reused %v, %d passages", i+1, reused, e.Len())
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c.Docs[0].Text += " more"
	other := x
	other.Vectors = "flat"
	for _, x := range []Index{x, other} {
		e, reused, err := Build(t.Context(), c, x)
		if err != nil || reused {
			t.Fatalf("another corpus or index was reused: %v, %v", reused, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if dirs, err := os.ReadDir(cache); err != nil || len(dirs) != 3 {
		t.Errorf("%d directories, %v", len(dirs), err)
	}
	if Digest(c.Docs[:2]) == Digest(c.Docs[:1]) {
		t.Error("two corpora have one digest")
	}
}

func TestVerdicts(t *testing.T) {
	n := 60
	results := func(values func(i int) float64, name string, depth int, system string) *Result {
		r := &Result{Name: name, Mode: "dense", Depth: depth, system: system, Values: map[eval.Measure][]float64{}, Measures: map[eval.Measure]float64{}, Latency: &Latencies{Rerank: Latency{Mean: 210}}}
		m := eval.Measure{Kind: eval.KindNDCG, Cut: 10}
		for i := range n {
			r.Values[m] = append(r.Values[m], values(i))
			r.Measures[m] += values(i) / float64(n)
		}
		return r
	}
	for want, change := range map[Outcome]func(i int) float64{
		Pays:     func(i int) float64 { return 0.02 + float64(i%3)*0.01 },
		Hurts:    func(i int) float64 { return -0.02 - float64(i%3)*0.01 },
		Unproven: func(i int) float64 { return 0.05 * float64(1-2*(i%2)) },
	} {
		base := func(i int) float64 { return 0.3 + float64(i%7)*0.05 }
		c := &Collection{Name: "c", Queries: n, Main: eval.Measure{Kind: eval.KindNDCG, Cut: 10}, Texts: map[string]string{}}
		for i := range n {
			c.QueryIDs = append(c.QueryIDs, fmt.Sprintf("q%02d", i))
		}
		c.Runs = []*Result{
			results(base, "dense", 0, "dense"),
			results(func(i int) float64 { return base(i) + change(i) }, "dense+x@20", 20, "dense+x"),
			results(func(i int) float64 { return base(i) - 0.2 }, "dense+x@50", 50, "dense+x"),
		}
		if err := c.compare(Plan{Seed: 1}); err != nil {
			t.Fatal(err)
		}
		if len(c.Verdicts) != 1 || c.Verdicts[0].Outcome != want || c.Verdicts[0].Run != "dense+x@20" {
			t.Fatalf("want %s, got %+v", want, c.Verdicts[0])
		}
		v := c.Verdicts[0]
		if worse := v.Versus.Holm[significance.Randomisation]; worse < v.Versus.Comparison.P[significance.Randomisation] {
			t.Errorf("%s: corrected p %v is below the plain one", want, worse)
		}
		text := v.Sentence()
		starts := map[Outcome]string{Pays: "Reranking the best 20 pays: nDCG@10 ", Hurts: "Reranking the best 20 hurts: ", Unproven: "Reranking the best 20 shows no proven gain: "}
		if !strings.HasPrefix(text, starts[want]) || !strings.HasSuffix(text, "it costs 210 ms a query.") {
			t.Errorf("%s: %s", want, text)
		}
		if !strings.Contains(text, " after Holm over the 2 depths of this system, the interval not corrected)") || v.TooFew {
			t.Errorf("%s: too few %v: %s", want, v.TooFew, text)
		}
		if want == Pays && (len(v.Gained) != 3 || len(v.Lost) != 0 || v.Gained[0].Query != "q02") {
			t.Errorf("gained %v, lost %v", v.Gained, v.Lost)
		}
	}
}

// Where no outcome could be significant nothing is said about reranking.
func TestTooFewQueries(t *testing.T) {
	for _, x := range []struct {
		differ, comparisons int
		want                bool
	}{{0, 1, false}, {5, 1, false}, {6, 1, true}, {6, 2, false}, {7, 3, true}, {7, 4, false}} {
		if got := provable(x.differ, x.comparisons); got != x.want {
			t.Errorf("%d queries, %d comparisons: %v", x.differ, x.comparisons, got)
		}
	}
	c := &Collection{Name: "c", Queries: 9, Main: eval.Measure{Kind: eval.KindMRR}, Texts: map[string]string{}}
	before, after := make([]float64, 9), make([]float64, 9)
	for i := range before {
		c.QueryIDs = append(c.QueryIDs, fmt.Sprintf("q%d", i))
		before[i], after[i] = 0.5, 0.5
	}
	for i := range 5 {
		after[i] = 1
	}
	c.Runs = []*Result{
		{Name: "dense", Mode: "dense", system: "dense", Measures: map[eval.Measure]float64{c.Main: 0.5}, Values: map[eval.Measure][]float64{c.Main: before}},
		{Name: "dense+x@5", Mode: "dense", system: "dense+x", Depth: 5, Latency: &Latencies{}, Measures: map[eval.Measure]float64{c.Main: 0.7}, Values: map[eval.Measure][]float64{c.Main: after}},
	}
	if err := c.compare(Plan{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	v := c.Verdicts[0]
	if text := v.Sentence(); !v.TooFew || v.Outcome != Unproven || !strings.HasPrefix(text, "Too few queries to tell whether reranking the best 5 pays: MRR 0.500 → ") || strings.Contains(text, "Holm") {
		t.Errorf("%+v: %s", v, text)
	}
}

// Of a run file that is reranked the time of retrieval is not known, and so is no total.
func TestLatenciesOfARunFile(t *testing.T) {
	costs := []Cost{{Rerank: time.Millisecond, Total: time.Millisecond}}
	text, err := json.Marshal(newLatencies(costs, true))
	if want := `{"rerank":{"mean":1,"p50":1,"p95":1,"p99":1}}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	if l := newLatencies(costs, false); l.Encode == nil || l.Retrieve == nil || l.Total == nil || l.Total.Mean != 1 {
		t.Errorf("of an index: %+v", l)
	}
}

// The digest of an index tells contents apart, not the order in which they were added.
func TestContents(t *testing.T) {
	digest := func(c *eval.Collection) string {
		e, m := build(t, c, Index{}), NewManifest("v", 1, 1)
		if err := m.Engine(e); err != nil {
			t.Fatal(err)
		}
		if err := m.Contents(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		return m.Index.SHA256
	}
	c := smallCollection()
	first := digest(c)
	slices.Reverse(c.Docs)
	if again := digest(c); again != first || len(first) != 64 {
		t.Errorf("in another order %s, not %s", again, first)
	}
	c.Docs[3].Text += " more"
	if other := digest(c); other == first {
		t.Error("another text has the same digest")
	}
}

// Everything that an index is made of is in the name of the directory that it is kept in.
func TestKeptIndexNames(t *testing.T) {
	c, seen := smallCollection(), map[string]bool{}
	for _, x := range []Index{{}, {Split: true}, {Vectors: "hnsw16"}, {Vectors: "hnsw16:64"}, {MaxTokens: 9}, {Precision: encoder.Int16}} {
		x.Vectors = gocmp.Or(x.Vectors, "flat")
		dir, err := x.directory(c)
		if err != nil || seen[dir] {
			t.Errorf("%+v: %s, %v", x, dir, err)
		}
		seen[dir] = true
	}
	same, err := (&Index{Vectors: "hnsw16:128"}).directory(c)
	if err != nil || !seen[same] {
		t.Errorf("hnsw16 and hnsw16:128 are one specification: %v", err)
	}
}

func TestLatency(t *testing.T) {
	var times []time.Duration
	for i := 100; i > 0; i-- {
		times = append(times, time.Duration(i)*time.Millisecond)
	}
	if got, want := newLatency(times), (Latency{Mean: 50.5, P50: 50, P95: 95, P99: 99}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := newLatency(nil); got != (Latency{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
