// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import "math"

// The kernels of training: what a backward pass needs beside the products and
// norms of the forward pass. The rule of package kernel holds here, too: an
// element of a product is one chain of fused multiply-adds in ascending k, sums
// run over a fixed number of lanes, so that a tier gives the same bits however
// work is cut up.

// gradientKernels is one tier's part of the table that training uses.
type gradientKernels struct {
	// outer adds a 16×width tile of Aᵀ·B to C, both in panels: see [AddOuter].
	// width is what the tier's tile has.
	outer func(k int, a, b *float32, bstep int, c *float32, ldc int)
	// outerBF16 is outer for pairs of bfloat16s; k counts words.
	outerBF16 func(k int, a, b *uint32, bstep int, c *float32, ldc int)
	panels    int // of 16 columns that outer takes at once
	panels16  int // and outerBF16

	gelu      func(d, x *float32, n int)
	softmax   func(d, p *float32, n int)
	layerNorm func(dx, x, dy, gamma, dgamma, dbeta *float32, n int, inv, eps float32)
	add       func(dst, x, y *float32, n int)
	panel     func(panel, x *float32, ldx, k int)
	dropout   func(x *float32, n int, low, high, limit uint32, factor float32)
	adamW     func(value, gradient, first, second *float32, n int, s *float32) // the fields of AdamWStep
}

// PanelRows copies k rows of n floats, ldx apart, into panels of 16 columns for
// [AddOuter]: element (p, j) goes to panels[(j/16*k+p)*16+j%16]. n is a multiple of 16.
func PanelRows(panels, x []float32, ldx, k, n int) {
	if k == 0 || n == 0 {
		return
	}
	panels = panels[:k*n]
	_ = x[(k-1)*ldx+n-1]
	for j := 0; j < n; j += panelWidth {
		active.gradient.panel(&panels[j*k], &x[j], ldx, k)
	}
}

// AddOuter computes C += Aᵀ·B: the sum over k of the outer products of row p of
// A, m floats, and row p of B, n floats, both in panels as [PanelRows] makes
// them. It is the gradient of a linear layer's weights, with A the gradient of its
// outputs and B its inputs, k tokens. m is a multiple of 16 and n of [Align]. Row i
// of C starts at c[i*ldc].
func AddOuter(c []float32, ldc int, a []float32, m int, b []float32, n, k int) {
	if k == 0 || m == 0 || n == 0 {
		return
	}
	_, _, _ = a[m*k-1], b[n*k-1], c[(m-1)*ldc+n-1]
	g := &active.gradient
	for j := 0; j < n; j += g.panels * panelWidth {
		for i := 0; i < m; i += panelWidth {
			g.outer(k, &a[i*k], &b[j*k], panelWidth*k, &c[i*ldc+j], ldc)
		}
	}
}

// AddOuterBF16 is [AddOuter] for rows of bfloat16, in panels of depth words as
// [Interleave] makes them: two tokens to a word. Sums are float32.
func AddOuterBF16(c []float32, ldc int, a []uint32, m int, b []uint32, n, depth int) {
	if depth == 0 || m == 0 || n == 0 {
		return
	}
	_, _, _ = a[m*depth-1], b[n*depth-1], c[(m-1)*ldc+n-1]
	g := &active.gradient
	for j := 0; j < n; j += g.panels16 * panelWidth {
		for i := 0; i < m; i += panelWidth {
			g.outerBF16(depth, &a[i*depth], &b[j*depth], panelWidth*depth, &c[i*ldc+j], ldc)
		}
	}
}

// GeluBackward multiplies d by the derivative of [Gelu] at x and then replaces x
// by its GELU: Φ(x) + x·φ(x), with the standard normal distribution and density.
// len(x) must be a multiple of 16, and d as long.
func GeluBackward(d, x []float32) {
	if len(x) > 0 {
		d = d[:len(x)]
		active.gradient.gelu(&d[0], &x[0], len(x))
	}
}

// GeluTanhBackward is [GeluBackward] for [GeluTanh]. Plain Go on every tier.
func GeluTanhBackward(d, x []float32) {
	const c = 0.044715
	root := math.Sqrt(2 / math.Pi)
	for i, v := range x {
		f := float64(v)
		t := math.Tanh(root * (f + c*f*f*f))
		d[i] *= float32((1+t)/2 + f/2*(1-t*t)*root*(1+3*c*f*f))
		x[i] = float32(f / 2 * (1 + t))
	}
}

