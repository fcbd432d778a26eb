// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose emits the kernel that packs keys for attention. It moves data
// only, so one version at 256 bits serves both vector tiers.
func transpose() {
	TEXT("transposeAVX2", NOSPLIT, "func(dst, src *float32, ld, k int)")
	Doc("transposeAVX2 writes 8 rows of k floats, k a positive multiple of 8, as 8 columns of a panel:",
		"",
		"	for i := range 8 { for p := range k { dst[p*16+i] = src[i*ld+p] } }")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	rows := newRowPointers(Load(Param("src"), GP64()).(reg.GPVirtual), loadStride("ld"), 8)
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	Label("loop")
	var r [8]reg.VecVirtual
	for i := range r {
		r[i] = YMM()
		VMOVUPS(rows.at(i, 0), r[i])
	}
	// Pairs of floats, then quadruples, within 128-bit lanes; then the lanes.
	var pairs, quads [8]reg.VecVirtual
	for i := 0; i < 8; i += 2 {
		pairs[i], pairs[i+1] = YMM(), YMM()
		VUNPCKLPS(r[i+1], r[i], pairs[i])
		VUNPCKHPS(r[i+1], r[i], pairs[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			low, high := YMM(), YMM()
			VSHUFPS(operand.Imm(0x44), pairs[i+2+j], pairs[i+j], low)
			VSHUFPS(operand.Imm(0xee), pairs[i+2+j], pairs[i+j], high)
			quads[i+2*j], quads[i+2*j+1] = low, high
		}
	}
	for i := range 4 {
		low, high := YMM(), YMM()
		VPERM2F128(operand.Imm(0x20), quads[4+i], quads[i], low)
		VPERM2F128(operand.Imm(0x31), quads[4+i], quads[i], high)
		VMOVUPS(low, operand.Mem{Base: dst, Disp: 64 * i})
		VMOVUPS(high, operand.Mem{Base: dst, Disp: 64 * (4 + i)})
	}
	rows.advance(8 * lane)
	ADDQ(operand.U32(8*64), dst)
	SUBQ(operand.Imm(8), k)
	JG(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
