// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Rows are inserted in batches: those of a batch search the graph as it was before the batch. The batch is a part of the
// rows inserted so far, so that few neighbours are missed for being in the same one; ParlayANN (Dobson et al. 2024,
// arXiv:2305.04359) builds in this way. Batches depend on nothing but the number of rows, hence a graph's bytes are the same
// on any number of threads.
const (
	batchPart = 32
	batchMost = 16384
)

// builder is a graph that is being built.
type builder struct {
	*graph
	storage Storage
	threads int
	order   []uint32  // all rows
	upper   []int     // nodes of the upper layers when all are inserted
	sides   []side    // of each layer
	selves  []float32 // the score of each row with itself
	copyOf  []uint32  // an equal row that is linked instead, or noNode
	workers []*worker
	entries []uint32 // of a batch: where the walk in layer 0 begins
	turns   []uint32 // of a batch: the order in which its rows are worked on
}

// side is what only building needs to know of a layer: the score of each link, and how many of a node's first links were
// chosen by the heuristic, so that none of them hides another.
type side struct {
	scores []float32
	chosen []uint16
}

// worker is the memory of one goroutine of a build.
type worker struct {
	*walker
	scorer Scorer // the row that is inserted, or whose links are chosen
	other  Scorer // a chosen neighbour
	choice choice
	back   []backlink
}

// backlink is a link to be added to a node of an older batch: from target to node, at a score.
type backlink struct {
	level  int
	target uint32
	node   uint32
	score  float32
}

// buildGraph links the rows of a storage. m is the number of links in upper layers, efConstruction the number of candidates
// to choose them from, threads at most as many goroutines as work (0: GOMAXPROCS). The graph depends on the rows' scores, m,
// efConstruction and seed only. progress, if not nil, is told from one goroutine how many rows are in.
func buildGraph(ctx context.Context, st Storage, m, efConstruction, threads int, seed uint64, progress func(done, total int)) (*graph, error) {
	n := st.Len()
	switch {
	case m < minLinks || m > maxLinks:
		return nil, fmt.Errorf("hnsw: %d links a node: must be between %d and %d", m, minLinks, maxLinks)
	case n >= maxNodes:
		return nil, fmt.Errorf("hnsw: %d rows in one graph: must be fewer than %d", n, maxNodes)
	}
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	b := newBuilder(st, m, max(efConstruction, m), threads, seed)
	if err := b.measure(ctx); err != nil {
		return nil, fmt.Errorf("hnsw: build: %w", err)
	}
	for done := min(1, n); done < n; {
		size := min(max(done/batchPart, 1), batchMost, n-done)
		if err := b.insert(ctx, done, size); err != nil {
			return nil, fmt.Errorf("hnsw: build: %w", err)
		}
		done += size
		if progress != nil {
			progress(done, n)
		}
	}
	if err := b.connect(ctx); err != nil {
		return nil, fmt.Errorf("hnsw: build: %w", err)
	}
	return b.graph, nil
}

func newBuilder(st Storage, m, ef, threads int, seed uint64) *builder {
	g := &graph{n: st.Len(), m: m, ef: ef, seed: seed}
	b := &builder{graph: g, storage: st, threads: threads}
	b.order, b.upper = insertionOrder(g.n, m, seed)
	if g.n > 0 {
		g.order = slices.Clone(b.order[:slices.Max(append(b.upper, 1))])
	}
	sizes := append([]int{g.n}, b.upper...)
	for level, size := range sizes {
		width := m
		if level == 0 {
			width = 2 * m
		}
		l := layer{nodes: size, width: width, links: make([]uint32, size*width)}
		for i := range l.links {
			l.links[i] = noNode
		}
		g.layers = append(g.layers, l)
		b.sides = append(b.sides, side{make([]float32, size*width), make([]uint16, size)})
	}
	for range threads {
		b.workers = append(b.workers, &worker{walker: g.newWalker()})
	}
	return b
}

// each calls f for all i < n on the workers, a few at a time. The first error ends it.
func (b *builder) each(ctx context.Context, n int, f func(w *worker, i int) error) error {
	const chunk = 4
	var next atomic.Int64
	var failed atomic.Bool
	var first error
	var once sync.Once
	work := func(w *worker) {
		for !failed.Load() {
			from := int(next.Add(chunk)) - chunk
			if from >= n {
				return
			}
			err := ctx.Err()
			for i := from; i < min(from+chunk, n) && err == nil; i++ {
				err = f(w, i)
			}
			if err != nil {
				once.Do(func() { first = err })
				failed.Store(true)
			}
		}
	}
	var group sync.WaitGroup
	for _, w := range b.workers[1:min(len(b.workers), max((n+chunk-1)/chunk, 1))] {
		group.Go(func() { work(w) })
	}
	work(b.workers[0])
	group.Wait()
	return first
}

