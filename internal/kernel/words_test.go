// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// floats is rows of a float32 product.
func floats(a []float32, lda, m, k int) *Input {
	in := new(Buffer).Input(Float32, a, lda, m, k)
	return &in
}

// converted is rows made ready for products in a format.
func converted(f Format, a []float32, lda, m, k int) *Input {
	var b Buffer
	b.Fit(f, m, k)
	in := b.Input(f, a, lda, m, k)
	in.Convert(0, m)
	return &in
}

var wordFormats = []Format{BFloat16, Int16, Int8}

// eachFormat runs f for each tier and format.
func eachFormat(t *testing.T, f func(t *testing.T, o *ops, format Format)) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		for _, format := range wordFormats {
			t.Run(format.String(), func(t *testing.T) { f(t, o, format) })
		}
	})
}

// randomRows returns m rows of k floats, lda apart, padded with zeros, with a
// few large ones among them.
func randomRows(r *rand.Rand, m, k, lda int) []float32 {
	x := make([]float32, (m-1)*lda+Pad(k))
	for i := range m {
		row := x[i*lda : i*lda+k]
		fill(r, row)
		row[r.IntN(k)] *= 20
	}
	return x
}

func randomMatrix(r *rand.Rand, f Format, k, n int) (w *Matrix, columns, bias []float32) {
	w, columns, bias = NewMatrix(f, k, n), make([]float32, n*k), make([]float32, n)
	fill(r, columns)
	fill(r, bias)
	cut := min(n, 7) // an odd place to continue from
	w.SetColumns(0, columns[:cut*k], bias[:cut])
	w.SetColumns(cut, columns[cut*k:], bias[cut:])
	return w, columns, bias
}

// tolerance bounds the error of one element: each operand is off by at most
// half a step, so a product is by what the steps make of the other operand.
func tolerance(f Format, x, y []float32) float64 {
	var bound float64
	for g := 0; g < len(x); g += f.group() {
		a, b := x[g:min(len(x), g+f.group())], y[g:min(len(x), g+f.group())]
		stepA, stepB := steps(f, a, false), steps(f, b, true)
		for p := range a {
			u, v := math.Abs(float64(a[p])), math.Abs(float64(b[p]))
			du, dv := stepA(u), stepB(v)
			bound += u*dv + v*du + du*dv
		}
	}
	return bound
}

// steps gives the largest rounding error of a value in a group.
func steps(f Format, x []float32, weights bool) func(v float64) float64 {
	var lo, hi, squares float64
	for _, v := range x {
		lo, hi = min(lo, float64(v)), max(hi, float64(v))
		squares += float64(v) * float64(v)
	}
	const slack = 1.001
	switch {
	case f == BFloat16:
		return func(v float64) float64 { return v * 0x1p-8 }
	case f == Int16:
		s := max(max(-lo, hi)/most16, math.Sqrt(squares)/length16) * slack / 2
		return func(float64) float64 { return s }
	case weights:
		s := max(-lo, hi) / 127 * slack / 2
		return func(float64) float64 { return s }
	default:
		return func(float64) float64 { return (hi - lo) / 254 * slack / 2 }
	}
}

func TestMultiplyWords(t *testing.T) {
	const most, n = 29, 64
	for _, k := range []int{1, 5, 32, 64, 100, 384, 385, 800} {
		r := rand.New(rand.NewPCG(21, uint64(k)))
		lda, ldc := Pad(k)+3, n+5
		a := randomRows(r, most, k, lda)
		columns := make([]float32, n*k)
		fill(r, columns)
		// The definition, without bias, once for all tiers and formats.
		sums, magnitudes, bounds := make([]float64, most*n), make([]float64, most*n), map[Format][]float64{}
		for _, f := range wordFormats {
			bounds[f] = make([]float64, most*n)
		}
		for i := range most {
			for j := range n {
				x, y := a[i*lda:i*lda+k], columns[j*k:(j+1)*k]
				sums[i*n+j], magnitudes[i*n+j] = product(a, lda, i, k, func(p int) float32 { return y[p] }, 0)
				for _, f := range wordFormats {
					bounds[f][i*n+j] = tolerance(f, x, y)
				}
			}
		}
		eachFormat(t, func(t *testing.T, _ *ops, f Format) {
			w, bias := NewMatrix(f, k, n), make([]float32, n)
			fill(r, bias)
			cut := 7 // an odd place to continue from
			w.SetColumns(0, columns[:cut*k], bias[:cut])
			w.SetColumns(cut, columns[cut*k:], bias[cut:])
			for _, m := range []int{1, 2, 3, 6, 7, 13, 14, 15, 27, 29} {
				wc, c := guarded((m-1)*ldc + n)
				in := converted(f, a, lda, m, k)
				for _, accumulate := range []bool{false, true} {
					fill(r, c)
					before := append([]float32(nil), c...)
					Multiply(c, ldc, in, m, w, 0, n, accumulate)
					checkGuards(t, "c", wc)
					for at, v := range c {
						i, j := at/ldc, at%ldc
						if j >= n {
							if v != before[at] {
								t.Fatalf("m=%d k=%d: wrote between rows, after row %d", m, k, i)
							}
							continue
						}
						init := float64(bias[j])
						if accumulate {
							init = float64(before[at])
						}
						want, bound := sums[i*n+j]+init, bounds[f][i*n+j]+(magnitudes[i*n+j]+math.Abs(init))*float64(k+2)*0x1p-24
						if !(math.Abs(float64(v)-want) <= bound) {
							t.Fatalf("m=%d k=%d accumulate=%v (%d,%d): %v, want %v ± %v", m, k, accumulate, i, j, v, want, bound)
						}
					}
				}
			}
		})
	}
}

