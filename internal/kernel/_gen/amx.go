// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tileRegister is one of the matrix unit's eight registers of up to 16 rows of
// 64 bytes. avo does not know them; encode.go writes the instructions' bytes.
type tileRegister int

// op passes the register through avo as a name that it prints and leaves alone.
func (t tileRegister) op() operand.Op { return operand.LabelRef(fmt.Sprintf("T%d", int(t))) }

// What each register holds: two by two tiles of C, and a column of two tiles
// of A and a row of two of B to multiply into them.
const (
	tileC = tileRegister(0) // 0, 1: upper rows; 2, 3: lower rows
	tileA = tileRegister(4) // 4: upper rows; 5: lower rows
	tileB = tileRegister(6) // 6, 7: the two panels
)

func amx(opcode string, ops ...operand.Op) {
	Instruction(&ir.Instruction{Opcode: opcode, Operands: ops, Inputs: ops})
}

const (
	amxRows   = 16 // of a tile
	amxWords  = 16 // of a row
	amxStep   = amxWords * lane
	tileBytes = amxRows * amxStep
)

// amxTile emits the kernel of products for the matrix unit. Tile registers
// belong to the thread and a goroutine may change threads between functions,
// so each call configures them and releases them before it returns; within a
// function of assembly a goroutine is never moved.
func amxTile(w arithmetic, multiply string) {
	name := "tileAMX" + w.suffix
	TEXT(name, 0, "func(m, k int, a *uint32, lda int, b *uint32, bstep int, c *float32, ldc int, bias, scales, sums, rows *float32, ldr int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes m rows, m ≥ 1, of 32 columns of C as tileAVX512%sVNNI and", name, w.suffix),
		"tileAVX512BF16 define it, with k a multiple of 16. A float sum adds the even",
		"and the odd values of 32 apart, then both to what was there.")
	g := amxGenerator{w: w, multiply: multiply}
	g.config = AllocLocal(64)
	if w.integer {
		g.sums = AllocLocal(4 * tileBytes)
	}
	g.a, g.lda = Load(Param("a"), GP64()).(reg.GPVirtual), loadStride("lda")
	g.c, g.ldc = Load(Param("c"), GP64()).(reg.GPVirtual), loadStride("ldc")
	g.left = Load(Param("m"), GP64()).(reg.GPVirtual)
	g.line = GP64()
	MOVQ(operand.U32(amxStep), g.line)
	if w.integer {
		g.row, g.ldr = Load(Param("rows"), GP64()).(reg.GPVirtual), loadStride("ldr")
	}

	// The configuration: palette 1, then bytes a row and rows of each register.
	zero := ZMM()
	VPXORD(zero, zero, zero)
	VMOVDQU64(zero, g.config)
	MOVB(operand.U8(1), g.config)
	for i := range 8 {
		MOVW(operand.U16(amxStep), g.config.Offset(16+2*i))
	}
	g.configure(operand.U8(amxRows), operand.U8(amxRows))

	Label("blocks")
	CMPQ(g.left, operand.Imm(2*amxRows))
	JL(operand.LabelRef("rest"))
	g.block("whole", 2)
	g.next(2 * amxRows)
	JMP(operand.LabelRef("blocks"))

	Label("rest")
	TESTQ(g.left, g.left)
	JZ(operand.LabelRef("done"))
	CMPQ(g.left, operand.Imm(amxRows))
	JLE(operand.LabelRef("one"))
	lower := GP64()
	LEAQ(operand.Mem{Base: g.left, Disp: -amxRows}, lower)
	g.configure(operand.U8(amxRows), lower.As8())
	g.block("two", 2)
	JMP(operand.LabelRef("done"))
	Label("one")
	g.configure(g.left.As8(), operand.U8(amxRows))
	g.block("single", 1)
	Label("done")
	amx("TILERELEASE")
	VZEROUPPER()
	RET()
}

type amxGenerator struct {
	w                              arithmetic
	multiply                       string
	config, sums                   operand.Mem
	a, lda, c, ldc, row, ldr, left reg.GPVirtual
	line                           reg.GPVirtual // 64: bytes from one row of a panel to the next
}

// configure sets the rows of the upper and the lower tiles of A and C.
func (g amxGenerator) configure(upper, lower operand.Op) {
	rows := func(t tileRegister, n operand.Op) { MOVB(n, g.config.Offset(48+int(t))) }
	rows(tileC, upper)
	rows(tileC+1, upper)
	rows(tileC+2, lower)
	rows(tileC+3, lower)
	rows(tileA, upper)
	rows(tileA+1, lower)
	rows(tileB, operand.U8(amxRows))
	rows(tileB+1, operand.U8(amxRows))
	at := GP64()
	LEAQ(g.config, at)
	amx("LDTILECFG", operand.Mem{Base: at})
}

// next moves on by rows.
func (g amxGenerator) next(rows int) {
	step := GP64()
	for _, p := range [][2]reg.GPVirtual{{g.a, g.lda}, {g.c, g.ldc}, {g.row, g.ldr}} {
		if p[0] != nil {
			IMUL3Q(operand.U32(rows), p[1], step)
			ADDQ(step, p[0])
		}
	}
	SUBQ(operand.Imm(uint64(rows)), g.left)
}

// below is the address rows of 16 after p.
func below(p, stride reg.GPVirtual) reg.GPVirtual {
	q := GP64()
	MOVQ(stride, q)
	SHLQ(operand.Imm(4), q)
	ADDQ(p, q)
	return q
}

