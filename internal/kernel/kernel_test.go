// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// The sentinels around every operand: a kernel that reads them gets a NaN, one
// that writes them is caught by checkGuards.
const guard = 32

var sentinel = float32(math.NaN())

// guarded returns n floats at an odd alignment between sentinels.
func guarded(n int) (whole, inner []float32) {
	whole = make([]float32, n+2*guard+1)
	for i := range whole {
		whole[i] = sentinel
	}
	inner = whole[guard+1 : guard+1+n : guard+1+n]
	return whole, inner
}

func checkGuards(t testing.TB, name string, whole []float32) {
	t.Helper()
	for i, v := range whole {
		if (i <= guard || i >= len(whole)-guard) && v == v {
			t.Fatalf("%s: wrote outside its operand, at %d of %d", name, i-guard-1, len(whole)-2*guard-1)
		}
	}
}

func fill(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
}

// eachTier runs f once for each tier this machine has.
func eachTier(t *testing.T, f func(t *testing.T, o *ops)) {
	for i := range tiers {
		t.Run(string(tiers[i].tier), func(t *testing.T) { f(t, &tiers[i]) })
	}
}

func TestMain(m *testing.M) {
	fmt.Println("kernel tiers covered:", Available())
	os.Exit(m.Run())
}

func use(t testing.TB, tier Tier) {
	undo, err := Use(tier)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
}

// product is the definition of Multiply in float64, with the sum of magnitudes
// that bounds its rounding error.
func product(a []float32, lda, i, k int, column func(p int) float32, init float32) (sum, magnitude float64) {
	sum, magnitude = float64(init), math.Abs(float64(init))
	for p := range k {
		x := float64(a[i*lda+p]) * float64(column(p))
		sum += x
		magnitude += math.Abs(x)
	}
	return sum, magnitude
}

func TestMultiply(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(1, 2))
		for _, m := range []int{1, 2, 3, 5, 6, 7, 13, 14, 15, 27, 28, 29, 41} {
			for _, k := range []int{1, 3, 4, 5, 8, 31, 64} {
				n, lda, ldc := 64, k+3, 64+5
				wa, a := guarded(m*lda - 3)
				wc, c := guarded((m-1)*ldc + n)
				fill(r, a)
				w := NewMatrix(Float32, k, n)
				rows := make([]float32, n*k)
				fill(r, rows)
				biases := make([]float32, n)
				for j := range biases {
					biases[j] = float32(j)
				}
				cut := min(n, 7) // an odd place to continue from
				w.SetColumns(0, rows[:cut*k], biases[:cut])
				w.SetColumns(cut, rows[cut*k:], biases[cut:])
				for _, accumulate := range []bool{false, true} {
					fill(r, c)
					before := append([]float32(nil), c...)
					Multiply(c, ldc, floats(a, lda, m, w.K), m, w, 0, n, accumulate)
					checkGuards(t, "a", wa)
					checkGuards(t, "c", wc)
					for i := range m {
						for j := range ldc {
							at := i*ldc + j
							if at >= len(c) {
								break
							}
							if j >= n {
								if c[at] != before[at] {
									t.Fatalf("m=%d k=%d: wrote between rows at (%d,%d)", m, k, i, j)
								}
								continue
							}
							init := float32(j)
							if accumulate {
								init = before[at]
							}
							want, magnitude := product(a, lda, i, k, func(p int) float32 { return rows[j*k+p] }, init)
							if diff := math.Abs(float64(c[at]) - want); !(diff <= magnitude*float64(k+1)*0x1p-24) {
								t.Fatalf("m=%d k=%d accumulate=%v (%d,%d): %v, want %v", m, k, accumulate, i, j, c[at], want)
							}
						}
					}
				}
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(15, 16))
		for _, k := range []int{1, 7, 8, 12, 16, 24, 32, 64} {
			for m := 1; m <= 40; m++ {
				ld := k + m%5
				wx, x := guarded((m-1)*ld + k)
				wp, panels := guarded(k * Pad(m))
				fill(r, x)
				fill(r, panels)
				Transpose(panels, x, ld, m, k)
				checkGuards(t, "x", wx)
				checkGuards(t, "panels", wp)
				for j := range Pad(m) {
					for p := range k {
						var want float32
						if j < m {
							want = x[j*ld+p]
						}
						if got := panels[j/panelWidth*panelWidth*k+p*panelWidth+j%panelWidth]; got != want {
							t.Fatalf("m=%d k=%d: (%d,%d) is %v, want %v", m, k, j, p, got, want)
						}
					}
				}
			}
		}
	})
}

