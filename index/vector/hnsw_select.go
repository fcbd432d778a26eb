// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import "slices"

// closer is how much nearer to a candidate than the node itself a taken one must be to hide it: the inverse of what Vamana
// calls alpha (Subramanya et al. 2019). Somewhat less than 1 keeps some more links and finds more at the same work.
const closer = 0.95

// candidate is a node that may be linked.
type candidate struct {
	node  uint32
	clean bool // it does not hide others of this kind, nor do they hide it
	score float32
	bound float32 // the score with a taken candidate from which on that one hides it
}

// choice is the memory of choosing links: candidates, and after [builder.choose] those that were taken.
type choice struct {
	left   []candidate
	nodes  []uint32
	scores []float32

	rows    []uint32
	against []float32
}

// propose adds a candidate to a worker's choice. Distance, for the heuristic, is how far a score falls short of the
// candidate's score with itself: half the squared distance of rows of one length (see [evenRows]), the distance itself under
// Euclidean.
func (b *builder) propose(c *choice, level int, node uint32, score float32, clean bool) {
	distance := max(b.selves[b.rowAt(level, node)]-score, 0)
	c.left = append(c.left, candidate{node, clean, score, score + (1-closer)*distance})
}

// choose takes at most most of the candidates, which are in order, by the heuristic of algorithm 4 of the paper: a candidate
// is left out if one that was taken is nearer to it than the node is, for then the way leads over that one. Equal is near
// enough: else a node with many copies had links to nothing but copies.
//
// All that one taken candidate hides are found by one call of its Scorer, which is the same work as comparing each with
// those taken before, in other order.
func (b *builder) choose(w *worker, level, most int) error {
	c := &w.choice
	c.nodes, c.scores = c.nodes[:0], c.scores[:0]
	for left := c.left; len(left) > 0 && len(c.nodes) < most; {
		taken := left[0]
		left = left[1:]
		c.nodes = append(c.nodes, taken.node)
		c.scores = append(c.scores, taken.score)
		c.rows = c.rows[:0]
		for _, o := range left {
			if !taken.clean || !o.clean {
				c.rows = append(c.rows, b.rowAt(level, o.node))
			}
		}
		if len(c.rows) == 0 || len(c.nodes) == most {
			continue
		}
		c.against = slices.Grow(c.against[:0], len(c.rows))[:len(c.rows)]
		w.other = b.storage.RowQueryInto(int(b.rowAt(level, taken.node)), w.other)
		if err := w.other.Gather(c.against, c.rows); err != nil {
			return err
		}
		k, j := 0, 0
		for _, o := range left {
			if !taken.clean || !o.clean {
				hidden := c.against[j] >= o.bound
				j++
				if hidden {
					continue
				}
			}
			left[k] = o
			k++
		}
		left = left[:k]
	}
	return nil
}

// rowAt is the row of a node.
func (b *builder) rowAt(level int, node uint32) uint32 {
	if level == 0 {
		return node
	}
	return b.graph.order[node]
}

// store writes the taken candidates as the links of a node.
func (b *builder) store(level int, node uint32, c *choice) {
	l, s := &b.layers[level], &b.sides[level]
	at := int(node) * l.width
	taken := copy(l.links[at:at+l.width], c.nodes)
	copy(s.scores[at:at+l.width], c.scores)
	for i := at + taken; i < at+l.width; i++ {
		l.links[i] = noNode
	}
	s.chosen[node] = uint16(taken)
}

// link adds links to a node, and chooses among all when they are too many.
func (b *builder) link(w *worker, back []backlink) error {
	level, target := back[0].level, back[0].target
	l, s := &b.layers[level], &b.sides[level]
	at := int(target) * l.width
	list, scores := l.links[at:at+l.width], s.scores[at:at+l.width]
	count := slices.Index(list, noNode)
	if count < 0 {
		count = l.width
	}
	if count+len(back) <= l.width {
		for i, add := range back {
			list[count+i], scores[count+i] = add.node, add.score
		}
		return nil
	}
	c := &w.choice
	c.left = c.left[:0]
	for i, node := range list[:count] {
		b.propose(c, level, node, scores[i], i < int(s.chosen[target]))
	}
	for _, add := range back {
		b.propose(c, level, add.node, add.score, false)
	}
	slices.SortFunc(c.left, func(x, y candidate) int {
		if beamKey(x.score, x.node) > beamKey(y.score, y.node) {
			return -1
		}
		return 1
	})
	if err := b.choose(w, level, l.width); err != nil {
		return err
	}
	b.store(level, target, c)
	return nil
}
