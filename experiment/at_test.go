// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
)

// The order that At computes from one deep reading is the one that a search with a cascade to that depth gives.
func TestAtIsWhatASearchGives(t *testing.T) {
	c := smallCollection()
	c.Queries = c.Queries[:3]
	cross, other := openCross(t, randomCross), openCross(t, otherCross)
	const candidates = 25
	for _, vectors := range []string{"flat", "hnsw8", "ivf4,int8"} {
		e := build(t, c, Index{Vectors: vectors})
		for _, mode := range winnow.Modes() {
			for _, x := range []struct {
				name   string
				stages []Stage
				want   func(depth int) []winnow.Stage
			}{
				{"auto", []Stage{{Reranker: cross, Fuse: true}}, func(d int) []winnow.Stage { return []winnow.Stage{{Model: winnow.Auto, Depth: d}} }},
				{"named", []Stage{{Reranker: cross}}, func(d int) []winnow.Stage { return []winnow.Stage{{Model: randomCross, Depth: d}} }},
				{"cascade", []Stage{{Reranker: other}, {Reranker: cross, Depth: 5}}, func(d int) []winnow.Stage {
					return []winnow.Stage{{Model: otherCross, Depth: d}, {Model: randomCross, Depth: min(d, 5)}}
				}},
				{"fused last", []Stage{{Reranker: other}, {Reranker: cross, Depth: 7, Fuse: true}}, func(d int) []winnow.Stage {
					return []winnow.Stage{{Model: otherCross, Depth: d}, {Model: winnow.Auto, Depth: min(d, 7)}}
				}},
			} {
				if vectors != "flat" && len(x.stages) > 1 { // what finds candidates makes no difference to later stages
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", vectors, mode, x.name), func(t *testing.T) {
					depths := []int{1, 5, 11, 25}
					seen, err := Observe(t.Context(), System{Retriever: retriever(t, e, mode), Stages: x.stages}, c.Queries, ObserveOptions{Candidates: candidates, Depths: depths})
					if err != nil {
						t.Fatal(err)
					}
					for _, depth := range append([]int{0}, depths...) {
						var stages []winnow.Stage
						if depth > 0 {
							stages = x.want(depth)
						}
						for i, q := range c.Queries {
							res, err := e.Search(t.Context(), q.Text, winnow.In(mode), winnow.Candidates(candidates), winnow.TopK(candidates), winnow.Cascade(stages...))
							if err != nil {
								t.Fatal(err)
							}
							list, cost, err := seen[i].At(depth, x.stages[0].Fuse)
							if err != nil {
								t.Fatal(err)
							}
							if diff := cmp.Diff(res.Order(), ids(list)); diff != "" {
								t.Fatalf("depth %d, query %s: search, At:\n%s", depth, q.ID, diff)
							}
							read := 0
							for _, r := range res.Reading {
								read += r.Read
							}
							if cost.Scored != read {
								t.Fatalf("depth %d: %d documents scored, a search reads %d", depth, cost.Scored, read)
							}
						}
					}
				})
			}
		}
	}
}

func ids(list []eval.Scored) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ID
	}
	return out
}

// Reading one document alone moves nothing.
func TestDepthOneKeepsTheOrder(t *testing.T) {
	o := &Observed{Candidates: []Candidate{{ID: "a", Score: 3}, {ID: "b", Score: 2}, {ID: "c", Score: 1}}, Logits: []float32{-9}, Steps: []Step{{Depth: 1}}}
	for _, fuse := range []bool{false, true} {
		list, _, err := o.At(1, fuse)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(list); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("fuse %v: order %v", fuse, got)
		}
		if list[0].Score <= list[1].Score || list[1].Score <= list[2].Score {
			t.Errorf("fuse %v: scores %v do not fall", fuse, list)
		}
	}
}

