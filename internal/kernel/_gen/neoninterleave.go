// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonInterleave emits the kernel that packs values for attention in bfloat16.
func neonInterleave(a *assembler) {
	a.text("interleaveNEON", []string{"dst *uint32", "src *uint32", "ld int", "pairs int", "step int"}, nil,
		"interleaveNEON joins pairs of rows of 32 halves of words, each row 16 words; pairs is positive:",
		"",
		"	for p := range pairs { for j := range 32 {",
		"		dst[j/16*step+p*16+j%16] = half(src[2*p*ld:], j) | half(src[(2*p+1)*ld:], j)<<16",
		"	}}")
	a.load("dst", "R0")
	a.load("src", "R1")
	a.loadStride("ld", "R2")
	a.load("pairs", "R3")
	a.loadStride("step", "R4")
	a.op("ADD R0, R4") // the second panel
	even, odd := quadAt(0), quadAt(4)
	a.label("loop")
	for _, row := range []quad{even, odd} {
		a.loadBlock(row, "R1")
		a.op("ADD R2, R1")
	}
	for half, to := range []string{"R0", "R4"} {
		words := quadAt(16)
		for i := range 2 {
			x, y := even[2*half+i], odd[2*half+i]
			a.op("VZIP1 %s, %s, %s", y.h8(), x.h8(), words[2*i].h8())
			a.op("VZIP2 %s, %s, %s", y.h8(), x.h8(), words[2*i+1].h8())
		}
		a.storeNext(words, to)
	}
	a.op("SUBS $1, R3")
	a.op("BNE loop")
	a.op("RET")
}
