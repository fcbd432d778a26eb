// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// groupWords is the number of words of a group of 8-bit values, 128 of them.
const groupWords = 32

// groupTile emits the register tile of 8-bit products with all groups of k in
// one call. Half of the registers hold int32 sums of the group in hand, half
// the float32 sums of all: with groups this short, adding to memory after each
// costs more than the smaller tile does.
func groupTile(t tier, w arithmetic, mr int) {
	name := "tile" + t.suffix + w.suffix
	TEXT(name, NOSPLIT, "func(m, k int, a *uint32, lda int, b *uint32, bstep int, c *float32, ldc int, bias, scales, sums, rows *float32, ldr int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes an m×%d tile of C, 1 ≤ m ≤ %d, from k words of each row of A and", name, 16*t.blocks, mr),
		fmt.Sprintf("each column of B, k a positive multiple of 4, in groups of %d:", groupWords),
		"",
		"	for i := range m { for j := range width {",
		"		f := init",
		"		for g := range groups {",
		"			s := int32(0)",
		"			for p := range group g { "+w.sum+" } // p-th words of row i, column j",
		"			f += (float32(s) + rows[i*ldr+2*g+1]*sums[32*g+j]) * rows[i*ldr+2*g] * scales[32*g+j]",
		"		}",
		"		c[i*ldc+j] = f",
		"	}}",
		"",
		"init is bias[j], or c[i*ldc+j] when bias is nil. Column j's words are",
		"b[(j/16)*bstep+p*16+j%16]; strides count words and floats.")
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	for r := mr; r >= 1; r-- {
		CMPQ(m, operand.Imm(uint64(r)))
		JE(operand.LabelRef(fmt.Sprintf("rows%d", r)))
	}
	RET()
	for r := mr; r >= 1; r-- {
		groupRows(t, w, r)
	}
}

func groupRows(t tier, w arithmetic, rows int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("rows"))
	tile := func() [][]block {
		acc := make([][]block, rows)
		for i := range acc {
			for range t.blocks {
				acc[i] = append(acc[i], t.block())
			}
		}
		return acc
	}
	total, acc := tile(), tile()
	initialise(t, total, label)
	lda, ldr := loadStride("lda"), loadStride("ldr")
	a := newRowPointers(Load(Param("a"), GP64()).(reg.GPVirtual), lda, rows)
	b, second := Load(Param("b"), GP64()).(reg.GPVirtual), loadStride("bstep")
	ADDQ(b, second)
	scales, sums := Load(Param("scales"), GP64()).(reg.GPVirtual), Load(Param("sums"), GP64()).(reg.GPVirtual)
	pair := newRowPointers(Load(Param("rows"), GP64()).(reg.GPVirtual), ldr, rows)
	k, left := Load(Param("k"), GP64()).(reg.GPVirtual), GP64()

	Label(label("group"))
	for i := range acc {
		for _, x := range acc[i] {
			t.zero(x)
		}
	}
	MOVQ(operand.U32(groupWords), left)
	CMPQ(k, left)
	CMOVQLT(k, left)
	SUBQ(left, k)
	Label(label("loop"))
	for u := range unroll {
		cols := []block{t.block(), t.block()}
		t.load(cols[0], operand.Mem{Base: b, Disp: 64 * u})
		t.load(cols[1], operand.Mem{Base: second, Disp: 64 * u})
		for i := range rows {
			x := t.reg()
			VPBROADCASTD(a.at(i, u*lane), x)
			for j := range cols {
				w.step(t, x, cols[j][0], acc[i][j][0])
			}
		}
	}
	ADDQ(operand.U32(64*unroll), b)
	ADDQ(operand.U32(64*unroll), second)
	a.advance(unroll * lane)
	SUBQ(operand.Imm(unroll), left)
	JG(operand.LabelRef(label("loop")))

	for j := range t.blocks {
		column, sum := t.reg(), t.reg()
		VMOVUPS(operand.Mem{Base: scales, Disp: 64 * j}, column)
		VMOVUPS(operand.Mem{Base: sums, Disp: 64 * j}, sum)
		for i := range acc {
			s := acc[i][j][0]
			VCVTDQ2PS(s, s)
			// Both terms are whole numbers below 2²⁴, so this is exact.
			VFMADD231PS_BCST(pair.at(i, lane), sum, s)
			VMULPS_BCST(pair.at(i, 0), s, s)
			VMULPS(column, s, s)
			VADDPS(s, total[i][j][0], total[i][j][0])
		}
	}
	ADDQ(operand.U32(2*64), scales)
	ADDQ(operand.U32(2*64), sums)
	pair.advance(2 * lane)
	TESTQ(k, k)
	JG(operand.LabelRef(label("group")))

	storeTile(t, total)
	VZEROUPPER()
	RET()
}
