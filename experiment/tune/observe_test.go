// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
)

// watched notes what a world is asked.
type watched struct {
	*world
	texts    []string
	searches []winnow.Settings
}

func (w *watched) Score(ctx context.Context, query string, texts []string) (Read, error) {
	w.texts = append(w.texts, texts...)
	return w.world.Score(ctx, query, texts)
}

func (w *watched) Find(ctx context.Context, query string, s winnow.Settings) (Found, error) {
	w.searches = append(w.searches, s)
	return w.world.Find(ctx, query, s)
}

// At every precision the reranker reads the texts, also of passages that are known from the one before.
func TestEveryPrecisionReadsTexts(t *testing.T) {
	w := &world{queries: 6, dense: within(1, 40), lexical: within(1, 40), logit: oracle, each: time.Microsecond}
	space := smallSpace()
	space.Precisions = []encoder.Precision{encoder.FP32, encoder.Int8}
	o, err := NewObservations(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range space.Precisions {
		s := &watched{world: w}
		if err := o.Observe(t.Context(), w.subject(), p, s, []Scorer{s}, nil); err != nil {
			t.Fatal(err)
		}
		if len(s.texts) == 0 {
			t.Errorf("%s: nothing was read", p)
		}
		for _, text := range s.texts {
			if text == "" {
				t.Fatalf("%s: an empty text was read", p)
			}
		}
	}
	for _, q := range o.queries {
		one, two := q.readings[readingKey{encoder.FP32, 0}], q.readings[readingKey{encoder.Int8, 0}]
		for id, l := range one.seen {
			if two.seen[id] != l {
				t.Errorf("query %s, %s: %v and %v", q.id, id, l, two.seen[id])
			}
		}
		if _, err := o.read(t.Context(), q, q.id, w, []string{"yes"}, nil); err == nil || !strings.Contains(err.Error(), `passage "yes" has no text`) {
			t.Errorf("error %v of a text that was dropped", err)
		}
	}
}

// The document that is the query goes after fusion, and another takes its place.
func TestExcludedAfterFusion(t *testing.T) {
	w := &world{queries: 5, dense: within(1, 3), lexical: within(2, 5), logit: oracle, each: time.Microsecond}
	space := smallSpace()
	space.Candidates, space.Depths = []int{20}, []int{5}
	full, err := NewObservations(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	without, err := NewObservations(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	s := w.subject()
	s.Queries, s.Qrels = s.Queries[:1], map[string]eval.Judgments{"dense04": {"yes": 1}}
	s.Queries[0].ID = "dense04"
	asked := &watched{world: w}
	if err := full.Observe(t.Context(), s, encoder.FP32, w, []Scorer{w}, nil); err != nil {
		t.Fatal(err)
	}
	s.ExcludeSameID = true
	if err := without.Observe(t.Context(), s, encoder.FP32, asked, []Scorer{asked}, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range full.space.firsts(coarseWeights) {
		all, err := full.queries[0].order(f)
		if err != nil {
			t.Fatal(err)
		}
		left, err := without.queries[0].order(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != f.candidates {
			t.Errorf("%+v: %d candidates", f, len(left))
		}
		at := 0
		for _, item := range all {
			if item.ID == "dense04" {
				continue
			}
			if left[at] != item { // with the score that it has beside the excluded one
				t.Fatalf("%+v: at %d %v, without exclusion %v", f, at, left[at], item)
			}
			at++
		}
	}
	for _, text := range asked.texts {
		if text == "dense04" {
			t.Error("the excluded document was read")
		}
	}
}

func TestParametersOfBM25HoldForAll(t *testing.T) {
	w := &world{queries: 4, dense: within(1, 3), lexical: within(1, 3), logit: oracle, each: time.Microsecond}
	space := smallSpace()
	b := 0.25
	space.K1, space.B = 1.7, &b
	o, err := NewObservations(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	s := &watched{world: w}
	if err := o.Observe(t.Context(), w.subject(), encoder.FP32, s, []Scorer{s}, nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range s.searches {
		if x.K1 != 1.7 || x.B == nil || *x.B != 0.25 {
			t.Fatalf("%+v", x)
		}
	}
	out := o.mustTune(t, Plan{Measure: measure(t, "MRR@10"), Budget: time.Second})
	for _, p := range append(out.All, out.Winner, out.Best, out.Fastest, out.Reranks.With) {
		if p.K1 != 1.7 || p.B == nil || *p.B != 0.25 {
			t.Fatalf("%+v", p.Settings)
		}
	}
}
