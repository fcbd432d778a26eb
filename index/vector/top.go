// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"
	"math/bits"
	"slices"
)

// Hit is one found vector.
type Hit struct {
	Row   int     // position in the order of adding
	Score float32 // by the index's metric, higher is nearer
}

// before is the order of hits: higher score first, then the lower row. A NaN, which products of huge values can give, comes
// last. Rows differ, so the order is total.
func (h Hit) before(o Hit) bool {
	switch {
	case h.Score > o.Score:
		return true
	case h.Score < o.Score:
		return false
	}
	hNaN, oNaN := h.Score != h.Score, o.Score != o.Score
	if hNaN != oNaN {
		return oNaN
	}
	return h.Row < o.Row
}

func compareHits(a, b Hit) int {
	switch {
	case a.before(b):
		return -1
	case b.before(a):
		return 1
	}
	return 0
}

// top keeps the k first hits of those added: a heap with the last of them at the root. Since the order is total, what it
// keeps does not depend on the order of adding.
type top struct {
	k       int
	heap    []Hit
	ordered bool // heap has the hits in order, and is no heap
}

func newTop(k int) top { return top{k: k, heap: make([]Hit, 0, k)} }

// add offers the scores of consecutive rows.
func (t *top) add(first int, scores []float32) {
	for i, s := range scores {
		if len(t.heap) == t.k && s < t.heap[0].Score {
			continue // the common case
		}
		t.push(Hit{first + i, s})
	}
}

func (t *top) push(h Hit) {
	if len(t.heap) < t.k {
		t.heap = append(t.heap, h)
		t.up(len(t.heap) - 1)
		return
	}
	if h.before(t.heap[0]) {
		t.heap[0] = h
		t.down()
	}
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[parent].before(t.heap[i]) {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *top) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if right := child + 1; right < len(t.heap) && t.heap[child].before(t.heap[right]) {
			child = right
		}
		if !t.heap[i].before(t.heap[child]) {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}

// sorted returns the hits, best first. The heap is used up.
func (t *top) sorted() []Hit {
	if t.ordered {
		return t.heap
	}
	slices.SortFunc(t.heap, compareHits)
	return t.heap
}

// join adds what another one kept. Either both are in order or none is.
func (t *top) join(o *top) {
	if !t.ordered {
		for _, h := range o.heap {
			t.push(h)
		}
		return
	}
	a, b := t.heap, o.heap
	t.heap = make([]Hit, 0, min(t.k, len(a)+len(b)))
	for len(t.heap) < cap(t.heap) {
		if len(b) == 0 || len(a) > 0 && a[0].before(b[0]) {
			t.heap, a = append(t.heap, a[0]), a[1:]
		} else {
			t.heap, b = append(t.heap, b[0]), b[1:]
		}
	}
}

// addRows offers the scores of listed rows.
func (t *top) addRows(rows []uint32, scores []float32) {
	for i, row := range rows {
		if s := scores[i]; len(t.heap) < t.k || !(s < t.heap[0].Score) { // a NaN is to go on
			t.push(Hit{int(row), s})
		}
	}
}

// threshold is the score below which nothing is kept any more, -Inf while everything is.
func (t *top) threshold() float32 {
	if len(t.heap) < t.k {
		return float32(math.Inf(-1))
	}
	return t.heap[0].Score
}

// appendBits appends base plus the number of each bit that is set, as far as it is below limit.
func appendBits(rows []uint32, word uint64, base, limit int) []uint32 {
	for ; word != 0; word &= word - 1 {
		row := base + bits.TrailingZeros64(word)
		if row >= limit {
			break
		}
		rows = append(rows, uint32(row))
	}
	return rows
}
