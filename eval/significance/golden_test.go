// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package significance

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// tolerance of all golden values, absolute.
const tolerance = 1e-10

// golden is what scripts/reference/significance.py writes.
type golden struct {
	Paired []struct {
		A             []float64 `json:"a"`
		B             []float64 `json:"b"`
		T             float64   `json:"t"`
		TP            float64   `json:"t_p"`
		CohenD        float64   `json:"cohen_d"`
		RankBiserial  float64   `json:"rank_biserial"`
		Randomisation *float64  `json:"randomisation"` // exact, where there are few queries
		Pratt, ZSplit struct{ Plus, P float64 }
	} `json:"paired"`
	Intervals []struct {
		Values, Means   []float64
		Confidence      float64
		Percentile, BCa [2]float64
	} `json:"intervals"`
	Holm []struct{ P, Holm []float64 } `json:"holm"`
}

func loadGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/significance.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Paired) < 40 || len(g.Intervals) < 10 || len(g.Holm) < 3 {
		t.Fatalf("%d, %d and %d cases", len(g.Paired), len(g.Intervals), len(g.Holm))
	}
	return g
}

func near(t *testing.T, i int, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("case %d: %s = %v, want %v", i, what, got, want)
	}
}

func TestPairedLikeSciPy(t *testing.T) {
	enumerated := 0
	for i, g := range loadGolden(t).Paired {
		stat, p, err := PairedT(g.A, g.B)
		if err != nil {
			t.Fatal(err)
		}
		near(t, i, "t", stat, g.T)
		near(t, i, "p of t", p, g.TP)
		d, err := CohenD(g.A, g.B)
		if err != nil {
			t.Fatal(err)
		}
		near(t, i, "d", d, g.CohenD)
		r, err := RankBiserial(g.A, g.B)
		if err != nil {
			t.Fatal(err)
		}
		near(t, i, "rank-biserial correlation", r, g.RankBiserial)
		for zeros, want := range map[Zeros]struct{ Plus, P float64 }{Pratt: g.Pratt, ZeroSplit: g.ZSplit} {
			plus, p, err := SignedRank(g.A, g.B, zeros)
			if err != nil {
				t.Fatal(err)
			}
			near(t, i, "W+ of "+string(zeros), plus, want.Plus)
			near(t, i, "p of "+string(zeros), p, want.P)
		}
		if g.Randomisation == nil {
			continue
		}
		enumerated++
		p, exact, err := SignFlips(g.A, g.B, DefaultPermutations, 1)
		if err != nil || !exact {
			t.Fatalf("case %d: exact is %v, error %v", i, exact, err)
		}
		near(t, i, "randomisation", p, *g.Randomisation)
	}
	if enumerated < 10 {
		t.Errorf("only %d cases with an exact randomisation test", enumerated)
	}
}

func TestIntervalsLikeSciPy(t *testing.T) {
	for i, g := range loadGolden(t).Intervals {
		tails := [2]float64{(1 - g.Confidence) / 2, (1 + g.Confidence) / 2}
		for k, tail := range tails {
			near(t, i, "percentile", quantile(g.Means, tail), g.Percentile[k])
		}
		low, high := bca(g.Values, g.Means, tails)
		near(t, i, "BCa, low", low, g.BCa[0])
		near(t, i, "BCa, high", high, g.BCa[1])
	}
}

func TestHolmLikeStatsmodels(t *testing.T) {
	for i, g := range loadGolden(t).Holm {
		for k, got := range Holm(g.P) {
			near(t, i, "Holm", got, g.Holm[k])
		}
	}
}
