// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"unsafe"
)

// scalarGradient is the kernels of training in plain Go.
var scalarGradient = gradientKernels{
	outer: outerScalar, outerBF16: outerBF16Scalar, panels: 1, panels16: 1,
	gelu: geluBackwardScalar, softmax: softmaxBackwardScalar, layerNorm: layerNormBackwardScalar,
	add: addScalar, panel: panelRowsScalar, dropout: dropoutScalar, adamW: adamWScalar,
}

func outerScalar(k int, a, b *float32, _ int, c *float32, ldc int) {
	as, bs := unsafe.Slice(a, k*panelWidth), unsafe.Slice(b, k*panelWidth)
	cs := unsafe.Slice(c, (panelWidth-1)*ldc+panelWidth)
	for i := range panelWidth {
		row := (*[panelWidth]float32)(cs[i*ldc:])
		sum := *row
		for p := 0; p < k*panelWidth; p += panelWidth {
			x, y := as[p+i], (*[panelWidth]float32)(bs[p:])
			for j := range sum {
				sum[j] += float32(x * y[j])
			}
		}
		*row = sum
	}
}

func outerBF16Scalar(k int, a, b *uint32, _ int, c *float32, ldc int) {
	as, bs := unsafe.Slice(a, k*panelWidth), unsafe.Slice(b, k*panelWidth)
	cs := unsafe.Slice(c, (panelWidth-1)*ldc+panelWidth)
	low := func(w uint32) float32 { return math.Float32frombits(w << 16) }
	high := func(w uint32) float32 { return math.Float32frombits(w &^ 0xffff) }
	for i := range panelWidth {
		row := (*[panelWidth]float32)(cs[i*ldc:])
		sum := *row
		for p := 0; p < k*panelWidth; p += panelWidth {
			x := as[p+i]
			for j, y := range bs[p : p+panelWidth] {
				sum[j] += float32(high(x) * high(y))
				sum[j] += float32(low(x) * low(y))
			}
		}
		*row = sum
	}
}

func geluBackwardScalar(d, x *float32, n int) {
	ds, xs := unsafe.Slice(d, n), unsafe.Slice(x, n)
	for i, v := range xs {
		f := float64(v)
		phi := (1 + math.Erf(f/math.Sqrt2)) / 2
		density := math.Exp(-f*f/2) / math.Sqrt(2*math.Pi)
		ds[i] *= float32(phi + f*density)
		xs[i] = float32(f * phi)
	}
}

func softmaxBackwardScalar(d, p *float32, n int) {
	ds, ps := unsafe.Slice(d, n), unsafe.Slice(p, n)
	dot := dotScalar(d, p, n)
	for i, w := range ps {
		ds[i] = w * (ds[i] - dot)
	}
}

func layerNormBackwardScalar(dx, x, dy, gamma, dgamma, dbeta *float32, n int, inv, eps float32) {
	out, in, dys := unsafe.Slice(dx, n), unsafe.Slice(x, n), unsafe.Slice(dy, n)
	g, dg, db := unsafe.Slice(gamma, n), unsafe.Slice(dgamma, n), unsafe.Slice(dbeta, n)
	var sum float32
	for _, v := range in {
		sum += v
	}
	mean := float32(sum * inv)
	sum = 0
	for _, v := range in {
		sum += float32((v - mean) * (v - mean))
	}
	scale := 1 / float32(math.Sqrt(float64(float32(sum*inv)+eps)))
	var total, along float32
	for i, v := range in {
		unit := float32((v - mean) * scale)
		h := float32(dys[i] * g[i])
		total += h
		along += float32(h * unit)
		dg[i] += float32(dys[i] * unit)
		db[i] += dys[i]
	}
	total, along = float32(total*inv), float32(along*inv)
	for i, v := range in {
		unit := float32((v - mean) * scale)
		h := float32(dys[i] * g[i])
		out[i] = float32((h - total - float32(unit*along)) * scale)
	}
}

func addScalar(dst, x, y *float32, n int) {
	ds, xs, ys := unsafe.Slice(dst, n), unsafe.Slice(x, n), unsafe.Slice(y, n)
	for i, v := range xs {
		ds[i] = v + ys[i]
	}
}

func adamWScalar(value, gradient, first, second *float32, n int, step *float32) {
	s := (*AdamWStep)(unsafe.Pointer(step))
	vs, gs := unsafe.Slice(value, n), unsafe.Slice(gradient, n)
	ms, ss := unsafe.Slice(first, n), unsafe.Slice(second, n)
	for i := range vs {
		g := float32(gs[i] * s.Scale)
		m := float32(ms[i]*s.Beta1) + float32(g*(1-s.Beta1))
		v := float32(ss[i]*s.Beta2) + float32(float32(g*g)*(1-s.Beta2))
		ms[i], ss[i] = m, v
		root := float32(math.Sqrt(float64(v)))
		vs[i] = float32(vs[i]*s.Decay) - float32(s.Rate*m)/(float32(root*s.Root)+s.Epsilon)
	}
}

func panelRowsScalar(panel, x *float32, ldx, k int) {
	to, from := unsafe.Slice(panel, k*panelWidth), unsafe.Slice(x, (k-1)*ldx+panelWidth)
	for p := range k {
		copy(to[p*panelWidth:][:panelWidth], from[p*ldx:])
	}
}

func dropoutScalar(x *float32, n int, low, high, limit uint32, factor float32) {
	for i, v := range unsafe.Slice(x, n) {
		h := uint32(i) + low
		h = (h^h>>16)*0x7feb352d + high
		h = (h ^ h>>15) * 0x846ca68b
		h ^= h >> 16
		if h >= limit {
			v *= factor
		} else {
			v = 0
		}
		unsafe.Slice(x, n)[i] = v
	}
}
