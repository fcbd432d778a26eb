// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"github.com/winnow-search/winnow/internal/kernel"
)

// backBuffers are the gradients of one layer's activations, and of what its
// weights are multiplied with. Like those of a tape, rows are tokens, or first tokens.
type backBuffers struct {
	d           []float32 // of the states that leave the layer, then of those that enter
	first       []float32 // d of the layer of first tokens
	down, inner []float32 // of the outputs of the two products of its second half
	attention   []float32 // of the output of the product after attention
	x, gathered []float32 // the layer's input; that of its first tokens
	middle      []float32 // the input of its second half
	norms       []float32 // of each chunk: gradients of two norms
	blocks      []block
}

// fit makes the buffers ready for the tape.
func (k *backBuffers) fit(e *Encoder, t *Tape) {
	n, hidden, inner := len(t.batch.IDs), kernel.Pad(e.config.Hidden), e.layers[0].up.width()
	rows := n
	if e.options.First && len(e.layers) == 1 {
		rows = t.batch.Len()
	}
	k.d, k.x = sized(k.d, n*hidden), sized(k.x, n*hidden)
	k.first, k.gathered = sized(k.first, t.batch.Len()*hidden), sized(k.gathered, t.batch.Len()*hidden)
	k.down, k.attention, k.middle = sized(k.down, rows*hidden), sized(k.attention, rows*hidden), sized(k.middle, rows*hidden)
	k.inner = sized(k.inner, rows*inner)
	k.norms = sized(k.norms, len(t.chunks)*4*hidden)
}

// Backward adds to the gradients of all parameters, given those of the tape's
// states in d, in rows as [Tape.States] has them. It changes d and uses up the tape. Layers
// below the lowest with a parameter to train are left out.
func (e *Encoder) Backward(t *Tape, d []float32) {
	lowest := e.lowest()
	if lowest >= len(e.layers) || len(t.chunks) == 0 {
		return
	}
	k := &e.back
	k.fit(e, t)
	copy(k.d, d)
	if e.options.First {
		copy(k.first, d)
	}
	for i := len(e.layers) - 1; i >= max(lowest, 0); i-- {
		e.layerBackward(t, i, i > lowest)
	}
	if lowest < 0 {
		e.embeddingsBackward(t)
	}
}

// layerBackward goes back through one layer. further says whether anything before it needs its gradient.
func (e *Encoder) layerBackward(t *Tape, layer int, further bool) {
	m, l, k := e.layers[layer], &t.layers[layer], &e.back
	Parallel(e.options.Threads, len(t.chunks), func(w, i int) {
		e.chunkBackward(t, t.chunks[i], layer, further, k.norms[i*4*kernel.Pad(e.config.Hidden):], e.workers[w])
	})
	e.normGradients(m.done, 0)
	e.normGradients(m.attended, 2)

	hidden, inner, width := kernel.Pad(e.config.Hidden), m.up.width(), m.query.width()
	tokens := len(t.batch.IDs)
	x := activations{k.x, hidden, tokens}
	rows := x
	if e.first(layer) {
		rows = activations{k.gathered, hidden, l.rows}
	}
	k.blocks = k.blocks[:0]
	k.blocks = m.down.blocks(k.blocks, activations{k.down, hidden, l.rows}, activations{l.inner, inner, l.rows})
	k.blocks = m.up.blocks(k.blocks, activations{k.inner, inner, l.rows}, activations{k.middle, hidden, l.rows})
	k.blocks = m.attention.blocks(k.blocks, activations{k.attention, hidden, l.rows}, activations{l.context, width, l.rows})
	k.blocks = m.query.blocks(k.blocks, activations{l.query, width, l.rows}, rows)
	k.blocks = m.keyValue.blocks(k.blocks, activations{l.keyValue, 2 * width, tokens}, x)
	Parallel(e.options.Threads, len(k.blocks), func(w, i int) { k.blocks[i].add(e.options.Format, &e.workers[w].block) })
}

