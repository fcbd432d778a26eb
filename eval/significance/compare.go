// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"fmt"
	"math"
)

// Test names a significance test.
type Test string

// The tests of [Compare].
const (
	T             Test = "t"             // Student's paired t test, see [PairedT]
	Wilcoxon      Test = "wilcoxon"      // Wilcoxon's signed-rank test, see [SignedRank]
	Randomisation Test = "randomisation" // Fisher's randomisation test of paired values, see [SignFlips]
)

// Tests lists the tests of [Compare], in the order in which reports show them.
func Tests() []Test { return []Test{T, Wilcoxon, Randomisation} }

// The values that the zero value of [Options] stands for, and the bounds of what may be asked.
const (
	DefaultPermutations = 100_000 // as Smucker, Allan and Carterette (2007)
	DefaultResamples    = 10_000
	DefaultConfidence   = 0.95
	DefaultTolerance    = 1e-9
	MaxRepeats          = 10_000_000 // of Permutations and Resamples
)

// largest is the largest magnitude of a value: its cube and sums of cubes are still finite.
const largest = 1e100

// Options are the settings of [Compare]. The zero value is usable.
type Options struct {
	Seed         uint64  // of the randomisation test and of the bootstrap
	Permutations int     // random sign patterns where there are more than can be enumerated; 0: [DefaultPermutations]
	Resamples    int     // of the bootstrap; 0: [DefaultResamples]
	Confidence   float64 // of the interval, between 0 and 1; 0: [DefaultConfidence]
	// Tolerance is the largest difference that counts as a tie in Wins, Ties and Losses; 0: [DefaultTolerance], which is
	// below any difference of two values of a measure and above their rounding. The tests take differences as they are.
	Tolerance float64
	Zeros     Zeros // what the Wilcoxon test does with queries without a difference; "": [Pratt]
}

// Comparison is what [Compare] finds. Differences are contender minus baseline, so that positive means better.
type Comparison struct {
	N          int     `json:"n"`          // queries
	MeanA      float64 `json:"mean_a"`     // of the baseline
	MeanB      float64 `json:"mean_b"`     // of the contender
	Difference float64 `json:"difference"` // mean of the differences
	Wins       int     `json:"wins"`       // queries better by more than the tolerance
	Ties       int     `json:"ties"`       // queries within the tolerance
	Losses     int     `json:"losses"`     // queries worse by more than the tolerance

	P            map[Test]float64 `json:"p"`             // two-sided, in [0, 1], not corrected; all three tests
	T            float64          `json:"t"`             // Student's t, N-1 degrees of freedom, cut at ±1e6
	CohenD       float64          `json:"cohen_d"`       // see [CohenD]
	RankBiserial float64          `json:"rank_biserial"` // see [RankBiserial]
	Low          float64          `json:"low"`           // lower end of the bootstrap interval of Difference, see [Bootstrap]
	High         float64          `json:"high"`          // upper end
}

// Compare compares the values of a baseline a and of a contender b. Both hold one value a query, in the same order.
// All figures of the result are finite. Where no query differs, every p is 1 and every other figure of the difference is 0.
//
// Errors: different lengths, fewer than two queries, a value that is NaN or infinite, a value or a difference
// beyond ±1e100, options out of range.
func Compare(a, b []float64, o Options) (Comparison, error) {
	o, err := o.complete()
	if err != nil {
		return Comparison{}, err
	}
	d, err := differences(a, b)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{N: len(d), MeanA: mean(a), MeanB: mean(b), Difference: mean(d), CohenD: cohenD(d), RankBiserial: rankBiserial(d)}
	for _, x := range d {
		switch {
		case x > o.Tolerance:
			c.Wins++
		case x < -o.Tolerance:
			c.Losses++
		default:
			c.Ties++
		}
	}
	var p, w, r float64
	c.T, p = pairedT(d)
	_, w = signedRank(d, o.Zeros)
	r, _ = signFlips(d, o.Permutations, o.Seed)
	c.P = map[Test]float64{T: p, Wilcoxon: w, Randomisation: r}
	c.Low, c.High = Bootstrap(d, o.Confidence, o.Resamples, o.Seed)
	return c, nil
}

// complete fills in the defaults and checks the rest.
func (o Options) complete() (Options, error) {
	set := func(v *int, def int, name string) error {
		if *v == 0 {
			*v = def
		}
		if *v < 1 || *v > MaxRepeats {
			return fmt.Errorf("%s is %d; want 1 to %d", name, *v, MaxRepeats)
		}
		return nil
	}
	if err := set(&o.Permutations, DefaultPermutations, "number of permutations"); err != nil {
		return o, err
	}
	if err := set(&o.Resamples, DefaultResamples, "number of resamples"); err != nil {
		return o, err
	}
	if o.Confidence == 0 {
		o.Confidence = DefaultConfidence
	}
	if !(o.Confidence > 0 && o.Confidence < 1) {
		return o, fmt.Errorf("confidence is %v; want a number between 0 and 1, such as 0.95", o.Confidence)
	}
	if o.Tolerance == 0 {
		o.Tolerance = DefaultTolerance
	}
	if !(o.Tolerance > 0 && o.Tolerance <= largest) {
		return o, fmt.Errorf("tolerance of a tie is %v; want a small positive number", o.Tolerance)
	}
	if o.Zeros == "" {
		o.Zeros = Pratt
	}
	return o, o.Zeros.check()
}

// differences returns b - a for every query.
func differences(a, b []float64) ([]float64, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("%d values of the baseline and %d of the contender: both need one for every query, in the same order", len(a), len(b))
	}
	if len(a) < 2 {
		return nil, fmt.Errorf("%d queries: a comparison needs at least 2", len(a))
	}
	d := make([]float64, len(a))
	for i := range a {
		if !usable(a[i]) || !usable(b[i]) {
			return nil, fmt.Errorf("query %d (from 0): values %v and %v: want finite numbers within ±%g", i, a[i], b[i], largest)
		}
		d[i] = b[i] - a[i]
		if !usable(d[i]) {
			return nil, fmt.Errorf("query %d (from 0): the difference of %v and %v is beyond ±%g", i, a[i], b[i], largest)
		}
	}
	return d, nil
}

// usable is false for NaN, too.
func usable(v float64) bool { return math.Abs(v) <= largest }
