// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFitsRefuse(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		logits   []float32
		relevant []bool
	}{
		"nothing":       {nil, nil},
		"lengths":       {[]float32{1, 2}, []bool{true}},
		"all relevant":  {[]float32{1, 2}, []bool{true, true}},
		"none relevant": {[]float32{1, 2}, []bool{false, false}},
		"NaN":           {[]float32{1, nan}, []bool{false, true}},
		"infinite":      {[]float32{-inf32, 1}, []bool{false, true}},
	} {
		if m, err := FitPlatt(c.logits, c.relevant); err == nil {
			t.Errorf("%s: Platt fitted %+v", name, m)
		}
		if m, err := FitIsotonic(c.logits, c.relevant); err == nil {
			t.Errorf("%s: isotonic fitted %+v", name, m)
		}
		if m, err := Fit(c.logits, c.relevant, make([]string, len(c.logits)), Options{}); err == nil {
			t.Errorf("%s: fitted %+v", name, m)
		}
	}
	logits, relevant := []float32{0, 1}, []bool{false, true}
	if _, err := Fit(logits, relevant, []string{"q"}, Options{}); err == nil {
		t.Error("groups of another length accepted")
	}
	for _, folds := range []int{-1, 1, 1001} {
		if _, err := Fit(logits, relevant, []string{"a", "b"}, Options{Folds: folds}); err == nil {
			t.Errorf("%d folds accepted", folds)
		}
	}
}

// TestFitsOnAnything: whatever the pairs, maps are valid, and the mean of Platt's probabilities is that of its targets.
func TestFitsOnAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logit := rapid.OneOf(rapid.Float32Range(-10, 10), rapid.Map(rapid.IntRange(-2, 2), func(i int) float32 { return float32(i) }),
			rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32))
		logits := rapid.SliceOfN(logit, 2, 60).Draw(t, "logits")
		relevant := rapid.SliceOfN(rapid.Bool(), len(logits), len(logits)).Draw(t, "relevant")
		relevant[0], relevant[1] = true, false
		platt, err := FitPlatt(logits, relevant)
		if err != nil {
			t.Fatal(err)
		}
		isotonic, err := FitIsotonic(logits, relevant)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []Map{platt, isotonic} {
			checkMap(t, m, slices.Clone(logits))
		}
		positive, negative, err := check(logits, relevant)
		if err != nil {
			t.Fatal(err)
		}
		high, low := targets(positive, negative)
		want, got := float64(positive)*high+float64(negative)*low, 0.0
		for _, x := range logits {
			got += platt.Probability(x)
		}
		if math.Abs(want-got) > 1e-6*float64(len(logits)) {
			t.Fatalf("probabilities of %+v sum to %v, want %v", platt, got, want)
		}
		if first, last := isotonic.Knots[0], isotonic.Knots[len(isotonic.Knots)-1]; first.Probability < low-1e-15 || last.Probability > high+1e-15 {
			t.Fatalf("knots from %v to %v, beyond the targets %v and %v", first, last, low, high)
		}
	})
}

func TestFitsOfOddPairs(t *testing.T) {
	apart := []float32{-2, -1, 1, 2}
	m, err := FitPlatt(apart, []bool{false, false, true, true})
	if err != nil || m.A <= 0 || m.Probability(2) > 0.95 || m.Probability(0) != 0.5 && math.Abs(m.Probability(0)-0.5) > 1e-12 {
		t.Errorf("classes apart: %+v (%v)", m, err)
	}
	for name, c := range map[string]struct {
		logits   []float32
		relevant []bool
	}{
		"wrong way":  {apart, []bool{true, true, false, false}},
		"all equal":  {[]float32{3, 3, 3, 3}, []bool{true, false, true, false}},
		"no pattern": {apart, []bool{true, false, false, true}},
	} {
		for _, fit := range []func([]float32, []bool) (Map, error){FitPlatt, FitIsotonic} {
			m, err := fit(c.logits, c.relevant)
			if err != nil {
				t.Fatal(err)
			}
			if name == "no pattern" && m.Method == Isotonic {
				continue // follows the last pair
			}
			if p := m.Probability(0); math.Abs(p-0.5) > 1e-9 || math.Abs(m.Probability(2)-0.5) > 1e-9 {
				t.Errorf("%s: %+v gives %v", name, m, p)
			}
			if name != "no pattern" && !m.Flat() {
				t.Errorf("%s: %+v is not flat", name, m)
			}
		}
	}
}

func TestIsotonicThinsSteps(t *testing.T) {
	// Runs of k relevant pairs and one other, k rising: every run is a step of its own.
	var logits []float32
	var relevant []bool
	x := float32(0)
	for k := range 1500 {
		for i := range k + 1 {
			x++
			logits, relevant = append(logits, x), append(relevant, i > 0)
		}
	}
	if n := len(pool(logits, relevant)); n != 1500 {
		t.Fatalf("%d steps", n)
	}
	m, err := FitIsotonic(logits, relevant)
	if err != nil || m.Validate() != nil || len(m.Knots) > MaxKnots || len(m.Knots) < MaxKnots/2 {
		t.Errorf("%d knots, errors %v, %v", len(m.Knots), err, m.Validate())
	}
}

