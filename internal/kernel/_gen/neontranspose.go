// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonTranspose emits the kernel that packs keys for attention: two squares of
// 4×4 in each turn, floats exchanged in pairs first, pairs of them next.
func neonTranspose(a *assembler) {
	a.text("transposeNEON", []string{"dst *float32", "src *float32", "ld int", "k int"}, nil,
		"transposeNEON writes 8 rows of k floats, k a positive multiple of 8, as 8 columns of a panel:",
		"",
		"	for i := range 8 { for p := range k { dst[p*16+i] = src[i*ld+p] } }")
	rows := gpr(8, 8)
	a.load("dst", "R0")
	a.load("src", rows[0])
	a.loadStride("ld", "R1")
	a.load("k", "R2")
	a.rowPointersAt(rows, "R1")
	a.label("loop")
	for i, p := range rows {
		a.op("FMOVQ.P 16(%s), %s", p, vreg(i).f())
	}
	for square := vreg(0); square < 8; square += 4 {
		x, pairs := quadAt(square), quadAt(16)
		for i := vreg(0); i < 4; i += 2 {
			a.op("VTRN1 %s, %s, %s", x[i+1].s4(), x[i].s4(), pairs[i].s4())
			a.op("VTRN2 %s, %s, %s", x[i+1].s4(), x[i].s4(), pairs[i+1].s4())
		}
		for i := range 2 {
			a.op("VTRN1 %s, %s, %s", pairs[2+i].d2(), pairs[i].d2(), x[i].d2())
			a.op("VTRN2 %s, %s, %s", pairs[2+i].d2(), pairs[i].d2(), x[2+i].d2())
		}
	}
	for p := range 4 {
		a.op("FSTPQ (%s, %s), %d(R0)", vreg(p).f(), vreg(4+p).f(), 64*p)
	}
	a.op("ADD $256, R0")
	a.op("SUBS $4, R2")
	a.op("BGT loop")
	a.op("RET")
}
