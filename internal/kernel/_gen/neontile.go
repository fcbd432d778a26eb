// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// neonRows is the height of a register tile: 6×16 takes 24 accumulators, six
// registers for A and two for B, all 32.
const neonRows = 6

// neonProduct is one way to add products to the sums of a register tile. A
// step takes from each row of A one float, or a word of several values of k.
type neonProduct struct {
	add     byElement
	integer bool // sums are int32, to be scaled in the end
	offset  bool // values of A are unsigned, with an offset to take off
	single  bool // k need not be a multiple of 4
}

// General registers of a register tile. R0 is free once m has been seen.
const (
	neonK      = "R1"
	neonB      = "R3"
	neonStepB  = "R4"  // bytes from one step of B to the next
	neonInit   = "R7"  // where row 0 of the initial sums is
	neonStep   = "R5"  // bytes from one row of them to the next
	neonScales = "R14" // of the columns
	neonSums   = "R15" // of the columns' integers
	neonRow    = "R25" // scale and offset of a row
	neonStride = "R26" // bytes from one row's to the next
	neonFirstA = 8     // R8 to R13 point into the rows of A
	neonFirstC = 19    // R19 to R24 point to the rows of C
)

// neonTile emits the register-tile kernel of matrix multiplication.
func neonTile(a *assembler) {
	a.text("tileNEON", []string{
		"m int", "k int", "a *float32", "lda int", "b *float32", "ldb int", "bstep int", "c *float32", "ldc int", "bias *float32",
	}, nil,
		fmt.Sprintf("tileNEON computes an m×16 tile of C = A·B + init, 1 ≤ m ≤ %d:", neonRows),
		"",
		"	for i := range m { for j := range 16 {",
		"		s := bias[j]                     // or c[i*ldc+j] when bias is nil",
		"		for p := range k { s = fma(a[i*lda+p], b[p*ldb+j], s) }",
		"		c[i*ldc+j] = s",
		"	}}",
		"",
		"lda, ldb and ldc count floats; bstep is not used, there is one panel. Each element is one chain of fused",
		"multiply-adds in ascending p, so its bits do not depend on m and are those of the other vector tiers.")
	a.loadStride("ldb", neonStepB)
	a.tile(neonProduct{add: fmlaLane, single: true})
}

// tile emits what all register tiles have in common, with a body for every
// number of rows.
func (a *assembler) tile(p neonProduct) {
	a.load("k", neonK)
	a.load("a", gpr(neonFirstA, 1)[0])
	a.loadStride("lda", "R2")
	a.load("b", neonB)
	a.load("c", gpr(neonFirstC, 1)[0])
	a.loadStride("ldc", "R6")
	a.load("bias", neonInit)
	a.op("MOVD $0, %s", neonStep)
	a.op("CBNZ %s, init", neonInit)
	a.op("MOVD %s, %s", gpr(neonFirstC, 1)[0], neonInit)
	a.op("MOVD R6, %s", neonStep)
	a.label("init")
	a.load("m", "R0")
	for rows := neonRows; rows > 1; rows-- {
		a.op("CMP $%d, R0", rows)
		a.op("BEQ rows%d", rows)
	}
	for rows := 1; rows <= neonRows; rows++ {
		a.tileRows(p, rows)
	}
}

func (a *assembler) tileRows(p neonProduct, rows int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	// The accumulators come first, then a register for each row of A, and B
	// takes what is left: a whole row of the panel or, at full height, half.
	acc, x := make([]quad, rows), make([]vreg, rows)
	for i := range rows {
		acc[i], x[i] = quadAt(vreg(4*i)), vreg(4*rows+i)
	}
	width := 4
	if 5*rows+width > 32 {
		width = 2
	}
	column := vreg(32 - width)
	from, to := gpr(neonFirstA, rows), gpr(neonFirstC, rows)
	step := func(lane int) {
		for j := 0; j < 4; j += width {
			for h := 0; h < width; h += 2 {
				a.op("FLDPQ %d(%s), (%s, %s)", 16*(j+h), neonB, (column + vreg(h)).f(), (column + vreg(h+1)).f())
			}
			if j+width == 4 {
				a.op("ADD %s, %s", neonStepB, neonB)
			}
			for i := range rows {
				for h := range width {
					a.lane(p.add, acc[i][j+h], column+vreg(h), x[i], lane)
				}
			}
		}
	}

	a.label(label("rows"))
	a.rowPointersAt(from, "R2")
	a.rowPointersAt(to, "R6")
	for i := range rows {
		if p.integer {
			a.zero(acc[i][:]...)
		} else {
			a.nextInit(acc[i])
		}
	}
	if p.single {
		a.op("SUBS $4, %s", neonK)
		a.op("BLT %s", label("rest"))
	}
	a.label(label("loop"))
	for i, r := range from {
		a.op("FMOVQ.P 16(%s), %s", r, x[i].f())
	}
	if p.offset {
		a.flipSigns(column, x)
	}
	for lane := range 4 {
		step(lane)
	}
	a.op("SUBS $4, %s", neonK)
	if p.single {
		a.op("BGE %s", label("loop"))
		a.label(label("rest"))
		a.op("ADDS $4, %s", neonK)
		a.op("BEQ %s", label("store"))
		a.label(label("single"))
		for i, r := range from {
			a.op("FMOVS.P 4(%s), %s", r, x[i].f())
		}
		step(0)
		a.op("SUBS $1, %s", neonK)
		a.op("BNE %s", label("single"))
		a.label(label("store"))
	} else {
		a.op("BGT %s", label("loop"))
	}
	if p.integer {
		a.scale(p, acc)
	}
	for i := range rows {
		a.storeNext(acc[i], to[i])
	}
	a.op("RET")
}

// nextInit reads the next row of the initial sums: the bias again, or C.
func (a *assembler) nextInit(q quad) {
	a.loadBlock(q, neonInit)
	a.op("ADD %s, %s", neonStep, neonInit)
}

// gpr names count general registers from first on.
func gpr(first, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("R%d", first+i)
	}
	return names
}

// rowPointersAt makes each register point one stride behind the one before it;
// the first is set already.
func (a *assembler) rowPointersAt(registers []string, stride string) {
	for i := 1; i < len(registers); i++ {
		a.op("ADD %s, %s, %s", stride, registers[i-1], registers[i])
	}
}
