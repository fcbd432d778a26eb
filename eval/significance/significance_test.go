// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCompareByHand(t *testing.T) {
	// Differences 1, 2, -1, 0: mean 1/2, squares of steps 1/4 + 9/4 + 9/4 + 1/4 = 5.
	a, b := []float64{0, 1, 2, 3}, []float64{1, 3, 1, 3}
	c, err := Compare(a, b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sd := math.Sqrt(5.0 / 3)
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"mean of a", c.MeanA, 1.5},
		{"mean of b", c.MeanB, 2},
		{"difference", c.Difference, 0.5},
		{"t", c.T, 0.5 / (sd / 2)},
		{"d", c.CohenD, 0.5 / sd},
		{"rank-biserial", c.RankBiserial, (1.5 + 3 - 1.5) / 6},
		// Of the 8 sign patterns of 1, 2 and 1, the sums ±4, and twice ±2, are at least as far out as 2.
		{"randomisation", c.P[Randomisation], 6.0 / 8},
		// With the zero at rank 1, ranks 2.5, 4 and 2.5; W- is 2.5, and ≤ 2.5 are 0 and twice 2.5.
		{"Wilcoxon", c.P[Wilcoxon], 2 * 3.0 / 8},
	} {
		if math.Abs(tt.got-tt.want) > 1e-12 {
			t.Errorf("%s = %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	if c.N != 4 || c.Wins != 2 || c.Ties != 1 || c.Losses != 1 {
		t.Errorf("n %d, wins, ties, losses %d %d %d", c.N, c.Wins, c.Ties, c.Losses)
	}
	if c.Low > c.Difference || c.High < c.Difference {
		t.Errorf("interval [%v, %v] without %v", c.Low, c.High, c.Difference)
	}
}

func TestCompareWithoutDifference(t *testing.T) {
	for _, n := range []int{2, 20, 60} {
		a := make([]float64, n)
		for i := range a {
			a[i] = float64(i) / 7
		}
		for _, z := range []Zeros{Pratt, ZeroSplit} {
			c, err := Compare(a, a, Options{Zeros: z})
			if err != nil {
				t.Fatal(err)
			}
			want := Comparison{N: n, MeanA: c.MeanA, MeanB: c.MeanA, Ties: n, P: map[Test]float64{T: 1, Wilcoxon: 1, Randomisation: 1}}
			if d := cmp.Diff(want, c); d != "" {
				t.Error(d)
			}
		}
	}
}

// TestCompareWithoutSpread: t and d are infinite on paper and must survive JSON.
func TestCompareWithoutSpread(t *testing.T) {
	for _, n := range []int{2, 60} {
		a, b := make([]float64, n), slices.Repeat([]float64{-0.5}, n)
		c, err := Compare(a, b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.T != -steepest || c.CohenD != -steepest || c.RankBiserial != -1 || c.Low != -0.5 || c.High != -0.5 || c.Losses != n {
			t.Errorf("n = %d: %+v", n, c)
		}
		if _, err := json.Marshal(c); err != nil {
			t.Error(err)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	ok := []float64{1, 2, 3}
	for name, c := range map[string]struct {
		a, b []float64
		o    Options
	}{
		"lengths":         {ok, ok[:2], Options{}},
		"nothing":         {nil, nil, Options{}},
		"one query":       {ok[:1], ok[:1], Options{}},
		"NaN":             {ok, []float64{1, math.NaN(), 3}, Options{}},
		"Inf":             {[]float64{1, 2, math.Inf(-1)}, ok, Options{}},
		"too large":       {ok, []float64{1, 2, 1e300}, Options{}},
		"difference":      {[]float64{1, 2, -1e100}, []float64{1, 2, 1e100}, Options{}},
		"permutations":    {ok, ok, Options{Permutations: -1}},
		"many permut.":    {ok, ok, Options{Permutations: MaxRepeats + 1}},
		"resamples":       {ok, ok, Options{Resamples: -3}},
		"confidence":      {ok, ok, Options{Confidence: 1}},
		"confidence NaN":  {ok, ok, Options{Confidence: math.NaN()}},
		"tolerance":       {ok, ok, Options{Tolerance: -1}},
		"zeros":           {ok, ok, Options{Zeros: "wilcox"}},
		"tolerance is no": {ok, ok, Options{Tolerance: math.NaN()}},
	} {
		if got, err := Compare(c.a, c.b, c.o); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, _, err := SignFlips(ok, ok, 0, 1); err == nil {
		t.Error("no permutations accepted")
	}
	if _, _, err := SignedRank(ok, ok, "none"); err == nil {
		t.Error("unknown treatment of zeros accepted")
	}
	for _, f := range []func(a, b []float64) error{
		func(a, b []float64) error { _, _, err := PairedT(a, b); return err },
		func(a, b []float64) error { _, _, err := SignedRank(a, b, Pratt); return err },
		func(a, b []float64) error { _, _, err := SignFlips(a, b, 10, 1); return err },
		func(a, b []float64) error { _, err := CohenD(a, b); return err },
		func(a, b []float64) error { _, err := RankBiserial(a, b); return err },
	} {
		if f(ok, ok[:2]) == nil {
			t.Error("different lengths accepted")
		}
	}
}

// TestCompareProperties: exchanging the systems mirrors everything, figures are in their ranges and finite, the order of
// queries changes no test, and the same seed gives the same bits.
func TestCompareProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 70).Draw(t, "n")
		value := rapid.OneOf(rapid.Float64Range(-1, 2), rapid.Map(rapid.IntRange(0, 4), func(i int) float64 { return float64(i) / 4 }),
			rapid.Float64Range(-1e100, 1e100).Filter(func(f float64) bool { return math.Abs(f) <= 4e99 }))
		a := rapid.SliceOfN(value, n, n).Draw(t, "a")
		b := rapid.SliceOfN(value, n, n).Draw(t, "b")
		o := Options{Seed: rapid.Uint64().Draw(t, "seed"), Permutations: 400, Resamples: 100}
		o.Zeros = rapid.SampledFrom([]Zeros{Pratt, ZeroSplit}).Draw(t, "zeros")
		c, err := Compare(a, b, o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Compare(a, b, o)
		if err != nil || !cmp.Equal(c, again) {
			t.Fatalf("twice is not the same: %s (%v)", cmp.Diff(c, again), err)
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatal(err)
		}
		mirror, err := Compare(b, a, o)
		if err != nil {
			t.Fatal(err)
		}
		if mirror.T != -c.T || mirror.CohenD != -c.CohenD || mirror.RankBiserial != -c.RankBiserial ||
			mirror.Wins != c.Losses || mirror.Ties != c.Ties {
			t.Fatalf("not mirrored:\n%+v\n%+v", c, mirror)
		}
		if len(c.P) != len(Tests()) {
			t.Fatalf("p of %d tests", len(c.P))
		}
		for test, p := range c.P {
			if !(p >= 0 && p <= 1) {
				t.Fatalf("p of %s is %v", test, p)
			}
			if math.Abs(p-mirror.P[test]) > 1e-12 {
				t.Fatalf("p of %s is %v, mirrored %v", test, p, mirror.P[test])
			}
		}
		if c.Wins+c.Ties+c.Losses != n || c.Low > c.High || math.Abs(c.RankBiserial) > 1 {
			t.Fatalf("%+v", c)
		}
		back := func(v []float64) []float64 { v = slices.Clone(v); slices.Reverse(v); return v }
		turned, err := Compare(back(a), back(b), o)
		if err != nil {
			t.Fatal(err)
		}
		if turned.P[Wilcoxon] != c.P[Wilcoxon] || turned.RankBiserial != c.RankBiserial || math.Abs(turned.P[T]-c.P[T]) > 1e-9 {
			t.Fatalf("the order of queries matters: %+v and %+v", c, turned)
		}
	})
}

func TestSignFlipsMonteCarloAgreesWithEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		a, b := make([]float64, 15), make([]float64, 15)
		for i := range a {
			b[i] = r.NormFloat64() + 0.4
		}
		want, exact, err := SignFlips(a, b, 1<<15, 7)
		if err != nil || !exact {
			t.Fatal(exact, err)
		}
		const draws = 1<<15 - 1
		got, exact, err := SignFlips(a, b, draws, 7)
		if err != nil || exact {
			t.Fatal(exact, err)
		}
		// Five standard errors of a share of so many draws.
		if e := 5 * math.Sqrt(want*(1-want)/draws); math.Abs(got-want) > e+1.0/draws {
			t.Errorf("drawn %v, enumerated %v", got, want)
		}
	}
	// Many queries that all win: no pattern is as far out, and p is the smallest there is.
	if p, exact, err := SignFlips(make([]float64, 200), slices.Repeat([]float64{1}, 200), 999, 1); err != nil || exact || p != 1.0/1000 {
		t.Errorf("p = %v, exact %v, error %v", p, exact, err)
	}
}

