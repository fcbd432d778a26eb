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
		for f := Float32; f <= Int8; f++ {
			if f != Float32 && !tiers[i].words[f].native {
				continue
			}
			for _, s := range []struct{ m, k, n int }{{16, 384, 1152}, {192, 384, 1152}, {192, 1536, 384}} {
				b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", tiers[i].tier, f, s.m, s.k, s.n), func(b *testing.B) {
					use(b, tiers[i].tier)
					a, c, w := make([]float32, s.m*s.k), make([]float32, s.m*s.n), NewMatrix(f, s.k, s.n)
					fill(rand.New(rand.NewPCG(1, 1)), a)
					in := converted(f, a, s.k, s.m, s.k)
					for b.Loop() {
						Multiply(c, s.n, in, s.m, w, 0, s.n, false)
					}
					sink += c[0]
					b.ReportMetric(2*float64(s.m*s.k*s.n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
				})
			}
		}
	}
}

// BenchmarkConvert makes a row ready for products: to be set against the time
// of the products that it feeds.
func BenchmarkConvert(b *testing.B) {
	for _, f := range []Format{BFloat16, Int16, Int8} {
		b.Run(f.String(), func(b *testing.B) {
			const m, k = 64, 384
			a := make([]float32, m*k)
			fill(rand.New(rand.NewPCG(1, 1)), a)
			in := converted(f, a, k, m, k)
			for b.Loop() {
				in.Convert(0, m)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/m*1e9, "ns/row")
		})
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
