// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import "math"

// expectedCascade is the expectation of ERR over the orders of ties. A reader reaches place i of a group with the product of
// 1 - R over what is above. Of the i - 1 documents above in the group, t can satisfy with a hypergeometric probability, and
// over random t of the r that can, the mean product is P(t), an elementary symmetric mean of 1 - R. The place then satisfies
// with P(t) - P(t+1) if it holds another one that can, which has probability (r-t)/(n-i+1).
func (v view) expectedCascade(k, top int) float64 {
	sum, goesOn := 0.0, 1.0
	v.ties(k, func(t tie) bool {
		var stays []float64 // 1 - R of the documents that can satisfy
		for _, g := range t.grades {
			if g > 0 {
				stays = append(stays, 1-satisfies(g, top))
			}
		}
		if len(stays) > 0 {
			sum += goesOn * cascadeOf(t, stays)
			for _, q := range stays {
				goesOn *= q
			}
		}
		return true
	})
	return sum
}

// cascadeOf is the part of one group, for a reader who has reached it.
func cascadeOf(t tie, stays []float64) float64 {
	n, r := t.size(), len(stays)
	means := symmetricMeans(stays)
	above := make([]float64, 1, len(means)) // above[t]: t documents that can satisfy are on the places passed so far
	above[0] = 1
	sum := 0.0
	for i := range t.inside {
		left := float64(n - i) // documents for this place and those below it
		here := 0.0
		for t, p := range above {
			next := 0.0
			if t+1 < len(means) {
				next = means[t+1]
			}
			here += p * float64(r-t) / left * (means[t] - next)
		}
		sum += here / float64(t.before+i+1)
		if len(above) < len(means) {
			above = append(above, 0)
		}
		for t := len(above) - 1; t >= 0; t-- {
			// Without another one: of the documents left, all but r - t cannot satisfy.
			above[t] *= max(left-float64(r-t), 0) / left
			if t > 0 {
				above[t] += above[t-1] * float64(r-t+1) / left
			}
		}
	}
	return sum
}

// symmetricMeans returns for t = 0, 1, … the mean product of t of the values, over all ways to choose them. Values are in
// (0, 1); means below what a sum of float64 can feel are left out. Adding one value at a time mixes means with weights that
// sum to 1, so nothing cancels or overflows.
func symmetricMeans(values []float64) []float64 {
	const negligible = 1e-20
	highest := 0.0
	for _, q := range values {
		highest = max(highest, q)
	}
	most := len(values)
	if limit := math.Log(negligible) / math.Log(highest); limit < float64(most) {
		most = int(limit) + 1
	}
	means := make([]float64, most+1)
	means[0] = 1
	for i, q := range values {
		size := float64(i + 1)
		for t := min(i+1, most); t > 0; t-- {
			means[t] = means[t]*(size-float64(t))/size + q*means[t-1]*float64(t)/size
		}
	}
	return means
}
