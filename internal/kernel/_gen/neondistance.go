// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// neonReduction is a sum over two vectors: block folds a block of each into
// the accumulator, float does the same for the floats in F0 and F1. Both may
// overwrite what they are given.
type neonReduction struct {
	name, doc, body string
	block           func(x, y, acc quad)
	float           func(acc vreg)
}

func neonDistances(a *assembler) {
	for _, r := range []neonReduction{
		{
			name: "dotNEON", doc: "the inner product", body: "s = fma(a[i], b[i], s)",
			block: func(x, y, acc quad) { a.blocks(fmla, acc, x, y) },
			float: func(acc vreg) { a.op("FMADDS F1, %s, F0, %s", acc.f(), acc.f()) },
		},
		{
			name: "squaredNEON", doc: "the squared Euclidean distance", body: "d := a[i]-b[i]; s = fma(d, d, s)",
			block: func(x, y, acc quad) {
				a.blocks(fsub, x, x, y)
				a.blocks(fmla, acc, x, x)
			},
			float: func(acc vreg) {
				a.op("FSUBS F1, F0, F0")
				a.op("FMADDS F0, %s, F0, %s", acc.f(), acc.f())
			},
		},
		{
			name: "manhattanNEON", doc: "the Manhattan distance", body: "s += abs(a[i]-b[i])",
			block: func(x, y, acc quad) {
				a.blocks(fabd, x, x, y)
				a.blocks(fadd, acc, acc, x)
			},
			float: func(acc vreg) {
				a.op("FSUBS F1, F0, F0")
				a.op("FABSS F0, F0")
				a.op("FADDS F0, %s, %s", acc.f(), acc.f())
			},
		},
	} {
		r.emit(a)
	}
}

func (f neonReduction) emit(a *assembler) {
	a.text(f.name, []string{"a *float32", "b *float32", "n int"}, []string{"total float32"},
		fmt.Sprintf("%s is %s of two vectors of n ≥ 0 floats:", f.name, f.doc),
		"",
		"	for i := range n { "+f.body+" }",
		"",
		"The sum runs over 64 lanes, folded in a fixed order; the last n%16 floats follow one by one.")
	a.load("a", "R0")
	a.load("b", "R1")
	a.load("n", "R2")
	x, y := quadAt(0), quadAt(4)
	var acc [chains]quad
	for i := range acc {
		acc[i] = quadAt(vreg(16 + 4*i))
		a.zero(acc[i][:]...)
	}
	step := func(acc quad) {
		a.loadNext(x, "R0")
		a.loadNext(y, "R1")
		f.block(x, y, acc)
	}
	a.op("SUBS $%d, R2", 16*chains)
	a.op("BLT rest")
	a.label("loop")
	for i := range acc {
		step(acc[i])
	}
	a.op("SUBS $%d, R2", 16*chains)
	a.op("BGE loop")
	a.label("rest")
	a.op("ADDS $%d, R2", 16*chains-16)
	a.op("BLT fold")
	a.label("block")
	step(acc[0])
	a.op("SUBS $16, R2")
	a.op("BGE block")

	a.label("fold")
	a.blocks(fadd, acc[0], acc[0], acc[1])
	a.blocks(fadd, acc[2], acc[2], acc[3])
	a.blocks(fadd, acc[0], acc[0], acc[2])
	sum := a.sum(acc[0])
	a.op("ADDS $16, R2")
	a.op("BEQ done")
	a.label("tail")
	a.op("FMOVS.P 4(R0), F0")
	a.op("FMOVS.P 4(R1), F1")
	f.float(sum)
	a.op("SUBS $1, R2")
	a.op("BNE tail")
	a.label("done")
	a.op("FMOVS %s, %s", sum.f(), a.param("total"))
	a.op("RET")
}
