// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// halves emits the conversions between float32 and float16. One register of
// halves is widened to two: 256 bits serve both vector tiers.
func halves() {
	TEXT("toF16AVX2", NOSPLIT, "func(dst *uint16, x *float32, n int)")
	Pragma("noescape")
	Doc("toF16AVX2 rounds n floats, n a positive multiple of 16, to half precision, to nearest even.")
	dst, x, n := conversion()
	Label("loop")
	for part := range 2 {
		v, h := YMM(), XMM()
		VMOVUPS(operand.Mem{Base: x, Disp: 32 * part}, v)
		VCVTPS2PH(operand.Imm(0), v, h)
		VMOVDQU(h, operand.Mem{Base: dst, Disp: 16 * part})
	}
	ADDQ(operand.Imm(64), x)
	ADDQ(operand.Imm(32), dst)
	SUBQ(operand.Imm(16), n)
	JG(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()

	TEXT("fromF16AVX2", NOSPLIT, "func(dst *float32, x *uint16, n int)")
	Pragma("noescape")
	Doc("fromF16AVX2 widens n halves, n a positive multiple of 16.")
	dst, x, n = conversion()
	Label("loop")
	for part := range 2 {
		v := YMM()
		VCVTPH2PS(operand.Mem{Base: x, Disp: 16 * part}, v)
		VMOVUPS(v, operand.Mem{Base: dst, Disp: 32 * part})
	}
	ADDQ(operand.Imm(32), x)
	ADDQ(operand.Imm(64), dst)
	SUBQ(operand.Imm(16), n)
	JG(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
