// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"unsafe"
)

// The definitions of the products in formats of several values to a word. A
// word holds the value of the least k in its lowest bits.

// wordRows calls f for each row of an m×16 tile, with the words of the row, those
// of the columns (16 for each k) and the row of C, which holds the bias if there is one.
func wordRows(m, k int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32, f func(i int, a, b []uint32, c []float32)) {
	as := unsafe.Slice(a, (m-1)*lda+k)
	bs := unsafe.Slice(b, k*panelWidth)
	cs := unsafe.Slice(c, (m-1)*ldc+panelWidth)
	for i := range m {
		row := cs[i*ldc : i*ldc+panelWidth]
		if bias != nil {
			copy(row, unsafe.Slice(bias, panelWidth))
		}
		f(i, as[i*lda:i*lda+k], bs, row)
	}
}

// tileBF16Scalar computes an m×16 tile of C = A·B + init in float32 from
// bfloat16s. Products of two are exact; the odd one of a word is added first,
// as VDPBF16PS does.
func tileBF16Scalar(m, k int, a *uint32, lda int, b *uint32, _ int, c *float32, ldc int, bias, _, _, _ *float32, _ int) {
	wordRows(m, k, a, lda, b, c, ldc, bias, func(_ int, a, b []uint32, c []float32) {
		for p, x := range a {
			odd, even := math.Float32frombits(x&0xffff0000), math.Float32frombits(x<<16)
			for j, y := range b[p*panelWidth : (p+1)*panelWidth] {
				c[j] += float32(odd * math.Float32frombits(y&0xffff0000))
				c[j] += float32(even * math.Float32frombits(y<<16))
			}
		}
	})
}

// tileInt16Scalar computes an m×16 tile of C = A·B·scales + init from int16s.
func tileInt16Scalar(m, k int, a *uint32, lda int, b *uint32, _ int, c *float32, ldc int, bias, scales, _, rows *float32, ldr int) {
	columns := unsafe.Slice(scales, panelWidth)
	factors := unsafe.Slice(rows, (m-1)*ldr+1)
	wordRows(m, k, a, lda, b, c, ldc, bias, func(i int, a, b []uint32, c []float32) {
		var sum [panelWidth]int32
		for p, x := range a {
			for j, y := range b[p*panelWidth : (p+1)*panelWidth] {
				sum[j] += int32(int16(x))*int32(int16(y)) + int32(int16(x>>16))*int32(int16(y>>16))
			}
		}
		for j := range c {
			c[j] = float32(float32(float32(sum[j])*factors[i*ldr])*columns[j]) + c[j]
		}
	})
}

// tileInt8Scalar computes an m×16 tile of C = (A+offset)·B·scales + init from
// bytes, unsigned in A and signed in B. rows holds a scale and an offset each.
func tileInt8Scalar(m, k int, a *uint32, lda int, b *uint32, _ int, c *float32, ldc int, bias, scales, sums, rows *float32, ldr int) {
	columns, totals := unsafe.Slice(scales, panelWidth), unsafe.Slice(sums, panelWidth)
	pairs := unsafe.Slice(rows, (m-1)*ldr+2)
	wordRows(m, k, a, lda, b, c, ldc, bias, func(i int, a, b []uint32, c []float32) {
		var sum [panelWidth]int32
		for p, x := range a {
			for j, y := range b[p*panelWidth : (p+1)*panelWidth] {
				for s := 0; s < 32; s += 8 {
					sum[j] += int32(uint8(x>>s)) * int32(int8(y>>s))
				}
			}
		}
		factor, offset := pairs[i*ldr], pairs[i*ldr+1]
		for j := range c {
			whole := float32(sum[j]) + float32(offset*totals[j])
			c[j] = float32(float32(whole*factor)*columns[j]) + c[j]
		}
	})
}

func extentScalar(x *float32, n int) (lo, hi, squares float32) {
	v := unsafe.Slice(x, n)
	lo, hi = v[0], v[0]
	var sum float64
	for _, f := range v {
		lo, hi = min(lo, f), max(hi, f)
		sum += float64(f) * float64(f)
	}
	return lo, hi, float32(sum)
}

func toBF16Scalar(dst *uint32, x *float32, n int) {
	d, v := unsafe.Slice(dst, n/2), unsafe.Slice(x, n)
	for i := range d {
		d[i] = uint32(bfloat16(v[2*i])) | uint32(bfloat16(v[2*i+1]))<<16
	}
}

// bfloat16 rounds to nearest even. As VCVTNEPS2BF16 does, it takes subnormal
// numbers for 0 and makes NaNs quiet.
func bfloat16(f float32) uint16 {
	b := math.Float32bits(f)
	switch {
	case f != f:
		return uint16(b>>16) | 0x40
	case b&0x7f800000 == 0:
		return uint16(b >> 16 & 0x8000)
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func toInt16Scalar(dst *uint32, x *float32, n int, factor float32) {
	d, v := unsafe.Slice(dst, n/2), unsafe.Slice(x, n)
	q := func(f float32) uint32 { return uint32(uint16(int32(math.RoundToEven(float64(float32(f * factor)))))) }
	for i := range d {
		d[i] = q(v[2*i]) | q(v[2*i+1])<<16
	}
}

func toInt8Scalar(dst *uint32, x *float32, n int, factor, shift float32) {
	d, v := unsafe.Slice(dst, n/4), unsafe.Slice(x, n)
	// A product of float32s is exact in float64; the sum is rounded to float32
	// as a fused multiply-add does.
	q := func(f float32) uint32 {
		return uint32(uint8(int32(math.RoundToEven(float64(float32(float64(f)*float64(factor) + float64(shift)))))))
	}
	for i := range d {
		d[i] = q(v[4*i]) | q(v[4*i+1])<<8 | q(v[4*i+2])<<16 | q(v[4*i+3])<<24
	}
}

func interleaveScalar(dst, src *uint32, ld, pairs, step int) {
	d := unsafe.Slice(dst, step+pairs*panelWidth)
	s := unsafe.Slice(src, (2*pairs-1)*ld+panelWidth)
	for p := range pairs {
		even, odd := s[2*p*ld:], s[(2*p+1)*ld:]
		for j := range 2 * panelWidth {
			shift := j % 2 * 16
			d[j/panelWidth*step+p*panelWidth+j%panelWidth] = even[j/2]>>shift&0xffff | odd[j/2]>>shift<<16
		}
	}
}

// activations8By is the conversion of a row of activations by the reductions
// and conversions of a tier.
func activations8By(extent func(x *float32, n int) (lo, hi, squares float32), toInt8 func(dst *uint32, x *float32, n int, factor, shift float32)) func(dst *uint32, pairs, x *float32, n int) {
	return func(dst *uint32, pairs, x *float32, n int) {
		d, v := unsafe.Slice(dst, n/4), unsafe.Slice(x, n)
		group := Int8.group()
		p := unsafe.Slice(pairs, 2*Int8.groups(n))
		for g := 0; g*group < n; g++ {
			x := v[g*group : min(n, (g+1)*group)]
			s := scaleActivations8(extent(&x[0], len(x)))
			p[2*g], p[2*g+1] = s.scale, s.offset
			toInt8(&d[g*group/4], &x[0], len(x), s.factor, s.shift)
		}
	}
}
