// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// neonOuter and what follows are the kernels of gradient.go, step by step: the
// same operations, fused where they are there, and the same order of sums.
//
// A tile of 16×16 is done in four squares of 8×8: 16 sums keep four units busy
// that take four cycles, and a step reads but two registers of A and two of B.
func neonOuter(a *assembler, name, kind string, product byElement, step string) {
	a.text(name, []string{"k int", "a *" + kind, "b *" + kind, "bstep int", "c *float32", "ldc int"}, nil,
		name+" adds a 16×16 tile of Aᵀ·B to C, k > 0:",
		"",
		"	for i := range 16 { for j := range 16 {",
		"		s := c[i*ldc+j]",
		"		for p := range k { "+step+" }",
		"		c[i*ldc+j] = s",
		"	}}",
		"",
		"ldc counts floats; bstep is not used, there is one panel.")
	const side = 8
	rows := gpr(8, side)
	a.load("k", "R0")
	a.load("a", "R1")
	a.load("b", "R2")
	a.load("c", rows[0])
	a.loadStride("ldc", "R3")
	x, y := [2]vreg{16, 17}, [2]vreg{18, 19}
	pair := func(r [2]vreg) string { return fmt.Sprintf("(%s, %s)", r[0].f(), r[1].f()) }
	sums := func(i int) [2]vreg { return [2]vreg{vreg(2 * i), vreg(2*i + 1)} }
	for down := range 2 {
		if down > 0 {
			a.op("ADD R3, %s, %s", rows[side-1], rows[0])
		}
		a.rowPointersAt(rows, "R3")
		for across := range 2 {
			for i, r := range rows {
				a.op("FLDPQ %d(%s), %s", 4*side*across, r, pair(sums(i)))
			}
			a.op("MOVD R0, R4")
			a.op("ADD $%d, R1, R5", 4*side*down)
			a.op("ADD $%d, R2, R6", 4*side*across)
			label := fmt.Sprintf("square%d%d", down, across)
			a.label(label)
			a.op("FLDPQ.P 64(R5), %s", pair(x))
			a.op("FLDPQ.P 64(R6), %s", pair(y))
			for i := range rows {
				for h, s := range sums(i) {
					a.lane(product, s, y[h], x[i/4], i%4)
				}
			}
			a.op("SUBS $1, R4")
			a.op("BNE %s", label)
			for i, r := range rows {
				a.op("FSTPQ %s, %d(%s)", pair(sums(i)), 4*side*across, r)
			}
		}
	}
	a.op("RET")
}

func neonGeluBackward(a *assembler) {
	a.text("geluBackwardNEON", []string{"d *float32", "x *float32", "n int"}, nil,
		"geluBackwardNEON goes back through n GELUs, n a positive multiple of 16, with the normal distribution Φ and density φ:",
		"",
		"	for i := range n { d[i] *= Φ(x[i]) + x[i]*φ(x[i]); x[i] *= Φ(x[i]) }")
	a.load("d", "R0")
	a.load("x", "R1")
	a.load("n", "R3")
	a.constantsAt("R2")
	hi, lo, half, square, density, low, magic := vreg(24), vreg(25), vreg(26), vreg(27), vreg(28), vreg(29), vreg(30)
	a.broadcastConstant("R2", "erfHi", erfLimit, hi)
	a.broadcastConstant("R2", "erfLo", -erfLimit, lo)
	a.broadcastConstant("R2", "half", 0.5, half)
	a.broadcastConstant("R2", "minusHalfLog2e", -0.5*1.4426950408889634, square)
	a.broadcastConstant("R2", "density", 0.3989422804014327, density)
	a.exp2Constants("R2", low, magic)
	v, z, u := quadAt(0), quadAt(4), quadAt(8)
	a.loop("loop", "R3", func() {
		a.loadBlock(v, "R1")
		a.blocks(fmin, z, v, repeat(hi))
		a.blocks(fmax, z, z, repeat(lo))
		a.blocks(fmul, u, z, z)
		p, free := a.horner("R2", "erfP", erfP, u, quadAt(12), quadAt(16))
		q, free := a.horner("R2", "erfQ", erfQ, u, quadAt(20), free)
		a.blocks(fmul, p, z, p)
		a.blocks(fdiv, p, p, q) // erf
		a.blocks(fmul, p, p, repeat(half))
		a.blocks(fadd, p, p, repeat(half)) // Φ
		a.blocks(fmul, u, v, v)
		a.blocks(fmul, u, u, repeat(square))
		e := a.exp2("R2", u, z, q, free, z, low, magic)
		a.blocks(fmul, e, e, repeat(density)) // φ
		a.blocks(fmul, u, v, p)
		a.blocks(fmla, p, e, v) // Φ + x·φ
		a.storeNext(u, "R1")
		a.loadBlock(v, "R0")
		a.blocks(fmul, v, v, p)
		a.storeNext(v, "R0")
	})
	a.op("RET")
}

func neonSoftmaxBackward(a *assembler) {
	a.text("softmaxBackwardNEON", []string{"d *float32", "p *float32", "n int"}, nil,
		"softmaxBackwardNEON goes back through a softmax of n floats, n a positive multiple of 16:",
		"",
		"	for i := range n { d[i] = p[i] * (d[i] - sum(d*p)) }",
		"",
		"The sum runs over 16 lanes, folded last.")
	a.load("d", "R0")
	a.load("p", "R1")
	a.load("n", "R2")
	d, p, sum, total := quadAt(0), quadAt(4), quadAt(8), vreg(16)
	a.op("MOVD R0, R3")
	a.op("MOVD R1, R4")
	a.op("MOVD R2, R5")
	a.zero(sum[:]...)
	a.loop("dot", "R5", func() {
		a.loadNext(d, "R3")
		a.loadNext(p, "R4")
		a.blocks(fmla, sum, d, p)
	})
	a.broadcast(a.sum(sum), total)
	a.loop("apply", "R2", func() {
		a.loadBlock(d, "R0")
		a.loadNext(p, "R1")
		a.blocks(fsub, d, d, repeat(total))
		a.blocks(fmul, d, d, p)
		a.storeNext(d, "R0")
	})
	a.op("RET")
}

func neonAdd(a *assembler) {
	a.text("addNEON", []string{"dst *float32", "x *float32", "y *float32", "n int"}, nil,
		"addNEON sets dst to x + y, n floats, n a positive multiple of 16.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("y", "R2")
	a.load("n", "R3")
	x, y := quadAt(0), quadAt(4)
	a.loop("loop", "R3", func() {
		a.loadNext(x, "R1")
		a.loadNext(y, "R2")
		a.blocks(fadd, x, x, y)
		a.storeNext(x, "R0")
	})
	a.op("RET")
}

func neonPanelRows(a *assembler) {
	a.text("panelRowsNEON", []string{"panel *float32", "x *float32", "ldx int", "k int"}, nil,
		"panelRowsNEON copies the first 16 floats of k rows, ldx floats apart, next to each other, k > 0:",
		"",
		"	for p := range k { copy(panel[p*16:p*16+16], x[p*ldx:]) }")
	a.load("panel", "R0")
	a.load("x", "R1")
	a.loadStride("ldx", "R2")
	a.load("k", "R3")
	a.label("loop")
	a.loadBlock(quadAt(0), "R1")
	a.op("ADD R2, R1")
	a.storeNext(quadAt(0), "R0")
	a.op("SUBS $1, R3")
	a.op("BNE loop")
	a.op("RET")
}
