// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Bootstrap is a confidence interval of the mean of the values, which may be a system's or differences of two systems: the
// percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; for retrieval Sakai,
// "Evaluating Evaluation Metrics Based on the Bootstrap", SIGIR 2006). The values are drawn with replacement, as many as
// there are, the given number of times; the interval ends at the quantiles of the means.
//
// Confidence is between 0 and 1, usually 0.95. With few values the interval is too narrow: in simulations of skewed and of
// long-tailed differences a 95 % interval missed the true mean in 8 to 12 % of cases at 20 values, 5 to 7 % at 50 and 5 % at 300.
// Out of range: a confidence outside (0, 1) is taken as [DefaultConfidence], resamples below 1 as [DefaultResamples] and
// above [MaxRepeats] as that. One value is its own interval. Without values, or when one is NaN, infinite or beyond
// ±1e100, both ends are NaN.
func Bootstrap(values []float64, confidence float64, resamples int, seed uint64) (low, high float64) {
	means, tails, ok := replicate(values, confidence, resamples, seed)
	if !ok {
		return math.NaN(), math.NaN()
	}
	return quantile(means, tails[0]), quantile(means, tails[1])
}

// BootstrapBCa is the bias-corrected and accelerated interval of the mean (Efron, "Better Bootstrap Confidence Intervals",
// 1987; Efron and Tibshirani, 1993, chapter 14), from the same resamples as [Bootstrap]. It moves the quantiles so that a skewed
// distribution is not cut evenly. For means of one system, which are skewed, it is a little nearer to its promise; for
// differences with long tails on both sides further away (9 % against 7 % missed at 50 values), which is why it is not the
// default. Where it is not defined (no spread, all means on one side) it is the percentile interval. Arguments as for Bootstrap.
func BootstrapBCa(values []float64, confidence float64, resamples int, seed uint64) (low, high float64) {
	means, tails, ok := replicate(values, confidence, resamples, seed)
	if !ok {
		return math.NaN(), math.NaN()
	}
	return bca(values, means, tails)
}

// replicate returns the means of the resamples, ascending, and the probabilities of both ends of the interval.
func replicate(values []float64, confidence float64, resamples int, seed uint64) (means []float64, tails [2]float64, ok bool) {
	if len(values) == 0 || slices.ContainsFunc(values, func(v float64) bool { return !usable(v) }) {
		return nil, tails, false
	}
	if !(confidence > 0 && confidence < 1) {
		confidence = DefaultConfidence
	}
	if resamples < 1 {
		resamples = DefaultResamples
	}
	tails = [2]float64{(1 - confidence) / 2, (1 + confidence) / 2}
	random := rand.New(rand.NewPCG(seed, streamBootstrap))
	n := len(values)
	means = make([]float64, min(resamples, MaxRepeats))
	for i := range means {
		sum := 0.0
		for range n {
			sum += values[random.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	return means, tails, true
}

// bca takes the quantiles of the ascending means at
//
//	Φ(z₀ + (z₀ + z) / (1 - a·(z₀ + z)))   with z = Φ⁻¹(tail)
//
// z₀ = Φ⁻¹(share of the means below the mean, half of those equal to it) corrects the bias. The acceleration a is a sixth of
// the skewness of the jackknife's means, which for a mean is that of the values over √n.
func bca(values, means []float64, tails [2]float64) (low, high float64) {
	m, largestStep := mean(values), 0.0
	for _, v := range values {
		largestStep = max(largestStep, math.Abs(v-m))
	}
	below, equal := 0, 0
	for _, x := range means {
		// Means of the same numbers in another order differ by rounding.
		switch {
		case math.Abs(x-m) <= 1e-13*largestStep:
			equal++
		case x < m:
			below++
		}
	}
	squares, cubes := 0.0, 0.0
	for _, v := range values {
		step := (v - m) / largestStep // scaled, so that no cube vanishes or overflows; NaN without spread
		squares += step * step
		cubes += step * step * step
	}
	bias := normalQuantile((float64(below) + float64(equal)/2) / float64(len(means)))
	acceleration := cubes / (6 * math.Pow(squares, 1.5))
	at := func(tail float64) float64 {
		z := bias + normalQuantile(tail)
		if slowed := 1 - acceleration*z; slowed > 0 {
			return normalCDF(bias + z/slowed)
		}
		return math.NaN() // so far out, the formula has turned back on itself
	}
	from, to := at(tails[0]), at(tails[1])
	// NaN also without spread, and when all means are on one side.
	if math.IsNaN(from) || math.IsNaN(to) {
		from, to = tails[0], tails[1]
	}
	return quantile(means, from), quantile(means, to)
}

// quantile interpolates between the two nearest of the ascending values, type 7 of Hyndman and Fan (1996). p is in [0, 1].
func quantile(ascending []float64, p float64) float64 {
	at := p * float64(len(ascending)-1)
	i := min(int(at), len(ascending)-1)
	next := min(i+1, len(ascending)-1)
	return ascending[i] + (at-float64(i))*(ascending[next]-ascending[i])
}

func normalCDF(z float64) float64      { return math.Erfc(-z/math.Sqrt2) / 2 }
func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }
