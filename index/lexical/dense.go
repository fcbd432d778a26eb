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
	rest   float64 // limit of what this list and the following add to a row
}

// dense searches a small part whose lists are kept: all contributions are added up, list by list in the order of summation, in
// an array of all rows. Then the best are looked for in it: among all rows, or, if few have a sum, list by list, until the lists
// that are left cannot lift a row of theirs alone to the top. It returns false if the part has to be searched otherwise.
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
	rest, postings := 0.0, 0
	for i := len(s.heavy) - 1; i >= 0; i-- {
		h := &s.heavy[i]
		rest += float64(h.weight * h.most * boundSlack)
		h.rest = rest
		s.promise(h.weight, &h.best)
	}
	s.setThreshold()
	for _, h := range s.heavy {
		if h.rest <= s.cut && s.threshold > 0 {
			break
		}
		postings += len(h.rows)
	}
	if s.sumsOf == nil {
		s.sumsOf = new([keepRows]float32)
	}
	defer clear(s.sumsOf[:x.rows])
	for i, h := range s.heavy {
		if i&63 == 63 {
			if err := s.ctx.Err(); err != nil {
				return false, err
			}
		}
		addShares(s.sumsOf, h.rows, h.values, h.weight)
		s.scored += len(h.rows)
	}
	for _, b := range s.banned {
		for _, row := range b.rows {
			s.sumsOf[row] = 0
		}
	}
	if s.threshold > 0 && postings > x.rows/scanShare {
		s.scan(x.rows)
		return true, nil
	}
	for _, h := range s.heavy {
		s.setThreshold()
		if h.rest <= s.cut && s.threshold > 0 {
			break
		}
		s.offer(h.rows)
	}
	return true, nil
}

// scanShare is the share of postings among rows, one in so many, from which on it is faster to compare all sums with the threshold.
const scanShare = 32

// scan offers all rows whose sum may pass the threshold, some at a time, as the threshold rises.
func (s *search) scan(rows int) {
	const group = 1024
	marks := s.marks[:group/64]
	for from := 0; from < rows; from += group { // sums behind the last row are 0
		s.setThreshold()
		kernel.Above(marks, s.sumsOf[from:], max(0, below(s.cut)))
		for i, w := range marks {
			for ; w != 0; w &= w - 1 {
				row := uint32(from + i<<6 + bits.TrailingZeros64(w))
				if s.isAllowed(row) {
					s.top.add(s.sumsOf[row]+s.plan.base, s.base+row)
				}
			}
		}
	}
	clear(marks)
}

// addShares adds a list's contributions. The conversion forbids a fused operation: equal bits on every architecture.
func addShares(sums *[keepRows]float32, rows []uint16, values []float32, weight float32) {
	values = values[:len(rows)]
	for i, row := range rows {
		sums[row] += float32(weight * values[i])
	}
}

// offer offers rows that may be hits, and takes their sums away so that they come once.
func (s *search) offer(rows []uint16) {
	sums, base, threshold := s.sumsOf, s.plan.base, s.top.threshold()
	for _, row := range rows {
		sum := sums[row]
		score := sum + base
		if score < threshold || sum == 0 || !s.isAllowed(uint32(row)) {
			continue
		}
		sums[row] = 0
		s.top.add(score, s.base+uint32(row))
		threshold = s.top.threshold()
	}
}
