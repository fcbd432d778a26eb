// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// neonRowKernel is a comparison of one query with many rows: see rowKernel.
type neonRowKernel struct {
	name         string
	dst, q, rows string // element types
	shift        int    // log2 of the size of an element of rows
	doc          []string
	// row compares the n bytes at R9 with the query at R10, both free to be
	// moved, and gives the register that has the result in its low lane.
	row func(w neonWalk) vreg
}

// neonWalk is one of the two forms of the walk. R0 is the next result, R1 the
// query, R2 n in bytes, R3 the rows, R4 the stride in bytes, R5 the next of the
// list, R6 how many are left.
type neonWalk struct {
	*assembler
	form string
}

func (w neonWalk) name(label string) string { return w.form + label }

// fetchRow asks for the lines of the row of R2 bytes at R13.
func (a *assembler) fetchRow() {
	a.op("MOVD R2, R11")
	a.label("line")
	a.op("PRFM (R13), PLDL2KEEP")
	a.op("ADD $64, R13")
	a.op("SUBS $64, R11")
	a.op("BGT line")
}

func (k neonRowKernel) emit(a *assembler) {
	a.text(k.name, []string{"dst *" + k.dst, "q *" + k.q, "n int", "rows *" + k.rows, "stride int", "ids *uint32", "count int"}, nil, k.doc...)
	for i, p := range []string{"dst", "q", "n", "rows", "stride", "ids", "count"} {
		a.load(p, fmt.Sprintf("R%d", i))
	}
	if k.shift > 0 {
		a.op("LSL $%d, R2, R2", k.shift)
		a.op("LSL $%d, R4, R4", k.shift)
	}
	a.op("CBNZ R5, listed")
	w := neonWalk{assembler: a, form: "scan"}
	a.label(w.name("Row"))
	a.op("MOVD R3, R9")
	a.op("MOVD R1, R10")
	a.op("FMOVS.P %s, 4(R0)", k.row(w).f())
	a.op("ADD R4, R3")
	a.op("SUBS $1, R6")
	a.op("BNE %s", w.name("Row"))
	a.op("RET")

	a.label("listed")
	w.form = "gather"
	a.op("MOVD R5, R7") // the next to ask for
	a.op("ADD R6<<2, R5, R8")
	a.label(w.name("Row"))
	a.op("ADD $%d, R5, R12", 4*burst)
	a.op("CMP R12, R7")
	a.op("BHI fetched")
	a.op("CMP R8, R7")
	a.op("BHS fetched")
	a.op("ADD $%d, R7, R12", 4*burst)
	a.op("CMP R8, R12")
	a.op("CSEL HI, R8, R12, R12")
	a.label("fetch")
	a.op("MOVWU.P 4(R7), R13")
	a.op("MADD R4, R3, R13, R13")
	a.fetchRow()
	a.op("CMP R12, R7")
	a.op("BLO fetch")
	a.op("B %s", w.name("Row"))
	a.label("fetched")
	a.op("MOVWU.P 4(R5), R9")
	a.op("MADD R4, R3, R9, R9")
	a.op("MOVD R1, R10")
	a.op("FMOVS.P %s, 4(R0)", k.row(w).f())
	a.op("SUBS $1, R6")
	a.op("BNE %s", w.name("Row"))
	a.op("RET")
}

// lines emits a loop over the row by count lines, and one for the lines left.
func (w neonWalk) lines(count int, whole, single func()) {
	w.op("SUBS $%d, R2, R11", 64*count)
	w.op("BLT %s", w.name("Rest"))
	w.label(w.name("Lines"))
	whole()
	w.op("SUBS $%d, R11", 64*count)
	w.op("BGE %s", w.name("Lines"))
	w.label(w.name("Rest"))
	w.op("ADDS $%d, R11", 64*count-64)
	w.op("BLT %s", w.name("Fold"))
	w.label(w.name("Line"))
	single()
	w.op("SUBS $64, R11")
	w.op("BGE %s", w.name("Line"))
	w.label(w.name("Fold"))
}

