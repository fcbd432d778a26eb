// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func int8Doc(name string, more ...string) []string {
	return append([]string{
		name + " gives the inner products of q and count rows, n a positive multiple of 64:",
		"",
		"	for i := range count {",
		"		row := rows[ids[i]*stride:]      // or rows[i*stride:] when ids is nil",
		"		s := int32(0)",
		"		for j := range n { s += int32(q[j]) * int32(row[j]) }",
		"		dst[i] = s",
		"	}",
	}, more...)
}

// dotRowsI8 emits products of bytes widened to 16 bits.
func dotRowsI8(t tier) {
	name := "dotRowsI8" + t.suffix
	rowKernel{
		name: name, dst: "int32", q: "int8", rows: "int8",
		doc: int8Doc(name),
		row: func(w *rowWalk) reg.Register {
			acc := []reg.VecVirtual{YMM(), YMM()}
			for _, r := range acc {
				VPXOR(r, r, r)
			}
			w.lines(1, func(offset reg.GPVirtual, _ int, _ bool) {
				for part := range 4 {
					x, y := YMM(), YMM()
					VPMOVSXBW(operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: 16 * part}, x)
					VPMOVSXBW(operand.Mem{Base: w.q, Index: offset, Scale: 1, Disp: 16 * part}, y)
					VPMADDWD(y, x, x)
					VPADDD(x, acc[part%2], acc[part%2])
				}
			})
			return t.foldWords(acc)
		},
	}.emit()
}

// dotRowsI8VNNI emits products by an instruction that takes unsigned and
// signed bytes.
func dotRowsI8VNNI(t tier, opcode string) {
	name := "dotRowsI8" + t.suffix + "VNNI"
	flip := constants.word("flip8", 0x80808080)
	var sign, start reg.VecVirtual
	load := func(m operand.Mem) reg.VecVirtual {
		r := t.reg()
		if t.bits == 512 {
			VMOVDQU64(m, r)
		} else {
			VMOVDQU(m, r)
		}
		return r
	}
	xor := func(x operand.Op, y, dst reg.VecVirtual) {
		if t.bits == 512 {
			VPXORD(x, y, dst)
		} else {
			VPXOR(x, y, dst)
		}
	}
	rowKernel{
		name: name, dst: "int32", q: "int8", rows: "int8",
		doc: int8Doc(name, "",
			"A row's bytes become unsigned by adding 128. Sums start at -128·Σ q[j], and wrap around on the way."),
		init: func(w *rowWalk) {
			sign, start = load(flip), t.reg()
			sum := t.reg()
			xor(sum, sum, sum)
			end := GP64()
			MOVQ(w.n, end)
			Label("offset")
			for at := t.bytes(); at <= line; at += t.bytes() {
				accumulate(opcode, load(operand.Mem{Base: w.q, Index: end, Scale: 1, Disp: -at}), sign, sum)
			}
			SUBQ(operand.Imm(line), end)
			JNZ(operand.LabelRef("offset"))
			xor(start, start, start)
			VPSUBD(sum, start, start)
		},
		row: func(w *rowWalk) reg.Register {
			acc := []reg.VecVirtual{t.reg(), t.reg()}
			VMOVAPS(start, acc[0])
			xor(acc[1], acc[1], acc[1])
			w.lines(2, func(offset reg.GPVirtual, i int, _ bool) {
				for part := range line / t.bytes() {
					x, disp := t.reg(), line*i+part*t.bytes()
					xor(operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: disp}, sign, x)
					accumulate(opcode, load(operand.Mem{Base: w.q, Index: offset, Scale: 1, Disp: disp}), x, acc[(i+part)%2])
				}
			})
			return t.foldWords(acc)
		},
	}.emit()
}

// foldWords reduces registers of int32 to one sum in lane 0.
func (t tier) foldWords(acc []reg.VecVirtual) reg.Register {
	add := func(x, y, dst operand.Op) { VPADDD(x, y, dst) }
	if t.bits == 512 {
		VPADDD(acc[1], acc[0], acc[0])
		return t.fold(block{acc[0]}, add)
	}
	return t.fold(block{acc[0], acc[1]}, add)
}
