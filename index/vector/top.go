// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import "slices"

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
	k    int
	heap []Hit
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
	slices.SortFunc(t.heap, compareHits)
	return t.heap
}
