// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import "math"

// Gain says how a grade counts in NDCG.
type Gain int

// The gains. Grades of 0 and below have no gain in either.
const (
	Linear      Gain = iota // the grade itself: trec_eval, BEIR, the figures of TREC (Järvelin and Kekäläinen, 2002)
	Exponential             // 2^grade - 1 (Burges et al., 2005); the same as Linear when the only grade is 1
)

// of is the gain of one grade. Grades are small; the bound keeps a hostile one from making every value infinite.
func (g Gain) of(grade int) float64 {
	const highest = 500
	switch {
	case grade <= 0:
		return 0
	case g == Exponential:
		return math.Exp2(float64(min(grade, highest))) - 1
	}
	return float64(grade)
}

// NDCG is the normalised discounted cumulative gain of the first k documents:
//
//	DCG = Σ gain(grade at rank r) / log2(r + 1),   NDCG = DCG / (DCG of the best possible order, cut at k)
//
// which is trec_eval's ndcg_cut_k with Linear gain, and its ndcg for k = 0; with Exponential gain it is the value of TREC's
// gdeval. No relevance level is used: grades count as they are.
func NDCG(ranked []string, j Judgments, k int, gain Gain) float64 {
	return ndcg(look(ranked, j), k, gain)
}

func ndcg(v view, k int, gain Gain) float64 {
	ideal := dcg(cut(v.pool, k), gain)
	if ideal == 0 {
		return 0
	}
	return min(dcg(cut(v.grades, k), gain)/ideal, 1)
}

// dcg adds up the discounted gains of a list.
func dcg(grades []int, gain Gain) float64 {
	sum := 0.0
	for i, g := range grades {
		if g > 0 {
			sum += gain.of(g) / discount(i+1)
		}
	}
	return sum
}

// discount is what a gain at a rank, from 1 on, is divided by.
func discount(rank int) float64 { return math.Log2(float64(rank + 1)) }

// DefaultPersistence is the persistence of RBP when none is stated, ir_measures' default.
const DefaultPersistence = 0.8

// RankBiasedPrecision is RBP (Moffat and Zobel, 2008): the rate at which a reader meets relevant documents who goes on to
// the next rank with probability p,
//
//	RBP = (1 - p) Σ p^(r-1) over the ranks r of relevant documents
//
// Relevance is yes or no. p is above 0 and below 1; the authors use 0.5 for an impatient reader, 0.8 and 0.95 for patient
// ones; with any other p the value is NaN. What follows the list, or the cut-off, counts as not relevant, so a value is a
// lower bound.
func RankBiasedPrecision(ranked []string, j Judgments, k, level int, p float64) float64 {
	if !(p > 0 && p < 1) {
		return math.NaN()
	}
	return rankBiased(look(ranked, j), k, level, p)
}

func rankBiased(v view, k, level int, p float64) float64 {
	sum, weight := 0.0, 1-p
	for _, g := range cut(v.grades, k) {
		if isRelevant(g, level) {
			sum += weight
		}
		weight *= p
	}
	return sum
}

// DefaultTop is the highest grade of ERR's scale when none is stated: gdeval's, which TREC's Web tracks used.
const DefaultTop = 4

// ExpectedReciprocalRank is ERR (Chapelle et al., 2009): the expectation of 1 / rank of the document that satisfies a
// reader who goes down the list,
//
//	ERR = Σ 1/r R(r) Π (1 - R(i)) over i < r,   R = (2^grade - 1) / 2^top
//
// top is the highest grade of the scale, from 1 to [MaxTop]; gdeval and ir_measures take 4, whatever the collection has. A
// grade above top counts as top; with a top out of range the value is NaN. ERR is not normalised: the best order of a list
// has a value below 1.
func ExpectedReciprocalRank(ranked []string, j Judgments, k, top int) float64 {
	if top < 1 || top > MaxTop {
		return math.NaN()
	}
	return expectedReciprocal(look(ranked, j), k, top)
}

func expectedReciprocal(v view, k, top int) float64 {
	sum, goesOn := 0.0, 1.0
	for i, g := range cut(v.grades, k) {
		if g > 0 {
			r := satisfies(g, top)
			sum += r * goesOn / float64(i+1)
			goesOn *= 1 - r
		}
	}
	return sum
}

// satisfies is the probability that a document of a grade ends the search.
func satisfies(grade, top int) float64 {
	if grade <= 0 {
		return 0
	}
	return (math.Exp2(float64(min(grade, top))) - 1) / math.Exp2(float64(top))
}
