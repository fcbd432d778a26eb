// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"errors"
)

// reach is a tree of links that leads from the entry point to every node of layer 0 that can be reached.
type reach struct {
	parents []uint32 // noNode: not reached. The entry point is its own parent.
	queue   []uint32 // nodes reached, in that order
}

// reachAll follows all links of layer 0 from the entry point. Links must have been checked.
func (g *graph) reachAll() *reach {
	r := &reach{parents: make([]uint32, g.n), queue: make([]uint32, 0, g.n)}
	for i := range r.parents {
		r.parents[i] = noNode
	}
	if g.n > 0 {
		r.extend(&g.layers[0], g.order[0], g.order[0])
	}
	return r
}

// extend adds a node below its parent, and all that is reached from it.
func (r *reach) extend(l *layer, node, parent uint32) {
	from := len(r.queue)
	r.parents[node] = parent
	r.queue = append(r.queue, node)
	for ; from < len(r.queue); from++ {
		at := r.queue[from]
		for _, link := range l.links[int(at)*l.width : (int(at)+1)*l.width] {
			if link == noNode {
				break
			}
			if r.parents[link] == noNode {
				r.parents[link] = at
				r.queue = append(r.queue, link)
			}
		}
	}
}

// connect makes every node reachable in layer 0. The choice of neighbours leaves out links that others hide, and with them
// now and then the last one to a node; among many copies of one vector that is the rule. Such a node is linked from the
// nearest node that is reached and has room for it, which may be a link that the tree can do without.
func (b *builder) connect(ctx context.Context) error {
	r := b.reachAll()
	b.linkCopies(r)
	w := b.workers[0]
	tried := 0 // of the queue: these have no room, and will have none
	for row := uint32(0); len(r.queue) < b.n; row++ {
		if r.parents[row] != noNode {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		w.scorer = b.storage.RowQueryInto(int(row), w.scorer)
		if b.adopt(r, row, b.links(row)) {
			continue
		}
		entry, err := b.descend(w.walker, w.scorer, 0)
		if err != nil {
			return err
		}
		if err := b.begin(w.walker, w.scorer, 0, entry, b.ef); err != nil {
			return err
		}
		if err := b.walk(ctx, w.walker, w.scorer, 0); err != nil {
			return err
		}
		near := w.rows[:0]
		for _, key := range w.beam.keys {
			near = append(near, keyNode(key))
		}
		w.rows = near
		if b.adopt(r, row, near) {
			continue
		}
		// All near nodes are full. A tree has fewer links than there is room for, so that some node is not.
		for ; tried < len(r.queue) && !b.adopt(r, row, r.queue[tried:tried+1]); tried++ {
		}
		if tried == len(r.queue) {
			return errors.New("no room for a link to a node that cannot be reached")
		}
	}
	return nil
}

// links is a node's links in layer 0, without the empty places.
func (b *builder) links(node uint32) []uint32 {
	l := &b.layers[0]
	list := l.links[int(node)*l.width : (int(node)+1)*l.width]
	for i, link := range list {
		if link == noNode {
			return list[:i]
		}
	}
	return list
}

// adopt links a node from the first of some others that is reached and has room.
func (b *builder) adopt(r *reach, node uint32, others []uint32) bool {
	l, s := &b.layers[0], &b.sides[0]
	for _, other := range others {
		if r.parents[other] == noNode || other == node {
			continue
		}
		at := int(other) * l.width
		list, scores := l.links[at:at+l.width], s.scores[at:at+l.width]
		place := -1
		for i, link := range list {
			if link == noNode {
				place = i
				break
			}
			if r.parents[link] != other && (place < 0 || beamKey(scores[i], link) < beamKey(scores[place], list[place])) {
				place = i
			}
		}
		if place < 0 {
			continue
		}
		// Kept from being replaced by its place in the tree; its score matters no more.
		list[place] = node
		r.extend(l, node, other)
		return true
	}
	return false
}
