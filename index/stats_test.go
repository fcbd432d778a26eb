// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"testing"
)

// TestRecallOfExactSearch is 1 to the last bit, however many passages share a score.
func TestRecallOfExactSearch(t *testing.T) {
	db := mustOpenKind(t, true)
	var add []Entry
	for i := range 49 {
		e := entry(fmt.Sprintf("d%d", i), 1, 1)
		if i%2 == 0 { // half of them alike
			e.Vectors = entry("same", 1, 1).Vectors
		}
		add = append(add, e)
	}
	mustApply(t, db, Change{Add: add})
	s := mustSnapshot(t, db)
	for _, k := range []int{1, 7, 48, 100} {
		r, err := s.MeasureRecall(t.Context(), 49, k, 1)
		if err != nil || r == nil || r.Recall != 1 || r.Worst != 1 || r.Queries != 49 {
			t.Errorf("k %d: %+v, %v", k, r, err)
		}
	}
	if err := s.Refs(func(r Ref) error {
		for _, exact := range []bool{true, false} {
			hits, err := s.others(t.Context(), r, 10, exact)
			if err != nil {
				return err
			}
			if len(hits) != 10 {
				t.Errorf("%d hits", len(hits))
			}
			for _, h := range hits {
				if h.Ref == r {
					t.Errorf("%v finds itself", r)
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOverlap(t *testing.T) {
	hits := func(scores ...float32) (list []Hit) {
		for i, s := range scores {
			list = append(list, Hit{Ref{0, i}, s})
		}
		return list
	}
	exact := hits(3, 2, 1)
	for _, c := range []struct {
		found []Hit
		want  float64
	}{
		{exact, 1},
		{nil, 0},
		{[]Hit{{Ref{0, 0}, 3}, {Ref{0, 9}, 1}}, 2.0 / 3},                  // as good as the last
		{[]Hit{{Ref{0, 0}, 3}, {Ref{0, 9}, 0.5}}, 1.0 / 3},                // worse
		{[]Hit{{Ref{0, 2}, 0.999}}, 1.0 / 3},                              // the same passage, its score rounded otherwise
		{hits(3, 2, 1, 1, 1), 1},                                          // no more than all
		{[]Hit{{Ref{1, 0}, 1}, {Ref{1, 1}, 1}, {Ref{1, 2}, 1}}, 1},        // ties alone
		{[]Hit{{Ref{1, 0}, 0}, {Ref{1, 1}, 0.5}, {Ref{1, 2}, 0.9999}}, 0}, // none
	} {
		if got := overlap(c.found, exact); got != c.want {
			t.Errorf("%v: %v, want %v", c.found, got, c.want)
		}
	}
}

func TestRecallOfLittle(t *testing.T) {
	db := mustOpenKind(t, true)
	for n := range 3 {
		r, err := mustSnapshot(t, db).MeasureRecall(t.Context(), 10, 10, 1)
		if err != nil || (r == nil) != (n < 2) {
			t.Errorf("%d passages: %+v, %v", n, r, err)
		}
		mustApply(t, db, Change{Add: []Entry{entry(fmt.Sprint(n), 1, 1)}})
	}
}
