// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"

	"github.com/winnow-search/winnow/internal/bitset"
)

// scanRows is how many rows a scan compares at once.
const scanRows = 256

// frontier is a heap of beam keys, the best at the root.
type frontier []uint64

func (f *frontier) push(key uint64) {
	h := append(*f, key)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent] >= key {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = key
	*f = h
}

func (f *frontier) pop() uint64 {
	h := *f
	best, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*f = h
	if len(h) == 0 {
		return best
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[right] > h[child] {
			child = right
		}
		if h[child] <= last {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return best
}

// take returns the best node to be visited next, unless the beam is full of better ones.
func (w *walker) take() (node uint32, ok bool) {
	if len(w.ahead) == 0 || w.ahead[0] < w.beam.worst() {
		return 0, false
	}
	return keyNode(w.ahead.pop()), true
}

// walkFiltered walks as walk does and keeps the allowed rows. It compares all rows (wayWide), or leads over allowed ones
// (wayShort): a neighbour that is not allowed is not compared, its own allowed neighbours are taken instead (ACORN-1, Patel et
// al. 2024, arXiv:2403.04871); where there are none, it goes on over those that are not allowed. That may miss allowed rows
// that are far from others.
func (g *graph) walkFiltered(ctx context.Context, w *walker, by way, sc Scorer, entry uint32, limit int, allowed *bitset.Set) error {
	if err := g.begin(w, sc, 0, entry, limit); err != nil {
		return err
	}
	w.ahead = append(w.ahead[:0], w.beam.keys[0])
	if !allowed.Contains(int(entry)) {
		w.beam.reset(limit)
	}
	l := &g.layers[0]
	for hop := 1; ; hop++ {
		node, ok := w.take()
		if !ok {
			return nil
		}
		if hop%hopsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.visited++
		nodes, err := w.unseen(l, node)
		if err == nil && by == wayShort {
			nodes, err = w.shorten(l, nodes, allowed)
		}
		if err != nil {
			return err
		}
		scores, err := w.score(sc, nodes)
		if err != nil {
			return err
		}
		for i, score := range scores {
			key := beamKey(score, nodes[i])
			if key <= w.beam.worst() {
				continue
			}
			w.ahead.push(key)
			if allowed.Contains(int(nodes[i])) {
				w.beam.add(key)
			}
		}
	}
}

// shorten returns the allowed ones of some nodes, and the allowed neighbours of the others that were not seen before, which it
// marks; or, if there are none, the nodes themselves.
func (w *walker) shorten(l *layer, nodes []uint32, allowed *bitset.Set) ([]uint32, error) {
	w.rows = w.rows[:0]
	for _, node := range nodes {
		if allowed.Contains(int(node)) {
			w.rows = append(w.rows, node)
		}
	}
	for _, node := range nodes {
		if allowed.Contains(int(node)) {
			continue
		}
		if err := w.beyond(l, node, allowed); err != nil {
			return nil, err
		}
	}
	if len(w.rows) == 0 {
		return nodes, nil
	}
	return w.rows, nil
}

// beyond appends a node's allowed neighbours that were not seen before to w.rows, and marks them.
func (w *walker) beyond(l *layer, node uint32, allowed *bitset.Set) error {
	list, err := l.list(node)
	if err != nil {
		return err
	}
	for _, link := range list {
		if int(link) >= l.nodes {
			if link == noNode {
				break
			}
			return l.corrupt(node, link)
		}
		bit := uint64(1) << (link & 63)
		if w.seen[link>>6]&bit != 0 || !allowed.Contains(int(link)) {
			continue
		}
		w.seen[link>>6] |= bit
		w.nodes = append(w.nodes, link)
		w.rows = append(w.rows, link)
	}
	return nil
}

// scan compares all allowed rows, or all rows if that is nil.
func (g *graph) scan(ctx context.Context, w *walker, sc Scorer, limit int, allowed *bitset.Set) error {
	w.beam.reset(limit)
	w.rows = w.rows[:0]
	if allowed == nil {
		allowed = bitset.Full(g.n)
	}
	for row := range allowed.All() {
		if w.rows = append(w.rows, uint32(row)); len(w.rows) < scanRows {
			continue
		}
		if err := w.keep(sc); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return w.keep(sc)
}

// keep compares w.rows with the query, puts those that are good enough into the beam, and empties it.
func (w *walker) keep(sc Scorer) error {
	scores, err := w.score(sc, w.rows)
	if err != nil {
		return err
	}
	worst := w.beam.worst()
	for i, score := range scores {
		if key := beamKey(score, w.rows[i]); key > worst {
			w.beam.add(key)
			worst = w.beam.worst()
		}
	}
	w.rows = w.rows[:0]
	return nil
}
