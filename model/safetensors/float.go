// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// littleEndian tells whether this machine stores numbers as the file does.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// copyF32 fills dst from little-endian float32 in src, which need not be aligned.
func copyF32(dst []float32, src []byte) {
	if len(dst) == 0 {
		return
	}
	src = src[:4*len(dst)]
	if littleEndian {
		// dst is aligned by its type, and a byte copy has no demands on src.
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), len(src)), src)
		return
	}
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

// AppendF32 appends float32 values as a file stores them.
func AppendF32(dst []byte, values []float32) []byte {
	if len(values) == 0 {
		return dst
	}
	if littleEndian {
		return append(dst, unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values))...)
	}
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}

func convertF16(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		dst[i] = F16ToFloat32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func convertBF16(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		dst[i] = BF16ToFloat32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// F16ToFloat32 converts an IEEE 754 half-precision number (1 sign, 5 exponent, 10 fraction bits)
// exactly. Infinities stay infinite, NaN keeps sign and payload.
func F16ToFloat32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
	case frac == 0:
		return math.Float32frombits(sign)
	}
	// A subnormal half is frac * 2^-24. Shift its leading one to the hidden-bit position.
	shift := uint32(bits.LeadingZeros16(uint16(frac))) - 5
	return math.Float32frombits(sign | (127-15+1-shift)<<23 | (frac<<shift&0x3ff)<<13)
}

// BF16ToFloat32 converts a bfloat16 number, which is the upper half of a float32, exactly.
func BF16ToFloat32(h uint16) float32 {
	return math.Float32frombits(uint32(h) << 16)
}

// Float32ToF16 rounds to the nearest half-precision number, ties to even. Values from 65520 on
// become infinite; NaN stays NaN (made quiet).
func Float32ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x477ff000: // 65520, half way between the largest half and 65536
		return sign | 0x7c00
	case b >= 0x38800000: // 2^-14, the smallest normal half
		// Adding just under half of the cut bits' range, plus the lowest kept bit, rounds to even;
		// a carry runs into the exponent, as it must.
		b += 0xfff + b>>13&1
		return sign | uint16(b>>13-(127-15)<<10)
	case b <= 0x33000000: // 2^-25, half of the smallest subnormal: ties to even, which is zero
		return sign
	}
	frac := b&0x7fffff | 0x800000
	cut := 126 - b>>23 // 14 to 24 bits are cut
	half := uint32(1) << (cut - 1)
	frac += half - 1 + frac>>cut&1
	return sign | uint16(frac>>cut)
}

// Float32ToBF16 rounds to the nearest bfloat16, ties to even; NaN stays NaN (made quiet).
func Float32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