// simulate draws pairs of queries whose probability of relevance is a given function of the logit.
func simulate(seed uint64, queries, depth int, chance func(float64) float64) (logits []float32, relevant []bool, groups []string) {
	r := rand.New(rand.NewPCG(seed, 1))
	for q := range queries {
		for range depth {
			x := r.NormFloat64()*4 - 1
			logits, relevant = append(logits, float32(x)), append(relevant, r.Float64() < chance(x))
			groups = append(groups, fmt.Sprint("q", q))
		}
	}
	return logits, relevant, groups
}

func TestFitRecoversASigmoid(t *testing.T) {
	logits, relevant, groups := simulate(1, 400, 25, func(x float64) float64 { return sigmoid(0.4*x - 1.5) })
	c, err := Fit(logits, relevant, groups, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Map.Method != Platt || math.Abs(c.Map.A-0.4) > 0.03 || math.Abs(c.Map.B+1.5) > 0.1 {
		t.Errorf("%+v", c.Map)
	}
	if c.Folds != DefaultFolds || !(c.LogLoss[Platt] < c.Uncalibrated) || len(c.HeldOut) != len(logits) {
		t.Errorf("folds %d, losses %v, %v", c.Folds, c.LogLoss, c.Uncalibrated)
	}
	if e := ECE(c.HeldOut, relevant, 10); e > 0.02 {
		t.Errorf("ECE %v", e)
	}
	if got := LogLoss(c.HeldOut, relevant); got != c.LogLoss[Platt] {
		t.Errorf("log loss of the held-out probabilities %v, reported %v", got, c.LogLoss[Platt])
	}
}

func TestFitTakesIsotonicForACurveThatIsNoSigmoid(t *testing.T) {
	curve := func(x float64) float64 {
		if x > 3 {
			return 0.6
		}
		return 0.1 + max(0, min((x+4)/50, 0.1))
	}
	logits, relevant, groups := simulate(2, 400, 25, curve)
	c, err := Fit(logits, relevant, groups, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if c.Map.Method != Isotonic || !(c.LogLoss[Isotonic] < c.LogLoss[Platt]) {
		t.Errorf("took %s, losses %v", c.Map.Method, c.LogLoss)
	}
	for _, x := range []float64{-6, 0, 5} {
		if p := c.Map.Probability(float32(x)); math.Abs(p-curve(x)) > 0.07 {
			t.Errorf("probability of %v = %v, want about %v", x, p, curve(x))
		}
	}
	again, err := Fit(logits, relevant, groups, Options{Seed: 5})
	if err != nil || !cmp.Equal(c, again) {
		t.Error("the same seed gives another map")
	}
	other, err := Fit(logits, relevant, groups, Options{Seed: 6})
	if err != nil || cmp.Equal(c.LogLoss, other.LogLoss) {
		t.Error("the seed does not reach the folds")
	}
}

func TestFitOnFewQueries(t *testing.T) {
	logits, relevant := []float32{-2, -1, 1, 2, 3}, []bool{false, true, false, true, true}
	for reason, groups := range map[string][]string{
		"there is one query only":                          {"a", "a", "a", "a", "a"},
		"all pairs that are not relevant are of one query": {"a", "b", "a", "c", "d"},
		"all relevant pairs are of one query":              {"b", "a", "c", "a", "a"},
	} {
		c, err := Fit(logits, relevant, groups, Options{})
		if err != nil || c.Folds != 0 || c.Map.Method != Platt || c.HeldOut != nil || c.Reason != reason {
			t.Errorf("%s: %+v (%v)", reason, c, err)
		}
	}
	c, err := Fit(logits, relevant, []string{"a", "a", "b", "b", "b"}, Options{})
	if err != nil || c.Folds != 2 || c.Reason != "" {
		t.Errorf("two queries: %+v (%v)", c, err)
	}
}

// TestDealKeepsQueriesTogether and spreads those with relevant pairs.
func TestDealKeepsQueriesTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}), n, n).Draw(t, "groups")
		relevant := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "relevant")
		folds, k := deal(relevant, names, Options{Folds: rapid.IntRange(2, 9).Draw(t, "folds"), Seed: rapid.Uint64().Draw(t, "seed")})
		foldOf, size, both := map[string]int{}, make([]int, k), make([]int, k)
		for i, g := range names {
			if f, seen := foldOf[g]; seen && f != folds[i] {
				t.Fatalf("query %s is in folds %d and %d", g, f, folds[i])
			} else if !seen {
				foldOf[g] = folds[i]
				size[folds[i]]++
			}
		}
		for g, f := range foldOf {
			var seen [2]bool
			for i := range names {
				if names[i] == g {
					seen[map[bool]int{true: 1}[relevant[i]]] = true
				}
			}
			if seen[0] && seen[1] {
				both[f]++
			}
		}
		for _, sizes := range [][]int{size, both} {
			if slices.Max(sizes)-slices.Min(sizes) > 1 {
				t.Fatalf("queries of the folds: %v", sizes)
			}
		}
		// Whatever fold is left out, both classes are there to be fitted, unless one query has all of one.
		if together(relevant, names) != "" || !slices.Contains(relevant, true) || !slices.Contains(relevant, false) {
			return
		}
		for out := range k {
			var seen [2]bool
			for i := range names {
				if folds[i] != out {
					seen[map[bool]int{true: 1}[relevant[i]]] = true
				}
			}
			if !seen[0] || !seen[1] {
				t.Fatalf("without fold %d of %v one class is left", out, folds)
			}
		}
	})
}
