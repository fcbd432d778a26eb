// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"math/bits"
	"unsafe"
)

// searchKernels are the kernels of vector search in a tier's table.
type searchKernels struct {
	dot, squared       rowKernel[float32, float32, float32] // n a multiple of 16
	dotF16, squaredF16 rowKernel[float32, float32, uint16]  // n a multiple of 32
	dotI8              rowKernel[int32, int8, int8]         // n a multiple of 64
	hamming            rowKernel[uint32, uint64, uint64]
	lookup             rowKernel[float32, float32, uint8] // q holds 256·n floats

	hammingSelect func(ids, distances *uint32, q *uint64, n int, rows *uint64, count int, first, bound uint32) int
	toF16         func(dst *uint16, x *float32, n int) // n a multiple of 16
	fromF16       func(dst *float32, x *uint16, n int) // n a multiple of 16
	prefetch      func(rows *byte, size, stride int, ids *uint32, count int)
	sift          func(marks *uint64, x *float32, n int, limit float32) // n a multiple of 64
}

var searchScalar = searchKernels{
	dot: eachRow(dotScalar), squared: eachRow(squaredScalar),
	dotF16: eachHalfRow(dotScalar), squaredF16: eachHalfRow(squaredScalar),
	dotI8: dotI8Scalar, hamming: hammingScalar, lookup: lookupScalar,
	hammingSelect: hammingSelectBy(hammingScalar), toF16: toF16Scalar, fromF16: fromF16Scalar,
	prefetch: func(*byte, int, int, *uint32, int) {},
	sift:     siftScalar,
}

// rowAt is the row that a kernel's i-th result is about.
func rowAt[T any](rows *T, n, stride int, ids *uint32, i int) []T {
	if ids != nil {
		i = int(unsafe.Slice(ids, i+1)[i])
	}
	return unsafe.Slice(rows, i*stride+n)[i*stride:]
}

// eachRow makes a kernel for rows of one for two vectors.
func eachRow(compare func(a, b *float32, n int) float32) rowKernel[float32, float32, float32] {
	return func(dst, q *float32, n int, rows *float32, stride int, ids *uint32, count int) {
		for i := range unsafe.Slice(dst, count) {
			unsafe.Slice(dst, count)[i] = compare(q, &rowAt(rows, n, stride, ids, i)[0], n)
		}
	}
}

// eachHalfRow is eachRow for rows of halves.
func eachHalfRow(compare func(a, b *float32, n int) float32) rowKernel[float32, float32, uint16] {
	return func(dst, q *float32, n int, rows *uint16, stride int, ids *uint32, count int) {
		wide := make([]float32, n)
		for i := range unsafe.Slice(dst, count) {
			fromF16Scalar(&wide[0], &rowAt(rows, n, stride, ids, i)[0], n)
			unsafe.Slice(dst, count)[i] = compare(q, &wide[0], n)
		}
	}
}

func dotI8Scalar(dst *int32, q *int8, n int, rows *int8, stride int, ids *uint32, count int) {
	x := unsafe.Slice(q, n)
	for i := range unsafe.Slice(dst, count) {
		var sum int32
		for j, v := range rowAt(rows, n, stride, ids, i) {
			sum += int32(x[j]) * int32(v)
		}
		unsafe.Slice(dst, count)[i] = sum
	}
}

func hammingScalar(dst *uint32, q *uint64, n int, rows *uint64, stride int, ids *uint32, count int) {
	x := unsafe.Slice(q, n)
	for i := range unsafe.Slice(dst, count) {
		sum := 0
		for j, v := range rowAt(rows, n, stride, ids, i) {
			sum += bits.OnesCount64(x[j] ^ v)
		}
		unsafe.Slice(dst, count)[i] = uint32(sum)
	}
}

// hammingSelectBy makes the selection of rows from a kernel for their distances.
func hammingSelectBy(hamming rowKernel[uint32, uint64, uint64]) func(ids, distances *uint32, q *uint64, n int, rows *uint64, count int, first, bound uint32) int {
	return func(ids, distances *uint32, q *uint64, n int, rows *uint64, count int, first, bound uint32) int {
		hamming(distances, q, n, rows, n, nil, count)
		number, distance := unsafe.Slice(ids, count), unsafe.Slice(distances, count)
		kept := 0
		for i, d := range distance {
			// Without a branch: a row too far away is overwritten by the next.
			number[kept], distance[kept] = first+uint32(i), d
			near := 0
			if d <= bound {
				near = 1
			}
			kept += near
		}
		return kept
	}
}

func lookupScalar(dst, tables *float32, n int, codes *uint8, stride int, ids *uint32, count int) {
	all := unsafe.Slice((*[256]float32)(unsafe.Pointer(tables)), n)
	for i := range unsafe.Slice(dst, count) {
		code := rowAt(codes, n, stride, ids, i)
		var sum [4]float32
		j := 0
		for ; j+4 <= n; j += 4 {
			t, c := all[j:j+4:j+4], code[j:j+4:j+4]
			sum[0] += t[0][c[0]]
			sum[1] += t[1][c[1]]
			sum[2] += t[2][c[2]]
			sum[3] += t[3][c[3]]
		}
		for ; j < n; j++ {
			sum[j%4] += all[j][code[j]]
		}
		unsafe.Slice(dst, count)[i] = (sum[0] + sum[1]) + (sum[2] + sum[3])
	}
}

func toF16Scalar(dst *uint16, x *float32, n int) {
	for i, v := range unsafe.Slice(x, n) {
		unsafe.Slice(dst, n)[i] = toHalf(v)
	}
}

func fromF16Scalar(dst *float32, x *uint16, n int) {
	for i, v := range unsafe.Slice(x, n) {
		unsafe.Slice(dst, n)[i] = fromHalf(v)
	}
}

// toHalf rounds to nearest even. A NaN keeps its sign and the upper bits of its
// payload and becomes quiet, as the processors do it.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign, magnitude := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(magnitude>>13&0x1ff)
	case magnitude >= 0x477ff000: // 65520, halfway between the largest half and 2¹⁶
		return sign | 0x7c00
	case magnitude < 0x38800000: // 2⁻¹⁴: a multiple of 2⁻²⁴
		// At 0.5 a float32's unit is 2⁻²⁴: the addition rounds.
		return sign | uint16(math.Float32bits(math.Float32frombits(magnitude)+0.5)-math.Float32bits(0.5))
	}
	magnitude += 0xfff + magnitude>>13&1 // a carry moves on to the exponent
	return sign | uint16(magnitude>>13-(127-15)<<10)
}

// fromHalf is exact; a signalling NaN becomes quiet, as the processors do it.
func fromHalf(h uint16) float32 {
	sign, magnitude := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case magnitude > 0x7c00:
		magnitude = 0x7fc00000 | magnitude<<13
	case magnitude == 0x7c00:
		magnitude = 0x7f800000
	case magnitude < 0x400:
		magnitude = math.Float32bits(float32(magnitude) * 0x1p-24)
	default:
		magnitude = magnitude<<13 + (127-15)<<23
	}
	return math.Float32frombits(sign | magnitude)
}