// block computes one or two tiles of rows by two of columns.
func (g amxGenerator) block(label string, tall int) {
	upper := [2]reg.GPVirtual{g.c}
	as := [2]reg.GPVirtual{GP64()}
	MOVQ(g.a, as[0])
	if tall == 2 {
		upper[1] = below(g.c, g.ldc)
		as[1] = below(g.a, g.lda)
	}
	each := func(f func(i, j int, c tileRegister)) {
		for i := range tall {
			for j := range 2 {
				f(i, j, tileC+tileRegister(2*i+j))
			}
		}
	}
	if g.w.integer {
		each(func(_, _ int, c tileRegister) { amx("TILEZERO", c.op()) })
	} else {
		bias, none := Load(Param("bias"), GP64()).(reg.GPVirtual), GP64()
		TESTQ(bias, bias)
		JNZ(operand.LabelRef(label + "Bias"))
		each(func(i, j int, c tileRegister) {
			amx("TILELOADD", operand.Mem{Base: upper[i], Index: g.ldc, Scale: 1, Disp: j * amxStep}, c.op())
		})
		JMP(operand.LabelRef(label + "Start"))
		Label(label + "Bias")
		XORQ(none, none) // a stride of 0 reads the same bias for every row
		each(func(_, j int, c tileRegister) {
			amx("TILELOADD", operand.Mem{Base: bias, Index: none, Scale: 1, Disp: j * amxStep}, c.op())
		})
		Label(label + "Start")
	}
	bs := [2]reg.GPVirtual{Load(Param("b"), GP64()).(reg.GPVirtual), loadStride("bstep")}
	ADDQ(bs[0], bs[1])
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	Label(label + "Loop")
	for j := range 2 {
		amx("TILELOADD", operand.Mem{Base: bs[j], Index: g.line, Scale: 1}, (tileB + tileRegister(j)).op())
	}
	for i := range tall {
		amx("TILELOADD", operand.Mem{Base: as[i], Index: g.lda, Scale: 1}, (tileA + tileRegister(i)).op())
		for j := range 2 {
			amx(g.multiply, (tileB + tileRegister(j)).op(), (tileA + tileRegister(i)).op(), (tileC + tileRegister(2*i+j)).op())
		}
		ADDQ(operand.Imm(amxStep), as[i])
	}
	for j := range 2 {
		ADDQ(operand.U32(tileBytes), bs[j])
	}
	SUBQ(operand.Imm(amxWords), k)
	JG(operand.LabelRef(label + "Loop"))
	if !g.w.integer {
		each(func(i, j int, c tileRegister) {
			amx("TILESTORED", c.op(), operand.Mem{Base: upper[i], Index: g.ldc, Scale: 1, Disp: j * amxStep})
		})
		return
	}
	// By way of memory to vector registers: rows of 32 sums.
	at, line := GP64(), GP64()
	LEAQ(g.sums, at)
	MOVQ(operand.U32(2*amxStep), line)
	each(func(i, j int, c tileRegister) {
		amx("TILESTORED", c.op(), operand.Mem{Base: at, Index: line, Scale: 1, Disp: i*2*tileBytes + j*amxStep})
	})
	g.scaleRows(label, at, tall)
}

// scaleRows makes floats of the sums of a block, as scale does.
func (g amxGenerator) scaleRows(label string, at reg.GPVirtual, tall int) {
	row, c, n := GP64(), GP64(), GP64()
	MOVQ(g.row, row)
	MOVQ(g.c, c)
	MOVQ(g.left, n)
	whole := GP64()
	MOVQ(operand.U32(tall*amxRows), whole)
	CMPQ(n, whole)
	CMOVQGT(whole, n)
	scales, sums := Load(Param("scales"), GP64()), Load(Param("sums"), GP64())
	bias := Load(Param("bias"), GP64())
	factor, offset := ZMM(), ZMM()
	Label(label + "Rows")
	VBROADCASTSS(operand.Mem{Base: row}, factor)
	VBROADCASTSS(operand.Mem{Base: row, Disp: lane}, offset)
	s := [2]reg.VecVirtual{ZMM(), ZMM()}
	for j, s := range s {
		VCVTDQ2PS(operand.Mem{Base: at, Disp: j * amxStep}, s)
		VFMADD231PS(operand.Mem{Base: sums, Disp: j * amxStep}, offset, s)
		VMULPS(factor, s, s)
		VMULPS(operand.Mem{Base: scales, Disp: j * amxStep}, s, s)
	}
	TESTQ(bias, bias)
	JNZ(operand.LabelRef(label + "Init"))
	for j, s := range s {
		VADDPS(operand.Mem{Base: c, Disp: j * amxStep}, s, s)
	}
	JMP(operand.LabelRef(label + "Store"))
	Label(label + "Init")
	for j, s := range s {
		VADDPS(operand.Mem{Base: bias, Disp: j * amxStep}, s, s)
	}
	Label(label + "Store")
	for j, s := range s {
		VMOVUPS(s, operand.Mem{Base: c, Disp: j * amxStep})
	}
	ADDQ(operand.U32(2*amxStep), at)
	ADDQ(g.ldr, row)
	ADDQ(g.ldc, c)
	DECQ(n)
	JNZ(operand.LabelRef(label + "Rows"))
}
