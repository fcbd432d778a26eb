// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"slices"

	"github.com/winnow-search/winnow/internal/bitset"
	"github.com/winnow-search/winnow/internal/kernel"
)

// bitPart is the number of rows between two looks at the bound of what may still be kept.
const bitPart = 512

// bitTop keeps the k nearest of rows that are added by rising number. Distances are small integers: rows are counted by
// distance and thrown away in bulk, in a quarter of the time of a heap when k is several hundred.
type bitTop struct {
	k      int
	counts []uint32 // kept rows of each distance
	rows   []uint32 // kept, and some that were nearest once
	far    []uint32 // their distances
	worst  int      // no kept row is farther
	within int      // rows no farther than worst: k and more, once there are so many
}

func newBitTop(k, dim int) bitTop {
	return bitTop{k: k, counts: make([]uint32, dim+1), worst: dim}
}

// bound is the distance up to which further rows are kept. Equal ones come later, so the worst of k is not; it is -1 when no
// row is.
func (t *bitTop) bound() int {
	if t.within >= t.k {
		return t.worst - 1
	}
	return t.worst
}

// added counts the distances of rows appended since there were from of them. There are at most bitPart.
func (t *bitTop) added(from int) {
	for _, d := range t.far[from:] {
		t.counts[d]++
	}
	t.within += len(t.far) - from
	for t.worst > 0 && t.within-int(t.counts[t.worst]) >= t.k {
		t.within -= int(t.counts[t.worst])
		t.worst--
	}
	if len(t.rows) > 2*(t.k+bitPart) { // within is at most k+bitPart
		t.forget()
	}
}

// leave throws away rows that are not allowed, of those appended since there were from.
func (t *bitTop) leave(from int, allowed *bitset.Set) {
	n := from
	for i := from; i < len(t.rows); i++ {
		if allowed.Contains(int(t.rows[i])) {
			t.rows[n], t.far[n] = t.rows[i], t.far[i]
			n++
		}
	}
	t.rows, t.far = t.rows[:n], t.far[:n]
}

// forget throws away what is farther than the worst.
func (t *bitTop) forget() {
	n := 0
	for i, d := range t.far {
		if int(d) <= t.worst {
			t.rows[n], t.far[n] = t.rows[i], d
			n++
		}
	}
	t.rows, t.far = t.rows[:n], t.far[:n]
}

// top is the nearest rows in order.
func (t *bitTop) top() top {
	t.forget()
	dim := len(t.counts) - 1
	starts := make([]uint32, t.worst+1)
	for d := 1; d <= t.worst; d++ {
		starts[d] = starts[d-1] + t.counts[d-1]
	}
	hits := make([]Hit, len(t.rows))
	for i, row := range t.rows {
		d := t.far[i]
		hits[starts[d]] = Hit{int(row), bitScore(d, dim)}
		starts[d]++
	}
	return top{k: t.k, heap: hits[:min(t.k, len(hits))], ordered: true}
}

// bitBlocker scans bits for a group of queries.
type bitBlocker struct {
	scorers []*bitScorer
	nearest []bitTop
	allowed *bitset.Set
}

func newBitBlocker(rows *bitRows, queries []float32, k int, allowed *bitset.Set) *bitBlocker {
	dim := rows.Dim()
	b := &bitBlocker{make([]*bitScorer, len(queries)/dim), make([]bitTop, len(queries)/dim), allowed}
	for q := range b.scorers {
		b.scorers[q] = rows.query(queries[q*dim : (q+1)*dim])
		b.nearest[q] = newBitTop(k, dim)
	}
	return b
}

func (b *bitBlocker) block(_ []top, first, count int) error {
	for q, s := range b.scorers {
		if err := s.nearest(&b.nearest[q], first, count, b.allowed); err != nil {
			return err
		}
	}
	return nil
}

func (b *bitBlocker) end(tops []top) {
	for q := range tops {
		tops[q] = b.nearest[q].top()
	}
}

// nearest offers those of rows first to first+count-1 that are allowed.
func (s *bitScorer) nearest(t *bitTop, first, count int, allowed *bitset.Set) error {
	if err := s.rows.check(first, count); err != nil {
		return err
	}
	width := len(s.q)
	for from := first; from < first+count; from += bitPart {
		n, bound, had := min(bitPart, first+count-from), t.bound(), len(t.rows)
		if bound < 0 {
			return nil
		}
		t.rows, t.far = slices.Grow(t.rows, n), slices.Grow(t.far, n)
		kept := kernel.HammingSelect(t.rows[had:had+n], t.far[had:had+n], s.q, s.rows.words[from*width:], n, uint32(from), uint32(bound))
		t.rows, t.far = t.rows[:had+kept], t.far[:had+kept]
		if allowed != nil {
			t.leave(had, allowed)
		}
		t.added(had)
	}
	return nil
}
