// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"github.com/winnow-search/winnow/internal/kernel"
)

// process carries the chunk in hand through the encoder. All members call it.
func (t *team) process(m int) {
	t.embed(m)
	last := len(t.layers) - 1
	s := &t.x
	for i, l := range t.layers {
		if t.halt(m) {
			return
		}
		first := i == last && t.firstOnly()
		if first {
			t.gather(m)
			s = &t.first
		}
		t.attend(m, l, s, first)
		t.feedForward(m, l, s)
	}
	if t.halt(m) {
		return
	}
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, len(t.starts)-1)
	for seq := from; seq < to; seq++ {
		a, b := t.starts[seq], t.starts[seq+1]
		if t.firstOnly() {
			a, b = seq, seq+1
		}
		t.visit(t.chunk.from+seq, s.rows[a*stride:b*stride], stride)
	}
}

// embed sets x to the layer norm of word + type + position embeddings.
func (t *team) embed(m int) {
	hidden, stride := t.config.Hidden, kernel.Pad(t.config.Hidden)
	from, to := t.share(m, t.tokens)
	base := int(t.batch.Starts[t.chunk.from])
	seq := 0
	for i := from; i < to; i++ {
		for i >= t.starts[seq+1] {
			seq++
		}
		x := t.x.rows[i*stride:][:stride]
		if err := t.words.Float32(x[:hidden], int(t.batch.IDs[base+i])*hidden); err != nil {
			t.fail(err)
			return
		}
		clear(x[hidden:])
		segment := 0
		if t.batch.Types != nil {
			segment = int(t.batch.Types[base+i])
		}
		for j, v := range t.types[segment*stride:][:hidden] {
			x[j] += v
		}
		kernel.LayerNorm(x, x, t.positions[(i-t.starts[seq])*stride:], t.embeddings.gamma, t.embeddings.beta, hidden, t.config.Epsilon)
	}
	t.x.input.Convert(from, to)
}

// gather copies the rows of first tokens together. Only they go on.
func (t *team) gather(m int) {
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, len(t.starts)-1)
	for s := from; s < to; s++ {
		copy(t.first.rows[s*stride:][:stride], t.x.rows[t.starts[s]*stride:])
	}
	t.first.input.Convert(from, to)
	t.wait()
}

// product is member m's share of c = a·w + bias for n rows of a.
func (t *team) product(m int, c []float32, ldc int, a *kernel.Input, n int, w *kernel.Matrix, accumulate bool) {
	from, to := t.columns(m, w.N, kernel.Align)
	kernel.Multiply(c, ldc, a, n, w, from, to, accumulate)
}

// attend replaces s by norm(s + attention(s)). With first, s are the states of
// first tokens, which attend to all tokens of their sequences in x.
func (t *team) attend(m int, l *layer, s *states, first bool) {
	width := l.query.N
	t.product(m, t.query, width, &s.input, s.count, l.query, false)
	t.product(m, t.keyValue, 2*width, &t.x.input, t.x.count, l.keyValue, false)
	t.wait()
	t.heads(m, s, width, first)
	t.wait()
	context := t.contextInput.Input(t.options.Format, t.context, width, s.count, width)
	context.Convert(t.share(m, s.count))
	t.wait()
	t.product(m, t.y, kernel.Pad(t.config.Hidden), &context, s.count, l.attention, false)
	t.wait()
	t.residual(m, s, l.attended)
}

// feedForward replaces s by norm(s + down(activation(up(s)))), a block of the
// intermediate columns at a time.
func (t *team) feedForward(m int, l *layer, s *states) {
	n := s.count
	stride, block := kernel.Pad(t.config.Hidden), innerBlock(n, l.up.N)
	for from := 0; from < l.down.K; from += block {
		width := min(block, l.up.N-from)
		inner := t.inner[:n*width]
		up := l.up.Columns(from, from+width)
		t.product(m, inner, width, &s.input, n, &up, false)
		t.wait()
		depth := min(l.down.K-from, width)
		input := t.innerInput.Input(t.options.Format, inner, width, n, depth)
		for i, to := t.share(m, n); i < to; i++ {
			t.activate(inner[i*width:][:width])
			input.Convert(i, i+1)
		}
		t.wait()
		down := l.down.Rows(from, from+depth)
		t.product(m, t.y, stride, &input, n, &down, from > 0)
		t.wait()
	}
	t.residual(m, s, l.done)
}

// residual replaces s by the layer norm of s + y; it ends with a barrier.
func (t *team) residual(m int, s *states, w norm) {
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, s.count)
	for i := from; i < to; i++ {
		x := s.rows[i*stride:][:stride]
		kernel.LayerNorm(x, x, t.y[i*stride:], w.gamma, w.beta, t.config.Hidden, t.config.Epsilon)
	}
	s.input.Convert(from, to)
	t.wait()
}