// ReluBackward is [GeluBackward] for [Relu]. Plain Go on every tier.
func ReluBackward(d, x []float32) {
	for i, v := range x {
		if !(v > 0) {
			d[i], x[i] = 0, 0
		}
	}
}

// SoftmaxBackward replaces d, the gradient of a row of softmax weights p, by
// that of the scores: p∘(d - Σ d·p). len(p) must be a multiple of 16, and d as long.
func SoftmaxBackward(d, p []float32) {
	if len(p) > 0 {
		d = d[:len(p)]
		active.gradient.softmax(&d[0], &p[0], len(p))
	}
}

// LayerNormBackward sets dx to the gradient of a row x of n floats that
// [LayerNorm] normalised (as the sum of its two operands), given the gradient dy of its
// result, and adds to the gradients of gamma and beta:
//
//	x̂ = (x - mean) / √(variance + eps);  g = dy∘gamma
//	dx = (g - mean(g) - x̂·mean(g∘x̂)) / √(variance + eps);  dgamma += dy∘x̂;  dbeta += dy
//
// All slices are padded with zeros to [Pad](n) floats; dx may be dy.
func LayerNormBackward(dx, x, dy, gamma, dgamma, dbeta []float32, n int, eps float32) {
	padded := Pad(n)
	dx, x, dy, gamma = dx[:padded], x[:padded], dy[:padded], gamma[:padded]
	dgamma, dbeta = dgamma[:padded], dbeta[:padded]
	active.gradient.layerNorm(&dx[0], &x[0], &dy[0], &gamma[0], &dgamma[0], &dbeta[0], n, 1/float32(n), eps)
}

// Dropout sets each float to 0 with probability p, from 0 to below 1, and multiplies the others by 1/(1-p)
// (Srivastava et al. 2014). Which ones depends on the key and the place alone: a hash of
// both, the same on every tier, is compared with p. len(x) must be a multiple of 16.
func Dropout(x []float32, key uint64, p float32) {
	if len(x) > 0 && p > 0 {
		limit := uint32(float64(p) * (1 << 32))
		active.gradient.dropout(&x[0], len(x), uint32(key), uint32(key>>32), limit, float32(1/(1-float64(limit)/(1<<32))))
	}
}

// Add sets dst to x + y, which are as long; dst may be either. len(dst) must be
// a multiple of 16.
func Add(dst, x, y []float32) {
	if len(dst) > 0 {
		x, y = x[:len(dst)], y[:len(dst)]
		active.gradient.add(&dst[0], &x[0], &y[0], len(dst))
	}
}

// AddScaled adds x·scale to the first floats of dst, any number of them. Plain Go on every tier.
func AddScaled(dst, x []float32, scale float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += float32(v * scale)
	}
}

// AdamWStep is what all parameters of a step of AdamW have in common. Assembly reads its fields in this order.
type AdamWStep struct {
	Rate    float32 // the learning rate over 1-β₁ᵗ, for step t
	Decay   float32 // 1 - rate·weight decay, which multiplies the values first
	Beta1   float32 // of the mean of gradients
	Beta2   float32 // of the mean of their squares
	Root    float32 // 1/√(1-β₂ᵗ)
	Epsilon float32
	Scale   float32 // of gradients, before anything else: clipping and averages
}

// AdamW moves values against their gradients (Loshchilov & Hutter 2019, as
// torch.optim.AdamW computes it):
//
//	g = gradient·Scale;  value *= Decay
//	first = Beta1·first + (1-Beta1)·g;  second = Beta2·second + (1-Beta2)·g²
//	value -= Rate·first / (√second·Root + Epsilon)
//
// The slices are as long as each other; any length will do.
func AdamW(value, gradient, first, second []float32, s AdamWStep) {
	n := len(value)
	if n == 0 {
		return
	}
	gradient, first, second = gradient[:n], first[:n], second[:n]
	if whole := n / 16 * 16; whole > 0 {
		active.gradient.adamW(&value[0], &gradient[0], &first[0], &second[0], whole, &s.Rate)
		value, gradient, first, second = value[whole:], gradient[whole:], first[whole:], second[whole:]
	}
	if n := len(value); n > 0 {
		adamWScalar(&value[0], &gradient[0], &first[0], &second[0], n, &s.Rate)
	}
}

// AddOuterRow adds to the n floats of c the sum over len(a) rows of b, ldb
// apart, times a: c += a·B. n is a multiple of [Align].
func AddOuterRow(c, a, b []float32, ldb, n int) {
	multiply(c, n, a, len(a), 1, len(a), operand{b, ldb, 1}, 0, n, nil)
}
