// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// arithmetic is one way to add the products of words to sums: a word of 32 bits
// holds 2 or 4 values of k, a sum is a float32 or an int32.
type arithmetic struct {
	suffix  string // of the kernel's name, after the tier's
	sum     string // one step, for the doc comment
	integer bool   // sums are int32, to be scaled in the end
	offset  bool   // values of A are unsigned, with an offset to take off
	// step adds to acc the products of b's words with a's.
	step func(t tier, a, b, acc reg.VecVirtual)
}

var (
	bf16 = arithmetic{
		suffix: "BF16",
		sum:    "s += a[2p+1]·b[2p+1]; s += a[2p]·b[2p]",
		step:   func(_ tier, a, b, acc reg.VecVirtual) { accumulate("VDPBF16PS", a, b, acc) },
	}
	// With VNNI one instruction multiplies and adds.
	int16VNNI = arithmetic{
		suffix: "Int16VNNI", integer: true,
		sum:  "s += a[2p]·b[2p] + a[2p+1]·b[2p+1]",
		step: func(_ tier, a, b, acc reg.VecVirtual) { accumulate("VPDPWSSD", a, b, acc) },
	}
	int8VNNI = arithmetic{
		suffix: "Int8VNNI", integer: true, offset: true,
		sum: "s += a[4p]·b[4p] + … + a[4p+3]·b[4p+3]",
		// The operand in the middle is the unsigned one.
		step: func(_ tier, a, b, acc reg.VecVirtual) { accumulate("VPDPBUSD", b, a, acc) },
	}
	// The same for processors with AVX-VNNI and no AVX-512.
	int16VEX = arithmetic{
		suffix: "Int16VNNI", integer: true, sum: int16VNNI.sum,
		step: func(_ tier, a, b, acc reg.VecVirtual) { accumulate("VPDPWSSD_VEX", a, b, acc) },
	}
	int8VEX = arithmetic{
		suffix: "Int8VNNI", integer: true, offset: true, sum: int8VNNI.sum,
		step: func(_ tier, a, b, acc reg.VecVirtual) { accumulate("VPDPBUSD_VEX", b, a, acc) },
	}
	// Without it, two.
	int16Plain = arithmetic{
		suffix: "Int16", integer: true,
		sum: int16VNNI.sum,
		step: func(t tier, a, b, acc reg.VecVirtual) {
			s := t.reg()
			VPMADDWD(a, b, s)
			VPADDD(s, acc, acc)
		},
	}
)

// The matrix unit has instructions of its own for these: see amx.go.
var (
	amxBF16 = arithmetic{suffix: "BF16"}
	amxInt8 = arithmetic{suffix: "Int8", integer: true, offset: true}
)

// accumulate emits an instruction that avo has no function for: acc is read
// and written. Where Go's assembler lacks it too, see encode.go.
func accumulate(opcode string, x, y, acc reg.VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   opcode,
		Operands: []operand.Op{x, y, acc},
		Inputs:   []operand.Op{x, y, acc},
		Outputs:  []operand.Op{acc},
	})
}
