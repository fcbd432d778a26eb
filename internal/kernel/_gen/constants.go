// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// constantPool holds 64-byte constants in read-only data: a float32 or uint32
// repeated 16 times, so that either tier can use it as a memory operand.
type constantPool map[string]operand.Mem

var constants = constantPool{}

func (p constantPool) float(name string, v float32) operand.Mem {
	// The bit pattern: the assembler would read a whole number as an integer.
	return p.word(name, math.Float32bits(v))
}

func (p constantPool) word(name string, v uint32) operand.Mem {
	if m, ok := p[name]; ok {
		return m
	}
	m := GLOBL("k_"+name, 8|16) // RODATA|NOPTR
	for i := range 16 {
		DATA(i*lane, operand.U32(v))
	}
	p[name] = m
	return m
}

// tailMask is 16 ones followed by 16 zeros. Reading a block at offset 16-r
// gives a mask that keeps the first r lanes.
func (p constantPool) tailMask() operand.Mem {
	const name = "tail"
	if m, ok := p[name]; ok {
		return m
	}
	m := GLOBL("k_tail", 8|16)
	for i := range 32 {
		v := uint32(0)
		if i < 16 {
			v = math.Float32bits(1)
		}
		DATA(i*lane, operand.U32(v))
	}
	p[name] = m
	return m
}

// packOrder undoes the order that AVX2's packing of four registers of int32
// into one of bytes leaves behind: it works on the two halves apart.
func (p constantPool) packOrder() operand.Mem {
	const name = "packOrder"
	if m, ok := p[name]; ok {
		return m
	}
	m := GLOBL("k_packOrder", 8|16)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(i*lane, operand.U32(v))
	}
	p[name] = m
	return m
}

// ascending is 0 to 15.
func (p constantPool) ascending() operand.Mem {
	const name = "ascending"
	if m, ok := p[name]; ok {
		return m
	}
	m := GLOBL("k_ascending", 8|16)
	for i := range 16 {
		DATA(i*lane, operand.U32(uint32(i)))
	}
	p[name] = m
	return m
}
