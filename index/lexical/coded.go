// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import "encoding/binary"

// A large index keeps the lists of frequent terms that are asked for more than once, in a form that windows.go adds up several
// times faster than blocks, which have to be unpacked and whose rows' lengths are elsewhere in memory.

const (
	keepPerRow   = 64   // bytes that an index may keep for each of its rows, if these are more than keepBytes
	keepFrequent = 1024 // at least one row in so many has a term that is kept
	mostOthers   = 256  // postings in a list that fit no code
	otherBytes   = 8 * mostOthers
)

// A code is a posting in four bytes: place + window·(length + normTable·freq), with the row's place in its window of rows. It
// holds nothing of parameters and statistics, so it stays valid when they change.
const (
	codePlace = window - 1
	codeBits  = 12                     // of the place, and of the length
	codeOther = 1<<(32-2*codeBits) - 1 // in place of the frequency: that and the length are elsewhere, the length tells where
)

// coded is a list of postings as codes.
type coded struct {
	codes  []uint32
	starts []uint32 // by window of rows: its first code; at the end the number of codes
	others []impact // of postings whose frequency or length is too great for a code, at most mostOthers
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
	size := 4*int64(int(e.df)+groups+1) + otherBytes
	if !x.keeper.take(size) {
		return nil, nil
	}
	fresh, err := s.encode(e, groups)
	if err != nil || !e.kept.coded.CompareAndSwap(nil, fresh) || fresh.usable() == nil {
		x.keeper.used.Add(-size)
	}
	return fresh.usable(), err
}

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
	k := &coded{codes: make([]uint32, 0, e.df), starts: make([]uint32, 0, groups+1)}
	for ; c.block < c.blocks; c.block++ {
		s.decoded++
		if err := c.decode(); err != nil {
			return nil, err
		}
		c.decodeFreqs()
		for i, row := range c.rows[:c.n] {
			length := uint32(binary.LittleEndian.Uint16(s.scorer.lengths[2*row:]))
			freq := c.freqs[i]
			if length >= normTable || freq >= codeOther {
				if len(k.others) == mostOthers {
					return &coded{}, nil
				}
				length, _ = s.scorer.x.lengthsOf(row)
				k.others = append(k.others, impact{freq, length})
				length, freq = uint32(len(k.others)-1), codeOther
			}
			for len(k.starts) <= int(row/window) {
				k.starts = append(k.starts, uint32(len(k.codes)))
			}
			k.codes = append(k.codes, row&codePlace|(length|freq*normTable)<<codeBits)
		}
	}
	for len(k.starts) <= groups {
		k.starts = append(k.starts, uint32(len(k.codes)))
	}
	return k, nil
}

// codeShare is the share of a posting with a code.
func (s *scorer) codeShare(k *coded, code uint32) float32 {
	if at := code >> codeBits; at < shareFreqs*normTable {
		return s.shares[at]
	}
	return s.rareCode(k, code)
}

// rareCode is not inlined, or codeShare would be too long for it.
//
//go:noinline
func (s *scorer) rareCode(k *coded, code uint32) float32 {
	freq, length := code>>(2*codeBits), code>>codeBits&(normTable-1)
	if freq == codeOther {
		freq, length = k.others[length].freq, k.others[length].length
	}
	f := float32(int32(freq))
	return f / (f + s.norm(float64(length)))
}

// between returns the codes of rows from from to below end, which are in one window.
func (k *coded) between(from, end uint32) []uint32 {
	at, to := k.starts[from/window], k.starts[from/window+1]
	codes := k.codes[at:to]
	if end%window != 0 {
		codes = codes[:before(codes, end&codePlace)]
	}
	if from%window != 0 {
		codes = codes[before(codes, from&codePlace):]
	}
	return codes
}

// before is how many codes of a window have a place before place.
func before(codes []uint32, place uint32) int {
	low := 0
	for n := len(codes); n > 0; {
		half := n / 2
		later := int(codes[low+half]&codePlace) - int(place) // below 0 if the code is before the place
		low += (n - half) & (later >> 31)                    // without a branch that would be guessed wrong half of the times
		n = half
	}
	return low
}

// find returns the code of a row, 0 if the list does not have it.
func (k *coded) find(row uint32) uint32 {
	codes := k.codes[k.starts[row/window]:k.starts[row/window+1]]
	if i := before(codes, row&codePlace); i < len(codes) && codes[i]&codePlace == row&codePlace {
		return codes[i]
	}
	return 0
}
