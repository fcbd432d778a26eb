// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// process carries the chunk in hand through the encoder. All members call it.
func (t *team) process(m int) {
	t.embed(m)
	last := len(t.layers) - 1
	rows := t.x
	for i, l := range t.layers {
		if t.halt(m) {
			return
		}
		first := i == last && t.options.First
		if first {
			t.gather(m)
			rows = t.first
		}
		t.attend(m, l, rows, first)
		t.feedForward(m, l, rows)
	}
	if t.halt(m) {
		return
	}
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, len(t.starts)-1)
	for s := from; s < to; s++ {
		a, b := t.starts[s], t.starts[s+1]
		if t.options.First {
			a, b = s, s+1
		}
		t.visit(t.chunk.from+s, rows[a*stride:b*stride], stride)
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
		x := t.x[i*stride:][:stride]
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
}

// gather copies the rows of first tokens together. Only they go on.
func (t *team) gather(m int) {
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, len(t.starts)-1)
	for s := from; s < to; s++ {
		copy(t.first[s*stride:][:stride], t.x[t.starts[s]*stride:])
	}
	t.wait()
}

// product is member m's share of c = a·w + bias for all rows of a.
func (t *team) product(m int, c []float32, ldc int, a []float32, lda int, w *kernel.Matrix, accumulate bool) {
	from, to := t.columns(m, w.N, kernel.Align)
	kernel.Multiply(c, ldc, a, lda, len(a)/lda, w, from, to, accumulate)
}

// attend replaces rows by norm(rows + attention(rows)). With first, rows are
// those of first tokens, which attend to all tokens of their sequences in x.
func (t *team) attend(m int, l *layer, rows []float32, first bool) {
	stride, width := kernel.Pad(t.config.Hidden), l.query.N
	t.product(m, t.query, width, rows, stride, l.query, false)
	t.product(m, t.keyValue, 2*width, t.x, stride, l.keyValue, false)
	t.wait()
	from, to := t.share(m, (len(t.starts)-1)*t.config.Heads)
	for i := from; i < to; i++ {
		seq, head := i/t.config.Heads, i%t.config.Heads
		a, b := t.starts[seq], t.starts[seq+1]
		if first {
			a, b = seq, seq+1
		}
		t.head(&t.scratch[m], head, t.starts[seq], t.starts[seq+1], a, b, width)
	}
	t.wait()
	n := len(rows) / stride
	t.product(m, t.y, stride, t.context[:n*width], width, l.attention, false)
	t.wait()
	t.residual(m, rows, l.attended)
}

// head computes attention, softmax(Q·Kᵀ)·V (Vaswani et al. 2017), of one head
// for the queries [a, b) over the keys [from, to). Q is scaled already.
func (t *team) head(s *attentionScratch, head, from, to, a, b, width int) {
	size := t.config.Hidden / t.config.Heads
	padded := width / t.config.Heads
	keys := to - from
	columns := kernel.Pad(keys)
	k := t.keyValue[from*2*width+head*padded:]
	v := t.keyValue[from*2*width+width+head*padded:]
	kernel.Transpose(s.keys, k, 2*width, keys, size)
	for ; a < b; a += queryRows {
		n := min(queryRows, b-a)
		scores := s.scores[:n*columns]
		kernel.MultiplyPanels(scores, columns, t.query[a*width+head*padded:], width, n, size, s.keys, columns)
		for i := range n {
			row := scores[i*columns:][:columns]
			for j := keys; j < columns; j++ {
				row[j] = float32(math.Inf(-1))
			}
			kernel.Softmax(row)
		}
		kernel.MultiplyRows(t.context[a*width+head*padded:], width, scores, columns, n, keys, v, 2*width, padded)
	}
}

// feedForward replaces rows by norm(rows + down(activation(up(rows)))), a
// block of the intermediate columns at a time.
func (t *team) feedForward(m int, l *layer, rows []float32) {
	stride := kernel.Pad(t.config.Hidden)
	n := len(rows) / stride
	block := innerBlock(n, l.up.N)
	for from := 0; from < l.up.N; from += block {
		width := min(block, l.up.N-from)
		inner := t.inner[:n*width]
		up := l.up.Columns(from, from+width)
		a, b := t.columns(m, width, kernel.Align)
		kernel.Multiply(inner, width, rows, stride, n, &up, a, b, false)
		for i := range n {
			t.activate(inner[i*width+a : i*width+b])
		}
		t.wait()
		depth := min(l.down.K, from+width) - from
		if depth > 0 {
			down := l.down.Rows(from, from+depth)
			c, d := t.columns(m, down.N, kernel.Align)
			kernel.Multiply(t.y, stride, inner, width, n, &down, c, d, from > 0)
		}
		t.wait()
	}
	t.residual(m, rows, l.done)
}

// residual replaces rows by the layer norm of rows + y; it ends with a barrier.
func (t *team) residual(m int, rows []float32, w norm) {
	stride := kernel.Pad(t.config.Hidden)
	from, to := t.share(m, len(rows)/stride)
	for i := from; i < to; i++ {
		x := rows[i*stride:][:stride]
		kernel.LayerNorm(x, x, t.y[i*stride:], w.gamma, w.beta, t.config.Hidden, t.config.Epsilon)
	}
	t.wait()
}
