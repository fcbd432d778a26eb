// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// heads computes attention, softmax(Q·Kᵀ)·V (Vaswani et al. 2017), of all heads
// into context. Q is scaled already. width is that of all heads; with first,
// there is one query for each sequence.
func (t *team) heads(m int, s *states, width int, first bool) {
	attend := t.head
	if t.half {
		query := t.queryInput.Input(kernel.BFloat16, t.query, width, s.count, width)
		keyValue := t.keyValueInput.Input(kernel.BFloat16, t.keyValue, 2*width, t.x.count, 2*width)
		query.Convert(t.share(m, s.count))
		keyValue.Convert(t.share(m, t.x.count))
		t.wait()
		attend = func(h attention) { t.halfHead(h, &query, &keyValue) }
	}
	from, to := t.share(m, (len(t.starts)-1)*t.config.Heads)
	for i := from; i < to; i++ {
		seq := i / t.config.Heads
		h := attention{
			attentionScratch: &t.scratch[m], head: i % t.config.Heads, width: width,
			size: t.config.Hidden / t.config.Heads, padded: width / t.config.Heads,
			from: t.starts[seq], to: t.starts[seq+1], a: t.starts[seq], b: t.starts[seq+1],
		}
		if first {
			h.a, h.b = seq, seq+1
		}
		attend(h)
	}
}

// attention is one head of one sequence.
type attention struct {
	*attentionScratch
	head, width  int
	size, padded int // features of a head
	from, to     int // keys and values, by token
	a, b         int // queries, by row
}

// softmax makes weights of n rows of scores.
func (h attention) softmax(n, columns int) {
	for i := range n {
		row := h.scores[i*columns:][:columns]
		for j := h.to - h.from; j < columns; j++ {
			row[j] = float32(math.Inf(-1))
		}
		kernel.Softmax(row)
	}
}

func (t *team) head(h attention) {
	keys := h.to - h.from
	columns, first := kernel.Pad(keys), h.head*h.padded
	k := t.keyValue[h.from*2*h.width+first:]
	v := t.keyValue[h.from*2*h.width+h.width+first:]
	kernel.Transpose(h.keys, k, 2*h.width, keys, h.size)
	for a := h.a; a < h.b; a += queryRows {
		n := min(queryRows, h.b-a)
		scores := h.scores[:n*columns]
		kernel.MultiplyPanels(scores, columns, t.query[a*h.width+first:], h.width, n, h.size, h.keys, columns)
		h.softmax(n, columns)
		kernel.MultiplyRows(t.context[a*h.width+first:], h.width, scores, columns, n, keys, v, 2*h.width, h.padded)
	}
}

// halfHead is head with Q, K, V and the weights rounded to bfloat16.
func (t *team) halfHead(h attention, query, keyValue *kernel.Input) {
	keys, deep := h.to-h.from, h.padded/2 // words of a head's features
	columns, first := kernel.Pad(keys), h.head*deep
	q, ldq := query.Words()
	kv, ldkv := keyValue.Words()
	kernel.Transpose(h.half.keys, kv[h.from*ldkv+first:], ldkv, keys, deep)
	kernel.Interleave(h.half.values, kv[h.from*ldkv+h.width/2+first:], ldkv, keys, h.padded)
	for a := h.a; a < h.b; a += queryRows {
		n := min(queryRows, h.b-a)
		kernel.MultiplyBF16(h.scores, columns, q[a*ldq+first:], ldq, n, deep, h.half.keys, columns)
		h.softmax(n, columns)
		weights := h.half.weights[:n*columns/2]
		kernel.RoundBF16(weights, h.scores[:n*columns])
		kernel.MultiplyBF16(t.context[a*h.width+h.head*h.padded:], h.width, weights, columns/2, n, columns/2, h.half.values, h.padded)
	}
}