// A row's result must not depend on the rows around it.
func TestMultiplyRowsAreIndependent(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(3, 4))
		const m, k, n = 45, 37, 96
		a := make([]float32, m*k)
		fill(r, a)
		w := NewMatrix(Float32, k, n)
		column := make([]float32, k)
		for j := range n {
			fill(r, column)
			w.SetColumns(j, column, []float32{1})
		}
		whole := make([]float32, m*n)
		Multiply(whole, n, floats(a, k, m, w.K), m, w, 0, n, false)
		for rows := 1; rows <= 15; rows++ {
			for i := 0; i+rows <= m; i++ {
				part := make([]float32, rows*n)
				for j := 0; j < n; j += Align { // and not on the split of columns
					Multiply(part, n, floats(a[i*k:], k, rows, w.K), rows, w, j, j+Align, false)
				}
				for x, v := range part {
					if v != whole[i*n+x] {
						t.Fatalf("%d rows from %d: element %d is %v, alone %v", rows, i, x, whole[i*n+x], v)
					}
				}
			}
		}
	})
}

func TestMultiplyPanelsAndRows(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(5, 6))
		for _, keys := range []int{1, 2, 15, 16, 17, 31, 32, 33, 70} {
			const m, dim, ld = 9, 12, 40
			q, x := make([]float32, m*dim), make([]float32, (keys-1)*ld+Pad(dim))
			fill(r, q)
			fill(r, x)
			panels := make([]float32, dim*Pad(keys))
			fill(r, panels)
			Transpose(panels, x, ld, keys, dim)
			scores := make([]float32, m*Pad(keys))
			MultiplyPanels(scores, Pad(keys), q, dim, m, dim, panels, Pad(keys))
			for i := range m {
				for j := range Pad(keys) {
					var want, magnitude float64
					if j < keys {
						want, magnitude = product(q, dim, i, dim, func(p int) float32 { return x[j*ld+p] }, 0)
					}
					if got := float64(scores[i*Pad(keys)+j]); !(math.Abs(got-want) <= magnitude*dim*0x1p-24) {
						t.Fatalf("keys=%d score (%d,%d) = %v, want %v", keys, i, j, got, want)
					}
				}
			}
			out := make([]float32, m*Align)
			MultiplyRows(out, Align, scores, Pad(keys), m, keys, x, ld, Align)
			for i := range m {
				for j := range Align {
					want, magnitude := product(scores, Pad(keys), i, keys, func(p int) float32 { return x[p*ld+j] }, 0)
					if got := float64(out[i*Align+j]); !(math.Abs(got-want) <= magnitude*float64(keys)*0x1p-24) {
						t.Fatalf("keys=%d out (%d,%d) = %v, want %v", keys, i, j, got, want)
					}
				}
			}
		}
	})
}

func TestGelu(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		const n = 1 << 16
		whole, x := guarded(n)
		for i := range x {
			x[i] = (float32(i) - n/2) / (n / 2) * 12
		}
		x[0], x[1], x[2] = float32(math.Inf(-1)), float32(math.Inf(1)), sentinel
		in := append([]float32(nil), x...)
		Gelu(x)
		checkGuards(t, "x", whole)
		if x[1] != in[1] || x[2] == x[2] {
			t.Errorf("gelu(+Inf, NaN) = %v, %v", x[1], x[2])
		}
		for i := 3; i < n; i++ {
			f := float64(in[i])
			want := f / 2 * (1 + math.Erf(f/math.Sqrt2))
			if math.Abs(float64(x[i])-want) > 2e-7*max(1, math.Abs(f)) {
				t.Fatalf("gelu(%v) = %v, want %v", f, x[i], want)
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(7, 8))
		for _, scale := range []float32{0, 0.1, 1, 10, 100, 1e30} {
			for real := 1; real <= 100; real++ {
				n := Pad(real)
				whole, x := guarded(n)
				fill(r, x)
				var top float32 = float32(math.Inf(-1))
				for i := range x {
					x[i] *= scale
					if i >= real {
						x[i] = float32(math.Inf(-1))
					}
					top = max(top, x[i])
				}
				want := make([]float64, n)
				var sum float64
				for i := range x {
					want[i] = math.Exp(float64(x[i] - top))
					sum += want[i]
				}
				Softmax(x)
				checkGuards(t, "x", whole)
				for i := range x {
					if math.Abs(float64(x[i])-want[i]/sum) > 3e-7 || i >= real && x[i] != 0 {
						t.Fatalf("scale %v, %d of %d: %v, want %v", scale, i, real, x[i], want[i]/sum)
					}
				}
			}
		}
	})
}

