// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// near compares with values in float64, within a part of the largest.
func near(t *testing.T, what string, got []float32, want []float64, within float64) {
	t.Helper()
	var top float64
	for _, v := range want {
		top = max(top, math.Abs(v))
	}
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= within*max(top, 1e-6)) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v, want[i])
		}
	}
}

func TestAddOuter(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(1, 2))
		for _, k := range []int{1, 2, 3, 4, 5, 31, 64, 129} {
			for _, size := range [][2]int{{16, 32}, {48, 64}, {32, 96}} {
				m, n := size[0], size[1]
				a, b, c := normal(r, k*(m+3)), normal(r, k*(n+5)), normal(r, m*(n+7))
				want := make([]float64, len(c))
				for i, v := range c {
					want[i] = float64(v)
				}
				half := slices.Clone(want)
				for p := range k {
					for i := range m {
						for j := range n {
							x, y := a[p*(m+3)+i], b[p*(n+5)+j]
							want[i*(n+7)+j] += float64(x) * float64(y)
							half[i*(n+7)+j] += float64(bf16Round(x)) * float64(bf16Round(y))
						}
					}
				}
				pa, pb, got := make([]float32, k*m), make([]float32, k*n), slices.Clone(c)
				PanelRows(pa, a, m+3, k, m)
				PanelRows(pb, b, n+5, k, n)
				AddOuter(got, n+7, pa, m, pb, n, k)
				near(t, fmt.Sprintf("%d×%d×%d", m, k, n), got, want, 1e-6*math.Sqrt(float64(k+1)))

				if m%32 != 0 {
					continue
				}
				depth := Pad(k) / 2
				wa, wb := make([]uint32, depth*m), make([]uint32, depth*n)
				words := func(panels []uint32, x []float32, ldx, n int) {
					rows := make([]uint32, k*n/2)
					for p := range k {
						RoundBF16(rows[p*n/2:][:n/2], x[p*ldx:][:n])
					}
					Interleave(panels, rows, n/2, k, n)
				}
				words(wa, a, m+3, m)
				words(wb, b, n+5, n)
				got = slices.Clone(c)
				AddOuterBF16(got, n+7, wa, m, wb, n, depth)
				near(t, fmt.Sprintf("bfloat16 %d×%d×%d", m, k, n), got, half, 1e-5)
			}
		}
	})
}

// bf16Round rounds to the nearest bfloat16, ties to even.
func bf16Round(x float32) float32 {
	b := math.Float32bits(x)
	b += 0x7fff + b>>16&1
	return math.Float32frombits(b &^ 0xffff)
}

func TestBackwardKernels(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(3, 4))
		for _, n := range []int{16, 32, 48, 384} {
			d, x := normal(r, n), normal(r, n)
			for i := range x {
				x[i] *= 4
			}
			copy(x, []float32{0, float32(math.Copysign(0, -1)), 20, -20, 90, -90, 1e-20})
			wantD, wantX := make([]float64, n), make([]float64, n)
			for i := range x {
				v := float64(x[i])
				phi := (1 + math.Erf(v/math.Sqrt2)) / 2
				wantD[i] = float64(d[i]) * (phi + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi))
				wantX[i] = v * phi
			}
			GeluBackward(d, x)
			near(t, "gelu'", d, wantD, 3e-7)
			near(t, "gelu", x, wantX, 3e-7)

			d, p := normal(r, n), normal(r, n)
			Softmax(p)
			var dot float64
			for i := range p {
				dot += float64(p[i]) * float64(d[i])
			}
			for i := range p {
				wantD[i] = float64(p[i]) * (float64(d[i]) - dot)
			}
			SoftmaxBackward(d, p)
			near(t, "softmax", d, wantD, 1e-6)

			x, y, sum := normal(r, n), normal(r, n), make([]float32, n)
			Add(sum, x, y)
			for i := range sum {
				wantX[i] = float64(x[i] + y[i])
			}
			near(t, "add", sum, wantX, 0)
		}
	})
}