// TestSignFlipsTakesRoundingForEqual uses tenths: 0.1 + 0.2 and 0.3 differ in the last bit.
func TestSignFlipsTakesRoundingForEqual(t *testing.T) {
	p, _, err := SignFlips(make([]float64, 3), []float64{0.1, 0.2, -0.3}, 100, 1)
	if err != nil || p != 1 {
		t.Errorf("p of a sum of nothing = %v (%v)", p, err)
	}
	p, _, err = SignFlips(make([]float64, 4), []float64{0.1, 0.2, 0.3, -0.6}, 100, 1)
	if err != nil || p != 1 {
		t.Errorf("p = %v (%v)", p, err)
	}
	// ±0.1 ±0.2 ±0.3 is ±0.6, or ±0.4, ±0.2, ±0: at least as far out as 0.4 are four of eight.
	p, _, err = SignFlips(make([]float64, 3), []float64{-0.1, 0.2, 0.3}, 100, 1)
	if err != nil || p != 0.5 {
		t.Errorf("p = %v (%v)", p, err)
	}
}

func TestHolm(t *testing.T) {
	p := []float64{0.04, 0.01, math.NaN(), 0.03, 0.005}
	got := Holm(p)
	want := []float64{0.06, 0.03, math.NaN(), 0.06, 0.02}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 || math.IsNaN(got[i]) != math.IsNaN(want[i]) {
			t.Errorf("Holm %d = %v, want %v", i, got[i], want[i])
		}
	}
	if p[0] != 0.04 || len(Holm(nil)) != 0 {
		t.Error("the argument was changed, or nothing made something")
	}
	corrected := Correct([]Comparison{{P: map[Test]float64{T: 0.02, Wilcoxon: 0.5}}, {P: map[Test]float64{T: 0.04}}})
	if d := cmp.Diff([]map[Test]float64{{T: 0.04, Wilcoxon: 0.5}, {T: 0.04}}, corrected); d != "" {
		t.Error(d)
	}
}

