// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"cmp"
	"math"
	"slices"
)

// Holm corrects p values for having looked at several comparisons (Holm, "A Simple Sequentially Rejective Multiple Test
// Procedure", 1979). Sorted ascending, the i-th of m (from 0) becomes (m - i)·p, but not less than the one before it and
// at most 1. Rejecting what is below α then keeps the chance of any wrong rejection below α, whatever the dependence
// between the tests. The result has the order of p. A NaN stays NaN and does not count as a test.
func Holm(p []float64) []float64 {
	order := make([]int, 0, len(p))
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	corrected := slices.Clone(p)
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(float64(len(order)-rank)*p[i], 1))
		corrected[i] = highest
	}
	return corrected
}

// Correct applies [Holm] to each test's p over the comparisons that are reported together, and returns one map a
// comparison. A test that a comparison lacks is NaN to Holm and absent from the result.
func Correct(comparisons []Comparison) []map[Test]float64 {
	corrected := make([]map[Test]float64, len(comparisons))
	for i := range corrected {
		corrected[i] = map[Test]float64{}
	}
	for _, test := range Tests() {
		p := make([]float64, len(comparisons))
		for i, c := range comparisons {
			p[i] = math.NaN()
			if v, ok := c.P[test]; ok {
				p[i] = v
			}
		}
		for i, v := range Holm(p) {
			if !math.IsNaN(v) {
				corrected[i][test] = v
			}
		}
	}
	return corrected
}
