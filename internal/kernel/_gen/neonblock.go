// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// quad is a block of 16 floats in four vector registers. The x86 kernels sum
// in blocks of 16, too, which is why the tiers of both give the same bits.
type quad [4]vreg

// quadAt is the block in the four registers from first on.
func quadAt(first vreg) quad { return quad{first, first + 1, first + 2, first + 3} }

// repeat is one register in the place of a block.
func repeat(r vreg) quad { return quad{r, r, r, r} }

// list is the block's registers as a load or store of 64 bytes takes them.
func (q quad) list() string {
	return fmt.Sprintf("[%s, %s, %s, %s]", q[0].s4(), q[1].s4(), q[2].s4(), q[3].s4())
}

// loadNext reads a block and moves the pointer behind it.
func (a *assembler) loadNext(q quad, pointer string) { a.op("VLD1.P 64(%s), %s", pointer, q.list()) }

// loadBlock reads a block; the pointer stays.
func (a *assembler) loadBlock(q quad, pointer string) { a.op("VLD1 (%s), %s", pointer, q.list()) }

// storeNext writes a block and moves the pointer behind it.
func (a *assembler) storeNext(q quad, pointer string) { a.op("VST1.P %s, 64(%s)", q.list(), pointer) }

// broadcastConstant fills the registers with a constant of the pool at base.
func (a *assembler) broadcastConstant(base, name string, v float32, registers ...vreg) {
	for _, r := range registers {
		a.op("FMOVQ %s, %s", a.constant(base, name, v), r.f())
	}
}

// broadcast fills a register with the low lane of another.
func (a *assembler) broadcast(from, to vreg) { a.op("VDUP V%d.S[0], %s", from, to.s4()) }

// broadcastWord fills a register with a word in a general register.
func (a *assembler) broadcastWord(from string, to vreg) { a.op("VDUP %s, %s", from, to.s4()) }

func (a *assembler) zero(registers ...vreg) {
	for _, r := range registers {
		a.op("VEOR %s, %s, %s", r.b16(), r.b16(), r.b16())
	}
}

// blocks emits d = n op m for whole blocks.
func (a *assembler) blocks(o threeSame, d, n, m quad) {
	for i := range d {
		a.vector(o, d[i], n[i], m[i])
	}
}

// sum reduces a block to its sum in lane 0 of its first register, in the fixed
// order (i, i+8), (i, i+4), (i, i+2), (i, i+1). The block is lost.
func (a *assembler) sum(q quad) vreg {
	a.vector(fadd, q[0], q[2], q[0])
	a.vector(fadd, q[1], q[3], q[1])
	a.vector(fadd, q[0], q[1], q[0])
	a.op("VEXT $8, %s, %s, %s", q[0].b16(), q[0].b16(), q[1].b16())
	a.vector(fadd, q[0], q[1], q[0])
	a.addPair(q[0], q[0])
	return q[0]
}

// extreme reduces a block to its least or greatest float, in lane 0 of its
// first register. The block is lost.
func (a *assembler) extreme(q quad, o threeSame, last acrossLanes) vreg {
	a.vector(o, q[0], q[0], q[2])
	a.vector(o, q[1], q[1], q[3])
	a.vector(o, q[0], q[0], q[1])
	a.across(last, q[0], q[0])
	return q[0]
}

// horner evaluates a polynomial (coefficients ascending) at u. acc and spare
// are overwritten: one of them holds the result, the other is free again. A
// fused multiply-add overwrites its addend here, so each step loads the next
// coefficient and adds the product to that.
func (a *assembler) horner(base, name string, coefficients []float32, u, acc, spare quad) (result, free quad) {
	last := len(coefficients) - 1
	a.broadcastConstant(base, fmt.Sprintf("%s%d", name, last), coefficients[last], acc[:]...)
	for i := last - 1; i >= 0; i-- {
		a.broadcastConstant(base, fmt.Sprintf("%s%d", name, i), coefficients[i], spare[:]...)
		a.blocks(fmla, spare, acc, u)
		acc, spare = spare, acc
	}
	return acc, spare
}
