// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/transformer"
)

// Pass says how a forward pass is to be made.
type Pass struct {
	// Dropout switches the encoder's dropout on. Passes of one seed over one batch
	// have the same masks.
	Dropout bool
	Seed    uint64
}

// Forward runs the encoder over a batch. The tape holds the states, and all
// that [Encoder.Backward] needs; it must not be in use.
func (e *Encoder) Forward(t *Tape, b transformer.Batch, p Pass) error {
	if err := b.Check(e.config); err != nil {
		return err
	}
	t.fit(e, b)
	t.seed, t.drop = p.Seed, p.Dropout
	Parallel(e.options.Threads, len(t.chunks), func(w, i int) { e.forward(t, t.chunks[i], e.workers[w]) })
	return nil
}

// forward carries one chunk through all layers.
func (e *Encoder) forward(t *Tape, c chunk, s *scratch) {
	from, to := t.tokens(c)
	hidden := kernel.Pad(e.config.Hidden)
	s.x, s.y = sized(s.x, (to-from)*hidden), sized(s.y, (to-from)*hidden)
	e.embed(t, c)
	e.input(t, 0, from, to, s.x)
	for i := range e.layers {
		e.attend(t, c, i, s)
		e.feedForward(t, c, i, s)
		if i+1 < len(e.layers) {
			e.input(t, i+1, from, to, s.x)
		}
	}
	last := &t.layers[len(e.layers)-1]
	a, b := t.rows(c, e.options.First)
	e.layers[len(e.layers)-1].done.rows(t.states, last.done, a, b, e.config)
}

// embed adds up the embeddings of a chunk's tokens.
func (e *Encoder) embed(t *Tape, c chunk) {
	n, stride := e.config.Hidden, kernel.Pad(e.config.Hidden)
	for seq := c.from; seq < c.to; seq++ {
		start := int(t.batch.Starts[seq])
		for i := start; i < int(t.batch.Starts[seq+1]); i++ {
			row, segment := t.sums[i*stride:][:stride], 0
			if t.batch.Types != nil {
				segment = int(t.batch.Types[i])
			}
			word := e.words.Value[int(t.batch.IDs[i])*n:][:n]
			position, kind := e.positions.Value[(i-start)*n:][:n], e.types.Value[segment*n:][:n]
			for j, v := range word {
				row[j] = v + kind[j] + position[j]
			}
			clear(row[n:])
		}
	}
}

// rows sets the rows [from, to) of dst to the layer norm of those of x.
func (n *norm) rows(dst, x []float32, from, to int, c transformer.Config) {
	stride := kernel.Pad(c.Hidden)
	zeros := make([]float32, stride)
	for i := from; i < to; i++ {
		kernel.LayerNorm(dst[i*stride:][:stride], x[i*stride:][:stride], zeros, n.g, n.b, c.Hidden, c.Epsilon)
	}
}

// input sets dst to the hidden states of the tokens [from, to) that go into a layer.
func (e *Encoder) input(t *Tape, layer, from, to int, dst []float32) {
	stride := kernel.Pad(e.config.Hidden)
	if layer > 0 {
		e.layers[layer-1].done.rows(dst, t.layers[layer-1].done[from*stride:], 0, to-from, e.config)
		return
	}
	e.embeddings.rows(dst, t.sums[from*stride:], 0, to-from, e.config)
	if t.drop && e.options.Dropout > 0 {
		for i := from; i < to; i++ {
			kernel.Dropout(dst[(i-from)*stride:][:stride], t.key(-1, 0, i), e.options.Dropout)
		}
	}
}

// drop applies the mask of a sublayer's result to its rows [from, to) in x.
func (e *Encoder) drop(t *Tape, layer int, s site, x []float32, from, to int) {
	if !t.drop || e.options.Dropout == 0 {
		return
	}
	stride := kernel.Pad(e.config.Hidden)
	for i := from; i < to; i++ {
		token := i
		if e.first(layer) {
			token = int(t.batch.Starts[i])
		}
		kernel.Dropout(x[(i-from)*stride:][:stride], t.key(layer, s, token), e.options.Dropout)
	}
}

// gather copies the first tokens' rows of x, the chunk's, together.
func gather(dst, x []float32, t *Tape, c chunk, stride int) {
	base := int(t.batch.Starts[c.from])
	for seq := c.from; seq < c.to; seq++ {
		copy(dst[(seq-c.from)*stride:][:stride], x[(int(t.batch.Starts[seq])-base)*stride:])
	}
}

// attend computes the layer's attention, of the states x, up to the sum that its norm takes.
func (e *Encoder) attend(t *Tape, c chunk, layer int, s *scratch) {
	l, m, f, n := &t.layers[layer], e.layers[layer], e.options.Format, e.config.Hidden
	stride, width := kernel.Pad(n), m.query.width()
	from, to := t.tokens(c)
	a, b := t.rows(c, e.first(layer))
	x := s.x
	if e.first(layer) {
		s.gathered = sized(s.gathered, (b-a)*stride)
		gather(s.gathered, s.x, t, c, stride)
		x = s.gathered
	}
	s.product(f, l.query[a*width:], width, x, stride, b-a, n, m.query.forward, false)
	s.product(f, l.keyValue[from*2*width:], 2*width, s.x, stride, to-from, n, m.keyValue.forward, false)
	e.eachHead(t, c, layer, func(h *head) { h.forward(&s.attention) })
	s.product(f, s.y, stride, l.context[a*width:], width, b-a, width, m.attention.forward, false)
	e.drop(t, layer, afterAttention, s.y, a, b)
	kernel.Add(l.attended[a*stride:b*stride], x, s.y)
}

// feedForward computes the layer's second half up to the sum that its norm takes.
func (e *Encoder) feedForward(t *Tape, c chunk, layer int, s *scratch) {
	l, m, f := &t.layers[layer], e.layers[layer], e.options.Format
	stride, width := kernel.Pad(e.config.Hidden), m.up.width()
	a, b := t.rows(c, e.first(layer))
	x := s.x[:(b-a)*stride]
	m.attended.rows(x, l.attended[a*stride:], 0, b-a, e.config)
	inner := l.inner[a*width : b*width]
	s.product(f, inner, width, x, stride, b-a, e.config.Hidden, m.up.forward, false)
	s.inner = sized(s.inner, len(inner))
	copy(s.inner, inner)
	e.activate(s.inner)
	s.product(f, s.y, stride, s.inner, width, b-a, m.up.out.depth(), m.down.forward, false)
	e.drop(t, layer, afterDown, s.y, a, b)
	kernel.Add(l.done[a*stride:b*stride], x, s.y)
}
