// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"fmt"
	"math"
	"slices"
)

// Standardize returns the z-scores of a candidate list, (x - mean) / standard deviation, with the population's deviation
// (divided by n). When all scores are equal every z-score is 0: such a list says nothing about the order. The z-score of
// a candidate does not depend on the order of the list, to the bit. NaN and infinities are errors that wrap ErrNotFinite.
func Standardize(scores []float32) ([]float64, error) {
	for i, x := range scores {
		if !finite(x) {
			return nil, fmt.Errorf("standardize: position %d: %w: %v", i+1, ErrNotFinite, x)
		}
	}
	z := make([]float64, len(scores))
	if len(scores) == 0 {
		return z, nil
	}
	// Sums run over the sorted scores: adding in another order could round differently.
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	if sorted[0] == sorted[len(sorted)-1] {
		return z, nil
	}
	n := float64(len(sorted))
	var sum float64
	for _, x := range sorted {
		sum += float64(x)
	}
	mean := sum / n
	var squares float64
	for _, x := range sorted {
		d := float64(x) - mean
		squares += d * d
	}
	deviation := math.Sqrt(squares / n)
	for i, x := range scores {
		z[i] = (float64(x) - mean) / deviation
	}
	return z, nil
}

// Evidence is one kind of score of a list of candidates, with its weight in a sum.
type Evidence struct {
	Name   string // for errors
	Weight float64
	Scores []float32
	AsIs   bool // the scores are not standardised: their size says how much they mean
}

// FuseStandardized returns, for each candidate, the weighted sum of its standardised scores (score kind Fused). All lists hold the
// same candidates in the same order. A fused score compares candidates of one list only: another list has another mean and
// deviation. Lists of different lengths, NaN and infinities are errors.
func FuseStandardized(lists ...Evidence) ([]float32, error) {
	var sums []float64
	for _, e := range lists {
		z, err := Standardize(e.Scores)
		if err != nil {
			return nil, fmt.Errorf("fuse %s: %w", e.Name, err)
		}
		if e.AsIs {
			for i, x := range e.Scores {
				z[i] = float64(x)
			}
		}
		if sums == nil {
			sums = make([]float64, len(z))
		}
		if len(z) != len(sums) {
			return nil, fmt.Errorf("fuse: %d %s but %d %s: give one of each per candidate", len(sums), lists[0].Name, len(z), e.Name)
		}
		for i, x := range z {
			sums[i] += e.Weight * x
		}
	}
	fused := make([]float32, len(sums))
	for i, x := range sums {
		fused[i] = float32(x)
	}
	return fused, nil
}
