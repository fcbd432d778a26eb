// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pooling

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestGradientsAgreeWithDifferences(t *testing.T) {
	const n, dim, stride, skip = 5, 7, 16, 2
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]float32, n*stride)
	for i := range rows {
		rows[i] = float32(r.NormFloat64())
	}
	for _, modes := range append([][]string{Modes}, singles()...) {
		weights := make([]float32, len(modes)*dim)
		for i := range weights {
			weights[i] = float32(r.NormFloat64())
		}
		value := func() float64 {
			out := make([]float32, len(weights))
			Pool(out, rows, stride, n, skip, dim, modes)
			Normalize(out)
			var sum float64
			for i, w := range weights {
				sum += float64(w) * float64(out[i])
			}
			return sum
		}
		pooled, d, g := make([]float32, len(weights)), make([]float32, len(rows)), slices.Clone(weights)
		Pool(pooled, rows, stride, n, skip, dim, modes)
		NormalizeBackward(g, pooled)
		Backward(d, g, rows, stride, n, skip, dim, modes)
		for i := range rows {
			const step = 1.0 / 256
			before := rows[i]
			rows[i] = before + step
			above := value()
			rows[i] = before - step
			below := value()
			rows[i] = before
			if want := (above - below) / (2 * step); math.Abs(float64(d[i])-want) > 2e-3 {
				t.Errorf("%v: token %d, feature %d: gradient %v, differences %v", modes, i/stride, i%stride, d[i], want)
			}
		}
	}
}

func singles() (list [][]string) {
	for _, m := range Modes {
		list = append(list, []string{m})
	}
	return list
}

func TestZeroVectorsStay(t *testing.T) {
	v, d := make([]float32, 3), []float32{1, 2, 3}
	Normalize(v)
	NormalizeBackward(d, v)
	for i := range v {
		if v[i] != 0 || math.IsNaN(float64(d[i])) {
			t.Errorf("vector %v, gradient %v", v, d)
		}
	}
}