func TestLayerNorm(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(9, 10))
		const eps = 1e-12
		for n := 2; n <= 100; n++ {
			rows := make([][]float32, 5) // dst, x, y, gamma, beta
			wholes := make([][]float32, 5)
			for i := range rows {
				wholes[i], rows[i] = guarded(Pad(n))
				clear(rows[i])
				fill(r, rows[i][:n])
			}
			rows[0] = rows[0][:Pad(n)]
			clear(rows[0])
			LayerNorm(rows[0], rows[1], rows[2], rows[3], rows[4], n, eps)
			var mean, variance float64
			for i := range n {
				mean += float64(rows[1][i] + rows[2][i])
			}
			mean /= float64(n)
			for i := range n {
				d := float64(rows[1][i]+rows[2][i]) - mean
				variance += d * d
			}
			variance /= float64(n)
			for i := range Pad(n) {
				var want float64
				if i < n {
					want = (float64(rows[1][i]+rows[2][i])-mean)/math.Sqrt(variance+eps)*float64(rows[3][i]) + float64(rows[4][i])
				}
				if math.Abs(float64(rows[0][i])-want) > 2e-5 {
					t.Fatalf("n=%d, %d: %v, want %v", n, i, rows[0][i], want)
				}
			}
			for i := range wholes {
				checkGuards(t, "row", wholes[i])
			}
		}
	})
}

func TestDistances(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(11, 12))
		for n := 0; n <= 300; n++ {
			wa, a := guarded(n)
			wb, b := guarded(n)
			fill(r, a)
			fill(r, b)
			var dot, squared, manhattan, magnitude float64
			for i := range a {
				d := float64(a[i]) - float64(b[i])
				dot += float64(a[i]) * float64(b[i])
				magnitude += math.Abs(float64(a[i]) * float64(b[i]))
				squared += d * d
				manhattan += math.Abs(d)
			}
			for _, c := range []struct {
				name            string
				got             float32
				want, magnitude float64
			}{
				{"dot", Dot(a, b), dot, magnitude},
				{"squared", SquaredDistance(a, b), squared, squared},
				{"manhattan", ManhattanDistance(a, b), manhattan, manhattan},
			} {
				if !(math.Abs(float64(c.got)-c.want) <= c.magnitude*float64(n+3)*0x1p-24) {
					t.Fatalf("%s of %d: %v, want %v", c.name, n, c.got, c.want)
				}
			}
			checkGuards(t, "a", wa)
			checkGuards(t, "b", wb)
		}
	})
}

// The vector tiers add in the same order and so agree to the bit.
func TestVectorTiersAgree(t *testing.T) {
	vector := tiers[1:]
	if len(vector) < 2 {
		t.Logf("one vector tier or none here: %v", Available())
		return
	}
	r := rand.New(rand.NewPCG(13, 14))
	const n, k, m = 96, 50, 17
	a, b := make([]float32, m*k), make([]float32, m*k)
	fill(r, a)
	fill(r, b)
	w := NewMatrix(Float32, k, n)
	for j := range n {
		column := make([]float32, k)
		fill(r, column)
		w.SetColumns(j, column, []float32{0.5})
	}
	var results [][]float32
	for i := range vector {
		use(t, vector[i].tier)
		c := make([]float32, m*n)
		Multiply(c, n, floats(a, k, m, w.K), m, w, 0, n, false)
		Gelu(c)
		for row := range m {
			Softmax(c[row*n : (row+1)*n])
			x := c[row*n : (row+1)*n]
			LayerNorm(x, x, x, x, x, n-7, 1e-5)
		}
		results = append(results, append(c, Dot(a, b), SquaredDistance(a, b), ManhattanDistance(a, b)))
	}
	for i, v := range results[0] {
		if math.Float32bits(v) != math.Float32bits(results[1][i]) {
			t.Fatalf("element %d: %v at %s, %v at %s", i, v, vector[0].tier, results[1][i], vector[1].tier)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []ops{{tier: Scalar}, {tier: AVX2}, {tier: AVX512}}
	for _, c := range []struct {
		have int
		mask string
		want Tier
		bad  bool
	}{
		{3, "", AVX512, false},
		{3, "avx512", AVX512, false},
		{3, "AVX2", AVX2, false},
		{3, "scalar", Scalar, false},
		{2, "avx512", AVX2, false},
		{1, "avx2", Scalar, false},
		{3, "sse9", AVX512, true},
	} {
		got, err := choose(all[:c.have], c.mask)
		if got.tier != c.want || (err != nil) != c.bad {
			t.Errorf("choose(%d tiers, %q) = %s, %v; want %s", c.have, c.mask, got.tier, err, c.want)
		}
	}
}
