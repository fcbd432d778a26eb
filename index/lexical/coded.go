// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"sort"
	"sync/atomic"
)

// A large index keeps the lists of frequent terms that are asked for more than once, in a form that windows.go adds up several
// times faster than blocks, which have to be unpacked first.

const (
	keepPerRow   = 96   // bytes that an index may keep for each of its rows, if these are more than keepBytes
	keepFrequent = 1024 // at least one row in so many has a term that is kept
	mostOthers   = 256  // postings in a list that fit no code
	otherBytes   = 12 * mostOthers
)

// A code is a posting in two bytes: place + window·(freq-1), with the row's place in its window of rows. The length of a row is
// in the section of lengths, of which a window's fit the first-level cache. A code holds nothing of parameters and statistics,
// so it stays valid when they change.
const (
	codePlace = window - 1
	codeFreqs = 1 << 16 / window
)

// coded is a list of postings as codes.
type coded struct {
	keeper *keeper
	codes  []uint16
	starts []uint32 // by window of rows: its first code; at the end the number of codes
	others []other  // postings whose frequency or length is too great for a code, by row; at most mostOthers
	most   atomic.Pointer[most]
}

type other struct{ row, freq, length uint32 }

// most are, by window of rows, the greatest shares in one shape, 0 where there is no posting; and those at some ranks of the list.
type most struct {
	shape  shape
	shares []float32
	best   ranked
}

// large reports whether rows of the index do not fit 16 bits.
func (x *Index) large() bool { return x.rows > keepRows }

// coded returns the codes of a list, or nil if they are not kept.
func (s *search) coded(e entry) (*coded, error) {
	x := s.scorer.x
	if s.way != anyWay || e.kept == nil || !x.large() || !s.scorer.plain || int(e.df) < x.rows/keepFrequent {
		return nil, nil
	}
	if old := e.kept.coded.Load(); old != nil || !e.kept.asked.Swap(true) {
		return old.usable(), nil
	}
	groups := (x.rows + window - 1) / window
	size := codedSize(int(e.df), groups)
	keeper := e.kept.keeper
	if !keeper.take(size) {
		return nil, nil
	}
	fresh, err := s.encode(e, groups)
	if err != nil || !e.kept.coded.CompareAndSwap(nil, fresh) || fresh.usable() == nil {
		keeper.used.Add(-size)
	}
	return fresh.usable(), err
}

// codedSize bounds the bytes of a list of df postings.
func codedSize(df, groups int) int64 { return 2*int64(df) + 8*int64(groups) + 4 + otherBytes }

// usable is nil for a list that is known to have no codes.
func (k *coded) usable() *coded {
	if k == nil || len(k.codes) == 0 {
		return nil
	}
	return k
}

// encode decodes a list into codes. There are none if it has too many others.
func (s *search) encode(e entry, groups int) (*coded, error) {
	c := s.cursor()
	defer func() { s.free = append(s.free, c) }()
	if err := c.openEntry(s.scorer.x, e); err != nil {
		return nil, err
	}
	k := &coded{keeper: e.kept.keeper, codes: make([]uint16, 0, e.df), starts: make([]uint32, 0, groups+1)}
	for ; c.block < c.blocks; c.block++ {
		s.decoded++
		if err := c.decode(); err != nil {
			return nil, err
		}
		c.decodeFreqs()
		for i, row := range c.rows[:c.n] {
			length := uint32(binary.LittleEndian.Uint16(s.scorer.lengths[2*row:]))
			freq := c.freqs[i]
			if length >= normTable || freq > codeFreqs {
				if len(k.others) == mostOthers {
					return &coded{}, nil
				}
				length, _ = s.scorer.x.lengthsOf(row)
				k.others = append(k.others, other{row, freq, length})
				continue
			}
			for len(k.starts) <= int(row/window) {
				k.starts = append(k.starts, uint32(len(k.codes)))
			}
			k.codes = append(k.codes, uint16(row&codePlace|(freq-1)*window))
		}
	}
	for len(k.starts) <= groups {
		k.starts = append(k.starts, uint32(len(k.codes)))
	}
	k.most.Store(s.measure(k))
	return k, nil
}

