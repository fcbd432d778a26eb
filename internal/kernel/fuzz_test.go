// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each vector tier against plain Go on random shapes. Policy: accumulations
// may differ by the number of terms times half a unit in the last place of the
// sum of magnitudes.
func FuzzMultiply(f *testing.F) {
	f.Add(uint64(1), uint8(14), uint8(32), uint8(1), 1.0)
	f.Add(uint64(2), uint8(1), uint8(1), uint8(0), 1e-30)
	f.Add(uint64(3), uint8(29), uint8(255), uint8(2), 1e10)
	f.Fuzz(func(t *testing.T, seed uint64, m, k, n uint8, scale float64) {
		if m == 0 || k == 0 || math.IsNaN(scale) || math.Abs(scale) > 1e15 {
			return
		}
		rows, depth, columns := int(m), int(k), Align*(1+int(n)%3)
		r := rand.New(rand.NewPCG(seed, 0))
		wa, a := guarded(rows * depth)
		for i := range a {
			a[i] = float32(r.NormFloat64() * scale)
		}
		w := NewMatrix(Float32, depth, columns)
		column := make([]float32, depth)
		for j := range columns {
			fill(r, column)
			w.SetColumns(j, column, []float32{float32(r.NormFloat64())})
		}
		var want, magnitude []float32
		for i := range tiers {
			use(t, tiers[i].tier)
			wc, c := guarded(rows * columns)
			Multiply(c, columns, floats(a, depth, rows, w.K), rows, w, 0, columns, false)
			checkGuards(t, "a", wa)
			checkGuards(t, "c", wc)
			if i == 0 {
				want, magnitude = c, magnitudes(a, w, rows)
				continue
			}
			for j, v := range c {
				bound := float64(magnitude[j]) * float64(2*(depth+1)) * 0x1p-24
				if d := math.Abs(float64(v) - float64(want[j])); !(d <= bound+1e-37) {
					t.Fatalf("%s: element %d is %v, plain Go gives %v", tiers[i].tier, j, v, want[j])
				}
			}
		}
	})
}

// magnitudes is Σ|a·w| + |bias| for each element of the product.
func magnitudes(a []float32, w *Matrix, rows int) []float32 {
	absolute := func(x []float32) []float32 {
		out := make([]float32, len(x))
		for i, v := range x {
			out[i] = float32(math.Abs(float64(v)))
		}
		return out
	}
	positive := *w
	positive.panels, positive.bias = absolute(w.panels), absolute(w.bias)
	c := make([]float32, rows*w.N)
	Multiply(c, w.N, floats(absolute(a), w.K, rows, positive.K), rows, &positive, 0, w.N, false)
	return c
}

// Row kernels: no tier writes outside, and all give what plain Go gives.
func FuzzRows(f *testing.F) {
	f.Add(uint64(1), uint8(3), 1.0)
	f.Add(uint64(2), uint8(24), 50.0)
	f.Fuzz(func(t *testing.T, seed uint64, blocks uint8, scale float64) {
		if blocks == 0 || math.IsNaN(scale) || math.Abs(scale) > 1e6 {
			return
		}
		n := Align * (1 + int(blocks)%24)
		r := rand.New(rand.NewPCG(seed, 0))
		in := make([]float32, n)
		for i := range in {
			in[i] = float32(r.NormFloat64() * scale)
		}
		for name, kernel := range map[string]struct {
			run   func(x []float32)
			bound func(x float64) float64
		}{
			"gelu": {Gelu, func(x float64) float64 { return 4e-7 * max(1, math.Abs(x)) }},
			// Sums of n/16 terms in each of 16 lanes, folded.
			"softmax": {Softmax, func(float64) float64 { return float64(n/16+16) * 0x1p-24 }},
		} {
			var want []float32
			for i := range tiers {
				use(t, tiers[i].tier)
				whole, x := guarded(n)
				copy(x, in)
				kernel.run(x)
				checkGuards(t, name, whole)
				if i == 0 {
					want = x
					continue
				}
				for j, v := range x {
					if d := math.Abs(float64(v) - float64(want[j])); !(d <= kernel.bound(float64(in[j]))) {
						t.Fatalf("%s of %v at %s is %v, plain Go gives %v", name, in[j], tiers[i].tier, v, want[j])
					}
				}
			}
		}
	})
}

