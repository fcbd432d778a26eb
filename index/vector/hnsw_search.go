// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/internal/bitset"
)

// graphStats is what a search did.
type graphStats struct {
	visited int  // nodes whose links were followed
	scored  int  // rows compared with the query
	exact   bool // all allowed rows were compared
}

// way is how the rows of a search are found.
type way int

const (
	wayCheapest way = iota // of the following
	wayAll                 // a walk for a search without a filter
	wayWide                // a walk over all rows that keeps the allowed ones
	wayShort               // a walk over allowed rows and the ways between them of two links
	wayExact               // no walk: all allowed rows are compared
)

// search returns the k nearest rows it finds, best first: exactly k, or all allowed rows if they are fewer. ef, raised to k,
// is how many nodes a walk keeps: more find better rows and take longer. Only rows in allowed come back; nil allows all. Few
// allowed rows are all compared, since that is cheaper than a walk. The hits are all that is allocated.
func (g *graph) search(ctx context.Context, sc Scorer, k, ef int, allowed *bitset.Set) ([]Hit, graphStats, error) {
	return g.searchBy(ctx, wayCheapest, sc, k, ef, allowed)
}

// searchBy is search in a given way. Without a filter there is one only.
func (g *graph) searchBy(ctx context.Context, by way, sc Scorer, k, ef int, allowed *bitset.Set) ([]Hit, graphStats, error) {
	if k <= 0 || g.n == 0 {
		return nil, graphStats{}, nil
	}
	count := g.n
	if allowed != nil {
		if allowed.Len() != g.n {
			return nil, graphStats{}, fmt.Errorf("hnsw: search: a set over %d rows for a graph of %d", allowed.Len(), g.n)
		}
		count = allowed.Count()
	}
	w := g.newWalker()
	defer g.pool.Put(w)
	limit := min(max(ef, k), g.n)
	switch {
	case count == g.n:
		by = wayAll
	case by == wayCheapest:
		by = g.cheapest(count, limit)
	}
	err := g.collect(ctx, w, by, sc, limit, allowed)
	if err == nil && by != wayExact && len(w.beam.keys) < min(k, count) {
		by = wayExact
		err = g.collect(ctx, w, by, sc, limit, allowed)
	}
	stats := graphStats{w.visited, w.scored, by == wayExact}
	if err != nil {
		return nil, stats, fmt.Errorf("hnsw: search: %w", err)
	}
	hits := make([]Hit, min(k, len(w.beam.keys)))
	for i := range hits {
		hits[i] = Hit{Row: int(keyNode(w.beam.keys[i])), Score: keyScore(w.beam.keys[i])}
	}
	return hits, stats, nil
}

// cheapest finds the cheapest way to count allowed rows. Measured with 300,000 rows of 384 components in int8: a wide walk that
// keeps limit rows costs what comparing wideCost·limit of them costs, more as fewer are allowed; a short one shortCost·limit,
// whatever is allowed, but it finds less when that is under one in shortPart.
func (g *graph) cheapest(count, limit int) way {
	const (
		wideCost  = 37
		shortCost = 300
		shortPart = 20
	)
	by, cost := wayExact, count
	if count > 0 {
		if c := int(wideCost * float64(limit) * float64(g.n) / float64(count)); c < cost {
			by, cost = wayWide, c
		}
	}
	if count >= g.n/shortPart && shortCost*limit < cost {
		by = wayShort
	}
	return by
}

// collect fills the beam with the best rows it finds.
func (g *graph) collect(ctx context.Context, w *walker, by way, sc Scorer, limit int, allowed *bitset.Set) error {
	if by == wayExact {
		return g.scan(ctx, w, sc, limit, allowed)
	}
	if err := g.enter(ctx, w, sc, limit); err != nil {
		return err
	}
	if by != wayAll {
		return g.walkFiltered(ctx, w, by, sc, keyNode(w.beam.keys[0]), limit, allowed)
	}
	return g.walk(ctx, w, sc, 0)
}

// entryPart is the part of a walk's width that the walks through the upper layers have. The paper's go from one node to one.
// In a million rows of a mixture of clusters that led 25 of 1,000 searches of width 96 into a wrong cluster, which they did not
// leave; with 16 nodes it was one, for a fifth more rows compared. Searches of 100,000 rows cost and find the same at an
// equal recall, so the part is no larger.
const entryPart = 6

// enter walks through the upper layers, from the nodes found in one to the next, and fills the beam with where to begin in
// layer 0.
func (g *graph) enter(ctx context.Context, w *walker, sc Scorer, limit int) error {
	top := len(g.layers) - 1
	if top == 0 {
		row, err := g.row(1, 0)
		if err != nil {
			return err
		}
		return g.begin(w, sc, 0, row, limit)
	}
	if err := g.begin(w, sc, top, 0, max(1, limit/entryPart)); err != nil {
		return err
	}
	for level := top; ; level-- {
		if err := g.walk(ctx, w, sc, level); err != nil {
			return err
		}
		w.forget()
		if level == 1 {
			break
		}
		w.beam.cursor = 0
		for i, key := range w.beam.keys {
			w.beam.keys[i] = key | 1 // to be visited in the next layer, too
			w.see(keyNode(key))
		}
	}
	w.entries = append(w.entries[:0], w.beam.keys...)
	w.beam.reset(limit)
	for _, key := range w.entries {
		row, err := g.row(1, keyNode(key))
		if err != nil {
			return err
		}
		if w.seen[row>>6]>>(row&63)&1 == 0 { // bytes may name a row twice
			w.see(row)
			w.beam.add(beamKey(keyScore(key), row))
		}
	}
	return nil
}