// measure sets selves, and says of no row yet that it is a copy.
func (b *builder) measure(ctx context.Context) error {
	const chunk = 1024
	b.selves, b.copyOf = make([]float32, b.n), make([]uint32, b.n)
	for i := range b.copyOf {
		b.copyOf[i] = noNode
	}
	err := b.each(ctx, (b.n+chunk-1)/chunk, func(w *worker, i int) error {
		for row := i * chunk; row < min((i+1)*chunk, b.n); row++ {
			w.scorer = b.storage.RowQueryInto(row, w.scorer)
			w.rows = append(w.rows[:0], uint32(row))
			if err := w.scorer.Gather(b.selves[row:row+1], w.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.storage = even(b.storage, b.selves)
	for _, w := range b.workers {
		w.scorer = nil // of the storage as it was
	}
	return nil
}

// level is the highest layer of the row at a position of the insertion order.
func (b *builder) level(position int) int {
	level := 0
	for level < len(b.upper) && position < b.upper[level] {
		level++
	}
	return level
}

// insert puts size rows into the graph that has done of them.
func (b *builder) insert(ctx context.Context, done, size int) error {
	if err := b.arrange(ctx, done, size); err != nil {
		return err
	}
	err := b.each(ctx, size, func(w *worker, i int) error {
		turn := b.turns[i]
		return b.place(ctx, w, done+int(turn), b.entries[turn])
	})
	if err != nil {
		return err
	}
	var back []backlink
	for _, w := range b.workers {
		back = append(back, w.back...)
		w.back = w.back[:0]
	}
	slices.SortFunc(back, func(x, y backlink) int {
		return cmp.Or(cmp.Compare(x.level, y.level), cmp.Compare(x.target, y.target), cmp.Compare(x.node, y.node))
	})
	var starts []int
	for i := range back {
		if i == 0 || back[i].target != back[i-1].target || back[i].level != back[i-1].level {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(back))
	return b.each(ctx, len(starts)-1, func(w *worker, i int) error {
		return b.link(w, back[starts[i]:starts[i+1]])
	})
}

// own is how many links a new row chooses in a layer. In layer 0 a quarter of the room is left to rows that come later:
// as much is found at an equal width as if all of it was taken, with fewer rows compared, and building takes a tenth less.
// Half of it, as the paper has it, finds less.
func (b *builder) own(level int) int {
	if level == 0 {
		return b.m + b.m/2
	}
	return b.m
}

// arrange finds out where each row of a batch enters layer 0, and lets those that enter at the same place have their turns one
// after the other: they walk over the same rows, which are in the cache then. The graph does not depend on turns.
func (b *builder) arrange(ctx context.Context, done, size int) error {
	b.entries = slices.Grow(b.entries[:0], size)[:size]
	b.turns = slices.Grow(b.turns[:0], size)[:size]
	err := b.each(ctx, size, func(w *worker, i int) error {
		at := done + i
		w.scorer = b.storage.RowQueryInto(int(b.order[at]), w.scorer)
		var err error
		b.entries[i], err = b.descend(w.walker, w.scorer, b.level(at))
		return err
	})
	for i := range b.turns {
		b.turns[i] = uint32(i)
	}
	slices.SortFunc(b.turns, func(x, y uint32) int {
		return cmp.Or(cmp.Compare(b.entries[x], b.entries[y]), cmp.Compare(x, y))
	})
	return err
}

// place chooses the links of the row at a position, which enters its highest layer at a node.
func (b *builder) place(ctx context.Context, w *worker, at int, entry uint32) error {
	row := b.order[at]
	w.scorer = b.storage.RowQueryInto(int(row), w.scorer)
	for level := b.level(at); level >= 0; level-- {
		if err := b.begin(w.walker, w.scorer, level, entry, b.ef); err != nil {
			return err
		}
		if err := b.walk(ctx, w.walker, w.scorer, level); err != nil {
			return err
		}
		if other, ok := b.equal(w, level, row); ok {
			b.copyOf[row] = other
			return nil
		}
		c := &w.choice
		c.left = c.left[:0]
		for _, key := range w.beam.keys {
			b.propose(c, level, keyNode(key), keyScore(key), false)
		}
		if err := b.choose(w, level, b.own(level)); err != nil {
			return err
		}
		node := uint32(at)
		if level == 0 {
			node = row
		}
		b.store(level, node, c)
		for i, target := range c.nodes {
			w.back = append(w.back, backlink{level, target, node, c.scores[i]})
		}
		if level > 0 {
			var err error
			if entry, err = b.below(level-1, keyNode(w.beam.keys[0])); err != nil {
				return err
			}
		}
	}
	return nil
}