// Integer products are exact, so a tile gives the bits of plain Go.
func TestIntegerTilesAreExact(t *testing.T) {
	for _, f := range []Format{Int16, Int8} {
		r := rand.New(rand.NewPCG(23, 24))
		const m, k, n = 29, 900, 96
		a := randomRows(r, m, k, Pad(k))
		w, _, _ := randomMatrix(r, f, k, n)
		in := converted(f, a, Pad(k), m, k)
		var want []float32
		eachTier(t, func(t *testing.T, o *ops) {
			use(t, o.tier)
			c := make([]float32, m*n)
			Multiply(c, n, in, m, w, 0, n, false)
			if o.tier == Scalar {
				want = c
			}
			for i := range c {
				if c[i] != want[i] {
					t.Fatalf("%s: element %d is %v, plain Go gives %v", f, i, c[i], want[i])
				}
			}
		})
	}
}

// The largest values that scales allow do not overflow.
func TestInt16DoesNotOverflow(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		for _, k := range []int{1, 2, 3, 64, 384, 1000} {
			for _, sign := range []float32{1, -1} {
				a, column := make([]float32, Pad(k)), make([]float32, k)
				for p := range k {
					a[p], column[p] = 3e5, sign*7e-3
				}
				w := NewMatrix(Int16, k, Align)
				w.SetColumns(0, column, []float32{0})
				c := make([]float32, Align)
				Multiply(c, Align, converted(Int16, a, Pad(k), 1, k), 1, w, 0, Align, false)
				if want := sign * 2100 * float32(k); math.Abs(float64(c[0]/want-1)) > 5e-4 { // equal values round alike
					t.Fatalf("k=%d: %v, want %v", k, c[0], want)
				}
			}
		}
	})
}

// A row's result must not depend on the rows around it, nor an element's on
// how columns and depth are cut.
func TestWordsAreIndependent(t *testing.T) {
	eachFormat(t, func(t *testing.T, _ *ops, f Format) {
		r := rand.New(rand.NewPCG(25, 26))
		const m, k, n = 45, 3 * Group, 96
		a := randomRows(r, m, k, k)
		w, _, _ := randomMatrix(r, f, k, n)
		whole := make([]float32, m*n)
		Multiply(whole, n, converted(f, a, k, m, k), m, w, 0, n, false)
		for rows := 1; rows <= 15; rows++ {
			for i := 0; i+rows <= m; i += 3 {
				part := make([]float32, rows*n)
				in := converted(f, a[i*k:], k, rows, k)
				for j := 0; j < n; j += Align {
					Multiply(part, n, in, rows, w, j, j+Align, false)
				}
				for x, v := range part {
					if v != whole[i*n+x] {
						t.Fatalf("%d rows from %d: element %d is %v, alone %v", rows, i, x, whole[i*n+x], v)
					}
				}
			}
		}
		cut := make([]float32, m*n)
		for from := 0; from < k; from += Group {
			view := w.Rows(from, from+Group)
			in := converted(f, a[from:], k, m, Group)
			for j := 0; j < n; j += Align {
				columns := view.Columns(j, j+Align)
				Multiply(cut[j:], n, in, m, &columns, 0, Align, from > 0)
			}
		}
		for x, v := range cut {
			if v != whole[x] {
				t.Fatalf("cut in depth: element %d is %v, whole %v", x, v, whole[x])
			}
		}
	})
}

