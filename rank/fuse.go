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

// FuseStandardized returns, for each candidate, the sum of its standardised cosine and its standardised logit (score kind
// Fused). Both lists hold the same candidates in the same order. A fused score compares candidates of one list only:
// another list has another mean and deviation. Lists of different lengths, NaN and infinities are errors.
func FuseStandardized(cosines, logits []float32) ([]float32, error) {
	if len(cosines) != len(logits) {
		return nil, fmt.Errorf("fuse: %d cosines but %d logits: give one of each per candidate", len(cosines), len(logits))
	}
	a, err := Standardize(cosines)
	if err != nil {
		return nil, fmt.Errorf("fuse cosines: %w", err)
	}
	b, err := Standardize(logits)
	if err != nil {
		return nil, fmt.Errorf("fuse logits: %w", err)
	}
	fused := make([]float32, len(a))
	for i := range fused {
		fused[i] = float32(a[i] + b[i])
	}
	return fused, nil
}
