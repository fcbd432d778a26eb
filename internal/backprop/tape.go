// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/transformer"
)

// chunkTokens is about how many tokens a worker carries through the layers at
// once; their activations stay in its cache.
const chunkTokens = 160

// chunk is a run of whole sequences [from, to) of a batch.
type chunk struct{ from, to int }

// plan cuts a batch into chunks, whatever the number of workers.
func plan(b transformer.Batch) (list []chunk) {
	tokens := 0
	for i := range b.Len() {
		n := int(b.Starts[i+1] - b.Starts[i])
		if len(list) == 0 || tokens+n > chunkTokens {
			list, tokens = append(list, chunk{i, i}), 0
		}
		list[len(list)-1].to = i + 1
		tokens += n
	}
	return list
}

// Tape is what a forward pass leaves for the backward pass, which uses it up. Its memory serves
// the next forward pass.
type Tape struct {
	batch  transformer.Batch
	chunks []chunk
	seed   uint64
	drop   bool

	sums   []float32 // word + position + type embeddings: the input of the first norm
	layers []layerTape
	states []float32 // the result
}

// layerTape is what a layer keeps of each row, which is a token, or a sequence's first token in the last layer of Options.First.
type layerTape struct {
	rows     int
	query    []float32 // heads of Q
	keyValue []float32 // heads of K, then of V; of all tokens in any case
	context  []float32 // what attention gives, by heads
	attended []float32 // the input of the norm after attention
	inner    []float32 // the input of the activation
	done     []float32 // the input of the last norm
}

// fit makes the tape ready for a batch.
func (t *Tape) fit(e *Encoder, b transformer.Batch) {
	t.batch, t.chunks = b, plan(b)
	n, hidden := len(b.IDs), kernel.Pad(e.config.Hidden)
	heads, inner := e.layers[0].query.width(), e.layers[0].up.width()
	t.sums = sized(t.sums, n*hidden)
	if len(t.layers) != len(e.layers) {
		t.layers = make([]layerTape, len(e.layers))
	}
	for i := range t.layers {
		l := &t.layers[i]
		l.rows = n
		if e.first(i) {
			l.rows = b.Len()
		}
		l.query, l.keyValue = sized(l.query, l.rows*heads), sized(l.keyValue, n*2*heads)
		l.context = sized(l.context, l.rows*heads)
		l.attended, l.done = sized(l.attended, l.rows*hidden), sized(l.done, l.rows*hidden)
		l.inner = sized(l.inner, l.rows*inner)
	}
	t.states = sized(t.states, t.layers[len(t.layers)-1].rows*hidden)
}

// first says whether a layer has first tokens alone for rows.
func (e *Encoder) first(layer int) bool { return e.options.First && layer == len(e.layers)-1 }

// States is the result of the forward pass: the last hidden state of each
// token, or with Options.First of each sequence's first, in rows stride floats apart.
func (t *Tape) States() (rows []float32, stride int) {
	last := &t.layers[len(t.layers)-1]
	return t.states, len(t.states) / max(last.rows, 1)
}

// tokens is the range of a chunk's tokens.
func (t *Tape) tokens(c chunk) (from, to int) {
	return int(t.batch.Starts[c.from]), int(t.batch.Starts[c.to])
}

// rows is the range of a chunk's rows in a layer.
func (t *Tape) rows(c chunk, first bool) (from, to int) {
	if first {
		return c.from, c.to
	}
	return t.tokens(c)
}

// scratch is what a worker needs for a chunk.
type scratch struct {
	x, gathered, y, inner []float32
	buffer                kernel.Buffer
	attention             attentionScratch
	block                 blockScratch
}

// product computes c = a·w + bias for n rows of a, or adds to c.
func (s *scratch) product(f kernel.Format, c []float32, ldc int, a []float32, stride, n, depth int, w *kernel.Matrix, add bool) {
	s.buffer.Fit(f, n, depth)
	in := s.buffer.Input(f, a, stride, n, depth)
	in.Convert(0, n)
	kernel.Multiply(c, ldc, &in, n, w, 0, w.N, add)
}