// mostOf returns the greatest shares of a list, or nil if they are known for another shape only, and it is not worth while to
// find out.
func (s *search) mostOf(k *coded) *most {
	m := k.most.Load()
	if want := s.scorer.shape(); m.shape != want {
		if !k.keeper.fits(want) {
			return nil
		}
		m = s.measure(k)
		k.most.Store(m)
	}
	return m
}

// measure finds the greatest shares of a list in the present shape.
func (s *search) measure(k *coded) *most {
	m := &most{shape: s.scorer.shape(), shares: make([]float32, len(k.starts)-1)}
	s.ranker.begin()
	for w := range m.shares {
		best := float32(0)
		lengths := s.lengthsFrom(uint32(w * window))
		for i, code := range k.in(w) {
			share := s.scorer.codeShare(lengths, code)
			best = max(best, share)
			s.ranker.take(share, int(k.starts[w])+i)
		}
		m.shares[w] = best
	}
	for i, o := range k.others {
		share := s.scorer.otherShare(o)
		m.shares[o.row/window] = max(m.shares[o.row/window], share)
		s.ranker.take(share, len(k.codes)+i)
	}
	m.best = s.ranker.end()
	return m
}

// windowLengths are the lengths of a window's rows, two bytes a row.
type windowLengths [2 * window]byte

// at is the length of the row that a code is of.
func (l *windowLengths) at(code uint) uint {
	place := 2 * (code & codePlace)
	return uint(l[place]) | uint(l[place+1])<<8
}

// lengthsFrom returns the lengths of the rows of the window that begins at row from.
func (s *search) lengthsFrom(from uint32) *windowLengths {
	b := s.scorer.lengths[2*from:]
	if len(b) < len(s.lastLengths) {
		copy(s.lastLengths[:], b)
		return &s.lastLengths
	}
	return (*windowLengths)(b)
}

// codeShare is the share of a posting with a code.
func (s *scorer) codeShare(lengths *windowLengths, code uint16) float32 {
	return s.shares[uint(code&^codePlace)|lengths.at(uint(code))&(normTable-1)]
}

func (s *scorer) otherShare(o other) float32 {
	f := float32(int32(o.freq))
	return f / (f + s.norm(float64(o.length)))
}

// in returns the codes of a window.
func (k *coded) in(w int) []uint16 { return k.codes[k.starts[w]:k.starts[w+1]] }

// othersIn returns the others of rows from from to below end.
func (k *coded) othersIn(from, end uint32) []other {
	if len(k.others) == 0 {
		return nil
	}
	at := sort.Search(len(k.others), func(i int) bool { return k.others[i].row >= from })
	to := at
	for to < len(k.others) && k.others[to].row < end {
		to++
	}
	return k.others[at:to]
}

// contribution is that of a row, or false if the list does not have it.
func (s *search) contribution(k *coded, weight float32, row uint32) (float32, bool) {
	codes := k.in(int(row / window))
	place := row & codePlace
	if i := before(codes, place); i < len(codes) && uint32(codes[i]&codePlace) == place {
		length := uint32(binary.LittleEndian.Uint16(s.scorer.lengths[2*row:]))
		return float32(weight * s.scorer.shares[uint32(codes[i]&^codePlace)|length&(normTable-1)]), true
	}
	if len(k.others) > 0 {
		for _, o := range k.othersIn(row, row+1) {
			return float32(weight * s.scorer.otherShare(o)), true
		}
	}
	return 0, false
}

// before is how many codes of a window have a place before place.
func before(codes []uint16, place uint32) int {
	low := 0
	for n := len(codes); n > 0; {
		half := n / 2
		later := int(codes[low+half]&codePlace) - int(place) // below 0 if the code is before the place
		low += (n - half) & (later >> 31)                    // without a branch that would be guessed wrong half of the times
		n = half
	}
	return low
}
