// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"runtime"
	"slices"
)

// maxDim bounds the dimension, far above that of any embedding.
const maxDim = 1 << 20

// Flat is an exact index over n vectors of one dimension, in memory. Searching is safe from many
// goroutines at once; adding is not safe beside anything else.
type Flat struct {
	rows    floatRows
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
	width := pad(dim, float32Align)
	rows := newFloatRows(table{stride: 4 * width}, nil, dim, metric)
	return &Flat{rows: *rows, threads: runtime.GOMAXPROCS(0)}, nil
}

// BuildFlat returns an index over rows, n×dim floats, which are copied.
func BuildFlat(rows []float32, dim int, metric Metric) (*Flat, error) {
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
func (f *Flat) Len() int { return f.rows.n }

// Dim is the number of components of each vector.
func (f *Flat) Dim() int { return f.rows.dim }

// Metric is the metric the index was made with.
func (f *Flat) Metric() Metric { return f.rows.metric }

// Vector returns vector i as it is stored (normalised, under Cosine). It is a part of the index and must not be changed;
// it panics if i is out of range.
func (f *Flat) Vector(i int) []float32 {
	width, dim := f.rows.width, f.rows.dim
	return f.rows.data[i*width:][:dim:dim]
}

// Row is Vector: a Flat is a [Source].
func (f *Flat) Row(i int) []float32 { return f.Vector(i) }

// Add appends vectors, n×dim floats, which are copied; under Cosine the copies are normalised. NaN and infinities are
// errors that wrap ErrNotFinite and name the vector. With an error nothing is added.
func (f *Flat) Add(rows []float32) error {
	if len(rows)%f.rows.dim != 0 {
		return fmt.Errorf("flat index: %d floats are not a whole number of vectors of dimension %d", len(rows), f.rows.dim)
	}
	if err := checkFinite("flat index: vector", rows, f.rows.dim); err != nil {
		return err
	}
	width, n := f.rows.width, len(rows)/f.rows.dim
	f.rows.data = slices.Grow(f.rows.data, n*width)
	for row := range slices.Chunk(rows, f.rows.dim) {
		at := len(f.rows.data)
		f.rows.data = f.rows.data[:at+width]
		stored := f.rows.data[at:]
		clear(stored[copy(stored, row):])
		if f.rows.metric == Cosine {
			normalize(stored)
		}
	}
	f.rows.n += n
	return nil
}

// Search returns the k nearest vectors to a query of dim floats, best first: all of them when there are fewer than k.
// Equal scores come in the order of adding. A k below 1, a query of another dimension and one that holds NaN or an infinity
// are errors. It ends early, with the context's error, when the context does.
func (f *Flat) Search(ctx context.Context, query []float32, k int) ([]Hit, error) {
	if len(query) != f.rows.dim {
		return nil, fmt.Errorf("flat index: query of dimension %d, but the vectors have %d: use the model the index was made with", len(query), f.rows.dim)
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
	case len(queries)%f.rows.dim != 0:
		return nil, fmt.Errorf("flat index: %d floats are not a whole number of queries of dimension %d", len(queries), f.rows.dim)
	}
	if err := checkFinite("flat index: query", queries, f.rows.dim); err != nil {
		return nil, err
	}
	s := scan{storage: &f.rows, stride: f.rows.stride, threads: f.threads}
	results, _, err := s.run(ctx, prepare(queries, f.rows.dim, f.rows.metric), k)
	return results, err
}

// prepare returns queries as scorers want them: normalised under Cosine.
func prepare(queries []float32, dim int, metric Metric) []float32 {
	if metric != Cosine {
		return queries
	}
	queries = slices.Clone(queries)
	for q := range slices.Chunk(queries, dim) {
		normalize(q)
	}
	return queries
}
