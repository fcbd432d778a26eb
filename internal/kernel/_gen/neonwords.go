// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// neonWordTiles emits the register-tile kernels of products in words.
//
// There is none for 16-bit integers: without SVE the only instruction that adds
// their products to 32 bits (SMLAL) takes four at a time, as many as FMLA.
func neonWordTiles(a *assembler) {
	a.wordTile("tileNEONInt8", neonProduct{add: sdotLane, integer: true, offset: true},
		"	for i := range m { for j := range 16 {",
		"		s := int32(0)",
		"		for p := range k { s += a[4p]·b[4p] + … + a[4p+3]·b[4p+3] } // p-th words of row i, column j",
		"		f := float32(s) + rows[i*ldr+1]*sums[j]",
		"		c[i*ldc+j] = f*rows[i*ldr]*scales[j] + init",
		"	}}",
		"",
		"SDOT takes signed bytes on both sides, so a's become signed by taking off 128, and the offset grows by",
		"as much. All terms of f are whole numbers below 2²⁴, which makes its bits those of unsigned arithmetic.")
	a.wordTile("tileNEONBF16", neonProduct{add: bfdotLane},
		"	for i := range m { for j := range 16 {",
		"		s := init",
		"		for p := range k { s += a[2p]·b[2p] + a[2p+1]·b[2p+1] } // p-th words of row i, column j",
		"		c[i*ldc+j] = s",
		"	}}",
		"",
		"BFDOT rounds products, their sum and s to odd, not to nearest.")
}

func (a *assembler) wordTile(name string, p neonProduct, pseudocode ...string) {
	doc := append([]string{
		fmt.Sprintf("%s computes an m×16 tile of C, 1 ≤ m ≤ %d, from k words of each row of A and", name, neonRows),
		"each column of B, k a positive multiple of 4:",
		"",
	}, pseudocode...)
	a.text(name, []string{
		"m int", "k int", "a *uint32", "lda int", "b *uint32", "bstep int", "c *float32", "ldc int",
		"bias *float32", "scales *float32", "sums *float32", "rows *float32", "ldr int",
	}, nil, append(doc,
		"",
		"init is bias[j], or c[i*ldc+j] when bias is nil. Column j's words are b[p*16+j]; bstep is not used, there",
		"is one panel. Strides count words and floats.")...)
	a.op("MOVD $64, %s", neonStepB)
	if p.integer {
		a.load("scales", neonScales)
		a.load("rows", neonRow)
		a.loadStride("ldr", neonStride)
	}
	if p.offset {
		a.load("sums", neonSums)
	}
	a.tile(p)
}

// flipSigns turns unsigned bytes into signed ones, 128 lower. spare is lost.
func (a *assembler) flipSigns(spare vreg, registers []vreg) {
	a.op("VMOVI $128, %s", spare.b16())
	for _, r := range registers {
		a.op("VEOR %s, %s, %s", spare.b16(), r.b16(), r.b16())
	}
}

// scale makes floats of integer sums and adds the initial ones. Multiplications
// and additions stay apart: any tier, and plain Go, then gives the same bits.
func (a *assembler) scale(p neonProduct, acc []quad) {
	factor, offset, shift, block := vreg(24), vreg(25), vreg(26), quadAt(28)
	if p.offset {
		a.constantsAt("R0")
		a.broadcastConstant("R0", "signShift", 128, shift)
	}
	for i, s := range acc {
		a.op("FMOVS (%s), %s", neonRow, factor.f())
		a.convert(scvtf, s)
		if p.offset {
			a.op("FMOVS 4(%s), %s", neonRow, offset.f())
			a.op("FADDS %s, %s, %s", shift.f(), offset.f(), offset.f())
			a.loadBlock(block, neonSums)
			for j := range s {
				a.lane(fmlaLane, s[j], block[j], offset, 0)
			}
		}
		for j := range s {
			a.lane(fmulLane, s[j], s[j], factor, 0)
		}
		a.loadBlock(block, neonScales)
		a.blocks(fmul, s, s, block)
		a.nextInit(block)
		a.blocks(fadd, s, s, block)
		if i+1 < len(acc) {
			a.op("ADD %s, %s", neonStride, neonRow)
		}
	}
}
