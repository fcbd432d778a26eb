// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/winnow-search/winnow/internal/bitset"
)

// Index finds the nearest of n vectors that do not change, by the structure and in the encoding that its Spec says. It is
// made by [Build] or [Open]. Searching is safe from many goroutines at once.
//
// Final scores are computed from the finest vectors that the index has, so they compare with those of other indexes whatever
// their structure and encoding.
type Index struct {
	spec   Spec
	metric Metric
	dim, n int

	fine   Storage // what final scores are computed from, by row
	coarse Storage // what is searched: fine itself if there is only one; by place if there are lists
	source Source  // the finest vectors
	stride int     // bytes of a coarse row

	graph *graph // of HNSW
	lists *lists // of IVF
	parts parts  // for Write
}

// Params are the settings of a search. The zero value gives the defaults, which are meant for a recall@10 of 0.98 and more.
type Params struct {
	Ef         int         // HNSW: candidates kept during the walk, no fewer than are rescored; 0: 96, or 4k if that is more
	Probes     int         // IVF: lists that are visited; 0: eight times the root of their number
	Oversample int         // candidates of a coarse encoding for each of k hits, or of 10 if k is less; 0: by the encoding
	Allowed    *bitset.Set // the rows that may be found, of length Len; nil: all
	Exact      bool        // score every allowed row by the finest vectors
	Threads    int         // goroutines; 0: GOMAXPROCS. Results do not depend on it
}

// Stats tells what a search did.
type Stats struct {
	Plan    string // in words: "exact scan", "scan of int8, 20 rescored", "graph walk, ef 96", …
	Scored  int    // scores computed, of centroids and of rescored rows too
	Visited int    // HNSW: nodes; IVF: lists
}

// Sizes is the bytes that an index takes on disk, which is what it takes in memory when all is in use.
type Sizes struct {
	Fine   int64 // the finer vectors, read for rescoring
	Coarse int64 // what is searched; the only vectors if Fine is 0
	Graph  int64
	Lists  int64
}

// Total is the sum.
func (s Sizes) Total() int64 { return s.Fine + s.Coarse + s.Graph + s.Lists }

// Defaults of Params. That of ef was measured on embeddings of text: see docs/benchmarks. Those of lists are a rule of thumb.
const (
	defaultEf     = 96
	probesRoot    = 8  // times the root of the number of lists
	leastOversize = 10 // hits that Oversample multiplies at least
)

// oversample is the default number of candidates a hit.
func oversample(e Encoding) int {
	switch e {
	case Float16, Int8:
		return 2
	case PQ:
		return 12
	case Binary:
		return 40
	}
	return 1
}

// Len is the number of vectors.
func (x *Index) Len() int { return x.n }

// Dim is the number of components of each vector.
func (x *Index) Dim() int { return x.dim }

// Metric is the metric the index was made with.
func (x *Index) Metric() Metric { return x.metric }

// Spec says what was built: auto and all numbers left open are replaced by what was chosen.
func (x *Index) Spec() Spec { return x.spec }

// Source gives the finest vectors there are, as the index has them (normalised under Cosine). A row whose bytes are damaged
// is nil; [Build] refuses it.
func (x *Index) Source() Source { return x.source }

// Search returns the k nearest vectors to a query of Dim floats among those allowed, best first: all of them when there are
// fewer than k. Equal scores come in the order of rows. Without Exact it may miss some in favour of others that are nearly as
// near, but never returns fewer than there are. Errors: k below 1; a query of another dimension or with NaN or infinities;
// Allowed of another length; damaged bytes (*segment.CorruptionError); the context's.
func (x *Index) Search(ctx context.Context, query []float32, k int, p Params) ([]Hit, Stats, error) {
	if len(query) != x.dim {
		return nil, Stats{}, fmt.Errorf("vector index: query of dimension %d, but the vectors have %d: use the model the index was made with", len(query), x.dim)
	}
	if err := x.checkSearch(query, k, p); err != nil {
		return nil, Stats{}, err
	}
	query = prepare(query, x.dim, x.metric)
	return x.search(ctx, query, min(k, x.n), p)
}