func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		h := Holm(p)
		for i := range p {
			if h[i] < p[i] || h[i] > 1 || h[i] > float64(len(p))*p[i]+1e-15 && h[i] > slices.Max(p)*float64(len(p)) {
				t.Fatalf("p %v became %v", p[i], h[i])
			}
			for k := range p {
				if p[i] < p[k] && h[i] > h[k] {
					t.Fatalf("order lost: %v %v became %v %v", p[i], p[k], h[i], h[k])
				}
			}
		}
	})
}

func TestBootstrapOfOddities(t *testing.T) {
	for _, f := range []func([]float64, float64, int, uint64) (float64, float64){Bootstrap, BootstrapBCa} {
		for _, v := range [][]float64{nil, {1, math.NaN()}, {math.Inf(1)}, {1e200}} {
			if low, high := f(v, 0.95, 100, 1); !math.IsNaN(low) || !math.IsNaN(high) {
				t.Errorf("%v: [%v, %v]", v, low, high)
			}
		}
		if low, high := f([]float64{0.1}, 0.95, 100, 1); low != 0.1 || high != 0.1 {
			t.Errorf("one value: [%v, %v]", low, high)
		}
		low, high := f([]float64{1, 2, 3, 4, 9}, 7, -1, 1)
		if l, h := f([]float64{1, 2, 3, 4, 9}, DefaultConfidence, DefaultResamples, 1); l != low || h != high || !(low < high) {
			t.Errorf("defaults: [%v, %v], [%v, %v]", low, high, l, h)
		}
	}
}

// TestBootstrapProperties: the ends are in order and within the values, also where few resamples make BCa's corrections infinite.
func TestBootstrapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 0, 0, 100}), rapid.Float64Range(-1e99, 1e99))
		v := rapid.SliceOfN(value, 1, 20).Draw(t, "values")
		confidence := rapid.Float64Range(0.01, 0.9999).Draw(t, "confidence")
		resamples := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 200)).Draw(t, "resamples")
		seed := rapid.Uint64().Draw(t, "seed")
		slack := 1e-12 * max(math.Abs(slices.Max(v)), math.Abs(slices.Min(v)))
		for _, f := range []func([]float64, float64, int, uint64) (float64, float64){Bootstrap, BootstrapBCa} {
			low, high := f(v, confidence, resamples, seed)
			if !(low <= high) || low < slices.Min(v)-slack || high > slices.Max(v)+slack {
				t.Fatalf("[%v, %v] of %v", low, high, v)
			}
		}
	})
}

func TestBCaFallsBackToPercentiles(t *testing.T) {
	tails := [2]float64{0.025, 0.975}
	for name, means := range map[string][]float64{
		"all means below": {0.1, 0.2, 0.3},
		"all means above": {7, 8, 9},
	} {
		low, high := bca([]float64{0, 0, 1, 19}, means, tails)
		if low != quantile(means, tails[0]) || high != quantile(means, tails[1]) {
			t.Errorf("%s: [%v, %v]", name, low, high)
		}
	}
	// One value far out has nearly the largest acceleration, 1/6; with a large bias, 1 - a·z is negative.
	values, means := make([]float64, 200), make([]float64, 10_000)
	values[199], means[9999] = 1, 0.02
	low, high := bca(values, means, [2]float64{1e-5, 1 - 1e-5})
	if low != 0 || high != quantile(means, 1-1e-5) {
		t.Errorf("beyond the turn: [%v, %v]", low, high)
	}
}

func TestMeanIsRoundedOnce(t *testing.T) {
	for _, x := range []float64{0.1, 1.0 / 3, -0.7} {
		if m := mean(slices.Repeat([]float64{x}, 1000)); m != x {
			t.Errorf("mean of a thousand times %v is %v", x, m)
		}
	}
}
