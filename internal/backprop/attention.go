// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// queryRows is how many rows of attention scores are held at once.
const queryRows = 48

// attentionScratch is what one worker needs for one head of one sequence.
type attentionScratch struct {
	keys, values []float32 // transposed, in panels
	scores       []float32 // a block of rows
	dropped      []float32 // the weights after dropout
	d            []float32 // gradients of the block's weights, then of its scores
	dq, dk, dv   []float32 // gradients of queries, keys and values
	left, right  []float32 // operands of outer products, in panels
}

// head is one head of one sequence.
type head struct {
	*Encoder
	tape     *Tape
	l        *layerTape
	layer    int
	number   int
	first    bool // of the layer: queries of first tokens alone
	seq      int
	from, to int // keys and values, by token
	a, b     int // queries, by row

	query, keyValue, context []float32 // from the head's first feature on
	width, size, padded      int
}

// eachHead calls do for all heads of a chunk's sequences.
func (e *Encoder) eachHead(t *Tape, c chunk, layer int, do func(h *head)) {
	l := &t.layers[layer]
	width, padded := e.layers[layer].query.width(), kernel.Pad(e.config.Hidden/e.config.Heads)
	for seq := c.from; seq < c.to; seq++ {
		for n := range e.config.Heads {
			h := head{
				Encoder: e, tape: t, l: l, layer: layer, number: n, first: e.first(layer), seq: seq,
				from: int(t.batch.Starts[seq]), to: int(t.batch.Starts[seq+1]),
				width: width, size: e.config.Hidden / e.config.Heads, padded: padded,
				query: l.query[n*padded:], keyValue: l.keyValue[n*padded:], context: l.context[n*padded:],
			}
			h.a, h.b = h.from, h.to
			if h.first {
				h.a, h.b = seq, seq+1
			}
			do(&h)
		}
	}
}

func (h *head) k() []float32 { return h.keyValue[h.from*2*h.width:] }
func (h *head) v() []float32 { return h.keyValue[h.from*2*h.width+h.width:] }

// drop applies the mask of the weights of row a to x.
func (h *head) drop(x []float32, a int) {
	token := a
	if h.first {
		token = h.from
	}
	kernel.Dropout(x, h.tape.key(h.layer, onWeights+site(h.number), token), h.options.AttentionDropout)
}

// weights computes softmax(Q·Kᵀ) for the rows [a, a+n), before dropout. Q is scaled already.
func (h *head) weights(s *attentionScratch, a, n, columns int) {
	kernel.MultiplyPanels(s.scores, columns, h.query[a*h.width:], h.width, n, h.size, s.keys, columns)
	for i := range n {
		row := s.scores[i*columns:][:columns]
		for j := h.to - h.from; j < columns; j++ {
			row[j] = float32(math.Inf(-1))
		}
		kernel.Softmax(row)
	}
}

// forward sets the head's context to softmax(Q·Kᵀ)·V (Vaswani et al. 2017).
func (h *head) forward(s *attentionScratch) {
	keys := h.to - h.from
	columns := kernel.Pad(keys)
	s.keys, s.scores = sized(s.keys, columns*h.size), sized(s.scores, queryRows*columns)
	kernel.Transpose(s.keys, h.k(), 2*h.width, keys, h.size)
	for a := h.a; a < h.b; a += queryRows {
		n := min(queryRows, h.b-a)
		h.weights(s, a, n, columns)
		if h.tape.drop && h.options.AttentionDropout > 0 {
			for i := range n {
				h.drop(s.scores[i*columns:][:columns], a+i)
			}
		}
		kernel.MultiplyRows(h.context[a*h.width:], h.width, s.scores, columns, n, keys, h.v(), 2*h.width, h.padded)
	}
}

// backward replaces the head's queries, keys and values by their gradients, given
// those of its contexts in rows width apart. With weights P = softmax(S), S = Q·Kᵀ and a mask M:
//
//	dV = (P∘M)ᵀ·dC;  dP = (dC·Vᵀ)∘M;  dS = P∘(dP - rowsum(P∘dP));  dQ = dS·K;  dK = dSᵀ·Q
func (h *head) backward(s *attentionScratch, dContext []float32) {
	keys := h.to - h.from
	columns := kernel.Pad(keys)
	s.keys, s.values = sized(s.keys, columns*h.size), sized(s.values, columns*h.size)
	s.scores, s.d = sized(s.scores, queryRows*columns), sized(s.d, queryRows*columns)
	s.dk, s.dv, s.dq = sized(s.dk, columns*h.padded), sized(s.dv, columns*h.padded), sized(s.dq, queryRows*h.padded)
	s.left, s.right = sized(s.left, queryRows*columns), sized(s.right, queryRows*h.padded)
	clear(s.dk)
	clear(s.dv)
	kernel.Transpose(s.keys, h.k(), 2*h.width, keys, h.size)
	kernel.Transpose(s.values, h.v(), 2*h.width, keys, h.size)
	mask := h.tape.drop && h.options.AttentionDropout > 0
	for a := h.a; a < h.b; a += queryRows {
		n := min(queryRows, h.b-a)
		q, dc := h.query[a*h.width:], dContext[(a-h.a)*h.width:]
		h.weights(s, a, n, columns)
		kernel.MultiplyPanels(s.d, columns, dc, h.width, n, h.size, s.values, columns)
		weights := s.scores
		if mask {
			s.dropped = sized(s.dropped, queryRows*columns)
			weights = s.dropped
			copy(weights[:n*columns], s.scores)
			for i := range n {
				h.drop(weights[i*columns:][:columns], a+i)
				h.drop(s.d[i*columns:][:columns], a+i)
			}
		}
		kernel.PanelRows(s.left, weights, columns, n, columns)
		kernel.PanelRows(s.right, dc, h.width, n, h.padded)
		kernel.AddOuter(s.dv, h.padded, s.left, columns, s.right, h.padded, n)
		for i := range n {
			kernel.SoftmaxBackward(s.d[i*columns:][:columns], s.scores[i*columns:][:columns])
		}
		kernel.PanelRows(s.left, s.d, columns, n, columns)
		kernel.PanelRows(s.right, q, h.width, n, h.padded)
		kernel.AddOuter(s.dk, h.padded, s.left, columns, s.right, h.padded, n)
		kernel.MultiplyRows(s.dq, h.padded, s.d, columns, n, keys, h.k(), 2*h.width, h.padded)
		for i := range n {
			copy(q[i*h.width:][:h.padded], s.dq[i*h.padded:])
		}
	}
	k, v := h.k(), h.v()
	for i := range keys {
		copy(k[i*2*h.width:][:h.padded], s.dk[i*h.padded:])
		copy(v[i*2*h.width:][:h.padded], s.dv[i*h.padded:])
	}
}
