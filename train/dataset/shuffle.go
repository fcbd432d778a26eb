// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"iter"
	"math/rand/v2"
)

// maxHeld is how many bytes of text are held for shuffling, whatever the number of rows.
const maxHeld = 256 << 20

// Size is the number of bytes of a row's texts.
func (r Row) Size() int {
	n := len(r.Anchor) + len(r.Positive)
	for _, t := range r.Negatives {
		n += len(t)
	}
	return n
}

// Shuffle gives rows in an order that depends on the seed alone, holding up to n of them, and up to 256 MiB of text, in memory: each
// that it yields is drawn from those held. Where all rows can be held, all orders are equally likely. An
// error comes as soon as it is met.
func Shuffle(rows iter.Seq2[Row, error], n int, seed uint64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r := rand.New(rand.NewPCG(seed, 0x5eed))
		var held []Row
		bytes := 0
		draw := func() bool {
			i, last := r.IntN(len(held)), len(held)-1
			row := held[i]
			held[i], held[last] = held[last], Row{}
			held = held[:last]
			bytes -= row.Size()
			return yield(row, nil)
		}
		for row, err := range rows {
			if err != nil {
				yield(row, err)
				return
			}
			held = append(held, row)
			bytes += row.Size()
			for len(held) > n || bytes > maxHeld && len(held) > 1 {
				if !draw() {
					return
				}
			}
		}
		for len(held) > 0 {
			if !draw() {
				return
			}
		}
	}
}
