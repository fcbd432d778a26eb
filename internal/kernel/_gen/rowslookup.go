// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lookupRows emits the sums of looked-up distances. Vectors do not help: what
// takes the time is one load for each entry, and gathering instructions load
// no faster.
func lookupRows() {
	const name, table = "lookupRowsAVX2", 256 * lane
	rowKernel{
		name: name, dst: "float32", q: "float32", rows: "uint8",
		doc: []string{
			name + " adds up entries of n tables of 256 floats, n positive, for count rows of codes:",
			"",
			"	for i := range count {",
			"		row := rows[ids[i]*stride:]      // or rows[i*stride:] when ids is nil",
			"		var s [4]float32",
			"		for j := range n { s[j%4] += q[256*j+row[j]] }",
			"		dst[i] = (s[0] + s[1]) + (s[2] + s[3])",
			"	}",
		},
		row: func(w *rowWalk) reg.Register {
			sums := []reg.VecVirtual{XMM(), XMM(), XMM(), XMM()}
			for _, s := range sums {
				VXORPS(s, s, s)
			}
			tables, offset := GP64(), GP64()
			MOVQ(w.q, tables)
			XORQ(offset, offset)
			// Eight codes in a register are cheaper than eight loads of one.
			words := func(count int) {
				codes := GP64()
				at := operand.Mem{Base: w.row, Index: offset, Scale: 1}
				switch count {
				case 8:
					MOVQ(at, codes)
				case 4:
					MOVL(at, codes.As32())
				}
				for j := range count {
					code := GP64()
					if j < count-1 {
						MOVBLZX(codes.As8(), code.As32())
						SHRQ(operand.Imm(8), codes)
					} else {
						code = codes
					}
					VADDSS(operand.Mem{Base: tables, Index: code, Scale: lane, Disp: table * j}, sums[j%4], sums[j%4])
				}
				ADDQ(operand.U32(uint32(table*count)), tables)
				ADDQ(operand.Imm(uint64(count)), offset)
			}
			end := GP64()
			MOVQ(w.n, end)
			ANDQ(operand.I32(-8), end)
			JZ(operand.LabelRef(w.label("Rest")))
			Label(w.label("Codes"))
			words(8)
			CMPQ(offset, end)
			JB(operand.LabelRef(w.label("Codes")))
			Label(w.label("Rest"))
			TESTQ(operand.U32(4), w.n)
			JZ(operand.LabelRef(w.label("Last")))
			words(4)
			Label(w.label("Last"))
			for j := range 3 {
				CMPQ(offset, w.n)
				JAE(operand.LabelRef(w.label("Sum")))
				code := GP64()
				MOVBLZX(operand.Mem{Base: w.row, Index: offset, Scale: 1}, code.As32())
				VADDSS(operand.Mem{Base: tables, Index: code, Scale: lane, Disp: table * j}, sums[j], sums[j])
				INCQ(offset)
			}
			Label(w.label("Sum"))
			VADDSS(sums[1], sums[0], sums[0])
			VADDSS(sums[3], sums[2], sums[2])
			VADDSS(sums[2], sums[0], sums[0])
			return sums[0]
		},
	}.emit()
}

// prefetchRows emits what only asks for rows.
func prefetchRows() {
	TEXT("prefetchRowsAVX2", NOSPLIT, "func(rows *byte, size, stride int, ids *uint32, count int)")
	Pragma("noescape")
	Doc("prefetchRowsAVX2 asks for the lines of count > 0 rows to be fetched:",
		"",
		"	for i := range count { for j := 0; j < size; j += 64 { prefetch(&rows[ids[i]*stride+j]) } }",
		"",
		"and for the line of each row's last byte.")
	param := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	rows, size, stride, ids, count := param("rows"), param("size"), param("stride"), param("ids"), param("count")
	row := GP64()
	Label("row")
	MOVL(operand.Mem{Base: ids}, row.As32())
	IMULQ(stride, row)
	ADDQ(rows, row)
	fetchRow(row, size)
	ADDQ(operand.Imm(4), ids)
	DECQ(count)
	JNZ(operand.LabelRef("row"))
	RET()
}
