// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// interleave emits the kernel that packs values for attention in bfloat16.
func interleave() {
	TEXT("interleaveAVX512", NOSPLIT, "func(dst, src *uint32, ld, pairs, step int)")
	Pragma("noescape")
	Doc("interleaveAVX512 joins pairs of rows of 32 halves of words, each row 16 words:",
		"",
		"	for p := range pairs { for j := range 32 {",
		"		dst[j/16*step+p*16+j%16] = half(src[2*p*ld:], j) | half(src[(2*p+1)*ld:], j)<<16",
		"	}}")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	src, ld := Load(Param("src"), GP64()).(reg.GPVirtual), loadStride("ld")
	pairs := Load(Param("pairs"), GP64()).(reg.GPVirtual)
	second := loadStride("step")
	ADDQ(dst, second)
	low, high := ZMM(), ZMM()
	VMOVDQU64(constants.halves("interleaveLow", 0), low)
	VMOVDQU64(constants.halves("interleaveHigh", 16), high)
	Label("loop")
	even, odd, copied := ZMM(), ZMM(), ZMM()
	VMOVDQU64(operand.Mem{Base: src}, even)
	VMOVDQU64(operand.Mem{Base: src, Index: ld, Scale: 1}, odd)
	VMOVDQA64(even, copied)
	VPERMT2W(odd, low, even)
	VPERMT2W(odd, high, copied)
	VMOVDQU64(even, operand.Mem{Base: dst})
	VMOVDQU64(copied, operand.Mem{Base: second})
	LEAQ(operand.Mem{Base: src, Index: ld, Scale: 2}, src)
	ADDQ(operand.Imm(64), dst)
	ADDQ(operand.Imm(64), second)
	DECQ(pairs)
	JNZ(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// halves is the order of an interleaving of two registers of 32 halves: from
// the first of each on, in turn.
func (p constantPool) halves(name string, first int) operand.Mem {
	m := GLOBL("k_"+name, 8|16)
	for i := range 16 {
		DATA(i*lane, operand.U32(uint32(first+i)|uint32(32+first+i)<<16))
	}
	p[name] = m
	return m
}
