// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

// ToF16 rounds floats to IEEE 754 half precision, to nearest even: magnitudes
// from 65520 on become infinite, those up to 2⁻²⁵ zero. A NaN stays one. dst
// has room for len(x) values.
func ToF16(dst []uint16, x []float32) {
	dst = dst[:len(x)]
	whole := len(x) / 16 * 16
	if whole > 0 {
		active.search.toF16(&dst[0], &x[0], whole)
	}
	for i, v := range x[whole:] {
		dst[whole+i] = toHalf(v)
	}
}

// FromF16 widens halves, exactly; a NaN becomes a quiet one. dst has room for
// len(x) values.
func FromF16(dst []float32, x []uint16) {
	dst = dst[:len(x)]
	whole := len(x) / 16 * 16
	if whole > 0 {
		active.search.fromF16(&dst[0], &x[0], whole)
	}
	for i, v := range x[whole:] {
		dst[whole+i] = fromHalf(v)
	}
}
