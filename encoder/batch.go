// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/transformer"
)

// A window is the part of a call's inputs that is tokenised and run at once.
// Its limits bound memory however many inputs there are: a token takes at
// least a byte of text, and no input keeps more tokens than the model takes.
const (
	windowInputs = 4096
	windowBytes  = 4 << 20
)

// sequence is one input as tokens; no types means that all are 0.
type sequence struct {
	ids   []int32
	types []uint8
}

// windows calls run with ranges [from, to) of n inputs that fit into a window.
func windows(n int, size func(i int) int, run func(from, to int) error) error {
	for from := 0; from < n; {
		to, bytes := from, 0
		for to < n && to-from < windowInputs && (to == from || bytes+size(to) <= windowBytes) {
			bytes += size(to)
			to++
		}
		if err := run(from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// tokenize fills the sequences of inputs [from, to), several at a time, and
// packs them. build gets scratch of its worker's own.
func tokenize(ctx context.Context, from, to, threads int, build func(i int, s *scratch) sequence) (transformer.Batch, error) {
	list := make([]sequence, to-from)
	var next atomic.Int64
	var wg sync.WaitGroup
	const stride = 16 // inputs taken at once
	for range min(threads, (len(list)+stride-1)/stride) {
		wg.Go(func() {
			var s scratch
			for ctx.Err() == nil {
				start := int(next.Add(stride)) - stride
				if start >= len(list) {
					return
				}
				for i := start; i < min(start+stride, len(list)); i++ {
					list[i] = build(from+i, &s)
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return transformer.Batch{}, err
	}
	return pack(list), nil
}

// pack puts sequences one after the other.
func pack(list []sequence) transformer.Batch {
	total := 0
	for _, s := range list {
		total += len(s.ids)
	}
	b := transformer.Batch{IDs: make([]int32, 0, total), Starts: make([]int32, 1, len(list)+1)}
	for _, s := range list {
		b.IDs = append(b.IDs, s.ids...)
		b.Types = append(b.Types, s.types...)
		b.Starts = append(b.Starts, int32(len(b.IDs)))
	}
	return b
}

// scratch is a tokenising worker's reusable memory.
type scratch struct{ ids []int32 }