// SearchBatch is Search for n queries in n×Dim floats, spread over threads. Each gets the same hits as alone, to the bit.
func (x *Index) SearchBatch(ctx context.Context, queries []float32, k int, p Params) ([][]Hit, error) {
	if len(queries)%x.dim != 0 {
		return nil, fmt.Errorf("vector index: %d floats are not a whole number of queries of dimension %d", len(queries), x.dim)
	}
	if err := x.checkSearch(queries, k, p); err != nil {
		return nil, err
	}
	queries, k = prepare(queries, x.dim, x.metric), min(k, x.n)
	if x.scansFine(p) {
		hits, _, err := x.fineScan(p).run(ctx, queries, k)
		return hits, err
	}
	results, threads := make([][]Hit, len(queries)/x.dim), p.Threads
	if x.spec.Kind == KindFlat && k > 0 { // blocks of rows pass by all queries
		s := scan{storage: x.coarse, stride: x.stride, allowed: p.Allowed, threads: threads}
		candidates, _, err := s.run(ctx, queries, x.wanted(k, p))
		if err != nil {
			return nil, err
		}
		results = candidates
	}
	p.Threads = 1
	err := parallel(ctx, len(results), 1, threads, func() func(from, to int) error {
		return func(i, _ int) (err error) {
			q := queries[i*x.dim : (i+1)*x.dim]
			if results[i] != nil {
				results[i], err = x.rescore(q, results[i], k)
			} else {
				results[i], _, err = x.search(ctx, q, k, p)
			}
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

var errAllowed = errors.New("set of allowed rows has another length")

func (x *Index) checkSearch(queries []float32, k int, p Params) error {
	if k < 1 {
		return fmt.Errorf("vector index: k of %d: ask for one result at least", k)
	}
	if p.Allowed != nil && p.Allowed.Len() != x.n {
		return fmt.Errorf("vector index: %w: %d, not %d", errAllowed, p.Allowed.Len(), x.n)
	}
	return checkFinite("vector index: query", queries, x.dim)
}

// scansFine reports whether a search is a scan of the finest vectors.
func (x *Index) scansFine(p Params) bool {
	if x.lists != nil && x.spec.Fine == None {
		return false // rows lie list after list: an exact search visits all lists
	}
	return p.Exact || x.spec.Kind == KindFlat && x.spec.Fine == None
}

func (x *Index) fineScan(p Params) *scan {
	return &scan{storage: x.fine, stride: x.fineStride(), allowed: p.Allowed, threads: p.Threads}
}

func (x *Index) fineStride() int { return rowStride(x.fineEncoding(), x.dim, 0) }

// fineEncoding is the encoding of the finest vectors.
func (x *Index) fineEncoding() Encoding {
	if x.spec.Fine != None {
		return x.spec.Fine
	}
	return x.spec.Encoding
}

// search finds the hits of one prepared query; k is at most n.
func (x *Index) search(ctx context.Context, q []float32, k int, p Params) ([]Hit, Stats, error) {
	if k == 0 {
		return nil, Stats{Plan: "no vectors"}, ctx.Err()
	}
	if x.scansFine(p) {
		hits, scored, err := x.fineScan(p).run(ctx, q, k)
		if err != nil {
			return nil, Stats{}, err
		}
		return hits[0], Stats{Plan: "exact scan", Scored: scored}, nil
	}
	if p.Ef <= 0 {
		p.Ef = max(defaultEf, 4*k)
	}
	hits, stats, err := x.candidates(ctx, q, x.wanted(k, p), p)
	if err != nil || x.spec.Fine == None {
		return hits[:min(k, len(hits))], stats, err
	}
	stats.Plan += fmt.Sprintf(", %d rescored by %s", len(hits), x.spec.Fine)
	stats.Scored += len(hits)
	hits, err = x.rescore(q, hits, k)
	return hits, stats, err
}

// wanted is the number of candidates for k hits.
func (x *Index) wanted(k int, p Params) int {
	if x.spec.Fine == None {
		return k
	}
	factor := p.Oversample
	if factor <= 0 {
		factor = oversample(x.spec.Encoding)
	}
	most := max(k, leastOversize)
	if factor > x.n/most {
		return x.n
	}
	return most * factor
}

// candidates finds the k best rows by the coarse encoding, best first.
func (x *Index) candidates(ctx context.Context, q []float32, k int, p Params) ([]Hit, Stats, error) {
	switch x.spec.Kind {
	case KindHNSW:
		return x.walk(ctx, q, k, max(p.Ef, k), p)
	case KindIVF:
		probes := p.Probes
		if probes <= 0 {
			probes = int(probesRoot * math.Sqrt(float64(len(x.lists.offsets)-1)))
		}
		if p.Exact {
			probes = len(x.lists.offsets)
		}
		if p.Allowed != nil {
			k = min(k, p.Allowed.Count()) // a heap that can get full ends the search
		}
		if k == 0 {
			return nil, Stats{Plan: "no rows allowed"}, ctx.Err()
		}
		t := newTop(k)
		scored, visited, err := x.lists.search(ctx, x.coarse, q, &t, probes, p.Allowed)
		if err != nil {
			return nil, Stats{}, fmt.Errorf("vector search: %w", err)
		}
		return t.sorted(), Stats{Plan: fmt.Sprintf("%d of %d lists", visited, len(x.lists.offsets)-1), Scored: scored, Visited: visited}, nil
	}
	s := scan{storage: x.coarse, stride: x.stride, allowed: p.Allowed, threads: p.Threads}
	hits, scored, err := s.run(ctx, q, k)
	if err != nil {
		return nil, Stats{}, err
	}
	return hits[0], Stats{Plan: "scan of " + string(x.spec.Encoding), Scored: scored}, nil
}

// rescore returns the k best of candidates by the finest vectors.
func (x *Index) rescore(q []float32, candidates []Hit, k int) ([]Hit, error) {
	rows, scores := make([]uint32, len(candidates)), make([]float32, len(candidates))
	for i, c := range candidates {
		rows[i] = uint32(c.Row)
	}
	if err := x.fine.Query(q).Gather(scores, rows); err != nil {
		return nil, fmt.Errorf("vector search: %w", err)
	}
	t := newTop(min(k, len(rows)))
	if len(rows) > 0 {
		t.addRows(rows, scores)
	}
	return t.sorted(), nil
}
