// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math/bits"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/kernel"
)

// leastWeight is the weight from which on a contribution is always above 0, which dense takes for "no term of the query": a
// share is at least 1 / (1 + kappa·norm), and kappa·norm is below 2⁴³ by the limits of parameters and lengths.
const leastWeight = 1e-6

// heavy is a kept list with its weight in this query.
type heavy struct {
	*shares
	weight float32
}

// dense searches a small part whose lists are kept, a window of rows after the other: all contributions are added up, list by list in the order
// of summation, and the rows whose sum passes the threshold are offered. It returns false if the part has to be searched otherwise.
func (s *search) dense(part int, x *Index) (bool, error) {
	if s.way != anyWay || x.rows > keepRows || s.fewRows || s.plan.musts > 0 {
		return false, nil
	}
	want := s.scorer.shape()
	if keeper := x.keeper.Load(); keeper == nil || !keeper.fits(want) {
		return false, nil
	}
	s.heavy, s.banned = s.heavy[:0], s.banned[:0]
	for i := range s.plan.clauses {
		c := &s.plan.clauses[i]
		entries := c.in(part)
		if len(entries) > 1 || c.occur != analysis.MustNot && c.weight < leastWeight {
			return false, nil
		}
		if entries[0].df == 0 {
			continue
		}
		list, err := s.shares(entries[0], want)
		if list == nil || err != nil {
			return false, err
		}
		if c.occur == analysis.MustNot {
			s.banned = append(s.banned, list)
		} else {
			s.heavy = append(s.heavy, heavy{shares: list, weight: c.weight})
		}
	}
	for i := range s.heavy {
		h := &s.heavy[i]
		s.promise(h.weight, &h.best)
	}
	for from := 0; from < x.rows; from += window {
		if err := s.ctx.Err(); err != nil {
			return false, err
		}
		s.denseWindow(from, min(window, x.rows-from))
	}
	return true, nil
}

// denseWindow searches the n rows from row from, whose sums fit the first-level cache.
func (s *search) denseWindow(from, n int) {
	w := from / window
	added := 0
	for i := range s.heavy {
		h := &s.heavy[i]
		at, to := h.starts[w], h.starts[w+1]
		addShares(&s.sums, h.rows[at:to], h.values[at:to], h.weight)
		added += int(to - at)
	}
	if added == 0 {
		return
	}
	s.scored += added
	for _, b := range s.banned {
		for _, row := range b.rows[b.starts[w]:b.starts[w+1]] {
			s.sums[row&codePlace] = 0
		}
	}
	s.setThreshold()
	kernel.Sift(s.marks[:], s.sums[:], max(0, below(s.cut)))
	for i, marks := range s.marks[:(n+63)/64] {
		for ; marks != 0; marks &= marks - 1 {
			place := i<<6 + bits.TrailingZeros64(marks)
			sum := &s.sums[place&codePlace]
			if row := uint32(from + place); s.isAllowed(row) {
				s.top.add(*sum+s.plan.base, s.base+row)
			}
			*sum = 0
		}
		s.marks[i] = 0
	}
}

// addShares adds a list's contributions. The conversion forbids a fused operation: equal bits on every architecture.
func addShares(sums *[window]float32, rows []uint16, values []float32, weight float32) {
	values = values[:len(rows)]
	for i, row := range rows {
		sums[row&codePlace] += float32(weight * values[i])
	}
}
