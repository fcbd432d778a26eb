// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func hammingDoc(name string) []string {
	return []string{
		name + " counts the bits in which q and count rows differ, n positive:",
		"",
		"	for i := range count {",
		"		row := rows[ids[i]*stride:]      // or rows[i*stride:] when ids is nil",
		"		s := 0",
		"		for j := range n { s += bits.OnesCount64(q[j] ^ row[j]) }",
		"		dst[i] = s",
		"	}",
	}
}

// hammingWords emits the distances of rows of bits by the counter of bits in
// general registers: rows of a few words leave nothing for vectors of AVX2 to do.
func hammingWords() {
	const name = "hammingRowsAVX2"
	rowKernel{
		name: name, dst: "uint32", q: "uint64", rows: "uint64", shift: 3, doc: hammingDoc(name),
		row: func(w *rowWalk) reg.Register { return w.countWords() },
	}.emit()
	w := selection("AVX2")
	Label(w.label("Row"))
	w.keep(w.countWords())
	w.finish()
}

// countWords emits the count for a row, eight words at a time and then the
// binary digits of what is left.
func (w *rowWalk) countWords() reg.GPVirtual {
	sum, offset := GP64(), GP64()
	XORL(sum.As32(), sum.As32())
	XORQ(offset, offset)
	words := func(count int) {
		for i := range count {
			x := GP64()
			MOVQ(operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: 8 * i}, x)
			XORQ(operand.Mem{Base: w.q, Index: offset, Scale: 1, Disp: 8 * i}, x)
			POPCNTQ(x, x)
			ADDQ(x, sum)
		}
		ADDQ(operand.Imm(uint64(8*count)), offset)
	}
	end := GP64()
	MOVQ(w.n, end)
	ANDQ(operand.I32(-64), end)
	JZ(operand.LabelRef(w.label("Rest4")))
	Label(w.label("Words"))
	words(8)
	CMPQ(offset, end)
	JB(operand.LabelRef(w.label("Words")))
	for _, r := range []struct {
		count int
		here  string
		next  string
	}{{4, "Rest4", "Rest2"}, {2, "Rest2", "Rest1"}, {1, "Rest1", "Counted"}} {
		Label(w.label(r.here))
		TESTQ(operand.U32(uint32(8*r.count)), w.n)
		JZ(operand.LabelRef(w.label(r.next)))
		words(r.count)
	}
	Label(w.label("Counted"))
	return sum
}

// hammingVectors emits the same with a counter of bits in vectors. Consecutive
// rows go eight at a time, for one folding of all their sums.
func hammingVectors() {
	const name = "hammingRowsAVX512"
	var v *bitCounter
	rowKernel{
		name: name, dst: "uint32", q: "uint64", rows: "uint64", shift: 3, doc: hammingDoc(name),
		init: func(w *rowWalk) { v = newBitCounter(w) },
		scan: func(w *rowWalk) {
			v.eights(w, func(distances reg.VecVirtual) {
				VMOVDQU(distances, operand.Mem{Base: w.dst})
				ADDQ(operand.Imm(32), w.dst)
			})
		},
		row: func(w *rowWalk) reg.Register { return v.row(w) },
	}.emit()

	w := selection("AVX512")
	v = newBitCounter(w.rowWalk)
	bound, lanes, first := YMM(), YMM(), YMM()
	VPBROADCASTD(w.bound.As32(), bound)
	VMOVDQU(constants.ascending(), lanes)
	v.eights(w.rowWalk, func(distances reg.VecVirtual) {
		within, some := K(), GP64()
		VPCMPUD(operand.Imm(2), bound, distances, within)
		KMOVB(within, some.As32())
		TESTL(some.As32(), some.As32())
		JZ(operand.LabelRef("none"))
		ids, kept := YMM(), YMM()
		VPBROADCASTD(w.id.As32(), first)
		VPADDD(lanes, first, ids)
		// Eight places are free: no more were filled than rows went by.
		VPCOMPRESSD_Z(ids, within, kept)
		VMOVDQU(kept, operand.Mem{Base: w.ids, Index: w.kept, Scale: 4})
		VPCOMPRESSD_Z(distances, within, kept)
		VMOVDQU(kept, operand.Mem{Base: w.dst, Index: w.kept, Scale: 4})
		POPCNTQ(some, some)
		ADDQ(some, w.kept)
		Label("none")
		ADDL(operand.Imm(8), w.id.As32())
	})
	TESTQ(w.left, w.left)
	JZ(operand.LabelRef("done"))
	Label(w.label("Row"))
	d := GP64()
	VMOVD(v.row(w.rowWalk).AsX(), d.As32())
	w.keep(d)
	w.finish()
}

