// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math/rand/v2"
	"testing"
)

// Operands of the kernels of training end where memory ends, and C has sentinels
// between its rows: what is read or written beyond them shows.
func TestGradientKernelsStayInside(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(11, 12))
		row := func(n int) []float32 {
			x := fenced[float32](t, n)
			fill(r, x)
			return x
		}
		for _, n := range []int{1, 15, 16, 17, 47, 48} {
			padded := Pad(n)
			GeluBackward(row(padded), row(padded))
			SoftmaxBackward(row(padded), row(padded))
			Add(row(padded), row(padded), row(padded))
			Dropout(row(padded), 1, 0.5)
			AdamW(row(n), row(n), row(n), make([]float32, n), AdamWStep{Epsilon: 1})
			LayerNormBackward(row(padded), row(padded), row(padded), row(padded), row(padded), row(padded), n, 1e-5)
		}
		const m, n, ldc = 32, 64, 64 + 5
		for k := 1; k < 10; k++ {
			a, b := row(k*m), row(k*n)
			PanelRows(a, row(k*m), m, k, m)
			PanelRows(b, row((k-1)*(n+3)+n), n+3, k, n)
			for _, half := range []bool{false, true} {
				c := row((m-1)*ldc + n)
				for i := range c {
					if i%ldc >= n {
						c[i] = sentinel
					}
				}
				if half {
					AddOuterBF16(c, ldc, fenced[uint32](t, k*m), m, fenced[uint32](t, k*n), n, k)
				} else {
					AddOuter(c, ldc, a, m, b, n, k)
				}
				for i, v := range c {
					if (i%ldc >= n) != (v != v) {
						t.Fatalf("k = %d, bfloat16 %t: column %d of row %d is %v", k, half, i%ldc, i/ldc, v)
					}
				}
			}
		}
	})
}
