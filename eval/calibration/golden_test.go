// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// golden is what scripts/reference/calibration.py writes.
type golden struct {
	Fits []struct {
		Logits   []float32 `json:"logits"`
		Relevant []bool    `json:"relevant"`
		Sklearn  []float64 `json:"sklearn"` // slope and offset
		Platt    []float64 `json:"platt"`   // the same to all digits, by statsmodels
		Isotonic []float64 `json:"isotonic"`
	} `json:"fits"`
	Figures []struct {
		P                   []float64
		Relevant            []bool
		Bins                int
		Brier               float64
		LogLoss             float64   `json:"log_loss"`
		Observed, Predicted []float64 // of the bins that are not empty
	} `json:"figures"`
}

func loadGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Fits) < 15 || len(g.Figures) < 5 {
		t.Fatalf("%d and %d cases", len(g.Fits), len(g.Figures))
	}
	return g
}

func near(t *testing.T, i int, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("case %d: %s = %v, want %v", i, what, got, want)
	}
}

func TestPlattLikeStatsmodelsAndScikitLearn(t *testing.T) {
	for i, g := range loadGolden(t).Fits {
		m, err := FitPlatt(g.Logits, g.Relevant)
		if err != nil {
			t.Fatal(err)
		}
		near(t, i, "slope relative to statsmodels", m.A/g.Platt[0], 1, 1e-9)
		near(t, i, "offset of statsmodels", m.B, g.Platt[1], 1e-9*max(1, math.Abs(g.Platt[1])))
		for _, x := range g.Logits {
			// scikit-learn's minimiser stops early; what it finds differs by less than this in probability.
			want := sigmoid(g.Sklearn[0]*float64(x) + g.Sklearn[1])
			near(t, i, "probability of scikit-learn", m.Probability(x), want, 1e-4)
		}
	}
}

func TestIsotonicLikeScikitLearn(t *testing.T) {
	for i, g := range loadGolden(t).Fits {
		blocks := pool(g.Logits, g.Relevant)
		order := make([]int, len(g.Logits))
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch x, y := g.Logits[a], g.Logits[b]; {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
		at := 0
		for _, b := range blocks {
			for range b.pairs {
				near(t, i, "step", b.share(), g.Isotonic[order[at]], 1e-12)
				at++
			}
		}
		if at != len(order) {
			t.Errorf("case %d: blocks hold %d of %d pairs", i, at, len(order))
		}
	}
}

func TestFiguresLikeScikitLearn(t *testing.T) {
	for i, g := range loadGolden(t).Figures {
		near(t, i, "Brier", Brier(g.P, g.Relevant), g.Brier, 1e-12)
		near(t, i, "log loss", LogLoss(g.P, g.Relevant), g.LogLoss, 1e-12)
		bins := slices.DeleteFunc(Reliability(g.P, g.Relevant, g.Bins), func(b Bin) bool { return b.Count == 0 })
		if len(bins) != len(g.Observed) {
			t.Fatalf("case %d: %d bins, want %d", i, len(bins), len(g.Observed))
		}
		ece := 0.0
		for k, b := range bins {
			near(t, i, "observed", b.Observed, g.Observed[k], 1e-12)
			near(t, i, "predicted", b.Predicted, g.Predicted[k], 1e-12)
			ece += float64(b.Count) * math.Abs(g.Observed[k]-g.Predicted[k]) / float64(len(g.P))
		}
		near(t, i, "ECE", ECE(g.P, g.Relevant, g.Bins), ece, 1e-12)
	}
}
