// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainError is the squared error of the plain factor max|w|/127.
func plainError(w []float32) float64 {
	var top float64
	for _, x := range w {
		top = max(top, math.Abs(float64(x)))
	}
	sum, _, _ := rowError(w, float32(top/127))
	return sum
}

func squaredError(w []float32, q []int8, s float32) float64 {
	var sum float64
	for i, x := range w {
		d := float64(x) - float64(s)*float64(q[i])
		sum += d * d
	}
	return sum
}

func TestQuantizeRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	normal := func(n int, scale float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(rng.NormFloat64() * scale)
		}
		return out
	}
	outlier := normal(384, 0.05)
	outlier[7] = 0.6
	rows := map[string][]float32{
		"normal":     normal(384, 0.05),
		"long":       normal(1536, 3),
		"outlier":    outlier,
		"tiny":       normal(64, 1e-30),
		"huge":       normal(64, 1e37),
		"one":        {0.3},
		"negative":   {-5, -5, -5},
		"one weight": {0, 0, 1e-3, 0},
	}
	for name, w := range rows {
		q := make([]int8, len(w))
		s := quantizeRow(q, w)
		got, plain := squaredError(w, q, s), plainError(w)
		if s <= 0 || math.IsInf(float64(s), 0) || slices.Contains(q, -128) {
			t.Errorf("%s: factor %g, integers %v", name, s, q)
		}
		if got > plain*(1+1e-6) {
			t.Errorf("%s: error %g is above the plain factor's %g", name, got, plain)
		}
		if name == "normal" && got > 0.98*plain {
			t.Errorf("%s: error %g, hardly below the plain factor's %g", name, got, plain)
		}
	}
	// Whole multiples of a step come back exactly.
	w := make([]float32, 255)
	for i := range w {
		w[i] = float32(i-127) * 0.25
	}
	q := make([]int8, len(w))
	if s := quantizeRow(q, w); s != 0.25 || squaredError(w, q, s) != 0 {
		t.Errorf("exact row: factor %g, error %g", s, squaredError(w, q, s))
	}
	for _, w := range [][]float32{{0, 0, 0}, {math.SmallestNonzeroFloat32, 0}} {
		q := []int8{9, 9, 9}[:len(w)]
		if s := quantizeRow(q, w); s*float32(q[0]) > math.SmallestNonzeroFloat32 || q[1] != 0 {
			t.Errorf("%g: factor %g, integers %v", w, s, q)
		}
	}
}

func TestQuantizeRows(t *testing.T) {
	w := []float32{1, 2, 3, 4, 5, 6}
	q, s, err := quantizeRows(w, 2, 3)
	if err != nil || len(q) != 6 || len(s) != 2 {
		t.Fatal(q, s, err)
	}
	for i, x := range w {
		if d := math.Abs(float64(x) - float64(s[i/3])*float64(q[i])); d > 0.51*float64(s[i/3]) {
			t.Errorf("element %d: off by %g with factor %g", i, d, s[i/3])
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		w := []float32{1, 2, 3, 4, float32(bad), 6}
		if _, _, err := quantizeRows(w, 2, 3); err == nil || !strings.Contains(err.Error(), "(1, 1)") {
			t.Errorf("%g: error %v, want one that names element (1, 1)", bad, err)
		}
	}
}
