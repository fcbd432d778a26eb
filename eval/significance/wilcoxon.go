// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Zeros says what the signed-rank test does with queries without a difference.
type Zeros string

// The treatments of zeros. Both rank them with the others, at the lowest ranks.
const (
	Pratt     Zeros = "pratt"  // then leave their ranks out (Pratt, 1959; normal approximation by Cureton, 1967)
	ZeroSplit Zeros = "zsplit" // then give half of their ranks to each side
)

func (z Zeros) check() error {
	if z != Pratt && z != ZeroSplit {
		return fmt.Errorf("treatment of zeros is %q; want %q or %q", string(z), string(Pratt), string(ZeroSplit))
	}
	return nil
}

// Up to these numbers of queries the distribution of the signed-rank statistic is worked out. They are SciPy's.
const (
	exactWithTies    = 13
	exactWithoutTies = 50
)

// SignedRank is Wilcoxon's signed-rank test of the differences b - a (Wilcoxon, 1945). Plus is the sum of the ranks of
// the positive differences, ranked by magnitude, ties with their mean rank; p is two-sided.
//
// Without ties and zeros p is exact up to 50 queries. With them it is exact up to 13 queries, given the ranks that
// came out: all sign patterns count the same. Beyond, it is the normal approximation with corrections for ties and for
// continuity. The values are those of SciPy's stats.wilcoxon with method "auto" and correction on. When no query differs, p is 1.
// Differences are compared as they are: two that should be equal and differ in rounding are not a tie.
// Errors: those of [Compare], an unknown treatment of zeros.
func SignedRank(a, b []float64, zeros Zeros) (plus, p float64, err error) {
	if err := zeros.check(); err != nil {
		return 0, 0, err
	}
	d, err := differences(a, b)
	if err != nil {
		return 0, 0, err
	}
	plus, p = signedRank(d, zeros)
	return plus, p, nil
}

func signedRank(d []float64, zeros Zeros) (plus, p float64) {
	r := rankMagnitudes(d)
	plus = r.plus
	if zeros == ZeroSplit {
		plus += float64(r.zeros*(r.zeros+1)) / 4
	}
	n := len(d)
	switch {
	case r.zeros == n:
		p = 1
	case n <= exactWithTies, n <= exactWithoutTies && r.zeros == 0 && r.tied == 0:
		// The zeros' share of the statistic is the same under every sign pattern, so that it can be left out.
		p = exactSignedRank(r)
	default:
		p = normalSignedRank(n, plus, r, zeros)
	}
	return plus, p
}

// magnitudes are the differences ranked by magnitude.
type magnitudes struct {
	doubled     []int   // twice the ranks of the differences that are not 0, ascending: mean ranks are multiples of 1/2
	plus, minus float64 // sums of the ranks of positive and of negative differences
	zeros       int     // differences of 0, which have the lowest ranks
	tied        float64 // Σ t³ - t over the groups of t equal magnitudes, zeros left out
}

func rankMagnitudes(d []float64) magnitudes {
	order := slices.Clone(d)
	slices.SortFunc(order, func(x, y float64) int { return cmp.Compare(math.Abs(x), math.Abs(y)) })
	var r magnitudes
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && math.Abs(order[to]) == math.Abs(order[from]) {
			to++
		}
		if order[from] == 0 {
			r.zeros = to
			from = to
			continue
		}
		doubled := from + 1 + to // ranks from+1 to to
		for _, x := range order[from:to] {
			r.doubled = append(r.doubled, doubled)
			if x > 0 {
				r.plus += float64(doubled) / 2
			} else {
				r.minus += float64(doubled) / 2
			}
		}
		t := float64(to - from)
		r.tied += t*t*t - t
		from = to
	}
	return r
}

// exactSignedRank is twice the smaller tail of the distribution of the sum of ranks under random signs.
func exactSignedRank(r magnitudes) float64 {
	total := 0
	for _, rank := range r.doubled {
		total += rank
	}
	// chance[s] is the probability that the ranks seen so far have a (doubled) sum of s.
	chance := make([]float64, total+1)
	chance[0] = 1
	reach := 0
	for _, rank := range r.doubled {
		reach += rank
		for s := reach; s >= 0; s-- {
			chance[s] /= 2
			if s >= rank {
				chance[s] += chance[s-rank] / 2
			}
		}
	}
	// The distribution is symmetric, so that the smaller tail is the one that begins at the smaller sum.
	tail := 0.0
	for s := range int(2*min(r.plus, r.minus)) + 1 {
		tail += chance[s]
	}
	return min(2*tail, 1)
}

// normalSignedRank is the normal approximation. n counts the zeros.
func normalSignedRank(n int, plus float64, r magnitudes, zeros Zeros) float64 {
	sum := func(n float64) float64 { return n * (n + 1) / 4 }
	squares := func(n float64) float64 { return n * (n + 1) * (2*n + 1) }
	all, zero := float64(n), float64(r.zeros)
	expected, spread, tied := sum(all), squares(all), r.tied
	if zeros == Pratt {
		expected -= sum(zero)
		spread -= squares(zero)
	} else {
		tied += zero*zero*zero - zero
	}
	se := math.Sqrt((spread - tied/2) / 24)
	// Half a rank towards the middle, but not past it.
	away := max(math.Abs(plus-expected)-0.5, 0)
	return math.Erfc(away / se / math.Sqrt2)
}

// RankBiserial is the matched-pairs rank-biserial correlation, an effect size in [-1, 1] that goes with the signed-rank
// test: (sum of the ranks of wins - that of losses) / (sum of both), ranks without the queries that do not differ (King,
// Rosopa and Minium, "Statistical Reasoning in the Behavioral Sciences", 2011; Kerby, 2014). 1 means that every query
// that differs is better, 0 that wins and losses balance, or that no query differs. Errors as for [Compare].
func RankBiserial(a, b []float64) (float64, error) {
	d, err := differences(a, b)
	if err != nil {
		return 0, err
	}
	return rankBiserial(d), nil
}

func rankBiserial(d []float64) float64 {
	r := rankMagnitudes(slices.DeleteFunc(slices.Clone(d), func(x float64) bool { return x == 0 }))
	if len(r.doubled) == 0 {
		return 0
	}
	return (r.plus - r.minus) / (r.plus + r.minus)
}
