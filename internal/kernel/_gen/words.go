// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wordTile emits the register-tile kernel of products in 16 or 8 bits. It is
// the float32 kernel with a word of several values where that has one float;
// integer sums are made into floats at the end.
func wordTile(t tier, w arithmetic) {
	name := "tile" + t.suffix + w.suffix
	TEXT(name, NOSPLIT, "func(m, k int, a *uint32, lda int, b *uint32, bstep int, c *float32, ldc int, bias, scales, sums, rows *float32, ldr int)")
	Pragma("noescape")
	doc := []string{
		fmt.Sprintf("%s computes an m×%d tile of C, 1 ≤ m ≤ %d, from k words of each row of A and", name, 16*t.blocks, t.mr),
		"each column of B, k a positive multiple of 4:",
		"",
		"	for i := range m { for j := range width {",
	}
	if w.integer {
		doc = append(doc,
			"		s := int32(0)",
			"		for p := range k { "+w.sum+" } // p-th words of row i, column j",
			"		f := float32(s)")
		if w.offset {
			doc = append(doc, "		f += rows[i*ldr+1] * sums[j]")
		}
		doc = append(doc, "		c[i*ldc+j] = f*rows[i*ldr]*scales[j] + init")
	} else {
		doc = append(doc,
			"		s := init",
			"		for p := range k { "+w.sum+" } // p-th words of row i, column j",
			"		c[i*ldc+j] = s")
	}
	Doc(append(doc,
		"	}}",
		"",
		"init is bias[j], or c[i*ldc+j] when bias is nil. Column j's words are",
		"b[(j/16)*bstep+p*16+j%16]; strides count words and floats.")...)
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	for r := t.mr; r >= 1; r-- {
		CMPQ(m, operand.Imm(uint64(r)))
		JE(operand.LabelRef(fmt.Sprintf("rows%d", r)))
	}
	RET()
	for r := t.mr; r >= 1; r-- {
		wordRows(t, w, r)
	}
}

func wordRows(t tier, w arithmetic, rows int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("rows"))
	acc := make([][]block, rows)
	for i := range acc {
		acc[i] = make([]block, t.blocks)
		for j := range acc[i] {
			acc[i][j] = t.block()
			if w.integer {
				t.zero(acc[i][j])
			}
		}
	}
	if !w.integer {
		initialise(t, acc, label)
	}
	lda := loadStride("lda")
	a := newRowPointers(Load(Param("a"), GP64()).(reg.GPVirtual), lda, rows)
	b := Load(Param("b"), GP64()).(reg.GPVirtual)
	var second reg.GPVirtual // the second panel's words
	if t.blocks > 1 {
		second = loadStride("bstep")
		ADDQ(b, second)
	}
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	Label(label("loop"))
	for u := range unroll {
		cols := make([]block, t.blocks)
		for j := range cols {
			cols[j] = t.block()
			at := operand.Mem{Base: b, Disp: 64 * u}
			if j == 1 {
				at.Base = second
			}
			t.load(cols[j], at)
		}
		for i := range rows {
			x := t.reg()
			VPBROADCASTD(a.at(i, u*lane), x)
			for j := range cols {
				each(func(r ...reg.VecVirtual) { w.step(t, x, r[0], r[1]) }, cols[j], acc[i][j])
			}
		}
	}
	ADDQ(operand.U32(64*unroll), b)
	if t.blocks > 1 {
		ADDQ(operand.U32(64*unroll), second)
	}
	a.advance(unroll * lane)
	SUBQ(operand.Imm(unroll), k)
	JG(operand.LabelRef(label("loop")))
	if w.integer {
		scale(t, w, acc, label)
	} else {
		storeTile(t, acc)
	}
	VZEROUPPER()
	RET()
}

// scale makes floats of integer sums, adds the bias or what C holds, and
// stores them. Multiplications and additions stay apart: any tier, and plain
// Go, then gives the same bits.
func scale(t tier, w arithmetic, acc [][]block, label func(string) string) {
	row, ldr := Load(Param("rows"), GP64()).(reg.GPVirtual), loadStride("ldr")
	scales := Load(Param("scales"), GP64())
	var sums reg.Register
	if w.offset {
		sums = Load(Param("sums"), GP64())
	}
	columns := make([]block, t.blocks)
	if t.bits == 512 { // enough registers to keep them
		for j := range columns {
			columns[j] = t.block()
			t.load(columns[j], operand.Mem{Base: scales, Disp: 64 * j})
		}
	}
	for i := range acc {
		if t.bits == 512 {
			for j := range acc[i] {
				s := acc[i][j][0]
				VCVTDQ2PS(s, s)
				VMULPS_BCST(operand.Mem{Base: row}, s, s)
				VMULPS(columns[j][0], s, s)
			}
		} else {
			factor, offset := t.reg(), t.reg()
			VBROADCASTSS(operand.Mem{Base: row}, factor)
			if w.offset {
				VBROADCASTSS(operand.Mem{Base: row, Disp: lane}, offset)
			}
			for j := range acc[i] {
				for p, s := range acc[i][j] {
					VCVTDQ2PS(s, s)
					if w.offset {
						// Both terms are whole numbers below 2²⁴, so this is exact.
						VFMADD231PS(operand.Mem{Base: sums, Disp: 64*j + p*t.bytes()}, offset, s)
					}
					VMULPS(factor, s, s)
					VMULPS(operand.Mem{Base: scales, Disp: 64*j + p*t.bytes()}, s, s)
				}
			}
		}
		if i+1 < len(acc) {
			ADDQ(ldr, row)
		}
	}
	c, ldc := Load(Param("c"), GP64()).(reg.GPVirtual), loadStride("ldc")
	bias := Load(Param("bias"), GP64())
	finish := func(from func(i, disp int) operand.Mem) {
		to := newRowPointers(c, ldc, len(acc))
		for i := range acc {
			for j := range acc[i] {
				for p, s := range acc[i][j] {
					disp := 64*j + p*t.bytes()
					if from == nil {
						VADDPS(to.at(i, disp), s, s)
					} else {
						VADDPS(from(i, disp), s, s)
					}
					VMOVUPS(s, to.at(i, disp))
				}
			}
		}
		VZEROUPPER()
		RET()
	}
	TESTQ(bias, bias)
	JNZ(operand.LabelRef(label("bias")))
	finish(nil)
	Label(label("bias"))
	finish(func(_, disp int) operand.Mem { return operand.Mem{Base: bias, Disp: disp} })
}