// Every tier converts as plain Go does: to the bit where the scale is chosen
// from extremes, within a unit where it depends on the order of a sum.
func TestConversions(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(27, 28))
		for n := 32; n <= 416; n += 32 {
			for _, magnitude := range []float64{0, 1e-42, 1e-30, 1, 1e30} {
				wx, x := guarded(n)
				for i := range x {
					x[i] = float32(r.NormFloat64() * magnitude)
				}
				lo, hi, squares := o.extent(&x[0], n)
				wantLo, wantHi, wantSquares := extentScalar(&x[0], n)
				if lo != wantLo || hi != wantHi || math.Abs(float64(squares-wantSquares)) > 1e-5*float64(wantSquares) {
					t.Fatalf("extent of %d: %v %v %v, want %v %v %v", n, lo, hi, squares, wantLo, wantHi, wantSquares)
				}
				checkGuards(t, "x", wx)
				s16, s8 := scale16(lo, hi, squares), scaleActivations8(lo, hi, squares)
				for name, c := range map[string]struct {
					words     int
					got, want func(dst *uint32)
				}{
					"bf16":  {n / 2, func(d *uint32) { o.toBF16(d, &x[0], n) }, func(d *uint32) { toBF16Scalar(d, &x[0], n) }},
					"int16": {n / 2, func(d *uint32) { o.toInt16(d, &x[0], n, s16.factor) }, func(d *uint32) { toInt16Scalar(d, &x[0], n, s16.factor) }},
					"int8": {
						n / 4, func(d *uint32) { o.toInt8(d, &x[0], n, s8.factor, s8.shift) },
						func(d *uint32) { toInt8Scalar(d, &x[0], n, s8.factor, s8.shift) },
					},
					"activations8": {n/4 + 2*Int8.groups(n), activations(o, x), activations(&scalar, x)},
				} {
					got, want := make([]uint32, c.words+1), make([]uint32, c.words+1)
					got[c.words], want[c.words] = 0xdeadbeef, 0xdeadbeef
					c.got(&got[0])
					c.want(&want[0])
					for i := range got {
						if got[i] != want[i] {
							t.Fatalf("%s of %d at %g: word %d is %08x, want %08x", name, n, magnitude, i, got[i], want[i])
						}
					}
				}
			}
		}
	})
}

// activations runs a tier's conversion of x; scales and offsets follow the integers.
func activations(o *ops, x []float32) func(dst *uint32) {
	return func(dst *uint32) {
		n, pairs := len(x)/4, make([]float32, 2*Int8.groups(len(x)))
		o.activations8(dst, &pairs[0], &x[0], len(x))
		words := unsafe.Slice(dst, n+len(pairs))
		for i, v := range pairs {
			words[n+i] = math.Float32bits(v + 0) // -0 is 0
		}
		if pairs[0] != pairs[0] { // the rest has no meaning then
			clear(words)
		}
	}
}

func TestBFloat16Rounding(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		for _, c := range []struct{ in, want uint32 }{
			{0x3f800000, 0x3f80},
			{0x3f808000, 0x3f80},
			{0x3f808001, 0x3f81},
			{0x3f818000, 0x3f82}, // ties to even
			{0x7f7fffff, 0x7f80},
			{0x7f800000, 0x7f80},
			{0x7fa00000, 0x7fe0},
			{0xffc12345, 0xffc1},
			{0x80000000, 0x8000},
			{0x007fffff, 0},
			{0x807fffff, 0x8000},
			{0x00800000, 0x0080},
		} {
			x := make([]float32, 32)
			x[5] = math.Float32frombits(c.in)
			words := make([]uint32, 16)
			o.toBF16(&words[0], &x[0], 32)
			if got := words[2] >> 16; got != c.want {
				t.Errorf("%08x becomes %04x, want %04x", c.in, got, c.want)
			}
		}
	})
}

