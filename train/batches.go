// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"cmp"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/winnow-search/winnow/train/dataset"
)

// bucket is how many batches are sorted by length together: their texts become alike in
// length, which keeps the work of a step even, while what is in a batch stays random enough.
const bucket = 16

// bucketBytes is how much text is sorted together at most.
const bucketBytes = 64 << 20

// batches cuts an epoch's rows into batches, in an order that depends on the seed and the epoch alone, or in their own. The
// last batch may be short.
func (o *Options) batches(rows iter.Seq2[dataset.Row, error], epoch int) iter.Seq2[[]dataset.Row, error] {
	if o.InOrder {
		return chunks(rows, o.BatchSize)
	}
	seed := o.Seed + uint64(epoch)*0x9e3779b97f4a7c15
	return func(yield func([]dataset.Row, error) bool) {
		order := rand.New(rand.NewPCG(seed, 0xba7c))
		var held []dataset.Row
		bytes := 0
		flush := func() bool {
			slices.SortStableFunc(held, func(a, b dataset.Row) int { return cmp.Compare(a.Size(), b.Size()) })
			list := slices.Collect(slices.Chunk(held, o.BatchSize))
			order.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			for _, b := range list {
				if !yield(slices.Clone(b), nil) {
					return false
				}
			}
			clear(held)
			held, bytes = held[:0], 0
			return true
		}
		for row, err := range dataset.Shuffle(rows, o.Buffer, seed) {
			if err != nil {
				yield(nil, err)
				return
			}
			held = append(held, row)
			bytes += row.Size()
			full := len(held) == bucket*o.BatchSize || bytes > bucketBytes && len(held)%o.BatchSize == 0
			if full && !flush() {
				return
			}
		}
		flush()
	}
}

// chunks cuts rows into batches as they come.
func chunks(rows iter.Seq2[dataset.Row, error], size int) iter.Seq2[[]dataset.Row, error] {
	return func(yield func([]dataset.Row, error) bool) {
		var held []dataset.Row
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if held = append(held, row); len(held) < size {
				continue
			}
			if !yield(held, nil) {
				return
			}
			held = nil
		}
		if len(held) > 0 {
			yield(held, nil)
		}
	}
}