func TestLayerNormBackward(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(5, 6))
		for _, n := range []int{1, 3, 15, 16, 17, 31, 32, 48, 100, 384} {
			padded := Pad(n)
			row := func(mean float32) []float32 {
				x := make([]float32, padded)
				for i := range n {
					x[i] = float32(r.NormFloat64()) + mean
				}
				return x
			}
			x, dy, gamma, dgamma, dbeta := row(2), row(0), row(1), row(0), row(0)
			const eps = 1e-5
			var mean, variance, total, along float64
			for _, v := range x[:n] {
				mean += float64(v) / float64(n)
			}
			for _, v := range x[:n] {
				variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
			}
			unit := func(i int) float64 { return (float64(x[i]) - mean) / math.Sqrt(variance+eps) }
			for i := range n {
				h := float64(dy[i]) * float64(gamma[i])
				total += h / float64(n)
				along += h * unit(i) / float64(n)
			}
			wantX, wantG, wantB := make([]float64, padded), make([]float64, padded), make([]float64, padded)
			for i := range n {
				wantX[i] = (float64(dy[i])*float64(gamma[i]) - total - unit(i)*along) / math.Sqrt(variance+eps)
				wantG[i] = float64(dgamma[i]) + float64(dy[i])*unit(i)
				wantB[i] = float64(dbeta[i]) + float64(dy[i])
			}
			dx := make([]float32, padded)
			LayerNormBackward(dx, x, dy, gamma, dgamma, dbeta, n, eps)
			if n == 1 {
				continue // a row of one value has no scale to speak of
			}
			near(t, fmt.Sprintf("dx of %d", n), dx, wantX, 2e-6)
			near(t, "dgamma", dgamma, wantG, 2e-6)
			near(t, "dbeta", dbeta, wantB, 1e-6)
			LayerNormBackward(dy, x, dy, gamma, make([]float32, padded), make([]float32, padded), n, eps)
			near(t, "dx in place", dy, wantX, 2e-6)
		}
	})
}

func TestAdamW(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(7, 8))
		for _, n := range []int{0, 1, 15, 16, 50} {
			value, gradient, first, second := normal(r, n), normal(r, n), normal(r, n), normal(r, n)
			for i := range second {
				second[i] *= second[i]
			}
			s := AdamWStep{Rate: 0.1, Decay: 0.9, Beta1: 0.9, Beta2: 0.99, Root: 2, Epsilon: 1e-3, Scale: 0.5}
			wantV, wantM, wantS := make([]float64, n), make([]float64, n), make([]float64, n)
			for i := range n {
				g := float64(gradient[i]) * 0.5
				wantM[i] = 0.9*float64(first[i]) + 0.1*g
				wantS[i] = 0.99*float64(second[i]) + 0.01*g*g
				wantV[i] = 0.9*float64(value[i]) - 0.1*wantM[i]/(math.Sqrt(wantS[i])*2+1e-3)
			}
			AdamW(value, gradient, first, second, s)
			near(t, "values", value, wantV, 1e-6)
			near(t, "means", first, wantM, 1e-6)
			near(t, "squares", second, wantS, 1e-6)
		}
	})
}

func TestDropout(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	x := normal(r, 1<<14)
	want := slices.Clone(x)
	const p, key = 0.1, 0x123456789abcdef0
	use(t, Scalar)
	Dropout(want, key, p)
	zeros := 0
	for i, v := range want {
		if v == 0 {
			zeros++
		} else if d := math.Abs(float64(v)/float64(x[i]) - 1/0.9); d > 1e-6 {
			t.Fatalf("element %d: %v of %v", i, v, x[i])
		}
	}
	if part := float64(zeros) / float64(len(x)); math.Abs(part-p) > 4*math.Sqrt(p*(1-p)/float64(len(x))) {
		t.Errorf("%v of all values are left out, not %v", part, p)
	}
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		got := slices.Clone(x)
		Dropout(got, key, p)
		if !slices.Equal(got, want) {
			t.Error("another mask than in plain Go")
		}
	})
}