// Zeros, infinities and NaN in the input spoil no other row and no memory.
func TestWordsOfSpecialValues(t *testing.T) {
	eachFormat(t, func(t *testing.T, _ *ops, f Format) {
		r := rand.New(rand.NewPCG(29, 30))
		const k, n = 64, 32
		w, _, bias := randomMatrix(r, f, k, n)
		for _, special := range []float64{0, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat32, 1e-45} {
			a := randomRows(r, 3, k, k)
			want := make([]float32, 3*n)
			Multiply(want, n, converted(f, a, k, 3, k), 3, w, 0, n, false)
			for p := range k {
				a[k+p] = float32(special)
			}
			c := make([]float32, 3*n)
			Multiply(c, n, converted(f, a, k, 3, k), 3, w, 0, n, false)
			for j := range n {
				if c[j] != want[j] || c[2*n+j] != want[2*n+j] {
					t.Fatalf("%v in row 1 changed another", special)
				}
				if special == 0 && c[n+j] != bias[j] {
					t.Fatalf("a row of zeros gives %v, want the bias %v", c[n+j], bias[j])
				}
			}
		}
	})
}

// Attention's two products, from rows of bfloat16.
func TestMultiplyBF16(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(31, 32))
		for _, keys := range []int{1, 2, 15, 16, 17, 31, 32, 33, 70, 101} {
			for _, dim := range []int{32, 64, 96} {
				const m = 9
				ld := dim + 64
				round := func(x []float32) ([]float32, []uint32) {
					words := make([]uint32, len(x)/2)
					RoundBF16(words, x)
					rounded := make([]float32, len(x))
					for i := range x {
						rounded[i] = math.Float32frombits(words[i/2] >> (i % 2 * 16) << 16)
					}
					return rounded, words
				}
				x, q := make([]float32, keys*ld), make([]float32, m*dim)
				fill(r, x)
				fill(r, q)
				x, xw := round(x)
				q, qw := round(q)
				panels := make([]uint32, dim/2*Pad(keys))
				for i := range panels {
					panels[i] = 0x7fc07fc0 // NaNs: all must be written
				}
				Transpose(panels, xw, ld/2, keys, dim/2)
				scores := make([]float32, m*Pad(keys))
				MultiplyBF16(scores, Pad(keys), qw, dim/2, m, dim/2, panels, Pad(keys))
				for i := range m {
					for j := range Pad(keys) {
						var want, magnitude float64
						if j < keys {
							want, magnitude = product(q, dim, i, dim, func(p int) float32 { return x[j*ld+p] }, 0)
						}
						if got := float64(scores[i*Pad(keys)+j]); !(math.Abs(got-want) <= magnitude*float64(dim)*0x1p-24) {
							t.Fatalf("keys=%d dim=%d score (%d,%d) = %v, want %v", keys, dim, i, j, got, want)
						}
					}
				}
				scores, sw := round(scores)
				panels = make([]uint32, dim*Pad(keys)/2)
				for i := range panels {
					panels[i] = 0x7fc07fc0
				}
				Interleave(panels, xw, ld/2, keys, dim)
				out := make([]float32, m*dim)
				MultiplyBF16(out, dim, sw, Pad(keys)/2, m, Pad(keys)/2, panels, dim)
				for i := range m {
					for j := range dim {
						want, magnitude := product(scores, Pad(keys), i, keys, func(p int) float32 { return x[p*ld+j] }, 0)
						if got := float64(out[i*dim+j]); !(math.Abs(got-want) <= magnitude*float64(keys+1)*0x1p-24) {
							t.Fatalf("keys=%d dim=%d out (%d,%d) = %v, want %v", keys, dim, i, j, got, want)
						}
					}
				}
			}
		}
	})
}

// A value that is no number makes its row, or its column of weights, no number:
// damage must show, wherever it lies.
func TestNaNShows(t *testing.T) {
	eachFormat(t, func(t *testing.T, _ *ops, f Format) {
		r := rand.New(rand.NewPCG(35, 36))
		const k, n = 160, 32
		for _, special := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for p := range k {
				a := randomRows(r, 2, k, k)
				a[k+p] = float32(special)
				w, columns, bias := randomMatrix(r, f, k, n)
				c := make([]float32, 2*n)
				Multiply(c, n, converted(f, a, k, 2, k), 2, w, 0, n, false)
				for j := range n {
					if !finite(c[j]) || finite(c[n+j]) {
						t.Fatalf("%v at %d of row 1: column %d is %v in row 0, %v in row 1", special, p, j, c[j], c[n+j])
					}
				}
				columns[5*k+p] = float32(special)
				w.SetColumns(0, columns, bias)
				Multiply(c, n, converted(f, a, k, 1, k), 1, w, 0, n, false)
				for j := range n {
					if finite(c[j]) == (j == 5) {
						t.Fatalf("%v at %d of column 5: column %d is %v", special, p, j, c[j])
					}
				}
			}
		}
	})
}

func finite(x float32) bool { return math.Abs(float64(x)) <= math.MaxFloat32 }
