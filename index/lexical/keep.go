// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"hash/maphash"
	"sync/atomic"
)

// A small index keeps what searches found out about its terms: where their postings are, and, decoded, which rows they have
// with the share of their weight that each row gets. A later search then only adds. A large one is searched by blocks, most of
// which are never decoded, see windows.go; it keeps frequent terms only, see coded.go.

// keepRows is the number of rows up to which an index is small, so that a row fits 16 bits.
const keepRows = 1 << 16

// keepBytes bounds the memory for kept lists in an index, see also keepPerRow. Lists that come later are not kept.
const keepBytes = 16 << 20

const (
	keepSlots  = 1 << 17 // of the hash table
	keepProbes = 16      // places in it that a term may have
	keepEntry  = 256     // bytes of a kept entry without its term
	keepOthers = 32      // searches with other parameters, after which lists are for those
)

var keepSeed = maphash.MakeSeed()

// keeper is a hash table without locks: places are filled once and never emptied.
type keeper struct {
	slots  []atomic.Pointer[kept]
	limit  int64                 // bytes it may book
	used   atomic.Int64          // bytes booked
	shape  atomic.Pointer[shape] // what lists are kept for
	others atomic.Uint32         // searches in another shape
}

// kept is a term.
type kept struct {
	keeper *keeper
	term   string
	entry  entry
	shares atomic.Pointer[shares] // of a small index
	asked  atomic.Bool            // of a large one: its list is kept when it is asked for again
	coded  atomic.Pointer[coded]
}

// shape is all that shares depend on besides the rows: parameters, and statistics of all parts.
type shape struct{ constant, slope, title float64 }

// fits reports whether lists are kept in a shape. They are in that of the first search, until enough others had another
// one: then they are in that of the last, so that the lists follow when segments come and go.
func (k *keeper) fits(want shape) bool {
	old := k.shape.Load()
	if old != nil && *old == want {
		return true
	}
	if old != nil && k.others.Add(1)%keepOthers != 0 {
		return false
	}
	fresh := want
	return k.shape.CompareAndSwap(old, &fresh)
}

// shares is a list of postings with tf / (tf + norm) of each.
type shares struct {
	shape  shape
	rows   []uint16
	values []float32
	starts [keepRows/window + 1]uint32 // by window of rows: its first posting; at the end the number of postings
	best   ranked
}

// Forget gives back what searches have kept. Later ones find the same, and keep it again.
func (x *Index) Forget() {
	x.keeper.Store(nil)
}

func newKeeper(terms, rows int) *keeper {
	size := 16
	for size < 2*terms && size < keepSlots {
		size *= 2
	}
	return &keeper{limit: max(keepBytes, keepPerRow*int64(rows)), slots: make([]atomic.Pointer[kept], size)}
}

// find is lookup with a memory. Unknown terms are not kept, so queries of nonsense take none. The entry's kept is nil if the index keeps nothing about the term.
func (x *Index) find(term string) (entry, error) {
	keeper := x.keeper.Load()
	if keeper == nil {
		if keeper = newKeeper(x.count, x.rows); !x.keeper.CompareAndSwap(nil, keeper) {
			return x.find(term)
		}
	}
	term = cutTerm(term)
	hash := maphash.String(keepSeed, term)
	mask := uint64(len(keeper.slots) - 1)
	for i := range uint64(keepProbes) {
		slot := &keeper.slots[(hash+i*(hash>>32|1))&mask]
		k := slot.Load()
		if k == nil {
			e, err := x.lookup(term)
			size := int64(keepEntry + len(term))
			if err != nil || e.df == 0 || x.large() && int(e.df) < x.rows/keepFrequent || !keeper.take(size) {
				return e, err
			}
			fresh := &kept{keeper: keeper, term: string([]byte(term)), entry: e}
			if slot.CompareAndSwap(nil, fresh) {
				e.kept = fresh
			} else {
				keeper.used.Add(-size)
			}
			return e, nil
		}
		if k.term == term {
			e := k.entry
			e.kept = k
			return e, nil
		}
	}
	return x.lookup(term)
}

// take books memory. It returns false if there is none left.
func (k *keeper) take(size int64) bool {
	if k.used.Add(size) <= k.limit {
		return true
	}
	k.used.Add(-size)
	return false
}

// shape is that of the present part.
func (s *scorer) shape() shape { return shape{s.constant, s.slope, s.title} }

// shares returns the list of a term in a shape that fits, or nil if it is not to be kept.
func (s *search) shares(e entry, want shape) (*shares, error) {
	k := e.kept
	if k == nil {
		return nil, nil
	}
	old := k.shares.Load()
	if old != nil && old.shape == want {
		return old, nil
	}
	const posting = 6
	size := posting * int64(e.df)
	keeper := k.keeper
	if !keeper.take(size) {
		return nil, nil
	}
	fresh, err := s.computeShares(e)
	if err != nil || !k.shares.CompareAndSwap(old, fresh) {
		keeper.used.Add(-size)
		return fresh, err
	}
	if old != nil {
		keeper.used.Add(-posting * int64(len(old.rows)))
	}
	return fresh, nil
}

// computeShares decodes a list.
func (s *search) computeShares(e entry) (*shares, error) {
	c := s.cursor()
	defer func() { s.free = append(s.free, c) }()
	if err := c.openEntry(s.scorer.x, e); err != nil {
		return nil, err
	}
	f := &shares{shape: s.scorer.shape(), rows: make([]uint16, 0, e.df), values: make([]float32, 0, e.df)}
	s.ranker.begin()
	for ; c.block < c.blocks; c.block++ {
		s.decoded++
		if err := c.decode(); err != nil {
			return nil, err
		}
		if err := s.scorer.block(&c.list, 1, 0, c.n, &s.out); err != nil {
			return nil, err
		}
		for i, row := range c.rows[:c.n] {
			s.ranker.take(s.out[i], len(f.rows))
			f.rows = append(f.rows, uint16(row))
			f.values = append(f.values, s.out[i])
			f.starts[row/window+1] = uint32(len(f.rows))
		}
	}
	for i := range len(f.starts) - 1 {
		f.starts[i+1] = max(f.starts[i+1], f.starts[i])
	}
	f.best = s.ranker.end()
	return f, nil
}
