// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Coefficients of E(x) = x·P(x²)/Q(x²), which equals erf(x/√2) within 2e-8 on
// [-5.6, 5.6]. Fitted for this project by iteratively reweighted least squares
// (Lawson) on Chebyshev nodes; see scripts/kernel_coefficients.py.
var (
	erfP = []float32{0.797884464263916, 0.0687519758939743, 0.00941450335085392, 0.00034769889316521585, 1.2713033356703818e-05, 4.4290736411767284e-08}
	erfQ = []float32{1.0, 0.2528335452079773, 0.028940018266439438, 0.0019129710271954536, 7.510147406719625e-05, 1.180212507279066e-06}
)

const erfLimit = 5.6

// Coefficients of 2^f on [-0.5, 0.5], ascending.
var exp2 = []float32{1, 0.6931471824645996, 0.24022647738456726, 0.055503323674201965, 0.00961843691766262, 0.0013398875016719103, 0.00015353360504377633}

// horner evaluates coefficients (ascending) at u into acc.
func (t tier) horner(name string, coefficients []float32, u block) block {
	acc := t.block()
	last := len(coefficients) - 1
	t.load(acc, constants.float(fmt.Sprintf("%s%d", name, last), coefficients[last]))
	for i := last - 1; i >= 0; i-- {
		m := constants.float(fmt.Sprintf("%s%d", name, i), coefficients[i])
		each(func(r ...reg.VecVirtual) { VFMADD213PS(m, r[1], r[0]) }, acc, u)
	}
	return acc
}

// blocks emits a loop over n/16 blocks starting at p; body gets the address.
func loopBlocks(label string, n reg.GPVirtual, ps []reg.GPVirtual, body func()) {
	Label(label)
	body()
	for _, p := range ps {
		ADDQ(operand.Imm(64), p)
	}
	SUBQ(operand.Imm(16), n)
	JG(operand.LabelRef(label))
}

func gelu(t tier) {
	name := "gelu" + t.suffix
	TEXT(name, NOSPLIT, "func(x *float32, n int)")
	Doc(name+" applies the exact (erf) GELU to n floats, n a positive multiple of 16:",
		"",
		"	for i := range n { x[i] = x[i]/2 + x[i]/2*erf(x[i]/√2) }",
		"",
		"erf is a rational function; the result is within 2e-7·max(1, |x|).")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	hi, lo := constants.float("erfHi", erfLimit), constants.float("erfLo", -erfLimit)
	half := constants.float("half", 0.5)
	loopBlocks("loop", n, []reg.GPVirtual{x}, func() {
		v, z, u := t.block(), t.block(), t.block()
		at := operand.Mem{Base: x}
		t.load(v, at)
		each(func(r ...reg.VecVirtual) {
			VMINPS(hi, r[0], r[1])
			VMAXPS(lo, r[1], r[1])
			VMULPS(r[1], r[1], r[2])
		}, v, z, u)
		p := t.horner("erfP", erfP, u)
		q := t.horner("erfQ", erfQ, u)
		each(func(r ...reg.VecVirtual) {
			VMULPS(r[1], r[2], r[2]) // z·P
			VDIVPS(r[3], r[2], r[2]) // erf
			VMULPS(half, r[0], r[0])
			VFMADD213PS(r[0], r[0], r[2]) // erf·v/2 + v/2
		}, v, z, p, q)
		t.store(p, at)
	})
	VZEROUPPER()
	RET()
}

// exp2Block replaces v by 2^v for v ≤ 0; v below -126.5 gives 0.
func (t tier) exp2Block(v block) block {
	low := constants.float("expLow", -127)
	// Adding 1.5·2²³ rounds to an integer that then sits in the low mantissa
	// bits; adding 127 as well makes those bits the exponent of 2^r.
	magic := constants.float("expMagic", 12582912+127)
	r, s := t.block(), t.block()
	each(func(x ...reg.VecVirtual) {
		VMAXPS(low, x[0], x[0])
		VADDPS(magic, x[0], x[1])
		VPSLLD(operand.Imm(23), x[1], x[2])
		VSUBPS(magic, x[1], x[1])
		VSUBPS(x[1], x[0], x[0])
	}, v, r, s)
	p := t.horner("exp2c", exp2, v)
	each(func(x ...reg.VecVirtual) { VMULPS(x[1], x[0], x[0]) }, p, s)
	return p
}

