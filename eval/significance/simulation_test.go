// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFalsePositives draws both systems from the same skewed distribution of measure values and counts how often a test
// finds a difference at 5 %: about as often, whatever the test. Five standard errors are allowed.
func TestFalsePositives(t *testing.T) {
	const rounds, n, level = 2000, 40, 0.05
	r := rand.New(rand.NewPCG(20, 26))
	found := map[Test]int{}
	missed := 0
	a, b := make([]float64, n), make([]float64, n)
	for range rounds {
		for i := range n {
			topic := r.Float64()
			a[i], b[i] = math.Pow(r.Float64(), 3)*topic, math.Pow(r.Float64(), 3)*topic
		}
		c, err := Compare(a, b, Options{Seed: r.Uint64(), Permutations: 500, Resamples: 500})
		if err != nil {
			t.Fatal(err)
		}
		for test, p := range c.P {
			if p <= level {
				found[test]++
			}
		}
		if c.Low > 0 || c.High < 0 {
			missed++
		}
	}
	slack := 5 * math.Sqrt(level*(1-level)/rounds)
	for _, test := range Tests() {
		if rate := float64(found[test]) / rounds; math.Abs(rate-level) > slack {
			t.Errorf("%s finds a difference in %.1f %% of comparisons without one", test, 100*rate)
		}
	}
	// The bootstrap is known to be a little narrow at this size.
	if rate := float64(missed) / rounds; math.Abs(rate-level) > slack+0.01 {
		t.Errorf("the 95 %% interval misses the true difference in %.1f %% of comparisons", 100*rate)
	}
	t.Logf("false positives of %d: %v, intervals that miss: %d", rounds, found, missed)
}

// TestPower makes the contender better by half a standard deviation of the differences: all tests must see it in most rounds.
func TestPower(t *testing.T) {
	const rounds, n = 200, 60
	r := rand.New(rand.NewPCG(3, 4))
	found := map[Test]int{}
	a, b := make([]float64, n), make([]float64, n)
	for range rounds {
		for i := range n {
			a[i] = r.NormFloat64()
			b[i] = a[i] + 0.5 + r.NormFloat64()
		}
		c, err := Compare(a, b, Options{Permutations: 500, Resamples: 50})
		if err != nil {
			t.Fatal(err)
		}
		for test, p := range c.P {
			if p <= 0.05 {
				found[test]++
			}
		}
	}
	for _, test := range Tests() {
		// The t test's power here is 97 %.
		if found[test] < rounds*9/10 {
			t.Errorf("%s sees a clear difference in %d of %d rounds", test, found[test], rounds)
		}
	}
}
