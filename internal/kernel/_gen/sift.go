// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sift emits the comparison of many floats with a limit, which leaves zeros in place of those that are not above it.
func sift(t tier) {
	name := "sift" + t.suffix
	TEXT(name, NOSPLIT, "func(marks *uint64, x *float32, n int, limit float32)")
	Pragma("noescape")
	Doc(name+" marks which of n floats are above a limit, and sets the others to 0, n a positive multiple of 64; NaN is not above:",
		"",
		"	for i := range n { bit i%64 of marks[i/64] = x[i] > limit; if !(x[i] > limit) { x[i] = 0 } }")
	marks := Load(Param("marks"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	limit := t.reg()
	at, err := Param("limit").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(at.Addr, limit)
	const lessThan = 17 // ordered, quiet: false for NaN
	Label("loop")
	if t.bits == 512 {
		masks := make([]reg.Register, 4)
		for i := range masks {
			k, z := K(), ZMM()
			VMOVUPS(operand.Mem{Base: x, Disp: 64 * i}, z)
			VCMPPS(operand.Imm(lessThan), z, limit, k)
			VMOVAPS_Z(z, k, z)
			VMOVUPS(z, operand.Mem{Base: x, Disp: 64 * i})
			masks[i] = k
		}
		low, high := K(), K()
		KUNPCKWD(masks[0], masks[1], low)
		KUNPCKWD(masks[2], masks[3], high)
		KUNPCKDQ(low, high, low)
		KMOVQ(low, operand.Mem{Base: marks})
	} else {
		word, part := GP64(), GP64()
		for i := range 8 {
			y, kept := YMM(), YMM()
			VMOVUPS(operand.Mem{Base: x, Disp: 32 * i}, kept)
			VCMPPS(operand.Imm(lessThan), kept, limit, y)
			VANDPS(y, kept, kept)
			VMOVUPS(kept, operand.Mem{Base: x, Disp: 32 * i})
			if i == 0 {
				VMOVMSKPS(y, word.As32())
				continue
			}
			VMOVMSKPS(y, part.As32())
			SHLQ(operand.Imm(uint64(8*i)), part)
			ORQ(part, word)
		}
		MOVQ(word, operand.Mem{Base: marks})
	}
	ADDQ(operand.U32(256), x)
	ADDQ(operand.Imm(8), marks)
	SUBQ(operand.Imm(64), n)
	JNZ(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