// neonSearch emits the kernels of vector search. They are those of the rows*.go
// files for x86, in the same order of sums.
func neonSearch(a *assembler) {
	for _, r := range []struct {
		name, doc, body string
		block           func(x, y, acc quad)
	}{
		{
			"dotRows", "inner products", "s = fma(q[j], float32(row[j]), s)",
			func(x, y, acc quad) { a.blocks(fmla, acc, x, y) },
		},
		{
			"squaredRows", "squared Euclidean distances", "d := q[j]-float32(row[j]); s = fma(d, d, s)",
			func(x, y, acc quad) {
				a.blocks(fsub, x, x, y)
				a.blocks(fmla, acc, x, x)
			},
		},
	} {
		x, y := quadAt(0), quadAt(4)
		var acc [chains]quad
		for i := range acc {
			acc[i] = quadAt(vreg(16 + 4*i))
		}
		begin := func() {
			for i := range acc {
				a.zero(acc[i][:]...)
			}
		}
		end := func() vreg {
			a.blocks(fadd, acc[0], acc[0], acc[1])
			a.blocks(fadd, acc[2], acc[2], acc[3])
			a.blocks(fadd, acc[0], acc[0], acc[2])
			return a.sum(acc[0])
		}
		step := func(acc quad) {
			a.loadNext(x, "R9")
			a.loadNext(y, "R10")
			r.block(x, y, acc)
		}
		neonRowKernel{
			name: r.name + "NEON", dst: "float32", q: "float32", rows: "float32", shift: 2,
			doc: floatRowsDoc(r.name+"NEON", r.doc, r.body, "16"),
			row: func(w neonWalk) vreg {
				begin()
				w.lines(chains, func() {
					for i := range acc {
						step(acc[i])
					}
				}, func() { step(acc[0]) })
				return end()
			},
		}.emit(a)
		half := func(acc quad) {
			a.op("VLD1.P 32(R9), [V12.H8, V13.H8]")
			a.loadNext(y, "R10")
			a.widen(x, 12, 13)
			r.block(x, y, acc)
		}
		neonRowKernel{
			name: r.name + "F16NEON", dst: "float32", q: "float32", rows: "uint16", shift: 1,
			doc: floatRowsDoc(r.name+"F16NEON", r.doc, r.body, "32"),
			row: func(w neonWalk) vreg {
				begin()
				w.lines(chains/2, func() {
					for i := range acc {
						half(acc[i])
					}
				}, func() {
					half(acc[0])
					half(acc[0])
				})
				return end()
			},
		}.emit(a)
	}
	neonBytes(a, "dotRowsI8NEON", func(acc, x, y, spare vreg) {
		// Products of two bytes fit 16 bits; two of them do not always.
		a.long(smull, spare, x, y)
		a.pairs(sadalp, acc, spare)
		a.long(smull2, spare, x, y)
		a.pairs(sadalp, acc, spare)
	})
	neonBytes(a, "dotRowsI8NEONDot", func(acc, x, y, _ vreg) { a.long(sdot, acc, x, y) })
	neonHamming(a)
	neonHalves(a)
	neonPrefetch(a)
}

func neonBytes(a *assembler, name string, step func(acc, x, y, spare vreg)) {
	neonRowKernel{
		name: name, dst: "int32", q: "int8", rows: "int8",
		doc: int8Doc(name),
		row: func(w neonWalk) vreg {
			x, y, acc := quadAt(0), quadAt(4), quadAt(16)
			a.zero(acc[:]...)
			line := func() {
				a.loadNext(x, "R9")
				a.loadNext(y, "R10")
				for i := range acc {
					step(acc[i], x[i], y[i], vreg(8+i))
				}
			}
			w.lines(1, line, line)
			a.op("VADD %s, %s, %s", acc[1].s4(), acc[0].s4(), acc[0].s4())
			a.op("VADD %s, %s, %s", acc[3].s4(), acc[2].s4(), acc[2].s4())
			a.op("VADD %s, %s, %s", acc[2].s4(), acc[0].s4(), acc[0].s4())
			a.op("VADDV %s, V%d", acc[0].s4(), acc[0])
			return acc[0]
		},
	}.emit(a)
}