// Products in formats of several values to a word: integer tiles give the bits
// of plain Go; bfloat16 sums may differ by the order of addition, as above.
func FuzzMultiplyWords(f *testing.F) {
	f.Add(uint64(1), uint8(14), uint16(32), uint8(1), 1.0)
	f.Add(uint64(2), uint8(1), uint16(1), uint8(0), 1e-30)
	f.Add(uint64(3), uint8(40), uint16(900), uint8(2), 1e10)
	f.Fuzz(func(t *testing.T, seed uint64, m uint8, k uint16, n uint8, scale float64) {
		if m == 0 || k == 0 || k > 1200 || math.IsNaN(scale) || math.Abs(scale) > 1e15 {
			return
		}
		rows, depth, columns := int(m)%50+1, int(k), Align*(1+int(n)%3)
		r := rand.New(rand.NewPCG(seed, 0))
		lda := Pad(depth) // rows are padded with zeros
		a := make([]float32, rows*lda)
		for i := range rows {
			for p := range depth {
				a[i*lda+p] = float32(r.NormFloat64() * scale)
			}
		}
		for _, format := range wordFormats {
			use(t, Scalar)
			w, _, _ := randomMatrix(r, format, depth, columns)
			in := converted(format, a, lda, rows, depth)
			var want []float32
			for i := range tiers {
				use(t, tiers[i].tier)
				wc, c := guarded(rows * columns)
				Multiply(c, columns, in, rows, w, 0, columns, false)
				checkGuards(t, "c", wc)
				if i == 0 {
					want = c
					continue
				}
				for j, v := range c {
					bound := 0.0
					if format == BFloat16 {
						// |a|/scale, |w| and |bias| are at most 6 for all practical purposes.
						bound = (36*math.Abs(scale)*float64(depth) + 6) * float64(depth+2) * 0x1p-24
					}
					if d := math.Abs(float64(v) - float64(want[j])); !(d <= bound) && v != want[j] {
						t.Fatalf("%s %s: element %d is %v, plain Go gives %v", tiers[i].tier, format, j, v, want[j])
					}
				}
			}
		}
	})
}

// Kernels of vector search: sums of integers and of tables give the bits of
// plain Go, and the distances selected are those that were computed; sums of
// products may differ as in FuzzMultiply.
func FuzzSearch(f *testing.F) {
	f.Add(uint64(1), uint16(384), uint8(9), uint8(32), 1.0)
	f.Add(uint64(2), uint16(1), uint8(1), uint8(0), 1e-20)
	f.Add(uint64(3), uint16(1000), uint8(17), uint8(3), 1e4)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, count, listed uint8, scale float64) {
		if n == 0 || n > 2000 || count == 0 || math.IsNaN(scale) || math.Abs(scale) > 1e4 {
			return
		}
		c := newSearchCase(t, rand.New(rand.NewPCG(seed, 0)), int(n), int(count), int(listed), scale)
		var wantFloats, magnitude map[string][]float32
		var wantIntegers map[string][]int32
		for i := range tiers {
			use(t, tiers[i].tier)
			floats, integers := c.results(t)
			if i == 0 {
				wantFloats, wantIntegers = floats, integers
				magnitude, _ = c.absolute().results(t)
				// Of squares the sum is its own magnitude.
				magnitude["squared"], magnitude["squared of halves"] = floats["squared"], floats["squared of halves"]
				continue
			}
			for name, values := range integers {
				if !slices.Equal(values, wantIntegers[name]) {
					t.Fatalf("%s: %s gives %v, plain Go %v", tiers[i].tier, name, values, wantIntegers[name])
				}
			}
			for name, values := range floats {
				for j, v := range values {
					bound := float64(magnitude[name][j])*float64(2*(int(n)+64))*0x1p-24 + 1e-37
					if name == "lookup" {
						bound = 0
					}
					if d := math.Abs(float64(v) - float64(wantFloats[name][j])); !(d <= bound) {
						t.Fatalf("%s: %s, result %d is %v, plain Go gives %v", tiers[i].tier, name, j, v, wantFloats[name][j])
					}
				}
			}
		}
	})
}

// absolute is the case with the magnitudes of all floats.
func (c *searchCase) absolute() *searchCase {
	a := *c
	a.q, a.rows, a.halves, a.tables = slices.Clone(c.q), slices.Clone(c.rows), slices.Clone(c.halves), slices.Clone(c.tables)
	for _, x := range [][]float32{a.q, a.rows, a.tables} {
		for i, v := range x {
			x[i] = float32(math.Abs(float64(v)))
		}
	}
	for i := range a.halves {
		a.halves[i] &= 0x7fff
	}
	return &a
}
