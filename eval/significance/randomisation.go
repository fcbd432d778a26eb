// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// The streams of the generators, so that one seed serves several purposes without giving them the same numbers.
const (
	streamSigns = 1 + iota
	streamBootstrap
)

// group is the number of queries whose signs are drawn and summed together, by a table of 2^group sums.
const group = 4

// SignFlips is Fisher's randomisation test of paired values (Fisher, 1935; as used by Smucker, Allan and Carterette, 2007):
// if both systems were the same, which value of a query is whose would be a coin's throw. p is the share of sign patterns
// of the differences b - a under which the mean is at least as far from 0 as the one seen.
//
// Where the queries that differ have no more than the given number of sign patterns (2^m for m queries), all are counted and exact
// is true. Otherwise so many random patterns are drawn, and with c of them as far out p = (c + 1) / (permutations + 1), which is never 0 and
// keeps its promise at any number (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, 4.3). Sums that differ by rounding
// only count as equal. When no query differs, p is 1. Time grows with permutations times queries that differ.
// Errors: those of [Compare], permutations below 1 or above [MaxRepeats].
func SignFlips(a, b []float64, permutations int, seed uint64) (p float64, exact bool, err error) {
	if permutations < 1 || permutations > MaxRepeats {
		return 0, false, fmt.Errorf("number of permutations is %d; want 1 to %d", permutations, MaxRepeats)
	}
	d, err := differences(a, b)
	if err != nil {
		return 0, false, err
	}
	p, exact = signFlips(d, permutations, seed)
	return p, exact, nil
}

func signFlips(d []float64, permutations int, seed uint64) (p float64, exact bool) {
	seen, magnitude, m := 0.0, 0.0, 0
	for _, x := range d {
		if x != 0 {
			seen += x
			magnitude += math.Abs(x)
			m++
		}
	}
	sums := newSignTable(d, m)
	// Sums of the same numbers with other signs round differently; the bound is far above that and far below any real difference.
	limit := math.Abs(seen) - 1e-12*magnitude
	count := 0
	if m < 63 && uint64(1)<<m <= uint64(permutations) {
		for pattern := range uint64(1) << m {
			if math.Abs(sums.of(func(int) uint64 { return pattern })) >= limit {
				count++
			}
		}
		return float64(count) / float64(uint64(1)<<m), true
	}
	random := rand.New(rand.NewPCG(seed, streamSigns))
	draw := func(int) uint64 { return random.Uint64() }
	for range permutations {
		if math.Abs(sums.of(draw)) >= limit {
			count++
		}
	}
	return float64(count+1) / float64(permutations+1), false
}

// signTable holds, for each group of queries and each pattern of their signs, the signed sum.
type signTable [][1 << group]float64

// newSignTable leaves out the zeros, of which a sign changes nothing; m is the number of the others.
func newSignTable(d []float64, m int) signTable {
	table := make(signTable, (m+group-1)/group)
	i := 0
	for _, x := range d {
		if x == 0 {
			continue
		}
		sums := &table[i/group]
		for pattern := range sums {
			if pattern>>(i%group)&1 == 1 {
				sums[pattern] -= x
			} else {
				sums[pattern] += x
			}
		}
		i++
	}
	return table
}

// of sums under one pattern of signs; bits gives those of the 64 queries of a word.
func (t signTable) of(bits func(word int) uint64) float64 {
	const perWord = 64 / group
	sum := 0.0
	for word := 0; len(t) > 0; word++ {
		signs := bits(word)
		n := min(len(t), perWord)
		for i := range t[:n] {
			sum += t[i][signs&(1<<group-1)]
			signs >>= group
		}
		t = t[n:]
	}
	return sum
}
