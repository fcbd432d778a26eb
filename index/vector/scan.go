// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/bitset"
)

const (
	// blockBytes is the size of a block of rows: it stays in a core's second-level cache while several queries pass over it.
	blockBytes = 128 << 10
	// serialBytes is the amount of data up to which starting goroutines costs more than it gains.
	serialBytes = 1 << 20
	// queryGroup is how many queries pass over a block together, and groupHits how many hits their heaps may hold in each
	// worker: fewer queries go together when k is large.
	queryGroup = 256
	groupHits  = 1 << 18
)

// scan is a search that scores every row of a storage, or every allowed one.
type scan struct {
	storage Storage
	stride  int // bytes a row, for the size of blocks
	allowed *bitset.Set
	threads int
}

// blocker scores a block of rows for a group of queries and offers the scores to the queries' heaps. It belongs to a worker.
type blocker interface {
	block(tops []top, first, count int) error
	// end is called after the last block. It may fill the heaps.
	end(tops []top)
}

// run returns the k nearest rows to each query, and how many scores were computed. queries are n×dim floats, prepared for
// the metric. The hits of a query do not depend on the other queries nor on threads.
func (s *scan) run(ctx context.Context, queries []float32, k int) (results [][]Hit, scored int, err error) {
	dim, n := s.storage.Dim(), s.storage.Len()
	count := len(queries) / dim
	live := n
	if s.allowed != nil {
		live = min(n, s.allowed.Count())
	}
	if k = min(k, live); k == 0 {
		return make([][]Hit, count), 0, ctx.Err()
	}
	results = make([][]Hit, 0, count)
	together := min(queryGroup, max(groupHits/k, 1))
	for from := 0; from < count; from += together {
		group := queries[from*dim : min(from+together, count)*dim]
		hits, err := s.group(ctx, group, k)
		if err != nil {
			return nil, 0, err
		}
		results = append(results, hits...)
	}
	return results, live * count, nil
}

// group passes a group of queries over all blocks. Workers take blocks as they are free, in rising order, and keep their own
// heaps, which are joined at the end.
func (s *scan) group(ctx context.Context, queries []float32, k int) ([][]Hit, error) {
	n := len(queries) / s.storage.Dim()
	tops, err := s.workers(ctx, n, func() (blocker, []top) {
		tops := make([]top, n)
		for q := range tops {
			tops[q] = newTop(k)
		}
		return s.blocker(queries, k), tops
	})
	if err != nil {
		return nil, err
	}
	results := make([][]Hit, n)
	for q := range results {
		t := &tops[0][q]
		for w := 1; w < len(tops); w++ {
			t.join(&tops[w][q])
		}
		results[q] = t.sorted()
	}
	return results, nil
}

// blocker makes a worker's blocker for a group of queries.
func (s *scan) blocker(queries []float32, k int) blocker {
	dim := s.storage.Dim()
	if bits, ok := s.storage.(*bitRows); ok && s.dense() {
		return newBitBlocker(bits, queries, k, s.allowed)
	}
	if rows, ok := s.storage.(*floatRows); ok && len(queries) >= productQueries*dim && s.dense() {
		return newProductBlocker(rows, queries, s.allowed)
	}
	b := &scoreBlocker{allowed: s.allowed, scorers: make([]Scorer, len(queries)/dim)}
	for q := range b.scorers {
		b.scorers[q] = s.storage.Query(queries[q*dim : (q+1)*dim])
	}
	return b
}

// dense reports whether so many rows are allowed that it pays to score all.
func (s *scan) dense() bool { return s.allowed == nil || s.allowed.Count() >= s.storage.Len()/4 }

// workers runs as many workers as pay over all blocks and returns their heaps. setup is called in each worker.
func (s *scan) workers(ctx context.Context, queries int, setup func() (blocker, []top)) ([][]top, error) {
	n := s.storage.Len()
	rows := blockRows(s.stride)
	blocks := (n + rows - 1) / rows
	threads := s.threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	workers := min(threads, blocks)
	if n*s.stride*queries <= serialBytes {
		workers = 1
	}
	tops, errs := make([][]top, workers), make([]error, workers)
	var next atomic.Int64
	work := func(w int) {
		var b blocker
		b, tops[w] = setup()
		for ctx.Err() == nil && errs[w] == nil {
			first := (int(next.Add(1)) - 1) * rows
			if first >= n {
				break
			}
			errs[w] = b.block(tops[w], first, min(rows, n-first))
		}
		b.end(tops[w])
	}
	var group sync.WaitGroup
	for w := 1; w < workers; w++ {
		group.Go(func() { work(w) })
	}
	work(0)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("vector search: %w", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("vector search: %w", err)
	}
	return tops, nil
}

// blockRows is the number of rows in a block, a multiple of 64.
func blockRows(stride int) int { return pad(max(blockBytes/stride, 1), 64) }

// scoreBlocker scores blocks by a scorer for each query.
type scoreBlocker struct {
	scorers []Scorer
	allowed *bitset.Set
	scores  []float32
	rows    []uint32
}

func (b *scoreBlocker) end([]top) {}

func (b *scoreBlocker) block(tops []top, first, count int) error {
	if cap(b.scores) < count {
		b.scores, b.rows = make([]float32, count), make([]uint32, 0, count)
	}
	scores, rows := b.scores[:count], b.rows[:0]
	if b.allowed != nil {
		rows = appendAllowed(rows, b.allowed, first, count)
		if len(rows) == 0 {
			return nil
		}
	}
	for q, s := range b.scorers {
		if b.allowed != nil && len(rows) < count {
			if err := s.Gather(scores, rows); err != nil {
				return err
			}
			tops[q].addRows(rows, scores)
			continue
		}
		if err := s.Scan(scores, first); err != nil {
			return err
		}
		tops[q].add(first, scores)
	}
	return nil
}

// appendAllowed appends the members of a set from first on, at most count numbers further. first is a multiple of 64.
func appendAllowed(rows []uint32, allowed *bitset.Set, first, count int) []uint32 {
	words := allowed.Words()
	for w := first / 64; w < min(len(words), (first+count+63)/64); w++ {
		rows = appendBits(rows, words[w], w*64, first+count)
	}
	return rows
}