// Whatever the scores, a list sorted by them is the list, but for ties; and ties are those there were.
func TestScoresFallFromReadToUnread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		o := &Observed{Query: "q"}
		scores := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float32 {
			if rapid.Bool().Draw(t, "coarse") {
				return float32(rapid.IntRange(-2, 2).Draw(t, "whole"))
			}
			return rapid.Float32Range(-math.MaxFloat32/2, math.MaxFloat32/2).Draw(t, "score")
		}), 2*n, 2*n).Draw(t, "scores")
		slices.SortFunc(scores[:n], func(a, b float32) int { return int(math.Copysign(1, float64(b-a))) * btoi(a != b) })
		for i := range n {
			o.Candidates = append(o.Candidates, Candidate{ID: fmt.Sprintf("d%02d", i), Score: scores[i]})
		}
		read := rapid.IntRange(0, n).Draw(t, "read")
		o.Logits = scores[n : n+read]
		depth := rapid.IntRange(0, read).Draw(t, "depth")
		if read > 0 {
			o.Steps = []Step{{Depth: read}}
		}
		list, cost, err := o.At(depth, false)
		if err != nil {
			t.Fatal(err)
		}
		if cost.Scored != depth || len(list) != n {
			t.Fatalf("depth %d: %d scored, %d of %d documents", depth, cost.Scored, len(list), n)
		}
		for i := 1; i < n; i++ {
			a, b := list[i-1], list[i]
			if a.Score < b.Score {
				t.Fatalf("%v comes before %v", a, b)
			}
			if i == depth && a.Score == b.Score {
				t.Fatalf("%v was read and %v not, but they are tied", a, b)
			}
			if i > depth && (a.Score == b.Score) != (o.Candidates[i-1].Score == o.Candidates[i].Score) {
				t.Fatalf("ties of what was not read changed at %v, %v", a, b)
			}
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestCostsBetweenDepths(t *testing.T) {
	o := &Observed{
		Candidates: make([]Candidate, 20), Logits: make([]float32, 20), Encode: 1, Retrieve: 2,
		Steps: []Step{{Depth: 10, Elapsed: 100, Tokens: 1000}, {Depth: 30, Elapsed: 300, Tokens: 2000}}, // of which 20 were there
	}
	for i := range o.Candidates {
		o.Candidates[i] = Candidate{ID: fmt.Sprint(i), Score: -float32(i)}
	}
	for _, x := range []struct {
		depth, scored, tokens int
		rerank                time.Duration
	}{{0, 0, 0, 0}, {5, 5, 500, 50}, {10, 10, 1000, 100}, {15, 15, 1500, 200}, {25, 20, 2000, 300}, {30, 20, 2000, 300}} {
		_, c, err := o.At(x.depth, false)
		if err != nil {
			t.Fatal(err)
		}
		if c.Scored != x.scored || c.Tokens != x.tokens || c.Rerank != x.rerank || c.Total != x.rerank+3 {
			t.Errorf("depth %d: %+v", x.depth, c)
		}
	}
	for _, depth := range []int{-1, 31} {
		if _, _, err := o.At(depth, false); err == nil {
			t.Errorf("depth %d: no error", depth)
		}
	}
	o.Steps[0].Later = []Reading{{Logits: []float32{1}}}
	for _, x := range []struct {
		depth int
		fuse  bool
	}{{5, false}, {10, true}} {
		if _, _, err := o.At(x.depth, x.fuse); err == nil {
			t.Errorf("%+v: later stages have not read this order", x)
		}
	}
}

// What was seen before an error is not thrown away.
func TestObserveReturnsWhatItHas(t *testing.T) {
	list := listRetriever{{ID: "a", Text: "1", Score: 2}, {ID: "b", Text: "3", Score: 1}}
	queries := []eval.Query{{ID: "1", Text: "x"}, {ID: "2", Text: "y"}, {ID: "3", Text: "z"}}
	s := System{Retriever: list, Stages: []Stage{{Reranker: &textScore{fail: 4}}}} // warm-up, 1, 2, 3
	var reported []int
	seen, err := Observe(t.Context(), s, queries, ObserveOptions{Progress: func(done, total int) { reported = append(reported, done, total) }})
	if !errors.Is(err, errBroken) || len(seen) != 2 {
		t.Fatalf("%d queries, %v", len(seen), err)
	}
	if !slices.Equal(reported, []int{0, 3, 1, 3, 2, 3}) {
		t.Errorf("reported %v", reported)
	}
	if got := seen[1].Candidates[0].Text; got != "" {
		t.Errorf("text %q was kept unasked", got)
	}
	s.Stages[0].Reranker = &textScore{}
	if seen, err = Observe(t.Context(), s, queries, ObserveOptions{KeepTexts: true}); err != nil || seen[0].Candidates[1].Text != "3" {
		t.Errorf("%v, %v", seen, err)
	}
	for _, o := range []ObserveOptions{{Candidates: -1}, {Depths: []int{-2}}, {Depths: []int{500}}} {
		if _, err := Observe(t.Context(), s, queries, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
