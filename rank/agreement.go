// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrUndefined is wrapped when a correlation has no value: fewer than two pairs, or all scores of one list equal.
var ErrUndefined = errors.New("correlation is undefined")

// KendallTau is Kendall's tau-b of two lists of scores for the same things, -1 to 1, in O(n log n):
//
//	(C - D) / sqrt((n0 - n1)·(n0 - n2))
//
// with C concordant and D discordant pairs, n0 all pairs, n1 and n2 the pairs tied in the first and the second list
// (Kendall, The treatment of ties in ranking problems, 1945; computed as in Knight 1966). Lists of different lengths and NaN are errors.
func KendallTau(a, b []float32) (float64, error) {
	if err := checkPairs(a, b); err != nil {
		return 0, err
	}
	type pair struct{ a, b float32 }
	pairs := make([]pair, len(a))
	for i := range pairs {
		pairs[i] = pair{a[i], b[i]}
	}
	slices.SortFunc(pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	n := len(pairs)
	tiedA := tiedPairs(n, func(i int) bool { return pairs[i].a == pairs[i-1].a })
	tiedBoth := tiedPairs(n, func(i int) bool { return pairs[i].a == pairs[i-1].a && pairs[i].b == pairs[i-1].b })
	byB := make([]float32, n)
	for i := range pairs {
		byB[i] = pairs[i].b
	}
	discordant := inversions(byB, make([]float32, n))
	tiedB := tiedPairs(n, func(i int) bool { return byB[i] == byB[i-1] }) // sorted by now
	all := n * (n - 1) / 2
	if tiedA == all || tiedB == all {
		return 0, fmt.Errorf("kendall tau: %w: all scores of one list are equal", ErrUndefined)
	}
	difference := float64(all - tiedA - tiedB + tiedBoth - 2*discordant)
	tau := difference / math.Sqrt(float64(all-tiedA)*float64(all-tiedB))
	return min(max(tau, -1), 1), nil
}

// Spearman is Spearman's rank correlation of two lists of scores for the same things, -1 to 1: Pearson's correlation of
// their ranks, tied scores taking the mean of their ranks. Lists of different lengths and NaN are errors.
func Spearman(a, b []float32) (float64, error) {
	if err := checkPairs(a, b); err != nil {
		return 0, err
	}
	ra, rb := meanRanks(a), meanRanks(b)
	mean := float64(len(a)+1) / 2
	var ab, aa, bb float64
	for i := range ra {
		x, y := ra[i]-mean, rb[i]-mean
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0, fmt.Errorf("spearman: %w: all scores of one list are equal", ErrUndefined)
	}
	return min(max(ab/math.Sqrt(aa*bb), -1), 1), nil
}

func checkPairs(a, b []float32) error {
	if len(a) != len(b) {
		return fmt.Errorf("agreement: lists of %d and %d scores: give one of each per thing", len(a), len(b))
	}
	for i := range a {
		if a[i] != a[i] || b[i] != b[i] {
			return fmt.Errorf("agreement: position %d: %w: NaN", i+1, ErrNotFinite)
		}
	}
	if len(a) < 2 {
		return fmt.Errorf("agreement: %w: it takes two scores at least", ErrUndefined)
	}
	return nil
}

// tiedPairs counts pairs of equal neighbours' groups, given whether element i equals element i-1 of a sorted list.
func tiedPairs(n int, equal func(i int) bool) int {
	pairs, run := 0, 0
	for i := 1; i < n; i++ {
		if equal(i) {
			run++
			pairs += run
		} else {
			run = 0
		}
	}
	return pairs
}

// inversions sorts x and returns how many pairs were in the wrong order. tmp has the length of x.
func inversions(x, tmp []float32) int {
	if len(x) < 2 {
		return 0
	}
	mid := len(x) / 2
	n := inversions(x[:mid], tmp[:mid]) + inversions(x[mid:], tmp[mid:])
	copy(tmp, x)
	left, right := tmp[:mid], tmp[mid:]
	for i := range x {
		if len(right) == 0 || len(left) > 0 && left[0] <= right[0] {
			x[i], left = left[0], left[1:]
			continue
		}
		x[i], right = right[0], right[1:]
		n += len(left)
	}
	return n
}

// meanRanks returns 1-based ascending ranks, ties taking their mean.
func meanRanks(x []float32) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	ranks := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			ranks[k] = float64(i+1+j) / 2
		}
		i = j
	}
	return ranks
}
