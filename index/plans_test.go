// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/vector"
)

// TestPlans searches one segment in every way but the one after a walk that found too few ([TestPlanExhausted]), named as --explain names it: with k passages that are neither deleted nor
// filtered out there are k hits, each of them allowed, and the right ones but for what a graph or lists miss.
func TestPlans(t *testing.T) {
	const rows, deleted = 3000, 300
	for _, c := range []struct {
		plan, vectors string
		only          string // the filter; a document's number is its seed
		k             int
		params        vector.Params
		keep          bool    // nothing is deleted
		recall        float64 // at least
	}{
		{plan: "none", vectors: "hnsw8", only: "seed >= 100000", k: 10},
		{plan: "exact", vectors: "flat", k: 10, recall: 1},
		{plan: "exact", vectors: "hnsw8", only: "seed < 400", k: 10, recall: 1},
		{plan: "exact", vectors: "hnsw8", only: "seed < 20", k: 100, recall: 1}, // fewer than k
		{plan: "exact", vectors: "hnsw8", only: "seed < 2000", k: 10, params: vector.Params{Exact: true}, recall: 1},
		{plan: "index", vectors: "hnsw8", k: 10, keep: true, recall: 0.9},
		{plan: "filtered", vectors: "hnsw8", only: "seed >= 1600", k: 10, recall: 0.9},
		{plan: "filtered", vectors: "ivf16", only: "seed >= 1600", k: 10, params: vector.Params{Probes: 8}, recall: 0.6},
		{plan: "post", vectors: "hnsw8", k: 10, recall: 0.9}, // of what is deleted alone
		{plan: "post", vectors: "hnsw8", only: "seed >= 1200", k: 10, recall: 0.9},
	} {
		name := fmt.Sprintf("%s of %s, %q, %d", c.plan, c.vectors, c.only, c.k)
		db, err := Create(filepath.Join(fastDir(t), "db"), kindSettings(c.vectors), Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		var add Change
		for i := range rows {
			add.Add = append(add.Add, entry(fmt.Sprintf("doc%04d", i), 1, uint64(i)))
		}
		mustApply(t, db, add)
		gone := map[string]bool{}
		if !c.keep {
			var drop Change
			for i := range deleted { // spread over all
				id := fmt.Sprintf("doc%04d", i*rows/deleted)
				drop.Delete = append(drop.Delete, id)
				gone[id] = true
			}
			mustApply(t, db, drop)
		}
		s := mustSnapshot(t, db)
		var only *Selection
		there := rows - len(gone)
		if c.only != "" {
			if only, err = s.Filter(t.Context(), parseFilter(t, c.only)); err != nil {
				t.Fatal(err)
			}
			there = only.Count
		}
		found, met := 0, 0
		for axis := range testDim {
			q := make([]float32, testDim)
			q[axis], q[(axis+3)%testDim] = 1, 0.5
			hits, plans, err := s.Dense(t.Context(), q, c.k, DenseParams{Params: c.params, Only: only})
			if err != nil || len(plans) != 1 || string(plans[0].Plan) != c.plan || plans[0].Allowed != there || plans[0].Rows != rows {
				t.Fatalf("%s: %+v, %v", name, plans, err)
			}
			if len(hits) != min(c.k, there) {
				t.Errorf("%s: %d hits of %d passages", name, len(hits), there)
			}
			exact := c.params
			exact.Exact = true
			right, _, err := s.Dense(t.Context(), q, c.k, DenseParams{Params: exact, Only: only})
			if err != nil {
				t.Fatal(err)
			}
			best := map[Ref]bool{}
			for _, h := range right {
				best[h.Ref] = true
			}
			refs, seen := make([]Ref, len(hits)), map[Ref]bool{}
			for i, h := range hits {
				if refs[i] = h.Ref; seen[h.Ref] || only != nil && !only.rows[0].Contains(h.Ref.row) || i > 0 && h.Score > hits[i-1].Score {
					t.Errorf("%s: hit %d, %+v, is twice there, filtered out, or out of order", name, i, h)
				}
				seen[h.Ref] = true
				if met++; best[h.Ref] {
					found++
				}
			}
			passages, err := s.Passages(t.Context(), refs)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range passages {
				if gone[p.Document.ID] {
					t.Errorf("%s: %q was deleted", name, p.Document.ID)
				}
			}
		}
		if recall := float64(found) / float64(max(met, 1)); recall < c.recall {
			t.Errorf("%s: recall %.3f, want %v", name, recall, c.recall)
		}
		t.Cleanup(func() { _ = db.Close() })
	}
}

// TestPlanExhausted: where a filter drops all that is near, a walk is given up when comparing the rest takes less.
func TestPlanExhausted(t *testing.T) {
	const near, far = 1400, 1800
	db, err := Create(filepath.Join(fastDir(t), "db"), kindSettings("hnsw8"), Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	var add Change
	for i := range near + far {
		e := entry(fmt.Sprintf("doc%04d", i), 1, uint64(i))
		if e.Document.Meta = map[string]any{"near": i < near}; i < near {
			e.Vectors[0] += 10
		}
		add.Add = append(add.Add, e)
	}
	mustApply(t, db, add)
	s := mustSnapshot(t, db)
	only, err := s.Filter(t.Context(), parseFilter(t, "near = false"))
	if err != nil {
		t.Fatal(err)
	}
	q := make([]float32, testDim)
	q[0] = 1
	hits, plans, err := s.Dense(t.Context(), q, 10, DenseParams{Only: only})
	if err != nil || plans[0].Plan != PlanExhausted || plans[0].Scored < far {
		t.Fatalf("%+v, %v", plans, err)
	}
	right, _, err := s.Dense(t.Context(), q, 10, DenseParams{Params: vector.Params{Exact: true}, Only: only})
	if err != nil || !slices.Equal(hits, right) {
		t.Errorf("%v, want %v, %v", hits, right, err)
	}
	t.Cleanup(func() { _ = db.Close() })
}

// TestADeletionLeavesTheWalkAsWide: with one passage deleted, a graph is searched as widely as before.
func TestADeletionLeavesTheWalkAsWide(t *testing.T) {
	db, err := Create(filepath.Join(fastDir(t), "db"), kindSettings("hnsw8,int8"), Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	var add Change
	for i := range 5000 {
		add.Add = append(add.Add, entry(fmt.Sprintf("doc%04d", i), 1, uint64(i)))
	}
	mustApply(t, db, add)
	scored := func(want Plan) (n int) {
		s := mustSnapshot(t, db)
		for axis := range testDim {
			q := make([]float32, testDim)
			q[axis], q[(axis+3)%testDim] = 1, 0.5
			_, plans, err := s.Dense(t.Context(), q, 10, DenseParams{})
			if err != nil || plans[0].Plan != want {
				t.Fatalf("%+v, %v", plans, err)
			}
			n += plans[0].Scored
		}
		return n
	}
	before := scored(PlanIndex)
	mustApply(t, db, Change{Delete: []string{"doc0007"}})
	if after := scored(PlanPost); after < before {
		t.Errorf("%d vectors compared before a deletion, %d after it", before, after)
	}
	t.Cleanup(func() { _ = db.Close() })
}

func parseFilter(t *testing.T, text string) *filter.Expr {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
