// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// steepest bounds t and d: where all differences are equal, both would be infinite, which no JSON file can hold.
const steepest = 1e6

// PairedT is Student's t test of the differences b - a:
//
//	t = mean / (sd / √n),   sd² = Σ (dᵢ - mean)² / (n - 1)
//
// with the two-sided p of n-1 degrees of freedom (Student, 1908). t is 0 and p 1 when no query differs. t is cut at ±1e6,
// which it passes only when the differences are equal up to rounding; p is that of the cut value, and then says more about
// the assumption of normal differences than about the systems. Errors as for [Compare].
func PairedT(a, b []float64) (t, p float64, err error) {
	d, err := differences(a, b)
	if err != nil {
		return 0, 0, err
	}
	t, p = pairedT(d)
	return t, p, nil
}

func pairedT(d []float64) (t, p float64) {
	n := float64(len(d))
	m, sd := meanAndDeviation(d)
	t = ratio(m, sd/math.Sqrt(n))
	// P(|T| ≥ t) with v degrees of freedom is the regularised incomplete beta function I_x(v/2, 1/2) at x = v/(v+t²)
	// (Abramowitz and Stegun, 26.7.1 and 26.5.27).
	v := n - 1
	return t, min(mathext.RegIncBeta(v/2, 0.5, v/(v+t*t)), 1)
}

// CohenD is Cohen's d of paired values: the mean of the differences b - a divided by their standard deviation (with n-1),
// called d_z by some (Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, 2.3.5; Sakai, "Laboratory
// Experiments in Information Retrieval", 2018, chapter 5). Unlike t it does not grow with the number of queries; 0.2 is
// commonly called small, 0.5 medium, 0.8 large. 0 when no query differs, cut at ±1e6. Errors as for [Compare].
func CohenD(a, b []float64) (float64, error) {
	d, err := differences(a, b)
	if err != nil {
		return 0, err
	}
	return cohenD(d), nil
}

func cohenD(d []float64) float64 { return ratio(meanAndDeviation(d)) }

// ratio is a/b for b ≥ 0, cut at ±steepest; 0/0 is 0.
func ratio(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return max(-steepest, min(a/b, steepest))
}

// mean sums twice: the second pass takes out what the first lost in rounding.
func mean(v []float64) float64 {
	n := float64(len(v))
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	m, rest := sum/n, 0.0
	for _, x := range v {
		rest += x - m
	}
	return m + rest/n
}

// meanAndDeviation returns the mean and the standard deviation with n-1.
func meanAndDeviation(v []float64) (m, sd float64) {
	m = mean(v)
	squares := 0.0
	for _, x := range v {
		squares += (x - m) * (x - m)
	}
	return m, math.Sqrt(squares / float64(len(v)-1))
}
