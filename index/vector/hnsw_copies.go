// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"cmp"
	"slices"
)

// A crowd of equal rows would ruin a graph: they fill every beam that comes near, so that the rows around them get links to
// nothing else. Therefore only the first of equal rows is linked in the usual way. The others, its copies, hang below it as a
// heap does: a copy's links are the first one and then its share of the further copies.

// equal looks for a row equal to the one that a walk was for among the nodes it kept.
func (b *builder) equal(w *worker, level int, row uint32) (uint32, bool) {
	self := b.selves[row]
	for _, key := range w.beam.keys {
		score := keyScore(key)
		if score < self {
			break
		}
		other := b.rowAt(level, keyNode(key))
		if score != self || b.selves[other] != self {
			continue
		}
		// It was linked in an upper layer before it was found to be a copy itself.
		if first := b.copyOf[other]; first != noNode {
			other = first
		}
		return other, true
	}
	return 0, false
}

// linkCopies links all copies, and the first of each crowd from the row it is a copy of, if that has room for it.
func (b *builder) linkCopies(r *reach) {
	var copies []uint32
	for row, of := range b.copyOf {
		if of != noNode {
			copies = append(copies, uint32(row))
		}
	}
	slices.SortFunc(copies, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(b.copyOf[x], b.copyOf[y]), cmp.Compare(x, y))
	})
	l := &b.layers[0]
	share := l.width - 1
	for from := 0; from < len(copies); {
		of := b.copyOf[copies[from]]
		to := from
		for to < len(copies) && b.copyOf[copies[to]] == of {
			to++
		}
		crowd := copies[from:to]
		for i, row := range crowd {
			list := l.links[int(row)*l.width : (int(row)+1)*l.width]
			list[0] = of
			first := min(i*share+1, len(crowd))
			copy(list[1:], crowd[first:min(first+share, len(crowd))])
		}
		b.adopt(r, crowd[0], []uint32{of})
		from = to
	}
}
