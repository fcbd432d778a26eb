// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"slices"
)

// A kept list knows the shares that its best postings have at some ranks. Weighted, one of them is a score that so many rows reach,
// whatever other terms add: so the k-th best row of a query has no less than the best of its lists promises, and what has less need not
// be looked at from the start (threshold estimation by quantiles: Mallia et al., "A Comparison of Top-k Threshold Estimation
// Techniques for Disjunctive Query Processing", 2020).

// levels are the ranks that a list knows.
var levels = [...]int{10, 30, 100, 300, 1000}

// ranked are the shares at these ranks; 0 at those a list does not have.
type ranked [len(levels)]float32

// at is a share that at least k postings of the list have; 0 if none is known.
func (r *ranked) at(k int) float32 {
	for i, level := range levels {
		if level >= k {
			return r[i]
		}
	}
	return 0
}

// ranker finds the shares of a list at the levels.
type ranker struct{ best top }

func (r *ranker) begin() { r.best.reset(levels[len(levels)-1]) }

// take takes the share of posting i of the list.
func (r *ranker) take(share float32, i int) { r.best.add(share, uint32(i)) }

func (r *ranker) end() (found ranked) {
	r.best.settle()
	keys := r.best.keys
	slices.Sort(keys)
	for i, level := range levels {
		if level <= len(keys) {
			found[i] = math.Float32frombits(^uint32(keys[level-1] >> 32))
		}
	}
	return found
}

// promise takes for granted that k rows of the present part have a sum of at least weight·share of one list, which is true where every row may
// be a hit: contributions are not negative and sums of floats are monotone, so a row's sum is no less than any of its contributions. Every row
// of the part with that sum or more must be offered afterwards.
func (s *search) promise(weight float32, r *ranked) {
	if s.unrestricted {
		if sum := float32(weight * r.at(s.top.k)); sum > 0 {
			s.top.raise(sum + s.plan.base)
		}
	}
}
