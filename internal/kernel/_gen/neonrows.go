// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonGelu and what follows are the kernels of elementwise.go, step by step:
// the same coefficients, operations and order of sums.
func neonGelu(a *assembler) {
	a.text("geluNEON", []string{"x *float32", "n int"}, nil,
		"geluNEON applies the exact (erf) GELU to n floats, n a positive multiple of 16:",
		"",
		"	for i := range n { x[i] = x[i]/2 + x[i]/2*erf(x[i]/√2) }",
		"",
		"erf is a rational function; the result is within 2e-7·max(1, |x|).")
	a.load("x", "R0")
	a.load("n", "R1")
	a.constantsAt("R2")
	hi, lo, half := vreg(24), vreg(25), vreg(26)
	a.broadcastConstant("R2", "erfHi", erfLimit, hi)
	a.broadcastConstant("R2", "erfLo", -erfLimit, lo)
	a.broadcastConstant("R2", "half", 0.5, half)
	v, z, u := quadAt(0), quadAt(4), quadAt(8)
	a.loop("loop", "R1", func() {
		a.loadBlock(v, "R0")
		a.blocks(fmin, z, v, repeat(hi))
		a.blocks(fmax, z, z, repeat(lo))
		a.blocks(fmul, u, z, z)
		p, free := a.horner("R2", "erfP", erfP, u, quadAt(12), quadAt(16))
		q, _ := a.horner("R2", "erfQ", erfQ, u, quadAt(20), free)
		a.blocks(fmul, p, z, p)
		a.blocks(fdiv, p, p, q) // erf
		a.blocks(fmul, v, v, repeat(half))
		a.blocks(fmla, v, p, v) // v/2 + erf·v/2
		a.storeNext(v, "R0")
	})
	a.op("RET")
}

func neonSoftmax(a *assembler) {
	a.text("softmaxNEON", []string{"x *float32", "n int"}, nil,
		"softmaxNEON replaces n floats, n a positive multiple of 16, by their softmax:",
		"",
		"	top := max(x...)",
		"	for i := range n { x[i] = exp(x[i] - top) }",
		"	for i := range n { x[i] *= 1 / sum(x...) }",
		"",
		"-Inf gives 0, so callers pad a row with it. Sums run over 16 lanes, folded last.")
	a.load("x", "R0")
	a.load("n", "R1")
	a.constantsAt("R2")
	v, r, s, sum := quadAt(0), quadAt(4), quadAt(8), quadAt(20)

	a.op("MOVD R0, R3")
	a.op("MOVD R1, R4")
	top := quadAt(20)
	a.loadBlock(top, "R3")
	a.loop("max", "R4", func() {
		a.loadNext(v, "R3")
		a.blocks(fmax, top, top, v)
	})
	shift, scale, low, magic := vreg(24), vreg(25), vreg(26), vreg(27)
	a.broadcast(a.extreme(top, fmax, fmaxLanes), shift)

	a.broadcastConstant("R2", "log2e", 1.4426950408889634, scale)
	a.exp2Constants("R2", low, magic)
	a.op("MOVD R0, R3")
	a.op("MOVD R1, R4")
	a.zero(sum[:]...)
	a.loop("exp", "R4", func() {
		a.loadBlock(v, "R3")
		a.blocks(fsub, v, v, repeat(shift))
		a.blocks(fmul, v, v, repeat(scale))
		p := a.exp2("R2", v, r, s, quadAt(12), quadAt(16), low, magic)
		a.blocks(fadd, sum, sum, p)
		a.storeNext(p, "R3")
	})
	total := a.sum(sum)
	a.op("FMOVS $1.0, F0")
	a.op("FDIVS %s, F0, F0", total.f())
	factor := vreg(24)
	a.broadcast(0, factor)

	a.loop("scale", "R1", func() {
		a.loadBlock(v, "R0")
		a.blocks(fmul, v, v, repeat(factor))
		a.storeNext(v, "R0")
	})
	a.op("RET")
}

// exp2Constants loads the two constants that exp2 takes in registers.
func (a *assembler) exp2Constants(base string, low, magic vreg) {
	a.broadcastConstant(base, "expLow", -127, low)
	// Adding 1.5·2²³ rounds to an integer that then sits in the low mantissa
	// bits, and 127 more makes it an exponent.
	a.broadcastConstant(base, "expMagic", 12582912+127, magic)
}

