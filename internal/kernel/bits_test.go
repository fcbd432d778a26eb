// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
)

// exact returns floats that every processor computes alike: whole numbers of
// 24 bits, in [-1, 1) times a power of two.
func exact(r *rand.Rand, n int, scale float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(int32(r.Uint32())>>8) * 0x1p-23 * scale
	}
	return x
}

// vectorBits are digests of what the vector tiers of all processors give. They
// add in the same order, and so agree to the bit; BFloat16 is left out, since
// processors round its sums differently. A digest may change only with the
// numerics of its kernel, at all tiers alike.
var vectorBits = []struct {
	name   string
	digest uint64
	run    func(r *rand.Rand, add func(x ...float32))
}{
	{"float32 product", 0x77715159cb81e047, func(r *rand.Rand, add func(x ...float32)) { productBits(Float32, r, add) }},
	{"int16 product", 0xac76c2d359157ef1, func(r *rand.Rand, add func(x ...float32)) { productBits(Int16, r, add) }},
	{"int8 product", 0x4e4487c9d13a1070, func(r *rand.Rand, add func(x ...float32)) { productBits(Int8, r, add) }},
	{"gelu", 0x2ddc6dc5f016ed21, func(_ *rand.Rand, add func(x ...float32)) {
		x := make([]float32, 1<<16)
		for i := range x { // of both signs, 2⁻³² to 2³²
			x[i] = math.Float32frombits(uint32(i)<<31 | 0x2f800000 + uint32(i)<<13)
		}
		Gelu(x)
		add(x...)
	}},
	{"softmax", 0xf992f0656bb7751d, func(r *rand.Rand, add func(x ...float32)) {
		for n := 16; n <= 512; n += 16 {
			for _, scale := range []float32{0, 0x1p-10, 1, 16, 0x1p50} {
				x := exact(r, n, scale)
				x[n-1] = float32(math.Inf(-1))
				Softmax(x)
				add(x...)
			}
		}
	}},
	{"layer norm", 0x680b8ba0c2c3e9f6, func(r *rand.Rand, add func(x ...float32)) {
		for n := 2; n < 200; n++ {
			var rows [4][]float32
			for i := range rows {
				rows[i] = append(exact(r, n, 2), make([]float32, Pad(n)-n)...)
			}
			LayerNorm(rows[0], rows[0], rows[1], rows[2], rows[3], n, 1e-12)
			add(rows[0]...)
		}
	}},
	{"distances", 0x59c7ac5e2af983c8, func(r *rand.Rand, add func(x ...float32)) {
		for n := range 300 {
			a, b := exact(r, n, 1), exact(r, n, 1)
			add(Dot(a, b), SquaredDistance(a, b), ManhattanDistance(a, b))
		}
	}},
	{"outer products", 0x4c49726d19b57349, func(r *rand.Rand, add func(x ...float32)) {
		const m, n, ldc = 48, 64, 71
		for k := 1; k < 70; k++ {
			a, b, c := make([]float32, k*m), make([]float32, k*n), exact(r, m*ldc, 1)
			PanelRows(a, exact(r, k*(m+3), 1), m+3, k, m)
			PanelRows(b, exact(r, k*(n+1), 1), n+1, k, n)
			AddOuter(c, ldc, a, m, b, n, k)
			add(c...)
		}
	}},
	{"gelu backward", 0x857f87e7680ae007, func(r *rand.Rand, add func(x ...float32)) {
		d, x := exact(r, 1<<16, 1), make([]float32, 1<<16)
		for i := range x {
			x[i] = math.Float32frombits(uint32(i)<<31 | 0x2f800000 + uint32(i)<<13)
		}
		GeluBackward(d, x)
		add(d...)
		add(x...)
	}},
	{"softmax backward", 0x9d34bbde454e55ef, func(r *rand.Rand, add func(x ...float32)) {
		for n := 16; n <= 512; n += 16 {
			d := exact(r, n, 1)
			SoftmaxBackward(d, exact(r, n, 0.25))
			add(d...)
		}
	}},
	{"layer norm backward", 0x2d1954ff2eeb384a, func(r *rand.Rand, add func(x ...float32)) {
		for n := 2; n < 200; n++ {
			var rows [6][]float32
			for i := range rows {
				rows[i] = append(exact(r, n, 2), make([]float32, Pad(n)-n)...)
			}
			LayerNormBackward(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], n, 1e-12)
			for _, i := range []int{0, 4, 5} {
				add(rows[i]...)
			}
		}
	}},
	{"sums", 0x08d4af34eb1017a2, func(r *rand.Rand, add func(x ...float32)) {
		for n := 16; n <= 512; n += 16 {
			x := exact(r, n, 1)
			Add(x, x, exact(r, n, 0x1p-9))
			add(x...)
		}
	}},
	{"dropout", 0x56fdeb11997c20e6, func(r *rand.Rand, add func(x ...float32)) {
		for n := 16; n <= 512; n += 16 {
			x := exact(r, n, 1)
			Dropout(x, r.Uint64(), float32(n)/1024)
			add(x...)
		}
	}},
	{"adamw", 0x1145f8bd0b0f76a9, func(r *rand.Rand, add func(x ...float32)) {
		for n := 1; n < 100; n++ {
			value, gradient, first, second := exact(r, n, 1), exact(r, n, 4), exact(r, n, 1), exact(r, n, 1)
			for i, v := range second {
				second[i] = v * v
			}
			AdamW(value, gradient, first, second, AdamWStep{0.1, 0.99, 0.9, 0.999, 3, 1e-8, 0.3})
			add(value...)
			add(first...)
			add(second...)
		}
	}},
}

func productBits(f Format, r *rand.Rand, add func(x ...float32)) {
	const n = 64
	for m := 1; m <= 29; m++ {
		k := 31 * m
		w := NewMatrix(f, k, n)
		w.SetColumns(0, exact(r, n*k, 0.25), exact(r, n, 1))
		a := make([]float32, 0, m*Pad(k))
		for range m {
			a = append(append(a, exact(r, k, 4)...), make([]float32, Pad(k)-k)...)
		}
		c := exact(r, m*n, 1)
		Multiply(c, n, converted(f, a, Pad(k), m, k), m, w, 0, n, m%2 == 0)
		add(c...)
	}
}

func TestVectorBits(t *testing.T) {
	for i := range tiers[1:] {
		t.Run(string(tiers[1+i].tier), func(t *testing.T) {
			use(t, tiers[1+i].tier)
			for _, c := range vectorBits {
				h := fnv.New64a()
				c.run(rand.New(rand.NewPCG(31, 32)), func(x ...float32) {
					for _, v := range x {
						b := math.Float32bits(v)
						h.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
					}
				})
				if got := h.Sum64(); got != c.digest {
					t.Errorf("%s: digest %#x, want %#x", c.name, got, c.digest)
				}
			}
		})
	}
}
