// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lane is the size of a float32.
const lane = 4

// tier is what differs between the vector instruction sets. Kernels are
// written once in terms of it, and in "blocks" of 16 floats: one register at
// 512 bits, two at 256. Both tiers therefore add the same numbers in the same
// order and give the same bits.
type tier struct {
	suffix string
	bits   int
	mr     int // rows of a register tile
	blocks int // blocks of 16 columns in a register tile
}

var (
	// 6×16: 12 accumulators, 2 columns of B, 1 broadcast of 16 registers.
	avx2 = tier{suffix: "AVX2", bits: 256, mr: 6, blocks: 1}
	// 14×32: 28 accumulators, 2 columns of B, 1 broadcast of 32 registers.
	avx512 = tier{suffix: "AVX512", bits: 512, mr: 14, blocks: 2}
)

// parts is the number of registers that hold a block of 16 floats.
func (t tier) parts() int { return 512 / t.bits }

// bytes is the size of a register.
func (t tier) bytes() int { return t.bits / 8 }

func (t tier) reg() reg.VecVirtual {
	if t.bits == 512 {
		return ZMM()
	}
	return YMM()
}

// block is 16 floats in one or two registers.
type block []reg.VecVirtual

func (t tier) block() block {
	b := make(block, t.parts())
	for i := range b {
		b[i] = t.reg()
	}
	return b
}

// each calls f for each register of the blocks, part by part.
func each(f func(r ...reg.VecVirtual), bs ...block) {
	for p := range bs[0] {
		rs := make([]reg.VecVirtual, len(bs))
		for i, b := range bs {
			rs[i] = b[p]
		}
		f(rs...)
	}
}

func (t tier) load(b block, m operand.Mem) {
	for p, r := range b {
		VMOVUPS(m.Offset(p*t.bytes()), r)
	}
}

func (t tier) store(b block, m operand.Mem) {
	for p, r := range b {
		VMOVUPS(r, m.Offset(p*t.bytes()))
	}
}

func (t tier) zero(b block) {
	for _, r := range b {
		if t.bits == 512 {
			VPXORD(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// fold reduces a block to its sum or maximum in lane 0 of the returned
// register, in the fixed order (i, i+8), (i, i+4), (i, i+2), (i, i+1).
func (t tier) fold(b block, op func(x, y, dst operand.Op)) reg.VecVirtual {
	y := YMM()
	if t.bits == 512 {
		hi := YMM()
		VEXTRACTF64X4(operand.Imm(1), b[0], hi)
		op(hi, b[0].(reg.VecVirtual).AsY(), y)
	} else {
		op(b[1], b[0], y)
	}
	x, s := XMM(), XMM()
	VEXTRACTF128(operand.Imm(1), y, x)
	op(x, y.AsX(), x)
	VMOVHLPS(x, x, s)
	op(s, x, x)
	VMOVSHDUP(x, s)
	op(s, x, x)
	return x
}
