// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestReliabilityByHand(t *testing.T) {
	p, relevant := []float64{0, 0.1, 0.5, 0.6, 1}, []bool{false, false, true, false, true}
	// Wilson's interval of 1 of 3 is [0.0615, 0.7923], of 1 of 2 [0.0945, 0.9055].
	want := []Bin{
		{From: 0, To: 0.5, Count: 3, Predicted: 0.2, Observed: 1.0 / 3, Low: 0.061492, High: 0.792340},
		{From: 0.5, To: 1, Count: 2, Predicted: 0.8, Observed: 0.5, Low: 0.094531, High: 0.905469},
	}
	if d := cmp.Diff(want, Reliability(p, relevant, 2), cmpopts.EquateApprox(0, 1e-6)); d != "" {
		t.Error(d)
	}
	for name, v := range map[string][2]float64{
		"ECE":      {ECE(p, relevant, 2), (3*(1.0/3-0.2) + 2*0.3) / 5},
		"Brier":    {Brier(p, relevant), (0.01 + 0.25 + 0.36) / 5},
		"log loss": {LogLoss(p, relevant), -(math.Log(0.9) + math.Log(0.5) + math.Log(0.4) + 2*math.Log1p(-Smallest)) / 5},
	} {
		if math.Abs(v[0]-v[1]) > 1e-12 {
			t.Errorf("%s = %v, want %v", name, v[0], v[1])
		}
	}
	if v := LogLoss([]float64{1}, []bool{false}); math.Abs(v+math.Log(Smallest)) > 0.2 {
		t.Errorf("log loss of a sure error is %v", v)
	}
}

func TestFiguresOfOddities(t *testing.T) {
	for _, c := range []struct {
		p        []float64
		relevant []bool
	}{{nil, nil}, {[]float64{0.5}, nil}, {[]float64{math.NaN()}, []bool{true}}, {[]float64{1.5}, []bool{true}}, {[]float64{-0.1}, []bool{true}}} {
		for _, v := range []float64{Brier(c.p, c.relevant), LogLoss(c.p, c.relevant), ECE(c.p, c.relevant, 10)} {
			if !math.IsNaN(v) {
				t.Errorf("%v, %v: %v", c.p, c.relevant, v)
			}
		}
		if bins := Reliability(c.p, c.relevant, 10); len(c.p) > 0 && bins != nil {
			t.Errorf("%v: %v", c.p, bins)
		}
	}
	if n := len(Reliability([]float64{0.5}, []bool{true}, math.MaxInt)); n != MaxBins {
		t.Errorf("%d bins", n)
	}
	if n := len(Reliability([]float64{0.5}, []bool{true}, -5)); n != 1 {
		t.Errorf("%d bins", n)
	}
}

func TestReliabilityProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 0.1, 0.3, 0.7, 1})), 1, 80).Draw(t, "p")
		relevant := rapid.SliceOfN(rapid.Bool(), len(p), len(p)).Draw(t, "relevant")
		bins := rapid.IntRange(1, 30).Draw(t, "bins")
		count, positive := 0, 0.0
		for i, b := range Reliability(p, relevant, bins) {
			count += b.Count
			positive += b.Observed * float64(b.Count)
			if b.Count == 0 {
				continue
			}
			if b.Predicted < b.From-1e-12 || b.Predicted > b.To+1e-12 || b.Low > b.Observed || b.High < b.Observed || b.Low < 0 || b.High > 1 {
				t.Fatalf("bin %d: %+v", i, b)
			}
		}
		want := 0.0
		for _, r := range relevant {
			if r {
				want++
			}
		}
		if count != len(p) || math.Abs(positive-want) > 1e-9 {
			t.Fatalf("%d pairs, %v relevant, want %d and %v", count, positive, len(p), want)
		}
		if e := ECE(p, relevant, bins); !(e >= 0 && e <= 1) {
			t.Fatalf("ECE %v", e)
		}
	})
}
