// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unroll is the number of steps of k in one turn of the inner loop.
const unroll = 4

// rowPointers addresses up to 14 rows with few registers: row 3q+i lies at
// pointer q plus i strides, which x86 addressing can express for i in 0..2.
type rowPointers struct {
	base   []reg.GPVirtual
	stride reg.GPVirtual
}

func newRowPointers(first, strideBytes reg.GPVirtual, rows int) rowPointers {
	p := rowPointers{base: []reg.GPVirtual{first}, stride: strideBytes}
	if rows <= 3 {
		return p
	}
	three := GP64()
	LEAQ(operand.Mem{Base: strideBytes, Index: strideBytes, Scale: 2}, three)
	for r := 3; r < rows; r += 3 {
		next := GP64()
		LEAQ(operand.Mem{Base: p.base[len(p.base)-1], Index: three, Scale: 1}, next)
		p.base = append(p.base, next)
	}
	return p
}

func (p rowPointers) at(row, disp int) operand.Mem {
	m := operand.Mem{Base: p.base[row/3], Disp: disp}
	if i := row % 3; i > 0 {
		m.Index, m.Scale = p.stride, uint8(i)
	}
	return m
}

func (p rowPointers) advance(bytes int) {
	for _, b := range p.base {
		ADDQ(operand.Imm(uint64(bytes)), b)
	}
}

// tile emits the register-tile kernel of matrix multiplication, with a body
// for every number of rows up to the tier's.
func tile(t tier) {
	name := "tile" + t.suffix
	TEXT(name, NOSPLIT, "func(m, k int, a *float32, lda int, b *float32, ldb, bstep int, c *float32, ldc int, bias *float32)")
	Doc(fmt.Sprintf("%s computes an m×%d tile of C = A·B + init, 1 ≤ m ≤ %d:", name, 16*t.blocks, t.mr),
		"",
		"	for i := range m { for j := range width {",
		"		s := bias[j]                     // or c[i*ldc+j] when bias is nil",
		"		for p := range k { s = fma(a[i*lda+p], b[(j/16)*bstep+p*ldb+j%16], s) }",
		"		c[i*ldc+j] = s",
		"	}}",
		"",
		"lda, ldb, bstep and ldc count floats. Each element is one chain of fused",
		"multiply-adds in ascending p, so its bits do not depend on m.")
	m := Load(Param("m"), GP64()).(reg.GPVirtual)
	for r := t.mr; r >= 1; r-- {
		CMPQ(m, operand.Imm(uint64(r)))
		JE(operand.LabelRef(fmt.Sprintf("rows%d", r)))
	}
	RET()
	for r := t.mr; r >= 1; r-- {
		tileRows(t, r)
	}
}

func loadStride(name string) reg.GPVirtual {
	s := Load(Param(name), GP64()).(reg.GPVirtual)
	SHLQ(operand.Imm(2), s)
	return s
}

func tileRows(t tier, rows int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	Label(label("rows"))
	acc := make([][]block, rows)
	for i := range acc {
		acc[i] = make([]block, t.blocks)
		for j := range acc[i] {
			acc[i][j] = t.block()
		}
	}
	initialise(t, acc, label)
	lda, ldb := loadStride("lda"), loadStride("ldb")
	a := newRowPointers(Load(Param("a"), GP64()).(reg.GPVirtual), lda, rows)
	b := Load(Param("b"), GP64()).(reg.GPVirtual)
	var bstep reg.GPVirtual
	if t.blocks > 1 {
		bstep = loadStride("bstep")
	}
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	step := func(disp int) {
		cols := make([]block, t.blocks)
		for j := range cols {
			cols[j] = t.block()
			at := operand.Mem{Base: b}
			if j == 1 {
				at.Index, at.Scale = bstep, 1
			}
			t.load(cols[j], at)
		}
		ADDQ(ldb, b)
		for i := range rows {
			x := t.reg()
			VBROADCASTSS(a.at(i, disp), x)
			for j := range cols {
				each(func(r ...reg.VecVirtual) { VFMADD231PS(r[0], x, r[1]) }, cols[j], acc[i][j])
			}
		}
	}
	SUBQ(operand.Imm(unroll), k)
	JL(operand.LabelRef(label("rest")))
	Label(label("loop"))
	for u := range unroll {
		step(u * lane)
	}
	a.advance(unroll * lane)
	SUBQ(operand.Imm(unroll), k)
	JGE(operand.LabelRef(label("loop")))
	Label(label("rest"))
	ADDQ(operand.Imm(unroll), k)
	JZ(operand.LabelRef(label("store")))
	Label(label("single"))
	step(0)
	a.advance(lane)
	DECQ(k)
	JNZ(operand.LabelRef(label("single")))

	Label(label("store"))
	storeTile(t, acc)
	VZEROUPPER()
	RET()
}

// initialise sets the sums to the bias, or to C when there is none.
func initialise(t tier, acc [][]block, label func(string) string) {
	ldc := loadStride("ldc")
	c := Load(Param("c"), GP64()).(reg.GPVirtual)
	bias := Load(Param("bias"), GP64())
	TESTQ(bias, bias)
	JNZ(operand.LabelRef(label("bias")))
	from := newRowPointers(c, ldc, len(acc))
	for i := range acc {
		for j := range acc[i] {
			t.load(acc[i][j], from.at(i, 64*j))
		}
	}
	JMP(operand.LabelRef(label("start")))
	Label(label("bias"))
	for j := range acc[0] {
		t.load(acc[0][j], operand.Mem{Base: bias, Disp: 64 * j})
		for i := 1; i < len(acc); i++ {
			each(func(r ...reg.VecVirtual) { VMOVAPS(r[0], r[1]) }, acc[0][j], acc[i][j])
		}
	}
	Label(label("start"))
}

// storeTile writes the sums to C.
func storeTile(t tier, acc [][]block) {
	to := newRowPointers(Load(Param("c"), GP64()).(reg.GPVirtual), loadStride("ldc"), len(acc))
	for i := range acc {
		for j := range acc[i] {
			t.store(acc[i][j], to.at(i, 64*j))
		}
	}
}