// bitCounter holds the last eight words or fewer of the query, and where they lie.
type bitCounter struct {
	whole reg.GPVirtual // bytes before them, a multiple of 64
	mask  reg.Register  // the words there are
	last  reg.VecVirtual
}

func newBitCounter(w *rowWalk) *bitCounter {
	v := &bitCounter{whole: GP64(), mask: K(), last: ZMM()}
	words, ones := GP64(), GP64()
	LEAQ(operand.Mem{Base: w.n, Disp: -1}, v.whole)
	ANDQ(operand.I32(-64), v.whole)
	MOVQ(w.n, words)
	SUBQ(v.whole, words)
	SHRQ(operand.Imm(3), words)
	MOVQ(operand.U32(0xff), ones)
	BZHIQ(words, ones, ones)
	KMOVB(ones.As32(), v.mask)
	VMOVDQU64_Z(operand.Mem{Base: w.q, Index: v.whole, Scale: 1}, v.mask, v.last)
	return v
}

// row counts for one row.
func (v *bitCounter) row(w *rowWalk) reg.VecVirtual {
	sum, offset := ZMM(), GP64()
	VMOVDQU64_Z(operand.Mem{Base: w.row, Index: v.whole, Scale: 1}, v.mask, sum)
	VPXORQ(v.last, sum, sum)
	VPOPCNTQ(sum, sum)
	XORQ(offset, offset)
	CMPQ(offset, v.whole)
	JAE(operand.LabelRef(w.label("Fold")))
	Label(w.label("Words"))
	x := ZMM()
	VMOVDQU64(operand.Mem{Base: w.row, Index: offset, Scale: 1}, x)
	VPXORQ(operand.Mem{Base: w.q, Index: offset, Scale: 1}, x, x)
	VPOPCNTQ(x, x)
	VPADDQ(x, sum, sum)
	ADDQ(operand.Imm(line), offset)
	CMPQ(offset, v.whole)
	JB(operand.LabelRef(w.label("Words")))
	Label(w.label("Fold"))
	// Counts fit the low half of each word.
	return avx512.fold(block{sum}, func(x, y, dst operand.Op) { VPADDD(x, y, dst) }).(reg.VecVirtual)
}

// eights emits a loop over eight consecutive rows at a time; store gets their
// distances. What is left is fewer than eight.
func (v *bitCounter) eights(w *rowWalk, store func(distances reg.VecVirtual)) {
	SUBQ(operand.Imm(8), w.left)
	JL(operand.LabelRef("fewer"))
	Label("eight")
	a, b, triple, offset := GP64(), GP64(), GP64(), GP64()
	LEAQ(operand.Mem{Base: w.stride, Index: w.stride, Scale: 2}, triple)
	LEAQ(operand.Mem{Base: w.row, Index: v.whole, Scale: 1}, a)
	LEAQ(operand.Mem{Base: a, Index: w.stride, Scale: 4}, b)
	at := func(i int) operand.Mem {
		m := operand.Mem{Base: []reg.GPVirtual{a, b}[i/4]}
		switch i % 4 {
		case 1, 2:
			m.Index, m.Scale = w.stride, uint8(i%4)
		case 3:
			m.Index, m.Scale = triple, 1
		}
		return m
	}
	var sums [8]reg.VecVirtual
	for i := range sums {
		sums[i] = ZMM()
		VMOVDQU64_Z(at(i), v.mask, sums[i])
		VPXORQ(v.last, sums[i], sums[i])
		VPOPCNTQ(sums[i], sums[i])
	}
	MOVQ(v.whole, offset)
	SUBQ(operand.Imm(line), offset)
	JL(operand.LabelRef("eightFold"))
	Label("eightWords")
	SUBQ(operand.Imm(line), a)
	SUBQ(operand.Imm(line), b)
	q := ZMM()
	VMOVDQU64(operand.Mem{Base: w.q, Index: offset, Scale: 1}, q)
	for i := range sums {
		x := ZMM()
		VPXORQ(at(i), q, x)
		VPOPCNTQ(x, x)
		VPADDQ(x, sums[i], sums[i])
	}
	SUBQ(operand.Imm(line), offset)
	JGE(operand.LabelRef("eightWords"))
	Label("eightFold")
	store(foldEight(sums))
	LEAQ(operand.Mem{Base: w.row, Index: w.stride, Scale: 8}, w.row)
	SUBQ(operand.Imm(8), w.left)
	JGE(operand.LabelRef("eight"))
	Label("fewer")
	ADDQ(operand.Imm(8), w.left)
}

