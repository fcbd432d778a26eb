// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import "github.com/winnow-search/winnow/internal/kernel"

// queryRows is how many rows of attention scores are held at once: whole tiles
// of AVX2 and AVX-512, and little enough to stay in L1 or L2.
const queryRows = 42

// blockFloats bounds the part of the intermediate activations held at once.
const blockFloats = 1 << 16

// arena is the memory a team works in. Row widths are padded to kernel.Align
// and what lies in the padding is always zero.
type arena struct {
	starts []int // of the chunk's sequences, from its first token; and the end
	tokens int

	x        states    // hidden states of all tokens
	first    states    // those of first tokens, in the last layer of Options.First
	query    []float32 // heads of Q
	keyValue []float32 // heads of K, then of V
	context  []float32 // what attention gives, by heads
	y        []float32 // what a sublayer adds to the states
	inner    []float32 // a block of the intermediate activations

	// What products read of context and inner.
	contextInput, innerInput kernel.Buffer
	// The same of query and keyValue, for attention in bfloat16.
	queryInput, keyValueInput kernel.Buffer

	scratch []attentionScratch // for each member
}

// states is a number of hidden states: the floats that sublayers add to, and
// what products read of them.
type states struct {
	rows   []float32
	count  int
	buffer kernel.Buffer
	input  kernel.Input
}

func (s *states) fit(e *Encoder, count int) {
	stride := kernel.Pad(e.config.Hidden)
	s.rows, s.count = sized(s.rows, count*stride), count
	s.buffer.Fit(e.options.Format, count, e.config.Hidden)
	s.input = s.buffer.Input(e.options.Format, s.rows, stride, count, e.config.Hidden)
}

// attentionScratch is what one member needs for one head of one sequence.
type attentionScratch struct {
	keys   []float32 // K transposed into panels
	scores []float32 // a block of rows
	half   struct{ keys, values, weights []uint32 }
}

// takeArena returns an arena for a team.
func (e *Encoder) takeArena(members int) *arena {
	a, _ := e.arenas.Get().(*arena)
	if a == nil {
		a = &arena{}
	}
	for len(a.scratch) < members {
		a.scratch = append(a.scratch, attentionScratch{})
	}
	return a
}

// sized returns a buffer of n elements, the old one if it is large enough.
func sized[T float32 | uint32](buffer []T, n int) []T {
	if cap(buffer) < n {
		return make([]T, n)
	}
	return buffer[:n]
}

// fit makes the arena ready for a chunk.
func (a *arena) fit(e *Encoder, b Batch, c chunk) {
	a.starts = a.starts[:0]
	longest := 0
	for i := c.from; i <= c.to; i++ {
		a.starts = append(a.starts, int(b.Starts[i]-b.Starts[c.from]))
	}
	for i := c.from; i < c.to; i++ {
		longest = max(longest, b.length(i))
	}
	n := a.starts[len(a.starts)-1]
	a.tokens = n
	hidden, heads := kernel.Pad(e.config.Hidden), e.layers[0].query.N
	a.x.fit(e, n)
	a.y = sized(a.y, n*hidden)
	a.query = sized(a.query, n*heads)
	a.keyValue = sized(a.keyValue, n*2*heads)
	a.context = sized(a.context, n*heads)
	a.contextInput.Fit(e.options.Format, n, heads)
	columns := e.layers[0].up.N
	block := innerBlock(n, columns)
	inner := n * block
	a.innerInput.Fit(e.options.Format, n, block)
	if e.options.First {
		// The last layer has fewer rows, and a wider block may suit them.
		rows := c.to - c.from
		a.first.fit(e, rows)
		block = innerBlock(rows, columns)
		inner = max(inner, rows*block)
		a.innerInput.Fit(e.options.Format, rows, block)
	}
	a.inner = sized(a.inner, inner)
	keys := kernel.Pad(longest)
	for i := range a.scratch {
		s := &a.scratch[i]
		s.scores = sized(s.scores, queryRows*keys)
		if !e.half {
			s.keys = sized(s.keys, keys*e.config.Hidden/e.config.Heads)
			continue
		}
		head := heads / e.config.Heads
		s.half.keys = sized(s.half.keys, keys*head/2)
		s.half.values = sized(s.half.values, keys*head/2)
		s.half.weights = sized(s.half.weights, queryRows*keys/2)
	}
	if e.half {
		a.queryInput.Fit(kernel.BFloat16, n, heads)
		a.keyValueInput.Fit(kernel.BFloat16, n, 2*heads)
	}
}

// innerBlock is how many of the intermediate columns to compute at once for n
// rows, so that they stay in L2 between the two products.
func innerBlock(n, columns int) int {
	block := max(blockFloats/n, kernel.Group) / kernel.Group * kernel.Group
	return min(block, columns)
}