// exp2 is 2^v for v ≤ 0, in acc or spare; v below -126.5 gives 0. r may be
// spare; it, s, v and the other of acc and spare are lost.
func (a *assembler) exp2(base string, v, r, s, acc, spare quad, low, magic vreg) quad {
	a.blocks(fmax, v, v, repeat(low))
	a.blocks(fadd, r, v, repeat(magic))
	for i := range r {
		a.op("VSHL $23, %s, %s", r[i].s4(), s[i].s4())
	}
	a.blocks(fsub, r, r, repeat(magic))
	a.blocks(fsub, v, v, r)
	p, _ := a.horner(base, "exp2c", exp2, v, acc, spare)
	a.blocks(fmul, p, p, s)
	return p
}

func neonLayerNorm(a *assembler) {
	a.text("layerNormNEON", []string{
		"dst *float32", "x *float32", "y *float32", "gamma *float32", "beta *float32", "n int", "inv float32", "eps float32",
	}, nil,
		"layerNormNEON normalises the sum of two rows of n floats (Ba, Kiros & Hinton 2016); inv is 1/n:",
		"",
		"	for i := range n { dst[i] = x[i] + y[i] }",
		"	mean := sum(dst) * inv",
		"	variance := sum((dst-mean)²) * inv",
		"	for i := range n { dst[i] = (dst[i]-mean) / sqrt(variance+eps) * gamma[i] + beta[i] }",
		"",
		"All rows are padded to a multiple of 16 with zeros and stay so. Sums run over 16 lanes, folded last.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("y", "R2")
	a.load("n", "R3")
	a.op("FMOVS %s, F30", a.param("inv"))
	v, w, sum, mean := quadAt(0), quadAt(4), quadAt(8), vreg(28)
	a.op("MOVD R3, R4")
	a.zero(sum[:]...)
	a.loop("add", "R4", func() {
		a.loadNext(v, "R1")
		a.loadNext(w, "R2")
		a.blocks(fadd, v, v, w)
		a.blocks(fadd, sum, sum, v)
		a.storeNext(v, "R0")
	})
	total := a.sum(sum)
	a.op("FMULS F30, %s, %s", total.f(), total.f())
	a.broadcast(total, mean)

	// Deviations; the last block is masked so that padding adds nothing.
	a.load("dst", "R0")
	a.op("MOVD R3, R4")
	a.zero(sum[:]...)
	a.op("SUBS $16, R4")
	a.op("BLE last")
	a.loop("square", "R4", func() {
		a.loadBlock(v, "R0")
		a.blocks(fsub, v, v, repeat(mean))
		a.blocks(fmla, sum, v, v)
		a.storeNext(v, "R0")
	})
	a.label("last")
	// R4 is now r-16 for r floats in the last block.
	a.op("MOVD $tail<>(SB), R5")
	a.op("SUB R4<<2, R5")
	a.loadBlock(w, "R5")
	a.loadBlock(v, "R0")
	a.blocks(fsub, v, v, repeat(mean))
	a.blocks(fmul, v, v, w)
	a.blocks(fmla, sum, v, v)
	a.storeNext(v, "R0")

	total = a.sum(sum)
	a.op("FMULS F30, %s, %s", total.f(), total.f())
	a.op("FMOVS %s, F31", a.param("eps"))
	a.op("FADDS F31, %s, %s", total.f(), total.f())
	a.op("FSQRTS %s, %s", total.f(), total.f())
	a.op("FMOVS $1.0, F31")
	a.op("FDIVS %s, F31, F31", total.f())
	scale := vreg(29)
	a.broadcast(31, scale)

	a.load("dst", "R0")
	a.load("gamma", "R1")
	a.load("beta", "R2")
	a.loop("affine", "R3", func() {
		a.loadBlock(v, "R0")
		a.loadNext(w, "R1")
		a.loadNext(sum, "R2")
		a.blocks(fmul, v, v, repeat(scale))
		a.blocks(fmla, sum, v, w)
		a.storeNext(sum, "R0")
	})
	a.op("RET")
}
