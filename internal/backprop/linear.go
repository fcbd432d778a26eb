// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"github.com/winnow-search/winnow/internal/kernel"
)

// spread says how the features of one side of a linear layer lie in rows of
// activations: count heads of size features, each padded to kernel.Align. A plain side is one head.
type spread struct{ count, size int }

func (s spread) features() int { return s.count * s.size }
func (s spread) padded() int   { return kernel.Pad(s.size) }
func (s spread) width() int    { return s.count * s.padded() }

// at is where feature i lies in a row.
func (s spread) at(i int) int { return i/s.size*s.padded() + i%s.size }

// part is a weight with its bias: y = (x·Wᵀ + b)·scale.
type part struct {
	weight, bias *Parameter
	scale        float32
}

// linear is one or several linear layers of one input, their outputs side by
// side. Weights are packed for both directions by [linear.pack].
type linear struct {
	parts    []part
	in, out  spread
	forward  *kernel.Matrix // in × outputs
	backward *kernel.Matrix // outputs × in; nil where no gradient goes further
}

func newLinear(f kernel.Format, in, out spread, parts ...part) *linear {
	l := &linear{parts: parts, in: in, out: out}
	l.forward = kernel.NewMatrix(f, in.depth(), len(parts)*out.width())
	l.backward = kernel.NewMatrix(f, len(parts)*out.width(), in.width())
	return l
}

// depth is the length of a product over this side: features of a plain side
// need no padding.
func (s spread) depth() int {
	if s.count == 1 {
		return s.size
	}
	return s.width()
}

// width is that of rows of outputs.
func (l *linear) width() int { return len(l.parts) * l.out.width() }

// pack makes products use the parameters' present values.
func (l *linear) pack() {
	in, width := l.in.features(), l.in.width()
	rows := make([]float32, l.width()*width) // as activations lie
	bias := make([]float32, l.width())
	for n, p := range l.parts {
		for o := range l.out.features() {
			at := n*l.out.width() + l.out.at(o)
			bias[at] = p.bias.Value[o] * p.scale
			from, to := p.weight.Value[o*in:][:in], rows[at*width:][:width]
			for h := range l.in.count {
				copy(to[h*l.in.padded():], from[h*l.in.size:][:l.in.size])
			}
			if p.scale != 1 {
				for i := range to {
					to[i] *= p.scale
				}
			}
		}
	}
	l.backward.SetRows(rows, width, width)
	if depth := l.in.depth(); depth < width { // the forward product leaves the padding out
		for o := range l.width() {
			copy(rows[o*depth:], rows[o*width:][:depth])
		}
	}
	l.forward.SetColumns(0, rows[:l.width()*l.in.depth()], bias)
}

// blockRows and blockColumns bound the part of a weight's gradient that is
// summed at once, so that it stays in the cache; blockTokens are the tokens of one turn.
const (
	blockRows    = 192
	blockColumns = 384
	blockTokens  = 256
)

// block is a part of the gradient of one part of a linear layer: outputs [rows, rowsEnd)
// and inputs [columns, columnsEnd), all as activations lie.
type block struct {
	*linear
	part                int
	rows, rowsEnd       int
	columns, columnsEnd int
	dy, x               activations
}

// activations are rows of floats, stride apart.
type activations struct {
	rows   []float32
	stride int
	count  int
}

func (a activations) from(column int) activations {
	if len(a.rows) > 0 {
		a.rows = a.rows[column:]
	}
	return a
}

// blocks are the units of work that add the gradients of l's parameters, for
// outputs with gradients dy and inputs x.
func (l *linear) blocks(list []block, dy, x activations) []block {
	for n, p := range l.parts {
		if p.weight.Gradient == nil && p.bias.Gradient == nil {
			continue
		}
		for r := 0; r < l.out.width(); r += blockRows {
			for c := 0; c < l.in.width(); c += blockColumns {
				list = append(list, block{
					linear: l, part: n, dy: dy.from(n * l.out.width()), x: x,
					rows: r, rowsEnd: min(r+blockRows, l.out.width()), columns: c, columnsEnd: min(c+blockColumns, l.in.width()),
				})
			}
		}
	}
	return list
}

// blockScratch is what one worker needs for a block.
type blockScratch struct {
	sum, a, b, bias []float32
	words, aw, bw   []uint32
	ones            []float32
}

// add computes the block and adds it to the gradients.
func (b *block) add(f kernel.Format, s *blockScratch) {
	m, n := b.rowsEnd-b.rows, b.columnsEnd-b.columns
	s.sum, s.bias, s.ones = sized(s.sum, m*n), sized(s.bias, m), sized(s.ones, blockTokens)
	clear(s.sum)
	clear(s.bias)
	for i := range s.ones {
		s.ones[i] = 1
	}
	for t := 0; t < b.dy.count; t += blockTokens {
		k := min(blockTokens, b.dy.count-t)
		dy, x := b.dy.rows[t*b.dy.stride+b.rows:], b.x.rows[t*b.x.stride+b.columns:]
		if b.columns == 0 {
			kernel.AddOuterRow(s.bias, s.ones[:k], dy, b.dy.stride, m)
		}
		if f == kernel.Float32 {
			s.a, s.b = sized(s.a, blockTokens*m), sized(s.b, blockTokens*n)
			kernel.PanelRows(s.a, dy, b.dy.stride, k, m)
			kernel.PanelRows(s.b, x, b.x.stride, k, n)
			kernel.AddOuter(s.sum, n, s.a, m, s.b, n, k)
			continue
		}
		depth := kernel.Pad(k) / 2
		s.aw, s.bw = sized(s.aw, depth*m), sized(s.bw, depth*n)
		s.halves(s.aw, dy, b.dy.stride, k, m)
		s.halves(s.bw, x, b.x.stride, k, n)
		kernel.AddOuterBF16(s.sum, n, s.aw, m, s.bw, n, depth)
	}
	b.store(s, n)
}

// halves rounds k rows of n floats into panels of pairs.
func (s *blockScratch) halves(panels []uint32, x []float32, stride, k, n int) {
	s.words = sized(s.words, k*n/2)
	for i := range k {
		kernel.RoundBF16(s.words[i*n/2:][:n/2], x[i*stride:][:n])
	}
	kernel.Interleave(panels, s.words, n/2, k, n)
}

// store adds a block's sums to the gradients, without the padding.
func (b *block) store(s *blockScratch, n int) {
	p, in := b.parts[b.part], b.in.features()
	for o := range b.out.features() {
		at := b.out.at(o)
		if at < b.rows || at >= b.rowsEnd {
			continue
		}
		at -= b.rows
		if p.bias.Gradient != nil && b.columns == 0 {
			p.bias.Gradient[o] += s.bias[at] * p.scale
		}
		if p.weight.Gradient == nil {
			continue
		}
		sum, gradient := s.sum[at*n:][:n], p.weight.Gradient[o*in:][:in]
		for h := range b.in.count { // of each head, what lies in these columns
			first := h * b.in.padded()
			from, to := max(b.columns, first), min(b.columnsEnd, first+b.in.size)
			if from >= to {
				continue
			}
			kernel.AddScaled(gradient[h*b.in.size+from-first:], sum[from-b.columns:to-b.columns], p.scale)
		}
	}
}
