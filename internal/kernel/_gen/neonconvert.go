// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonConversions emits what makes rows ready for products in words.
func neonConversions(a *assembler) {
	neonExtent(a)
	neonToInt8(a)
	neonToBF16(a)
}

func neonExtent(a *assembler) {
	a.text("extentNEON", []string{"x *float32", "n int"}, []string{"lo float32", "hi float32", "squares float32"},
		"extentNEON gives the least and the greatest of n floats, n a positive multiple of 16, and Σ x².",
		"Sums run over 16 lanes, folded last.")
	a.load("x", "R0")
	a.load("n", "R1")
	v, lo, hi, sum := quadAt(0), quadAt(4), quadAt(8), quadAt(12)
	a.loadBlock(lo, "R0")
	a.loadBlock(hi, "R0")
	a.zero(sum[:]...)
	a.loop("loop", "R1", func() {
		a.loadNext(v, "R0")
		a.blocks(fmin, lo, lo, v)
		a.blocks(fmax, hi, hi, v)
		a.blocks(fmla, sum, v, v)
	})
	a.op("FMOVS %s, %s", a.extreme(lo, fmin, fminLanes).f(), a.param("lo"))
	a.op("FMOVS %s, %s", a.extreme(hi, fmax, fmaxLanes).f(), a.param("hi"))
	a.op("FMOVS %s, %s", a.sum(sum).f(), a.param("squares"))
	a.op("RET")
}

func neonToInt8(a *assembler) {
	a.text("toInt8NEON", []string{"dst *uint32", "x *float32", "n int", "factor float32", "shift float32"}, nil,
		"toInt8NEON stores n floats, n a positive multiple of 16, as uint8, four to a word:",
		"",
		"	for i := range n { dst[i] = uint8(roundToEven(fma(x[i], factor, shift))) }",
		"",
		"The caller sees to it that all fit.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("n", "R2")
	a.op("FMOVS %s, F16", a.param("factor"))
	a.op("FMOVS %s, F17", a.param("shift"))
	a.broadcast(17, 17)
	x, v := quadAt(0), quadAt(4)
	a.loop("loop", "R2", func() {
		a.loadNext(x, "R1")
		for i := range v {
			a.op("VMOV V17.B16, %s", v[i].b16())
			a.lane(fmlaLane, v[i], x[i], 16, 0)
		}
		a.convert(fcvtns, v)
		// The low half of each lane, and the low half of that.
		a.op("VUZP1 V5.H8, V4.H8, V4.H8")
		a.op("VUZP1 V7.H8, V6.H8, V6.H8")
		a.op("VUZP1 V6.B16, V4.B16, V4.B16")
		a.op("FMOVQ.P F4, 16(R0)")
	})
	a.op("RET")
}

func neonToBF16(a *assembler) {
	a.text("toBF16NEON", []string{"dst *uint32", "x *float32", "n int"}, nil,
		"toBF16NEON stores n floats, n a positive multiple of 16, as bfloat16, two to a word,",
		"rounded to nearest even; subnormal numbers become 0.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("n", "R2")
	exponent, sign := vreg(16), vreg(17)
	a.op("MOVD $0x7f800000, R3")
	a.op("VDUP R3, %s", exponent.s4())
	a.op("MOVD $0x80000000, R3")
	a.op("VDUP R3, %s", sign.s4())
	x, mask := quadAt(0), quadAt(4)
	a.loop("loop", "R2", func() {
		a.loadNext(x, "R1")
		// BFCVTN keeps subnormal numbers: with no bit of the exponent set, all
		// but the sign is cleared.
		for i := range x {
			a.op("VCMTST %s, %s, %s", x[i].s4(), exponent.s4(), mask[i].s4())
			a.op("VORR %s, %s, %s", sign.b16(), mask[i].b16(), mask[i].b16())
			a.op("VAND %s, %s, %s", mask[i].b16(), x[i].b16(), x[i].b16())
		}
		for i := 0; i < 4; i += 2 {
			a.narrowBF16(mask[i], x[i], x[i+1])
			a.op("FMOVQ.P %s, 16(R0)", mask[i].f())
		}
	})
	a.op("RET")
}
