// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"unsafe"
)

// scalar is the tier in plain Go: the fallback, and the oracle that tests hold
// the vector tiers against. Explicit float32 conversions keep the compiler
// from fusing multiply and add on some architectures and not on others.
var scalar = ops{
	tier: Scalar, rows: 4, panels: 1,
	tile: tileScalar, gelu: geluScalar, softmax: softmaxScalar, layerNorm: layerNormScalar,
	transpose: transposeScalar, dot: dotScalar, squared: squaredScalar, manhattan: manhattanScalar,
	words: [formats]wordProduct{
		BFloat16: {tile: tileBF16Scalar, rows: 4, panels: 1, whole: true},
		Int16:    {tile: tileInt16Scalar, rows: 4, panels: 1},
		Int8:     {tile: tileInt8Scalar, rows: 4, panels: 1},
	},
	extent: extentScalar, toBF16: toBF16Scalar, interleave: interleaveScalar, toInt16: toInt16Scalar, toInt8: toInt8Scalar,
	activations8: activations8By(extentScalar, toInt8Scalar),
	search:       searchScalar, gradient: scalarGradient,
}

// tileScalar computes an m×16 tile of C = A·B + init:
//
//	for i := range m { for j := range 16 {
//		s := bias[j]                     // or c[i*ldc+j] when bias is nil
//		for p := range k { s += a[i*lda+p] * b[p*ldb+j] }
//		c[i*ldc+j] = s
//	}}
func tileScalar(m, k int, a *float32, lda int, b *float32, ldb, _ int, c *float32, ldc int, bias *float32) {
	as := unsafe.Slice(a, (m-1)*lda+k)
	bs := unsafe.Slice(b, (k-1)*ldb+panelWidth)
	cs := unsafe.Slice(c, (m-1)*ldc+panelWidth)
	for i := range m {
		row := cs[i*ldc : i*ldc+panelWidth]
		var sum [panelWidth]float32
		if bias != nil {
			copy(sum[:], unsafe.Slice(bias, panelWidth))
		} else {
			copy(sum[:], row)
		}
		for p, x := range as[i*lda : i*lda+k] {
			for j, y := range bs[p*ldb : p*ldb+panelWidth] {
				sum[j] += float32(x * y)
			}
		}
		copy(row, sum[:])
	}
}

func geluScalar(x *float32, n int) {
	v := unsafe.Slice(x, n)
	for i, f := range v {
		h := float64(f) / 2
		v[i] = float32(h + h*math.Erf(float64(f)/math.Sqrt2))
	}
}

func softmaxScalar(x *float32, n int) {
	v := unsafe.Slice(x, n)
	top := v[0]
	for _, f := range v {
		top = max(top, f)
	}
	var sum float64
	for i, f := range v {
		v[i] = float32(math.Exp(float64(f - top)))
		sum += float64(v[i])
	}
	factor := float32(1 / sum)
	for i := range v {
		v[i] *= factor
	}
}

func layerNormScalar(dst, x, y, gamma, beta *float32, n int, inv, eps float32) {
	d, a, b := unsafe.Slice(dst, n), unsafe.Slice(x, n), unsafe.Slice(y, n)
	g, shift := unsafe.Slice(gamma, n), unsafe.Slice(beta, n)
	var sum float32
	for i := range d {
		d[i] = a[i] + b[i]
		sum += d[i]
	}
	mean := float32(sum * inv)
	sum = 0
	for i := range d {
		d[i] -= mean
		sum += float32(d[i] * d[i])
	}
	scale := 1 / float32(math.Sqrt(float64(float32(sum*inv)+eps)))
	for i := range d {
		d[i] = float32(float32(d[i]*scale)*g[i]) + shift[i]
	}
}

func transposeScalar(dst, src *float32, ld, k int) {
	d, s := unsafe.Slice(dst, (k-1)*panelWidth+8), unsafe.Slice(src, 7*ld+k)
	for i := range 8 {
		for p, v := range s[i*ld : i*ld+k] {
			d[p*panelWidth+i] = v
		}
	}
}

// The reductions below add in four chains: less rounding, and no add waits for
// the one before.

func dotScalar(a, b *float32, n int) float32 {
	x, y := unsafe.Slice(a, n), unsafe.Slice(b, n)
	var sum [4]float32
	for i, f := range x {
		sum[i%4] += float32(f * y[i])
	}
	return (sum[0] + sum[1]) + (sum[2] + sum[3])
}

func squaredScalar(a, b *float32, n int) float32 {
	x, y := unsafe.Slice(a, n), unsafe.Slice(b, n)
	var sum [4]float32
	for i, f := range x {
		d := f - y[i]
		sum[i%4] += float32(d * d)
	}
	return (sum[0] + sum[1]) + (sum[2] + sum[3])
}

func manhattanScalar(a, b *float32, n int) float32 {
	x, y := unsafe.Slice(a, n), unsafe.Slice(b, n)
	var sum [4]float32
	for i, f := range x {
		sum[i%4] += float32(math.Abs(float64(f - y[i])))
	}
	return (sum[0] + sum[1]) + (sum[2] + sum[3])
}
