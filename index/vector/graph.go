// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

// buildGraph links the rows. The neighbours that PQ and binary see are too rough to link by: they walk a graph that was
// made from 8-bit integers.
func (x *Index) buildGraph(ctx context.Context, o BuildOptions) (err error) {
	st := x.coarse
	if x.spec.Encoding == PQ || x.spec.Encoding == Binary {
		e, err := encodeRows(ctx, x.source, x.dim, x.metric, Spec{Encoding: Int8}, func(i int) int { return i }, o)
		if err != nil {
			return err
		}
		st = e.storage
	}
	x.graph, err = buildGraph(ctx, st, x.spec.M, x.spec.EfConstruction, o.Threads, o.Seed, o.Progress)
	return err
}

func (x *Index) openGraph(r segment.SectionReader) (err error) {
	x.graph, err = openGraph(r, x.n)
	return err
}

// walk finds the k best rows by a walk through the graph.
func (x *Index) walk(ctx context.Context, q []float32, k, ef int, p Params) ([]Hit, Stats, error) {
	hits, stats, err := x.graph.search(ctx, x.coarse.Query(q), k, ef, p.Allowed)
	if err != nil {
		return nil, Stats{}, fmt.Errorf("vector search: %w", err)
	}
	return hits, Stats{Plan: fmt.Sprintf("graph walk, ef %d", ef), Scored: stats.scored, Visited: stats.visited}, nil
}