// foldEight adds up the words of eight registers, to eight sums of 32 bits.
func foldEight(sums [8]reg.VecVirtual) reg.VecVirtual {
	// Pairs of words, then of 128-bit lanes, twice.
	var pairs [4]reg.VecVirtual
	for i := range pairs {
		low, high := ZMM(), ZMM()
		VPUNPCKLQDQ(sums[2*i+1], sums[2*i], low)
		VPUNPCKHQDQ(sums[2*i+1], sums[2*i], high)
		VPADDQ(high, low, low)
		pairs[i] = low
	}
	lanes := func(x, y reg.VecVirtual) reg.VecVirtual {
		even, odd := ZMM(), ZMM()
		VSHUFI64X2(operand.Imm(0x88), y, x, even)
		VSHUFI64X2(operand.Imm(0xdd), y, x, odd)
		VPADDQ(odd, even, even)
		return even
	}
	all := lanes(lanes(pairs[0], pairs[1]), lanes(pairs[2], pairs[3]))
	y := YMM()
	VPMOVQD(all, y)
	return y
}

// selectWalk is the state of hammingSelect.
type selectWalk struct {
	*rowWalk
	ids, id, bound, kept reg.GPVirtual
}

// selection begins hammingSelect.
func selection(suffix string) *selectWalk {
	name := "hammingSelect" + suffix
	TEXT(name, NOSPLIT, "func(ids, distances *uint32, q *uint64, n int, rows *uint64, count int, first, bound uint32) int")
	Pragma("noescape")
	Doc(name+" keeps the rows of n words, one behind the other, that differ from q in at most bound bits:",
		"",
		"	kept := 0",
		"	for i := range count {",
		"		s := 0",
		"		for j := range n { s += bits.OnesCount64(q[j] ^ rows[i*n+j]) }",
		"		if s <= bound { ids[kept], distances[kept] = first+i, s; kept++ }",
		"	}",
		"	return kept",
		"",
		"n and count are positive; ids and distances have room for count, all of which may be written.")
	param := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	w := &selectWalk{
		rowWalk: &rowWalk{form: "scan", q: param("q"), n: param("n"), row: param("rows"), dst: param("distances"), left: param("count")},
		ids:     param("ids"), id: GP64(), bound: GP64(), kept: GP64(),
	}
	Load(Param("first"), w.id.As32())
	Load(Param("bound"), w.bound.As32())
	SHLQ(operand.Imm(3), w.n)
	w.stride = w.n
	XORQ(w.kept, w.kept)
	return w
}

// keep stores a row that is near enough, without a branch: a row that is not
// will be overwritten by the next.
func (w *selectWalk) keep(distance reg.GPVirtual) {
	MOVL(w.id.As32(), operand.Mem{Base: w.ids, Index: w.kept, Scale: 4})
	MOVL(distance.As32(), operand.Mem{Base: w.dst, Index: w.kept, Scale: 4})
	near := GP64()
	XORL(near.As32(), near.As32())
	CMPL(distance.As32(), w.bound.As32())
	SETLS(near.As8())
	ADDQ(near, w.kept)
	INCL(w.id.As32())
}

// finish ends the loop over single rows and the function.
func (w *selectWalk) finish() {
	ADDQ(w.stride, w.row)
	DECQ(w.left)
	JNZ(operand.LabelRef(w.label("Row")))
	Label("done")
	Store(w.kept, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
