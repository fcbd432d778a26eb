// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// errListTooLong says that a term's postings or positions pass 4 GiB in one segment.
var errListTooLong = errors.New("one term has over 4 GiB of postings: build smaller segments")

// encoder turns the postings of one term after another into bytes. It is used by Builder, by Merge and for phrases, so equal
// postings always give equal bytes.
type encoder struct {
	lengths []uint32 // tokens of each row, both fields; nil: those of index
	index   *Index
	scale   float64 // see frontier

	df        int
	deltas    [blockRows]uint32
	freqs     [blockRows]uint32
	titles    [blockRows]uint32
	rows      [blockRows]uint32
	n         int
	before    uint32 // the row before the present block, plus one
	next      uint32 // the last row, plus one
	table     []byte
	data      []byte
	positions []byte
	blockPos  int      // start of the block's positions
	pairs     []impact // of a block
	super     []impact // of the blocks since the last super record
	supers    []byte
}

func (e *encoder) length(row uint32) uint32 {
	if e.lengths != nil {
		return e.lengths[row]
	}
	total, _ := e.index.lengthsOf(row)
	return total
}

// start begins a term.
func (e *encoder) start() {
	e.df, e.n, e.before, e.next, e.blockPos = 0, 0, 0, 0, 0
	e.table, e.data, e.positions = e.table[:0], e.data[:0], e.positions[:0]
	e.super, e.supers = e.super[:0], e.supers[:0]
}

// begin makes room for a posting, whose encoded positions the caller appends to e.positions before it is added.
func (e *encoder) begin() {
	if e.n == blockRows {
		e.flush()
	}
}

// add appends the posting that was begun: row above the former one, freq occurrences of which title are in the title.
func (e *encoder) add(row, freq, title uint32) {
	e.rows[e.n], e.deltas[e.n], e.freqs[e.n], e.titles[e.n] = row, row-e.next, freq-1, title
	e.next = row + 1
	e.n++
	e.df++
}

// flush writes a full block and its record.
func (e *encoder) flush() {
	e.record()
	d, f, t := width(&e.deltas), width(&e.freqs), width(&e.titles)
	e.data = append(e.data, byte(d), byte(f), byte(t), 0)
	e.data = appendPacked(e.data, &e.deltas, d)
	e.data = appendPacked(e.data, &e.freqs, f)
	e.data = appendPacked(e.data, &e.titles, t)
	e.n, e.before, e.blockPos = 0, e.next, len(e.positions)
}

// record appends the record of the block that begins at the present end of data.
func (e *encoder) record() {
	// Nearly all frequencies are small: of these the shortest row is found without sorting.
	var shortest [64]uint32
	seen, title := uint64(0), uint32(0)
	e.pairs = e.pairs[:0]
	for i, row := range e.rows[:e.n] {
		freq, length := e.freqs[i]+1, e.length(row)
		title = max(title, e.titles[i])
		switch {
		case freq >= 64:
			e.pairs = append(e.pairs, impact{freq, length})
		case seen>>freq&1 == 0 || length < shortest[freq]:
			seen |= 1 << freq
			shortest[freq] = length
		}
	}
	for ; seen != 0; seen &= seen - 1 {
		freq := bits.TrailingZeros64(seen)
		e.pairs = append(e.pairs, impact{uint32(freq), shortest[freq&63]})
	}
	var r [blockRecord]byte
	binary.LittleEndian.PutUint32(r[0:], e.rows[e.n-1])
	binary.LittleEndian.PutUint32(r[4:], uint32(len(e.data)))
	binary.LittleEndian.PutUint32(r[8:], uint32(e.blockPos))
	binary.LittleEndian.PutUint32(r[12:], title)
	e.pairs = frontier(e.pairs, impactPairs, e.scale)
	putImpacts(r[16:], e.pairs)
	e.table = append(e.table, r[:]...)
	e.super = append(e.super, e.pairs...)
	if len(e.table)%(blockRecord*superBlocks) == 0 {
		e.superRecord()
	}
}

// superRecord appends the pairs of the last superBlocks blocks or, at the end of a list, fewer.
func (e *encoder) superRecord() {
	var r [superRecord]byte
	putImpacts(r[:], frontier(e.super, superPairs, e.scale))
	e.supers = append(e.supers, r[:]...)
	e.super = e.super[:0]
}

// finish ends the term. Its postings are table followed by data; both are valid until the next start.
func (e *encoder) finish() error {
	if e.n == blockRows {
		e.flush()
	}
	if e.n > 0 {
		if e.df > blockRows {
			e.record()
		}
		e.tail()
	}
	if len(e.super) > 0 {
		e.superRecord()
	}
	e.table = append(e.table, e.supers...)
	if len(e.data) > math.MaxUint32 || len(e.positions) > math.MaxUint32 {
		return errListTooLong
	}
	return nil
}

// tail writes the postings that fill no block: (delta-1)<<2 | title>0 <<1 | freq>1, then freq-2 and title-1 if so flagged.
func (e *encoder) tail() {
	for i := range e.n {
		v := uint64(e.deltas[i]) << 2
		if e.freqs[i] > 0 {
			v |= 1
		}
		if e.titles[i] > 0 {
			v |= 2
		}
		e.data = binary.AppendUvarint(e.data, v)
		if e.freqs[i] > 0 {
			e.data = binary.AppendUvarint(e.data, uint64(e.freqs[i]-1))
		}
		if e.titles[i] > 0 {
			e.data = binary.AppendUvarint(e.data, uint64(e.titles[i]-1))
		}
	}
}
