// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/internal/kernel"
)

// hopsPerCheck is how many nodes a walk visits between two looks at its context.
const hopsPerCheck = 128

// walker is the memory of one walk through a graph: reused, so that a search allocates nothing but its hits.
type walker struct {
	seen    []uint64 // a bit a node of the layer
	nodes   []uint32 // those whose bits are set
	rows    []uint32 // of nodes of an upper layer
	scores  []float32
	beam    beam
	next    [1]uint32
	entries []uint64 // keys of nodes of layer 1
	ahead   frontier // of filtered walks

	visited, scored int
}

func (g *graph) newWalker() *walker {
	if w, ok := g.pool.Get().(*walker); ok {
		w.visited, w.scored = 0, 0
		return w
	}
	return &walker{seen: make([]uint64, (g.n+63)/64)}
}

// forget clears the bits of all nodes seen.
func (w *walker) forget() {
	if len(w.nodes) > len(w.seen) {
		clear(w.seen)
	} else {
		for _, node := range w.nodes {
			w.seen[node>>6] = 0
		}
	}
	w.nodes = w.nodes[:0]
}

// see marks a node as seen.
func (w *walker) see(node uint32) {
	w.seen[node>>6] |= 1 << (node & 63)
	w.nodes = append(w.nodes, node)
}

// rowsOf gives the rows of some nodes of a layer.
func (g *graph) rowsOf(w *walker, level int, nodes []uint32) ([]uint32, error) {
	if level == 0 {
		return nodes, nil
	}
	w.rows = w.rows[:0]
	for _, node := range nodes {
		row, err := g.row(level, node)
		if err != nil {
			return nil, err
		}
		w.rows = append(w.rows, row)
	}
	return w.rows, nil
}

// row is the row of a node of a layer.
func (g *graph) row(level int, node uint32) (uint32, error) {
	if level == 0 {
		return node, nil
	}
	if g.orderSection != nil {
		if err := g.orderSection.Verify(4*int(node), 4); err != nil {
			return 0, err
		}
	}
	row := g.order[node]
	if int(row) >= g.n {
		err := fmt.Errorf("node %d of an upper layer is row %d of %d: rebuild the index's vectors", node, row, g.n)
		if g.orderSection == nil {
			return 0, err
		}
		return 0, g.orderSection.Corrupt(4*int(node), err)
	}
	return row, nil
}

// score compares rows with the query. The scores are good until the next call.
func (w *walker) score(sc Scorer, rows []uint32) ([]float32, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	if len(rows) > len(w.scores) {
		w.scores = make([]float32, 2*len(rows))
	}
	scores := w.scores[:len(rows)]
	w.scored += len(rows)
	return scores, sc.Gather(scores, rows)
}

// begin puts a first node into an empty beam.
func (g *graph) begin(w *walker, sc Scorer, level int, node uint32, ef int) error {
	w.forget()
	w.beam.reset(ef)
	w.see(node)
	rows, err := g.rowsOf(w, level, w.nodes)
	if err != nil {
		return err
	}
	scores, err := w.score(sc, rows)
	if err != nil {
		return err
	}
	w.beam.add(beamKey(scores[0], node))
	return nil
}

// unseen appends a node's neighbours that were not seen before to w.nodes, marks them, and returns them.
func (w *walker) unseen(l *layer, node uint32) ([]uint32, error) {
	list, err := l.list(node)
	if err != nil {
		return nil, err
	}
	count := len(w.nodes)
	if cap(w.nodes) < count+len(list) {
		w.nodes = append(make([]uint32, 0, 2*(count+len(list))), w.nodes...)
	}
	fresh := w.nodes[count : count+len(list)]
	k := 0
	for _, link := range list {
		if int(link) >= l.nodes {
			if link == noNode {
				break
			}
			w.nodes = w.nodes[:count+k]
			return nil, l.corrupt(node, link)
		}
		word, bit := &w.seen[link>>6], uint64(1)<<(link&63)
		fresh[k] = link
		if *word&bit == 0 {
			k++
		}
		*word |= bit
	}
	w.nodes = w.nodes[:count+k]
	return fresh[:k], nil
}

// expect fetches the links of the node to be visited next into the cache, if none of those that are compared meanwhile comes
// before it.
func (w *walker) expect(l *layer) {
	for _, key := range w.beam.keys[w.beam.cursor:] {
		if key&1 != 0 {
			w.next[0] = keyNode(key)
			kernel.PrefetchRows(raw(l.links), 4*l.width, 4*l.width, w.next[:])
			return
		}
	}
}

// walk visits the best node of the beam until the best ones are visited.
func (g *graph) walk(ctx context.Context, w *walker, sc Scorer, level int) error {
	l := &g.layers[level]
	for hop := 1; ; hop++ {
		node, ok := w.beam.next()
		if !ok {
			return nil
		}
		if hop%hopsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.visited++
		nodes, err := w.unseen(l, node)
		if err != nil {
			return err
		}
		rows, err := g.rowsOf(w, level, nodes)
		if err != nil {
			return err
		}
		w.expect(l)
		scores, err := w.score(sc, rows)
		if err != nil {
			return err
		}
		worst := w.beam.worst()
		for i, score := range scores {
			if key := beamKey(score, nodes[i]); key > worst {
				w.beam.add(key)
				worst = w.beam.worst()
			}
		}
	}
}

// descend goes from the entry point down to layer to, in each layer above it to the nearest node found by following the best
// neighbour. It returns a node of layer to.
func (g *graph) descend(w *walker, sc Scorer, to int) (uint32, error) {
	top := len(g.layers) - 1
	if top > to {
		if err := g.begin(w, sc, top, 0, 1); err != nil {
			return 0, err
		}
		best := w.beam.keys[0]
		for level := top; level > to; level-- {
			var err error
			if best, err = g.climb(w, sc, level, best); err != nil {
				return 0, err
			}
		}
		return g.below(to, keyNode(best))
	}
	return g.below(to, 0)
}

// below is the number in layer level of a node that the order has at position.
func (g *graph) below(level int, position uint32) (uint32, error) {
	if level > 0 {
		return position, nil
	}
	return g.row(1, position)
}

// climb follows the best neighbour in a layer until none is better.
func (g *graph) climb(w *walker, sc Scorer, level int, best uint64) (uint64, error) {
	l := &g.layers[level]
	for {
		node := keyNode(best)
		list, err := l.list(node)
		if err != nil {
			return 0, err
		}
		for i, link := range list {
			if int(link) >= l.nodes {
				if link != noNode {
					return 0, l.corrupt(node, link)
				}
				list = list[:i]
				break
			}
		}
		rows, err := g.rowsOf(w, level, list)
		if err != nil {
			return 0, err
		}
		scores, err := w.score(sc, rows)
		if err != nil {
			return 0, err
		}
		w.visited++
		before := best
		for i, score := range scores {
			best = max(best, beamKey(score, list[i]))
		}
		if best == before {
			return best, nil
		}
	}
}
