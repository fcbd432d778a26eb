// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"unsafe"
)

// Dot is the inner product Σ a[i]·b[i] of two vectors of one length; it panics
// if b is shorter than a. The empty product is 0; NaN and infinities follow IEEE 754.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	return active.dot(unsafe.SliceData(a), unsafe.SliceData(b), len(a))
}

// SquaredDistance is Σ (a[i]-b[i])², under the conditions of [Dot].
func SquaredDistance(a, b []float32) float32 {
	b = b[:len(a)]
	return active.squared(unsafe.SliceData(a), unsafe.SliceData(b), len(a))
}

// ManhattanDistance is Σ |a[i]-b[i]|, under the conditions of [Dot].
func ManhattanDistance(a, b []float32) float32 {
	b = b[:len(a)]
	return active.manhattan(unsafe.SliceData(a), unsafe.SliceData(b), len(a))
}

// Norm is the Euclidean length of v.
func Norm(v []float32) float32 {
	return float32(math.Sqrt(float64(Dot(v, v))))
}

// Gelu applies x/2·(1+erf(x/√2)) to each float (Hendrycks & Gimpel 2016, the
// exact form). len(x) must be a multiple of 16.
func Gelu(x []float32) {
	if len(x) > 0 {
		active.gelu(&x[0], len(x))
	}
}

// GeluTanh is GELU's tanh approximation, x/2·(1+tanh(√(2/π)·(x+0.044715x³))),
// the activation that configurations call gelu_new. Plain Go on every tier.
func GeluTanh(x []float32) {
	for i, v := range x {
		f := float64(v)
		x[i] = float32(f / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(f+0.044715*f*f*f))))
	}
}

// Relu replaces negative floats by 0. Plain Go on every tier.
func Relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// Softmax replaces a row by exp(x)/Σexp(x), shifted by its maximum.
// len(x) must be a multiple of 16; pad with -Inf, which becomes 0.
func Softmax(x []float32) {
	if len(x) > 0 {
		active.softmax(&x[0], len(x))
	}
}

// LayerNorm sets dst to the layer norm of x+y: mean 0 and variance 1 over the
// first n floats, times gamma plus beta. All slices are padded with zeros to a
// multiple of 16 floats; dst may be x or y.
func LayerNorm(dst, x, y, gamma, beta []float32, n int, eps float32) {
	padded := Pad(n)
	dst, x, y, gamma, beta = dst[:padded], x[:padded], y[:padded], gamma[:padded], beta[:padded]
	active.layerNorm(&dst[0], &x[0], &y[0], &gamma[0], &beta[0], n, 1/float32(n), eps)
}
