// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"fmt"
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// MemoryError is a run that needs more memory than there is.
type MemoryError struct {
	Needed, Free int64 // bytes
	Activations  int64 // of Needed, what a part of a batch takes
	Chunk        int   // tokens of that part
}

// Error implements error.
func (e *MemoryError) Error() string {
	gib := func(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }
	return fmt.Sprintf("training needs about %s and %s are free: lower the chunk tokens (%d now, whose activations take %s), freeze layers or embeddings, or take a smaller model",
		gib(e.Needed), gib(e.Free), e.Chunk, gib(e.Activations))
}

// memory estimates what a run takes, in bytes: all of it, and the activations. judged says that the best values are kept, too.
func (t *Task) memory(judged bool) (all, activations int64) {
	c := t.network.model.Config
	hidden, inner := kernel.Pad(c.Hidden), kernel.Pad(c.Intermediate)
	heads := c.Heads * kernel.Pad(c.Hidden/c.Heads)
	// A tape keeps of each token in each layer queries, keys, values, contexts and the inputs of activation and norms; the way
	// back adds one layer's gradients.
	tape := c.Layers*(4*heads+2*hidden+inner) + 2*hidden
	back := 5*hidden + inner
	activations = int64(min(t.options.ChunkTokens, math.MaxInt32)) * int64(tape+back) * 4
	for _, p := range t.network.parameters() {
		n := int64(len(p.Value)) * 4
		copies := int64(1)
		if p.Gradient != nil {
			copies += 3 // the gradient and AdamW's means
			if t.options.Average > 0 {
				copies++
			}
			if judged {
				copies++
			}
		}
		if len(p.Shape) > 1 && p.Layer >= 0 {
			copies += 2 // packed for both directions
		}
		all += n * copies
	}
	return all + activations, activations
}

// checkMemory refuses a run that cannot fit, where free memory is known. longest is the tokens of the largest batch.
func (t *Task) checkMemory(longest int, judged bool) error {
	free := freeMemory()
	all, activations := t.memory(judged)
	if t.options.ChunkTokens > longest { // no part will be as large
		used := int64(float64(activations) * float64(longest) / float64(t.options.ChunkTokens))
		all, activations = all-activations+used, used
	}
	if free > 0 && all > free {
		return &MemoryError{Needed: all, Free: free, Activations: activations, Chunk: t.options.ChunkTokens}
	}
	return nil
}
