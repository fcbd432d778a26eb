// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func floatRowsDoc(name, what, body, multiple string) []string {
	return []string{
		name + " gives the " + what + " of q and count rows, n a positive multiple of " + multiple + ":",
		"",
		"	for i := range count {",
		"		row := rows[ids[i]*stride:]      // or rows[i*stride:] when ids is nil",
		"		s := float32(0)",
		"		for j := range n { " + body + " }",
		"		dst[i] = s",
		"	}",
		"",
		"Each sum runs over 64 lanes, folded in a fixed order: the bits are those for two vectors of float32.",
	}
}

// floatRows emits the comparisons of a float32 query with rows of float32 and
// of float16. They add in the order of the kernels for two vectors.
func floatRows(t tier) {
	for _, r := range []struct {
		name, doc, body string
		fold            func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual)
	}{
		{
			"dotRows", "inner products", "s = fma(q[j], float32(row[j]), s)",
			func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) { VFMADD231PS(b, a, acc) },
		},
		{
			"squaredRows", "squared Euclidean distances", "d := q[j]-float32(row[j]); s = fma(d, d, s)",
			func(a reg.VecVirtual, b operand.Op, acc reg.VecVirtual) {
				VSUBPS(b, a, a)
				VFMADD231PS(a, a, acc)
			},
		},
	} {
		accumulators := func() []block {
			acc := make([]block, chains)
			for i := range acc {
				acc[i] = t.block()
				t.zero(acc[i])
			}
			return acc
		}
		rowKernel{
			name: r.name + t.suffix, dst: "float32", q: "float32", rows: "float32", shift: 2,
			doc: floatRowsDoc(r.name+t.suffix, r.doc, r.body, "16"),
			row: func(w *rowWalk) reg.Register {
				acc := accumulators()
				w.lines(chains, func(offset reg.GPVirtual, i int, _ bool) {
					w.fetchAhead(offset, line*i)
					v := t.block()
					t.load(v, operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: line * i})
					for p := range v {
						r.fold(v[p], operand.Mem{Base: w.q, Index: offset, Scale: 1, Disp: line*i + p*t.bytes()}, acc[i][p])
					}
				})
				return t.foldChains(acc)
			},
		}.emit()
		rowKernel{
			name: r.name + "F16" + t.suffix, dst: "float32", q: "float32", rows: "uint16", shift: 1,
			doc: floatRowsDoc(r.name+"F16"+t.suffix, r.doc, r.body, "32"),
			row: func(w *rowWalk) reg.Register {
				acc := accumulators()
				// A line holds two blocks: two lines feed the four sums, the lines left the first.
				w.lines(chains/2, func(offset reg.GPVirtual, i int, left bool) {
					for half := range 2 {
						disp, sum := line*i+line/2*half, acc[0]
						if !left {
							sum = acc[2*i+half]
						}
						for p, v := range t.block() {
							VCVTPH2PS(operand.Mem{Base: w.row, Index: offset, Scale: 1, Disp: disp + p*t.bytes()/2}, v)
							r.fold(v, operand.Mem{Base: w.q, Index: offset, Scale: 2, Disp: 2*disp + p*t.bytes()}, sum[p])
						}
					}
				})
				return t.foldChains(acc)
			},
		}.emit()
	}
}

// foldChains reduces four blocks of sums to one sum, in the order of dot.
func (t tier) foldChains(acc []block) reg.Register {
	each(func(r ...reg.VecVirtual) {
		VADDPS(r[1], r[0], r[0])
		VADDPS(r[3], r[2], r[2])
		VADDPS(r[2], r[0], r[0])
	}, acc...)
	return t.fold(acc[0], func(x, y, dst operand.Op) { VADDPS(x, y, dst) })
}
