// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
	"testing"
)

// Without a teacher the model's own similarities say which candidates of other rows are too near to be wrong. Texts lie at angles of the
// plane, so that each cosine is that of a difference of angles.
func TestMaskByTheModelItself(t *testing.T) {
	// Row 0 asks at 0°, row 1 at 90°, row 2 at 200°.
	angles := []float64{0, 40, 30, 90, 70, 200, 250, 39}
	b := &Embeddings{Dim: 2, Examples: []Example{
		{Anchor: 0, Positive: 1, Negatives: []int{2}}, // its own negative is nearer than the positive, and stays
		{Anchor: 3, Positive: 4},
		{Anchor: 5, Positive: 6, Negatives: []int{7}}, // to row 0 this negative is nearer than the positive by a degree
	}}
	for _, a := range angles {
		b.Vectors = append(b.Vectors, float32(3*math.Cos(a*math.Pi/180)), float32(3*math.Sin(a*math.Pi/180)))
	}
	s := func(i, j int) float64 { return math.Cos((angles[i] - angles[j]) * math.Pi / 180) }
	for name, tt := range map[string]struct {
		loss MultipleNegativesRanking
		kept [3][]int // candidates that count for each anchor
		back [3][]int // for each positive, of a symmetric loss
	}{
		"no mask":  {MultipleNegativesRanking{}, [3][]int{{1, 2, 4, 6, 7}, {1, 2, 4, 6, 7}, {1, 2, 4, 6, 7}}, [3][]int{}},
		"mask":     {MultipleNegativesRanking{Mask: true}, [3][]int{{1, 2, 4, 6}, {1, 2, 4, 6, 7}, {1, 2, 4, 6, 7}}, [3][]int{}},
		"margin":   {MultipleNegativesRanking{Mask: true, Margin: 0.5}, [3][]int{{1, 2, 6}, {4, 6}, {1, 2, 4, 6, 7}}, [3][]int{}},
		"and back": {MultipleNegativesRanking{Mask: true, Margin: 0.5, Symmetric: true}, [3][]int{{1, 2, 6}, {4, 6}, {1, 2, 4, 6, 7}}, [3][]int{{0, 5}, {0, 3, 5}, {0, 3, 5}}},
	} {
		one := func(text, answer int, candidates []int) float64 {
			var sum float64
			for _, c := range candidates {
				sum += math.Exp(20 * s(text, c))
			}
			return math.Log(sum) - 20*s(text, answer)
		}
		var want float64
		for i, e := range b.Examples {
			want += one(e.Anchor, e.Positive, tt.kept[i]) / 3
		}
		if tt.loss.Symmetric {
			var back float64
			for i, e := range b.Examples {
				back += one(e.Positive, e.Anchor, tt.back[i]) / 3
			}
			want = (want + back) / 2
		}
		gradient := make([]float32, len(b.Vectors))
		if got := tt.loss.Loss(b, gradient); math.Abs(got-want) > 1e-5*want {
			t.Errorf("%s: loss %v, want %v", name, got, want)
		}
		differences(t, b.Vectors, func(gradient []float32) float64 { return tt.loss.Loss(b, gradient) })
	}
}
