// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// line is the size of a cache line.
	line = 64
	// burst is how many listed rows are asked for at once. While one is worked
	// on, as many at least are on their way. Two decisions were measured, on a
	// Zen 4 with rows of 384 values, 400 MB and more in large pages, in ns a row:
	//
	//	                              int8   float32
	//	nothing fetched ahead, 32       47       185
	//	one row each, first level       44       159
	//	one row each, second level      25        86
	//	bursts, second level            22        86
	//	one row each, a list of 500     28        81
	//	bursts, a list of 500           24        84
	//
	// A core can wait for few lines in its first-level cache at a time, 24 here,
	// one row of floats, and for more in the second. Without arithmetic between
	// the requests memory is kept busier; with AVX2 alone the gain is a third.
	burst = 32
	// ahead is how many bytes before its turn a line of consecutive rows of floats is asked for: a page, which is where
	// the processor's own fetching ends. On a Zen 4, one thread, ns a row of 384 floats in large pages, three turns:
	//
	//	nothing fetched ahead         69   69   63
	//	a page, second level          64   68   56
	//	a page, first level           69   70   63
	//	two pages, second level       70   77   67
	ahead = 4096
)

// rowKernel is a comparison of one query with many rows. It is emitted twice
// into one function: for listed rows, which are fetched into the cache ahead
// of their turn, and for consecutive ones, which the processor fetches itself.
type rowKernel struct {
	name         string
	dst, q, rows string // element types
	shift        uint64 // log2 of the size of an element of rows
	doc          []string

	// init loads what all rows have in common.
	init func(w *rowWalk)
	// scan, if there is one, takes as many consecutive rows as it likes.
	scan func(w *rowWalk)
	// row compares with the row at w.row and gives the result in a general
	// register or a low lane.
	row func(w *rowWalk) reg.Register
}

// rowWalk is the state of the walk over the rows.
type rowWalk struct {
	form      string        // label prefix
	q, n      reg.GPVirtual // n counts bytes of a row
	row       reg.GPVirtual
	dst, left reg.GPVirtual
	stride    reg.GPVirtual // in bytes
}

func (w *rowWalk) label(s string) string { return w.form + s }

func (k rowKernel) emit() {
	TEXT(k.name, NOSPLIT, fmt.Sprintf("func(dst *%s, q *%s, n int, rows *%s, stride int, ids *uint32, count int)", k.dst, k.q, k.rows))
	Pragma("noescape")
	Doc(k.doc...)
	param := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	w := &rowWalk{q: param("q"), n: param("n"), row: param("rows"), stride: param("stride"), dst: param("dst"), left: param("count")}
	if k.shift > 0 {
		SHLQ(operand.Imm(k.shift), w.n)
		SHLQ(operand.Imm(k.shift), w.stride)
	}
	if k.init != nil {
		k.init(w)
	}
	ids := param("ids")
	TESTQ(ids, ids)
	JNZ(operand.LabelRef("listed"))

	w.form = "scan"
	if k.scan != nil {
		k.scan(w)
		TESTQ(w.left, w.left)
		JZ(operand.LabelRef("done"))
	}
	Label(w.label("Row"))
	k.store(w, k.row(w))
	ADDQ(w.stride, w.row)
	DECQ(w.left)
	JNZ(operand.LabelRef(w.label("Row")))
	Label("done")
	VZEROUPPER()
	RET()

	Label("listed")
	w.form = "gather"
	rows := w.row
	w.row = GP64()
	at := func(id operand.Mem, to reg.GPVirtual) {
		MOVL(id, to.As32())
		IMULQ(w.stride, to)
		ADDQ(rows, to)
	}
	soon, end := GP64(), GP64()
	MOVQ(ids, soon) // the next to ask for
	LEAQ(operand.Mem{Base: ids, Index: w.left, Scale: 4}, end)
	Label(w.label("Row"))
	enough := GP64()
	LEAQ(operand.Mem{Base: ids, Disp: 4 * burst}, enough)
	CMPQ(soon, enough)
	JA(operand.LabelRef("fetched"))
	CMPQ(soon, end)
	JAE(operand.LabelRef("fetched"))
	stop, next := GP64(), GP64()
	LEAQ(operand.Mem{Base: soon, Disp: 4 * burst}, stop)
	CMPQ(stop, end)
	CMOVQHI(end, stop)
	Label("fetch")
	at(operand.Mem{Base: soon}, next)
	fetchRow(next, w.n)
	ADDQ(operand.Imm(4), soon)
	CMPQ(soon, stop)
	JB(operand.LabelRef("fetch"))
	JMP(operand.LabelRef(w.label("Row")))
	Label("fetched")
	at(operand.Mem{Base: ids}, w.row)
	k.store(w, k.row(w))
	ADDQ(operand.Imm(4), ids)
	DECQ(w.left)
	JNZ(operand.LabelRef(w.label("Row")))
	VZEROUPPER()
	RET()
}

// fetchRow asks for the lines of n bytes of a row. It goes to the second-level
// cache: a core can wait for many more lines there.
func fetchRow(row, n reg.GPVirtual) {
	offset := GP64()
	PREFETCHT1(operand.Mem{Base: row, Index: n, Scale: 1, Disp: -1}) // a row may end in one more
	XORQ(offset, offset)
	Label("line")
	PREFETCHT1(operand.Mem{Base: row, Index: offset, Scale: 1})
	ADDQ(operand.Imm(line), offset)
	CMPQ(offset, n)
	JL(operand.LabelRef("line"))
}

// fetchAhead asks for a line of the rows to come, of consecutive ones; it may be behind the last, and is then not fetched.
func (w *rowWalk) fetchAhead(offset reg.GPVirtual, disp int) {
	if w.form == "scan" {
		PREFETCHT1(operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: disp + ahead})
	}
}

// store writes a row's result.
func (k rowKernel) store(w *rowWalk, result reg.Register) {
	to := operand.Mem{Base: w.dst}
	if v, ok := result.(reg.VecVirtual); ok {
		VMOVSS(v.AsX(), to)
	} else {
		MOVL(result.(reg.GPVirtual).As32(), to)
	}
	ADDQ(operand.Imm(4), w.dst)
}

// lines emits a loop over the row in steps of count lines, and one for the
// lines left. step gets the offset into the row and which of the lines it is;
// the lines left are all the first.
func (w *rowWalk) lines(count int, step func(offset reg.GPVirtual, i int, left bool)) {
	offset, end := GP64(), GP64()
	XORQ(offset, offset)
	MOVQ(w.n, end)
	SUBQ(operand.U32(uint32(line*count)), end)
	JL(operand.LabelRef(w.label("Rest")))
	Label(w.label("Lines"))
	for i := range count {
		step(offset, i, false)
	}
	ADDQ(operand.U32(uint32(line*count)), offset)
	CMPQ(offset, end)
	JLE(operand.LabelRef(w.label("Lines")))
	Label(w.label("Rest"))
	CMPQ(offset, w.n)
	JGE(operand.LabelRef(w.label("Fold")))
	Label(w.label("Line"))
	step(offset, 0, true)
	ADDQ(operand.Imm(line), offset)
	CMPQ(offset, w.n)
	JL(operand.LabelRef(w.label("Line")))
	Label(w.label("Fold"))
}
