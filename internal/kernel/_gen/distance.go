// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chains is the number of independent 16-lane accumulators of a reduction.
const chains = 4

// reduction is a sum over two vectors: vector folds one register of each into
// the accumulator, scalar does the same for one float.
type reduction struct {
	name, doc, body string
	vector, scalar  func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual)
}

func distances(t tier) {
	abs := constants.word("abs", 0x7fffffff)
	for _, r := range []reduction{
		{
			name: "dot", doc: "the inner product", body: "s = fma(a[i], b[i], s)",
			vector: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) { VFMADD231PS(b, a, acc) },
			scalar: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) { VFMADD231SS(b, a, acc) },
		},
		{
			name: "squared", doc: "the squared Euclidean distance", body: "d := a[i]-b[i]; s = fma(d, d, s)",
			vector: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) {
				VSUBPS(b, a, a)
				VFMADD231PS(a, a, acc)
			},
			scalar: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) {
				VSUBSS(b, a, a)
				VFMADD231SS(a, a, acc)
			},
		},
		{
			name: "manhattan", doc: "the Manhattan distance", body: "s += abs(a[i]-b[i])",
			vector: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) {
				VSUBPS(b, a, a)
				if t.bits == 512 {
					VPANDD(abs, a, a)
				} else {
					VANDPS(abs, a, a)
				}
				VADDPS(a, acc, acc)
			},
			scalar: func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) {
				VSUBSS(b, a, a)
				VANDPS(abs, a, a)
				VADDSS(a, acc, acc)
			},
		},
	} {
		t.reduce(r)
	}
}

func (t tier) reduce(f reduction) {
	name := f.name + t.suffix
	TEXT(name, NOSPLIT, "func(a, b *float32, n int) float32")
	Doc(name+" is "+f.doc+" of two vectors of n ≥ 0 floats:",
		"",
		"	for i := range n { "+f.body+" }",
		"",
		"The sum runs over 64 lanes, folded in a fixed order; the last n%16 floats follow one by one.")
	a := Load(Param("a"), GP64()).(reg.GPVirtual)
	b := Load(Param("b"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	acc := make([]block, chains)
	for i := range acc {
		acc[i] = t.block()
		t.zero(acc[i])
	}
	step := func(i int) {
		v := t.block()
		t.load(v, operand.Mem{Base: a, Disp: 64 * i})
		for p := range v {
			f.vector(v[p], operand.Mem{Base: b, Disp: 64*i + p*t.bytes()}, acc[i][p])
		}
	}
	SUBQ(operand.Imm(16*chains), n)
	JL(operand.LabelRef("rest"))
	Label("loop")
	for i := range acc {
		step(i)
	}
	ADDQ(operand.U32(64*chains), a)
	ADDQ(operand.U32(64*chains), b)
	SUBQ(operand.Imm(16*chains), n)
	JGE(operand.LabelRef("loop"))
	Label("rest")
	ADDQ(operand.Imm(16*chains-16), n)
	JL(operand.LabelRef("fold"))
	Label("block")
	step(0)
	ADDQ(operand.Imm(64), a)
	ADDQ(operand.Imm(64), b)
	SUBQ(operand.Imm(16), n)
	JGE(operand.LabelRef("block"))

	Label("fold")
	add := func(x, y, dst operand.Op) { VADDPS(x, y, dst) }
	each(func(r ...reg.VecVirtual) {
		VADDPS(r[1], r[0], r[0])
		VADDPS(r[3], r[2], r[2])
		VADDPS(r[2], r[0], r[0])
	}, acc...)
	s := t.fold(acc[0], add).(reg.VecVirtual)
	ADDQ(operand.Imm(16), n)
	JZ(operand.LabelRef("done"))
	Label("tail")
	x := XMM()
	y := XMM()
	VMOVSS(operand.Mem{Base: a}, x)
	VMOVSS(operand.Mem{Base: b}, y)
	f.scalar(x, y, s)
	ADDQ(operand.Imm(lane), a)
	ADDQ(operand.Imm(lane), b)
	DECQ(n)
	JNZ(operand.LabelRef("tail"))
	Label("done")
	Store(s, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
