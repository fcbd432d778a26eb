// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/index/segment"
)

// check verifies every byte and link: checksums, numbers in range, no node linked to itself or twice, upper layers as the
// seed gives them, and a way from the entry point to every row in layer 0. It takes memory for two numbers a row.
// progress is told of the rows of layer 0, where nearly all links are.
func (g *graph) check(ctx context.Context, progress func(rows int)) error {
	for _, s := range []*segment.Section{g.layers[0].section, g.orderSection} {
		if s != nil {
			if err := s.VerifyAll(); err != nil {
				return err
			}
		}
	}
	if err := g.checkOrder(); err != nil {
		return err
	}
	for level := range g.layers {
		told := progress
		if level > 0 {
			told = func(int) {}
		}
		if err := g.layers[level].check(ctx, told); err != nil {
			return fmt.Errorf("hnsw: layer %d: %w", level, err)
		}
	}
	if r := g.reachAll(); len(r.queue) != g.n {
		lost := slices.Index(r.parents, noNode)
		err := fmt.Errorf("hnsw: %d of %d rows cannot be reached, row %d the first: rebuild the index's vectors", g.n-len(r.queue), g.n, lost)
		if l := &g.layers[0]; l.section != nil {
			return l.section.Corrupt(4*lost*l.width, err)
		}
		return err
	}
	return nil
}

// checkOrder checks that the nodes of upper layers are rows in the order of the seed.
func (g *graph) checkOrder() error {
	for i := range g.order {
		row, err := g.row(1, uint32(i))
		if err != nil {
			return err
		}
		if i > 0 && position(g.seed, g.order[i-1]) >= position(g.seed, row) {
			err := fmt.Errorf("hnsw: row %d is out of the order of insertion: rebuild the index's vectors", row)
			if g.orderSection != nil {
				return g.orderSection.Corrupt(4*i, err)
			}
			return err
		}
	}
	return nil
}

// check checks the links of all nodes.
func (l *layer) check(ctx context.Context, progress func(nodes int)) error {
	const nodesPerCheck = 1 << 14
	sorted := make([]uint32, 0, l.width)
	for node := range uint32(l.nodes) {
		if node%nodesPerCheck == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(int(node))
		}
		list, err := l.list(node)
		if err != nil {
			return err
		}
		sorted = append(sorted[:0], list...)
		slices.Sort(sorted)
		end := false
		for i, link := range list {
			switch {
			case link == noNode:
				end = true
			case end, int(link) >= l.nodes, link == node:
				return l.corrupt(node, link)
			}
			if i > 0 && sorted[i] != noNode && sorted[i] == sorted[i-1] {
				return l.corrupt(node, sorted[i])
			}
		}
	}
	return nil
}