func neonHamming(a *assembler) {
	neonRowKernel{
		name: "hammingRowsNEON", dst: "uint32", q: "uint64", rows: "uint64", shift: 3,
		doc: hammingDoc("hammingRowsNEON"),
		row: func(w neonWalk) vreg {
			x, y, acc := vreg(0), vreg(1), vreg(16)
			a.zero(acc)
			count := func() {
				a.op("VEOR %s, %s, %s", x.b16(), y.b16(), x.b16())
				a.op("VCNT %s, %s", x.b16(), x.b16())
				a.pairs(uaddlp, x, x)
				a.pairs(uadalp, acc, x)
			}
			a.op("SUBS $16, R2, R11")
			a.op("BLT %s", w.name("Word"))
			a.label(w.name("Words"))
			a.op("FMOVQ.P 16(R9), %s", x.f())
			a.op("FMOVQ.P 16(R10), %s", y.f())
			count()
			a.op("SUBS $16, R11")
			a.op("BGE %s", w.name("Words"))
			a.label(w.name("Word"))
			a.op("TBZ $3, R2, %s", w.name("Fold"))
			a.op("FMOVD (R9), %s", x.f()) // the upper half becomes 0
			a.op("FMOVD (R10), %s", y.f())
			count()
			a.label(w.name("Fold"))
			a.op("VADDV %s, V%d", acc.s4(), acc)
			return acc
		},
	}.emit(a)
}

func neonHalves(a *assembler) {
	a.text("toF16NEON", []string{"dst *uint16", "x *float32", "n int"}, nil,
		"toF16NEON rounds n floats, n a positive multiple of 16, to half precision, to nearest even.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("n", "R2")
	x := quadAt(0)
	a.loop("loop", "R2", func() {
		a.loadNext(x, "R1")
		for i := 0; i < 4; i += 2 {
			a.word(fcvtn.encode(0, 4, x[i]), "fcvtn v4.4h, v%d.4s", x[i])
			a.word(fcvtn.encode(1, 4, x[i+1]), "fcvtn2 v4.8h, v%d.4s", x[i+1])
			a.op("FMOVQ.P F4, 16(R0)")
		}
	})
	a.op("RET")
	a.text("fromF16NEON", []string{"dst *float32", "x *uint16", "n int"}, nil,
		"fromF16NEON widens n halves, n a positive multiple of 16.")
	a.load("dst", "R0")
	a.load("x", "R1")
	a.load("n", "R2")
	a.loop("loop", "R2", func() {
		a.op("VLD1.P 32(R1), [V12.H8, V13.H8]")
		a.widen(x, 12, 13)
		a.storeNext(x, "R0")
	})
	a.op("RET")
}

func neonPrefetch(a *assembler) {
	a.text("prefetchRowsNEON", []string{"rows *byte", "size int", "stride int", "ids *uint32", "count int"}, nil,
		"prefetchRowsNEON asks for the lines of count > 0 rows to be fetched:",
		"",
		"	for i := range count { for j := 0; j < size; j += 64 { prefetch(&rows[ids[i]*stride+j]) } }")
	for i, p := range []string{"rows", "stride", "size", "ids", "count"} {
		a.load(p, fmt.Sprintf("R%d", i))
	}
	a.label("row")
	a.op("MOVWU.P 4(R3), R13")
	a.op("MADD R1, R0, R13, R13")
	a.fetchRow()
	a.op("SUBS $1, R4")
	a.op("BNE row")
	a.op("RET")
}