func softmax(t tier) {
	name := "softmax" + t.suffix
	TEXT(name, NOSPLIT, "func(x *float32, n int)")
	Doc(name+" replaces n floats, n a positive multiple of 16, by their softmax:",
		"",
		"	top := max(x...)",
		"	for i := range n { x[i] = exp(x[i] - top) }",
		"	for i := range n { x[i] *= 1 / sum(x...) }",
		"",
		"-Inf gives 0, so callers pad a row with it. Sums run over 16 lanes, folded last.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	at := operand.Mem{Base: x}
	count := GP64()

	top := t.block()
	t.load(top, at)
	MOVQ(n, count)
	loopBlocks("max", count, []reg.GPVirtual{x}, func() {
		for p, r := range top {
			VMAXPS(at.Offset(p*t.bytes()), r, r)
		}
	})
	folded := t.fold(top, func(a, b, dst operand.Op) { VMAXPS(a, b, dst) })
	shift := t.reg()
	VBROADCASTSS(folded, shift)

	MOVQ(Load(Param("x"), GP64()), x)
	MOVQ(n, count)
	sum := t.block()
	t.zero(sum)
	scale := constants.float("log2e", 1.4426950408889634)
	loopBlocks("exp", count, []reg.GPVirtual{x}, func() {
		v := t.block()
		t.load(v, at)
		each(func(r ...reg.VecVirtual) {
			VSUBPS(shift, r[0], r[0])
			VMULPS(scale, r[0], r[0])
		}, v)
		e := t.exp2Block(v)
		each(func(r ...reg.VecVirtual) { VADDPS(r[0], r[1], r[1]) }, e, sum)
		t.store(e, at)
	})
	total := t.fold(sum, func(a, b, dst operand.Op) { VADDPS(a, b, dst) })
	one := XMM()
	VMOVSS(constants.float("one", 1), one)
	VDIVSS(total, one, one)
	factor := t.reg()
	VBROADCASTSS(one, factor)

	MOVQ(Load(Param("x"), GP64()), x)
	loopBlocks("scale", n, []reg.GPVirtual{x}, func() {
		v := t.block()
		t.load(v, at)
		each(func(r ...reg.VecVirtual) { VMULPS(factor, r[0], r[0]) }, v)
		t.store(v, at)
	})
	VZEROUPPER()
	RET()
}

func layerNorm(t tier) {
	name := "layerNorm" + t.suffix
	TEXT(name, NOSPLIT, "func(dst, x, y, gamma, beta *float32, n int, inv, eps float32)")
	Doc(name+" normalises the sum of two rows of n floats (Ba, Kiros & Hinton 2016); inv is 1/n:",
		"",
		"	for i := range n { dst[i] = x[i] + y[i] }",
		"	mean := sum(dst) * inv",
		"	variance := sum((dst-mean)²) * inv",
		"	for i := range n { dst[i] = (dst[i]-mean) / sqrt(variance+eps) * gamma[i] + beta[i] }",
		"",
		"All rows are padded to a multiple of 16 with zeros and stay so. Sums run over 16 lanes, folded last.")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	y := Load(Param("y"), GP64()).(reg.GPVirtual)
	count := Load(Param("n"), GP64()).(reg.GPVirtual)
	sum := t.block()
	t.zero(sum)
	loopBlocks("add", count, []reg.GPVirtual{dst, x, y}, func() {
		v := t.block()
		t.load(v, operand.Mem{Base: x})
		for p, r := range v {
			VADDPS(operand.Mem{Base: y}.Offset(p*t.bytes()), r, r)
		}
		each(func(r ...reg.VecVirtual) { VADDPS(r[0], r[1], r[1]) }, v, sum)
		t.store(v, operand.Mem{Base: dst})
	})
	add := func(a, b, d operand.Op) { VADDPS(a, b, d) }
	inv := Load(Param("inv"), XMM())
	m := t.fold(sum, add)
	VMULSS(inv, m, m)
	mean := t.reg()
	VBROADCASTSS(m, mean)

	// Deviations; the last block is masked so that padding adds nothing.
	MOVQ(Load(Param("dst"), GP64()), dst)
	MOVQ(Load(Param("n"), GP64()), count)
	t.zero(sum)
	square := func() block {
		v := t.block()
		t.load(v, operand.Mem{Base: dst})
		each(func(r ...reg.VecVirtual) { VSUBPS(mean, r[0], r[0]) }, v)
		return v
	}
	SUBQ(operand.Imm(16), count)
	JLE(operand.LabelRef("last"))
	Label("square")
	v := square()
	each(func(r ...reg.VecVirtual) { VFMADD231PS(r[0], r[0], r[1]) }, v, sum)
	t.store(v, operand.Mem{Base: dst})
	ADDQ(operand.Imm(64), dst)
	SUBQ(operand.Imm(16), count)
	JG(operand.LabelRef("square"))
	Label("last")
	// count is now r-16 for r floats in the last block.
	mask := GP64()
	LEAQ(constants.tailMask(), mask)
	NEGQ(count)
	v = square()
	for p, r := range v {
		VMULPS(operand.Mem{Base: mask, Index: count, Scale: lane}.Offset(p*t.bytes()), r, r)
	}
	each(func(r ...reg.VecVirtual) { VFMADD231PS(r[0], r[0], r[1]) }, v, sum)
	t.store(v, operand.Mem{Base: dst})

	s := t.fold(sum, add)
	VMULSS(inv, s, s)
	VADDSS(Load(Param("eps"), XMM()), s, s)
	VSQRTSS(s, s, s)
	one := XMM()
	VMOVSS(constants.float("one", 1), one)
	VDIVSS(s, one, one)
	rstd := t.reg()
	VBROADCASTSS(one, rstd)

	MOVQ(Load(Param("dst"), GP64()), dst)
	MOVQ(Load(Param("gamma"), GP64()), x)
	MOVQ(Load(Param("beta"), GP64()), y)
	MOVQ(Load(Param("n"), GP64()), count)
	loopBlocks("affine", count, []reg.GPVirtual{dst, x, y}, func() {
		v, g := t.block(), t.block()
		t.load(v, operand.Mem{Base: dst})
		t.load(g, operand.Mem{Base: x})
		each(func(r ...reg.VecVirtual) { VMULPS(rstd, r[0], r[0]) }, v)
		for p := range v {
			VFMADD213PS(operand.Mem{Base: y}.Offset(p*t.bytes()), g[p], v[p])
		}
		t.store(v, operand.Mem{Base: dst})
	})
	VZEROUPPER()
	RET()
}
