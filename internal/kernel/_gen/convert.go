// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// extent emits the reductions that a row's integer scale is chosen by.
func extent(t tier) {
	name := "extent" + t.suffix
	TEXT(name, NOSPLIT, "func(x *float32, n int) (lo, hi, squares float32)")
	Pragma("noescape")
	Doc(name+" gives the least and the greatest of n floats, n a positive multiple of 16, and Σ x².",
		"Sums run over 16 lanes, folded last.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	at := operand.Mem{Base: x}
	lo, hi, sum := t.block(), t.block(), t.block()
	t.load(lo, at)
	t.load(hi, at)
	t.zero(sum)
	loopBlocks("loop", n, []reg.GPVirtual{x}, func() {
		v := t.block()
		t.load(v, at)
		each(func(r ...reg.VecVirtual) {
			VMINPS(r[0], r[1], r[1])
			VMAXPS(r[0], r[2], r[2])
			VFMADD231PS(r[0], r[0], r[3])
		}, v, lo, hi, sum)
	})
	Store(t.fold(lo, func(a, b, d operand.Op) { VMINPS(a, b, d) }).AsX(), Return("lo"))
	Store(t.fold(hi, func(a, b, d operand.Op) { VMAXPS(a, b, d) }).AsX(), Return("hi"))
	Store(t.fold(sum, func(a, b, d operand.Op) { VADDPS(a, b, d) }).AsX(), Return("squares"))
	VZEROUPPER()
	RET()
}

// toInt16 emits the conversion of floats to signed 16-bit integers.
func toInt16(t tier) {
	name := "toInt16" + t.suffix
	TEXT(name, NOSPLIT, "func(dst *uint32, x *float32, n int, factor float32)")
	Pragma("noescape")
	Doc(name+" stores n floats, n a positive multiple of 32, as int16, two to a word:",
		"",
		"	for i := range n { dst[i] = int16(roundToEven(x[i] * factor)) }",
		"",
		"The caller sees to it that all fit.")
	dst, x, n := conversion()
	factor := t.broadcast("factor")
	loop32(n, func() {
		for part := range 2 {
			v := t.block()
			t.load(v, operand.Mem{Base: x, Disp: 64 * part})
			each(func(r ...reg.VecVirtual) {
				VMULPS(factor, r[0], r[0])
				VCVTPS2DQ(r[0], r[0])
			}, v)
			to := operand.Mem{Base: dst, Disp: 32 * part}
			if t.bits == 512 {
				y := YMM()
				VPMOVDW(v[0], y)
				VMOVDQU(y, to)
				continue
			}
			VPACKSSDW(v[1], v[0], v[0]) // within 128-bit halves: quads 0, 2, 1, 3
			VPERMQ(operand.Imm(0xd8), v[0], v[0])
			VMOVDQU(v[0], to)
		}
		ADDQ(operand.U32(128), x)
		ADDQ(operand.Imm(64), dst)
	})
}

// toInt8 emits the conversion of floats to unsigned 8-bit integers.
func toInt8(t tier) {
	name := "toInt8" + t.suffix
	TEXT(name, NOSPLIT, "func(dst *uint32, x *float32, n int, factor, shift float32)")
	Pragma("noescape")
	Doc(name+" stores n floats, n a positive multiple of 32, as uint8, four to a word:",
		"",
		"	for i := range n { dst[i] = uint8(roundToEven(fma(x[i], factor, shift))) }",
		"",
		"The caller sees to it that all fit.")
	dst, x, n := conversion()
	factor, shift := t.broadcast("factor"), t.broadcast("shift")
	var order reg.VecVirtual
	if t.bits == 256 {
		order = YMM()
		VMOVDQU(constants.packOrder(), order)
	}
	loop32(n, func() {
		t.toBytes(dst, x, factor, shift, order)
		ADDQ(operand.U32(128), x)
		ADDQ(operand.Imm(32), dst)
	})
}

// group8 is the number of activations that share a scale at 8 bits.
const group8 = 128

// activations8 emits the conversion of a row of activations to unsigned 8-bit
// integers, the choice of scale and offset for each group with it.
func activations8(t tier) {
	name := "activations8" + t.suffix
	TEXT(name, NOSPLIT, "func(dst *uint32, pairs, x *float32, n int)")
	Pragma("noescape")
	Doc(name+" stores n floats, n a positive multiple of 32, as uint8, four to a word:",
		"",
		fmt.Sprintf("	for group of %d floats of x {", group8),
		"		lo, hi := min(0, group...), max(0, group...)",
		"		scale := (hi-lo)/254 + 0*sum(group²)   // NaN if a value is none",
		"		factor := min(1/scale, MaxFloat32)",
		"		shift := roundToEven(-lo * factor)",
		"		pairs = scale, -shift",
		"		for i := range group { dst[i] = uint8(roundToEven(fma(x[i], factor, shift))) }",
		"	}")
	dst, x, n := conversion()
	pairs := Load(Param("pairs"), GP64()).(reg.GPVirtual)
	var order reg.VecVirtual
	if t.bits == 256 {
		order = YMM()
		VMOVDQU(constants.packOrder(), order)
	}
	count, left, at := GP64(), GP64(), GP64()
	Label("group")
	MOVQ(operand.U32(group8), count)
	CMPQ(n, count)
	CMOVQLT(n, count)
	lo, hi, sum := t.block(), t.block(), t.block()
	t.zero(lo)
	t.zero(hi)
	t.zero(sum)
	MOVQ(x, at)
	MOVQ(count, left)
	Label("extremes")
	for part := range 2 {
		v := t.block()
		t.load(v, operand.Mem{Base: at, Disp: 64 * part})
		each(func(r ...reg.VecVirtual) {
			VMINPS(r[0], r[1], r[1])
			VMAXPS(r[0], r[2], r[2])
			VFMADD231PS(r[0], r[0], r[3]) // the others may lose a NaN
		}, v, lo, hi, sum)
	}
	ADDQ(operand.U32(128), at)
	SUBQ(operand.Imm(32), left)
	JG(operand.LabelRef("extremes"))
	low := t.fold(lo, func(a, b, d operand.Op) { VMINPS(a, b, d) }).AsX()
	high := t.fold(hi, func(a, b, d operand.Op) { VMAXPS(a, b, d) }).AsX()
	scale, factor, shift := XMM(), XMM(), XMM()
	VSUBSS(low, high, scale)
	VDIVSS(constants.float("steps8", 254), scale, scale)
	squares, none := t.fold(sum, func(a, b, d operand.Op) { VADDPS(a, b, d) }).AsX(), XMM()
	VXORPS(none, none, none)
	VFMADD231SS(none, squares, scale)
	VMOVSS(scale, operand.Mem{Base: pairs})
	VMOVSS(constants.float("one", 1), factor)
	VDIVSS(scale, factor, factor)
	VMINSS(constants.float("largest", math.MaxFloat32), factor, factor)
	VMULSS(low, factor, low)
	VROUNDSS(operand.Imm(8), low, low, low) // to nearest even; -lo·factor rounds alike
	VMOVSS(low, operand.Mem{Base: pairs, Disp: lane})
	VXORPS(shift, shift, shift)
	VSUBSS(low, shift, shift)
	factors, shifts := t.reg(), t.reg()
	VBROADCASTSS(factor, factors)
	VBROADCASTSS(shift, shifts)
	MOVQ(count, left)
	Label("convert")
	t.toBytes(dst, x, factors, shifts, order)
	ADDQ(operand.U32(128), x)
	ADDQ(operand.Imm(32), dst)
	SUBQ(operand.Imm(32), left)
	JG(operand.LabelRef("convert"))
	ADDQ(operand.Imm(8), pairs)
	SUBQ(count, n)
	JG(operand.LabelRef("group"))
	VZEROUPPER()
	RET()
}

// toBytes emits the conversion of 32 floats.
func (t tier) toBytes(dst, x reg.Register, factor, shift, order reg.VecVirtual) {
	vs := []block{t.block(), t.block()}
	for part, v := range vs {
		t.load(v, operand.Mem{Base: x, Disp: 64 * part})
		each(func(r ...reg.VecVirtual) {
			VFMADD213PS(shift, factor, r[0])
			VCVTPS2DQ(r[0], r[0])
		}, v)
		if t.bits == 512 {
			s := XMM()
			VPMOVDB(v[0], s)
			VMOVDQU(s, operand.Mem{Base: dst, Disp: 16 * part})
		}
	}
	if t.bits == 256 {
		VPACKSSDW(vs[0][1], vs[0][0], vs[0][0])
		VPACKSSDW(vs[1][1], vs[1][0], vs[1][0])
		VPACKUSWB(vs[1][0], vs[0][0], vs[0][0])
		VPERMD(vs[0][0], order, vs[0][0])
		VMOVDQU(vs[0][0], operand.Mem{Base: dst})
	}
}

// toBF16 emits the conversion of floats to bfloat16 for processors that have it.
func toBF16(t tier) {
	name := "toBF16" + t.suffix
	TEXT(name, NOSPLIT, "func(dst *uint32, x *float32, n int)")
	Pragma("noescape")
	Doc(name+" stores n floats, n a positive multiple of 32, as bfloat16, two to a word,",
		"rounded to nearest even; subnormal numbers become 0.")
	dst, x, n := conversion()
	loop32(n, func() {
		for part := range 2 {
			v, y := ZMM(), YMM()
			VMOVUPS(operand.Mem{Base: x, Disp: 64 * part}, v)
			Instruction(&ir.Instruction{
				Opcode: "VCVTNEPS2BF16", Operands: []operand.Op{v, y}, Inputs: []operand.Op{v}, Outputs: []operand.Op{y},
			})
			VMOVDQU(y, operand.Mem{Base: dst, Disp: 32 * part})
		}
		ADDQ(operand.U32(128), x)
		ADDQ(operand.Imm(64), dst)
	})
}

func conversion() (dst, x, n reg.GPVirtual) {
	return Load(Param("dst"), GP64()).(reg.GPVirtual), Load(Param("x"), GP64()).(reg.GPVirtual), Load(Param("n"), GP64()).(reg.GPVirtual)
}

// broadcast loads a parameter into all lanes.
func (t tier) broadcast(name string) reg.VecVirtual {
	r, x := t.reg(), Load(Param(name), XMM())
	VBROADCASTSS(x, r)
	return r
}

// loop32 emits a loop over n/32 steps of body, and the return.
func loop32(n reg.GPVirtual, body func()) {
	Label("loop")
	body()
	SUBQ(operand.Imm(32), n)
	JG(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
