// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

// Check reads the whole index: checksums of all rows, values that are not finite, every row in one list, every link to a node
// that exists and every node reachable. The first error found is returned: *segment.CorruptionError for damaged bytes. progress,
// which may be nil, is told now and then how far it is: a row counts once for each of its encodings and once for its links.
func (x *Index) Check(ctx context.Context, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	storages := []Storage{x.coarse}
	if x.spec.Fine != None {
		storages = append(storages, x.fine)
	}
	total := len(storages) * x.n
	if x.graph != nil {
		total += x.n
	}
	at := 0
	told := func(rows int) { progress(at+rows, total) }
	for _, st := range storages {
		if err := checkStorage(ctx, st, told); err != nil {
			return fmt.Errorf("check of vector index: %w", err)
		}
		at += x.n
	}
	if x.lists != nil {
		if err := x.lists.verify(ctx); err != nil {
			return fmt.Errorf("check of vector index: lists: %w", err)
		}
	}
	if x.graph != nil {
		if err := x.graph.check(ctx, told); err != nil {
			return fmt.Errorf("check of vector index: graph: %w", err)
		}
	}
	return nil
}

// checkStorage verifies all rows, and computes scores of all, which are finite if the rows are.
func checkStorage(ctx context.Context, st Storage, progress func(rows int)) error {
	const piece = 1024
	return parallel(ctx, st.Len(), piece, 1, func() func(from, to int) error {
		// A query of zeros: 0·x is 0 for a finite x and NaN for others; distances of huge rows overflow, too.
		scorer := st.Query(make([]float32, st.Dim()))
		scores := make([]float32, piece)
		return func(from, to int) error {
			scores := scores[:to-from]
			if err := scorer.Scan(scores, from); err != nil {
				return err
			}
			for i, s := range scores {
				if s-s != 0 && !finiteRow(st, from+i) {
					return corruptRow(st, from+i)
				}
			}
			progress(to)
			return nil
		}
	})
}

// finiteRow reports whether a row whose score is not finite holds numbers all the same.
func finiteRow(st Storage, row int) bool {
	if r, ok := st.(*byteRows); ok {
		return checkFinite("", r.pairs[2*row:2*row+2], 2) == nil
	}
	src, ok := st.(Source)
	return ok && checkFinite("", src.Row(row), st.Dim()) == nil
}

// corruptRow is the error about a row that holds NaN or infinities.
func corruptRow(st Storage, row int) error {
	err := fmt.Errorf("vector %d: %w", row, ErrNotFinite)
	if s, ok := st.(interface {
		place() (*segment.Section, int)
	}); ok {
		if section, stride := s.place(); section != nil {
			return section.Corrupt(row*stride, err)
		}
	}
	return err
}

// place is the section that rows lie in, and their distance.
func (t *table) place() (*segment.Section, int) { return t.section, t.stride }

// Recall is the share of the k nearest of each query that a search with Params p finds, from 0 to 1. It compares with exact
// searches; queries are n×Dim floats. Without queries it is 1.
func Recall(ctx context.Context, x *Index, queries []float32, k int, p Params) (float64, error) {
	p.Exact = false
	found, err := x.SearchBatch(ctx, queries, k, p)
	if err != nil {
		return 0, err
	}
	p.Exact = true
	exact, err := x.SearchBatch(ctx, queries, k, p)
	if err != nil {
		return 0, err
	}
	return overlap(found, exact), nil
}

// overlap is the share of exact hits that were found, rows of the last one's score counting as it.
func overlap(found, exact [][]Hit) float64 {
	hits, total := 0, 0
	for i, want := range exact {
		total += len(want)
		if len(want) == 0 {
			continue
		}
		last := want[len(want)-1].Score
		for _, h := range found[i] {
			if h.Score >= last {
				hits++
			}
		}
	}
	if total == 0 {
		return 1
	}
	return float64(hits) / float64(total)
}
