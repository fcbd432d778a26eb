// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import "math"

// MaxBins is the largest number of bins.
const MaxBins = 1000

// Bin is a range of predicted probabilities and what became of the pairs in it: a point of a reliability diagram. Where
// Count is 0 the other figures are 0.
type Bin struct {
	From, To  float64 // probabilities above From up to To; the first bin has 0, too
	Count     int     // pairs
	Predicted float64 // mean of their probabilities
	Observed  float64 // share of them that is relevant
	Low, High float64 // nominal 95 % interval of that share (Wilson, 1927): as if pairs were independent, which those of one query are not
}

// Reliability sorts pairs by their predicted probability into bins of equal width and compares prediction with outcome
// (Murphy and Winkler, 1977). Bins below 1 are taken as 1, above [MaxBins] as that. nil when the lengths differ, or a
// probability is outside [0, 1].
func Reliability(p []float64, relevant []bool, bins int) []Bin {
	if !predictions(p, relevant) {
		return nil
	}
	bins = max(1, min(bins, MaxBins))
	edge := func(i int) float64 { return float64(i) / float64(bins) }
	result := make([]Bin, bins)
	for i := range result {
		result[i].From, result[i].To = edge(i), edge(i+1)
	}
	for k, v := range p {
		// The product is at or above an edge when v is, so that only the lower edge needs a look.
		i := min(int(v*float64(bins)), bins-1)
		for i > 0 && v <= edge(i) {
			i--
		}
		b := &result[i]
		b.Count++
		b.Predicted += v
		if relevant[k] {
			b.Observed++
		}
	}
	for i := range result {
		if b := &result[i]; b.Count > 0 {
			n := float64(b.Count)
			b.Low, b.High = wilson(b.Observed, n)
			b.Predicted /= n
			b.Observed /= n
		}
	}
	return result
}

// wilson is the 95 % score interval of a share: k of n.
func wilson(k, n float64) (low, high float64) {
	const z = 1.959963984540054
	share := k / n
	center := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return max(0, min(center-half, share)), min(1, max(center+half, share))
}

// The figures below take predicted probabilities in [0, 1] and whether the pairs are relevant. They are NaN when the
// lengths differ, there are no pairs, or a probability is outside [0, 1]. Lower is better, 0 is perfect.

// Brier is the mean of the squared differences between probability and outcome (Brier, 1950), in [0, 1].
func Brier(p []float64, relevant []bool) float64 {
	return meanOver(p, relevant, func(p float64) float64 { return (1 - p) * (1 - p) })
}

// LogLoss is the mean of -log of the probability given to what came out (Good, 1952), in nats. Probabilities closer to 0
// or 1 than [Smallest] are taken as that, so that the value is at most 34.6.
func LogLoss(p []float64, relevant []bool) float64 {
	return meanOver(p, relevant, func(p float64) float64 { return -math.Log(bounded(p)) })
}

// ECE is the expected calibration error: the mean over the bins of |observed - predicted|, weighted with their counts (Naeini,
// Cooper and Hauskrecht, 2015; Guo et al., 2017), in [0, 1]. It depends on the number of bins, usually 10 or 15, and is biased upwards
// when bins hold few pairs. Bins are those of [Reliability].
func ECE(p []float64, relevant []bool, bins int) float64 {
	if len(p) == 0 || !predictions(p, relevant) {
		return math.NaN()
	}
	sum := 0.0
	for _, b := range Reliability(p, relevant, bins) {
		sum += math.Abs(b.Observed-b.Predicted) * float64(b.Count)
	}
	return sum / float64(len(p))
}

// meanOver averages the loss of the probability given to the outcome of each pair.
func meanOver(p []float64, relevant []bool, loss func(float64) float64) float64 {
	if len(p) == 0 || !predictions(p, relevant) {
		return math.NaN()
	}
	sum := 0.0
	for i, v := range p {
		if !relevant[i] {
			v = 1 - v
		}
		sum += loss(v)
	}
	return sum / float64(len(p))
}

// predictions reports whether there is one probability for every pair.
func predictions(p []float64, relevant []bool) bool {
	if len(p) != len(relevant) {
		return false
	}
	for _, v := range p {
		if !(v >= 0 && v <= 1) {
			return false
		}
	}
	return true
}