// chunkBackward computes the gradients of one chunk's activations in a layer.
// The tape's queries, keys and values become their gradients, its inner values those after activation.
func (e *Encoder) chunkBackward(t *Tape, c chunk, layer int, further bool, norms []float32, s *scratch) {
	m, l, k, f := e.layers[layer], &t.layers[layer], &e.back, e.options.Format
	stride, wide, width := kernel.Pad(e.config.Hidden), m.up.width(), m.query.width()
	first := e.first(layer)
	from, to := t.tokens(c)
	a, b := t.rows(c, first)
	d := k.d[a*stride : b*stride]
	if first {
		d = k.first[a*stride : b*stride]
	}
	norms = norms[:4*stride]
	clear(norms)

	// The second half: norm, dropout, product, activation, product.
	e.normBackward(d, l.done[a*stride:], m.done, norms[:stride], norms[stride:2*stride])
	down := k.down[a*stride : b*stride]
	copy(down, d)
	e.drop(t, layer, afterDown, down, a, b)
	inner := k.inner[a*wide : b*wide]
	s.product(f, inner, wide, down, stride, b-a, stride, m.down.backward, false)
	e.activateBackward(inner, l.inner[a*wide:b*wide])
	s.product(f, d, stride, inner, wide, b-a, wide, m.up.backward, true)
	m.attended.rows(k.middle[a*stride:], l.attended[a*stride:], 0, b-a, e.config)

	// The first half: norm, dropout, product, heads, products.
	e.normBackward(d, l.attended[a*stride:], m.attended, norms[2*stride:3*stride], norms[3*stride:])
	attention := k.attention[a*stride : b*stride]
	copy(attention, d)
	e.drop(t, layer, afterAttention, attention, a, b)
	s.y = sized(s.y, (b-a)*width)
	s.product(f, s.y, width, attention, stride, b-a, stride, m.attention.backward, false)
	e.eachHead(t, c, layer, func(h *head) {
		h.backward(&s.attention, s.y[(h.a-a)*width+h.number*h.padded:])
	})
	x := k.x[from*stride : to*stride]
	e.input(t, layer, from, to, x)
	if first {
		gather(k.gathered[a*stride:b*stride], x, t, c, stride)
	}
	if !further {
		return
	}
	s.product(f, d, stride, l.query[a*width:], width, b-a, width, m.query.backward, true)
	all := k.d[from*stride : to*stride]
	s.product(f, all, stride, l.keyValue[from*2*width:], 2*width, to-from, 2*width, m.keyValue.backward, !first)
	if !first {
		return
	}
	for seq := c.from; seq < c.to; seq++ {
		row := all[(int(t.batch.Starts[seq])-from)*stride:][:stride]
		kernel.Add(row, row, d[(seq-a)*stride:])
	}
}

// normBackward goes back through a norm of the rows of x, in place.
func (e *Encoder) normBackward(d, x []float32, n norm, dgamma, dbeta []float32) {
	stride := kernel.Pad(e.config.Hidden)
	for i := 0; i < len(d); i += stride {
		kernel.LayerNormBackward(d[i:][:stride], x[i:], d[i:], n.g, dgamma, dbeta, e.config.Hidden, e.config.Epsilon)
	}
}

// normGradients adds up a norm's gradients over the chunks, which have gamma's at place and beta's after it.
func (e *Encoder) normGradients(n norm, place int) {
	stride := kernel.Pad(e.config.Hidden)
	for i, p := range []*Parameter{n.gamma, n.beta} {
		if p.Gradient == nil {
			continue
		}
		for c := (place + i) * stride; c < len(e.back.norms); c += 4 * stride {
			kernel.AddScaled(p.Gradient, e.back.norms[c:][:e.config.Hidden], 1)
		}
	}
}

// embeddingsBackward goes back through the embeddings' norm and adds each
// token's gradient to its rows of the tables.
func (e *Encoder) embeddingsBackward(t *Tape) {
	k, n, stride := &e.back, e.config.Hidden, kernel.Pad(e.config.Hidden)
	Parallel(e.options.Threads, len(t.chunks), func(_, i int) {
		from, to := t.tokens(t.chunks[i])
		norms := k.norms[i*4*stride:][:4*stride]
		clear(norms)
		if t.drop && e.options.Dropout > 0 {
			for j := from; j < to; j++ {
				kernel.Dropout(k.d[j*stride:][:stride], t.key(-1, 0, j), e.options.Dropout)
			}
		}
		e.normBackward(k.d[from*stride:to*stride], t.sums[from*stride:], e.embeddings, norms[:stride], norms[stride:2*stride])
	})
	e.normGradients(e.embeddings, 0)

	// Tokens may share rows: each worker has columns of its own, and takes all tokens in order.
	const columns = 32
	Parallel(e.options.Threads, (n+columns-1)/columns, func(_, i int) {
		a, b := i*columns, min((i+1)*columns, n)
		for seq := range t.batch.Len() {
			start := int(t.batch.Starts[seq])
			for j := start; j < int(t.batch.Starts[seq+1]); j++ {
				d, segment := k.d[j*stride:][a:b], 0
				if t.batch.Types != nil {
					segment = int(t.batch.Types[j])
				}
				e.words.add(int(t.batch.IDs[j])*n+a, d)
				e.positions.add((j-start)*n+a, d)
				e.types.add(segment*n+a, d)
			}
		}
	})
}

// add adds d to the gradient from an element on.
func (p *Parameter) add(from int, d []float32) {
	if p.Gradient != nil {
		kernel.AddScaled(p.Gradient[from:], d, 1)
	}
}
