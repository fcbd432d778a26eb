// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// sink keeps results alive, so that the compiler cannot drop the work.
var sink float32

func BenchmarkMultiply(b *testing.B) {
	for i := range tiers {
		for _, s := range []struct{ m, k, n int }{{16, 384, 1152}, {192, 384, 1152}, {192, 384, 384}, {60, 32, 64}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", tiers[i].tier, s.m, s.k, s.n), func(b *testing.B) {
				use(b, tiers[i].tier)
				a, c, w := make([]float32, s.m*s.k), make([]float32, s.m*s.n), NewMatrix(s.k, s.n)
				fill(rand.New(rand.NewPCG(1, 1)), a)
				for b.Loop() {
					Multiply(c, s.n, a, s.k, s.m, w, 0, s.n, false)
				}
				sink += c[0]
				b.ReportMetric(2*float64(s.m*s.k*s.n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func benchmarkRow(b *testing.B, n int, f func(x []float32)) {
	for i := range tiers {
		b.Run(string(tiers[i].tier), func(b *testing.B) {
			use(b, tiers[i].tier)
			x := make([]float32, n)
			fill(rand.New(rand.NewPCG(1, 1)), x)
			b.SetBytes(int64(4 * n))
			for b.Loop() {
				f(x)
			}
			sink += x[0]
		})
	}
}

func BenchmarkGelu(b *testing.B)    { benchmarkRow(b, 384, Gelu) }
func BenchmarkSoftmax(b *testing.B) { benchmarkRow(b, 64, Softmax) }

func BenchmarkLayerNorm(b *testing.B) {
	y, g := make([]float32, 384), make([]float32, 384)
	benchmarkRow(b, 384, func(x []float32) { LayerNorm(x, x, y, g, g, 384, 1e-12) })
}

func BenchmarkDot(b *testing.B) {
	y := make([]float32, 384)
	benchmarkRow(b, 384, func(x []float32) { sink += Dot(x, y) })
}
