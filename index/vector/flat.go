// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// blockBytes is the size of a block of rows: it stays in a core's second-level cache while several queries pass over it.
	blockBytes = 128 << 10
	// serialFloats is the amount of data up to which starting goroutines costs more than it gains.
	serialFloats = 256 << 10
	// queryGroup is how many queries pass over a block together, and groupHits how many hits their heaps may hold in each
	// worker: fewer queries go together when k is large.
	queryGroup = 64
	groupHits  = 1 << 18
	// maxDim bounds the dimension, far above that of any embedding.
	maxDim = 1 << 20
)

// Flat is an exact index over n vectors of one dimension, in one row-major slice of n×dim floats. Searching is safe from many
// goroutines at once; adding is not safe beside anything else.
type Flat struct {
	dim     int
	metric  Metric
	data    []float32
	threads int
}

// NewFlat returns an empty index for vectors of dim components.
func NewFlat(dim int, metric Metric) (*Flat, error) {
	if dim < 1 || dim > maxDim {
		return nil, fmt.Errorf("flat index: dimension %d: must be between 1 and %d", dim, maxDim)
	}
	if err := metric.check(); err != nil {
		return nil, fmt.Errorf("flat index: %w", err)
	}
	return &Flat{dim: dim, metric: metric, threads: runtime.GOMAXPROCS(0)}, nil
}

// Build returns an index over rows, n×dim floats, which are copied.
func Build(rows []float32, dim int, metric Metric) (*Flat, error) {
	f, err := NewFlat(dim, metric)
	if err != nil {
		return nil, err
	}
	if err := f.Add(rows); err != nil {
		return nil, err
	}
	return f, nil
}

// SetThreads sets how many goroutines one search may use; 0 or less means GOMAXPROCS, the default. Results do not depend
// on it. Like Add it must not run beside anything else.
func (f *Flat) SetThreads(n int) {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	f.threads = n
}

// Len is the number of vectors.
func (f *Flat) Len() int { return len(f.data) / f.dim }

// Dim is the number of components of each vector.
func (f *Flat) Dim() int { return f.dim }

// Metric is the metric the index was made with.
func (f *Flat) Metric() Metric { return f.metric }

// Vector returns vector i as it is stored (normalised, under Cosine). It is a part of the index and must not be changed;
// it panics if i is out of range.
func (f *Flat) Vector(i int) []float32 { return f.data[i*f.dim : (i+1)*f.dim : (i+1)*f.dim] }

// Add appends vectors, n×dim floats, which are copied; under Cosine the copies are normalised. NaN and infinities are
// errors that wrap ErrNotFinite and name the vector. With an error nothing is added.
func (f *Flat) Add(rows []float32) error {
	if len(rows)%f.dim != 0 {
		return fmt.Errorf("flat index: %d floats are not a whole number of vectors of dimension %d", len(rows), f.dim)
	}
	if err := checkFinite("flat index: vector", rows, f.dim); err != nil {
		return err
	}
	old := len(f.data)
	f.data = append(f.data, rows...)
	if f.metric == Cosine {
		for row := range slices.Chunk(f.data[old:], f.dim) {
			normalize(row)
		}
	}
	return nil
}

// Search returns the k nearest vectors to a query of dim floats, best first: all of them when there are fewer than k.
// Equal scores come in the order of adding. A k below 1, a query of another dimension and one that holds NaN or an infinity
// are errors. It ends early, with the context's error, when the context does.
func (f *Flat) Search(ctx context.Context, query []float32, k int) ([]Hit, error) {
	if len(query) != f.dim {
		return nil, fmt.Errorf("flat index: query of dimension %d, but the vectors have %d: use the model the index was made with", len(query), f.dim)
	}
	results, err := f.SearchBatch(ctx, query, k)
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// SearchBatch is Search for n queries in n×dim floats. Each gets the same hits as alone, to the bit.
func (f *Flat) SearchBatch(ctx context.Context, queries []float32, k int) ([][]Hit, error) {
	switch {
	case k < 1:
		return nil, fmt.Errorf("flat index: k of %d: ask for one result at least", k)
	case len(queries)%f.dim != 0:
		return nil, fmt.Errorf("flat index: %d floats are not a whole number of queries of dimension %d", len(queries), f.dim)
	}
	if err := checkFinite("flat index: query", queries, f.dim); err != nil {
		return nil, err
	}
	if f.metric == Cosine {
		queries = slices.Clone(queries)
		for q := range slices.Chunk(queries, f.dim) {
			normalize(q)
		}
	}
	k = min(k, f.Len())
	results := make([][]Hit, 0, len(queries)/f.dim)
	together := min(queryGroup, max(groupHits/max(k, 1), 1))
	for group := range slices.Chunk(queries, together*f.dim) {
		hits, err := f.searchGroup(ctx, group, k)
		if err != nil {
			return nil, err
		}
		results = append(results, hits...)
	}
	return results, nil
}

// searchGroup passes a group of queries over all blocks. Workers take blocks as they are free and keep their own heaps,
// which are joined at the end.
func (f *Flat) searchGroup(ctx context.Context, queries []float32, k int) ([][]Hit, error) {
	n := len(queries) / f.dim
	if k == 0 {
		return make([][]Hit, n), ctx.Err()
	}
	blockRows := max(blockBytes/4/f.dim, 1)
	blocks := (f.Len() + blockRows - 1) / blockRows
	workers := min(f.threads, blocks)
	if len(f.data)*n <= serialFloats {
		workers = 1
	}
	tops := make([][]top, workers)
	var next atomic.Int64
	work := func(w int) {
		tops[w] = make([]top, n)
		for q := range tops[w] {
			tops[w][q] = newTop(k)
		}
		scores := make([]float32, blockRows)
		for ctx.Err() == nil {
			b := int(next.Add(1)) - 1
			if b >= blocks {
				return
			}
			f.searchBlock(queries, b*blockRows, scores, tops[w])
		}
	}
	var group sync.WaitGroup
	for w := 1; w < workers; w++ {
		group.Go(func() { work(w) })
	}
	work(0)
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("flat index: search: %w", err)
	}
	results := make([][]Hit, n)
	for q := range results {
		t := &tops[0][q]
		for w := 1; w < workers; w++ {
			for _, h := range tops[w][q].heap {
				t.push(h)
			}
		}
		results[q] = t.sorted()
	}
	return results, nil
}

// searchBlock offers the scores of the rows from first on, at most len(scores), to each query's heap.
func (f *Flat) searchBlock(queries []float32, first int, scores []float32, tops []top) {
	last := min(first+len(scores), f.Len())
	rows := f.data[first*f.dim : last*f.dim]
	scores = scores[:last-first]
	for q := range tops {
		f.metric.scores(scores, queries[q*f.dim:(q+1)*f.dim], rows)
		tops[q].add(first, scores)
	}
}
