// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/winnow-search/winnow/index/segment"
)

// list reads one list of postings, block by block. Rows of a block are decoded when they are needed, frequencies when they
// are needed too. It holds its buffers and is meant to be used again for other lists.
type list struct {
	section *segment.Section
	limit   uint32 // rows of the segment
	df      int
	blocks  int
	table   []byte // nil for lists shorter than a block
	data    int    // offset in the section
	end     int

	block   int // the block that next may find a row in
	decoded int // the block in rows, or -1
	n       int // postings in it
	at      int // the next of them
	freqsOf int // the block in freqs, or -1
	titleOf int

	packedFreqs, packedTitles int // offsets in the section
	freqWidth, titleWidth     uint
	rows, freqs, titles       [blockRows]uint32
	boundOf                   int // the block that bound is for
	bound                     float32
	greatest                  float32 // no score of the list is above
}

var (
	errBlockRange  = errors.New("a block of postings leaves its list")
	errBlockRows   = errors.New("rows of a block of postings do not rise to the last one named in its record")
	errBlockFreqs  = errors.New("a posting has more occurrences in the title than in all")
	errTailPosting = errors.New("a posting is cut off or too large")
)

// open points to the list of df postings in n bytes of the section. The range lies inside of it and leaves packSlack bytes.
func (l *list) open(section *segment.Section, off, n, df int, limit uint32) error {
	l.section, l.limit, l.df = section, limit, df
	l.blocks, l.table, l.data, l.end = 1, nil, off, off+n
	l.block, l.decoded, l.freqsOf, l.titleOf, l.boundOf, l.at, l.n = 0, -1, -1, -1, -1, 0, 0
	if df >= blockRows {
		l.blocks = blocksOf(df)
		size := tableSize(l.blocks)
		if size > n {
			return section.Corrupt(off, errBlockRange)
		}
		if err := section.Verify(off, size); err != nil {
			return err
		}
		l.table = section.Bytes()[off : off+size]
		l.data = off + size
	}
	return nil
}

// last is the last row of a block of a list with a table.
func (l *list) last(block int) uint32 {
	return binary.LittleEndian.Uint32(l.table[block*blockRecord:])
}

// before is the first row that a block may have.
func (l *list) before(block int) uint32 {
	if block == 0 {
		return 0
	}
	return l.last(block-1) + 1
}

// seek makes block the first that may have the row or a later one. Rows asked for never fall. It returns false at the end.
func (l *list) seek(row uint32) bool {
	if l.table == nil {
		return l.block == 0
	}
	if l.block >= l.blocks || l.last(l.block) >= row {
		return l.block < l.blocks
	}
	step := 1
	for l.block+step < l.blocks && l.last(l.block+step) < row {
		l.block += step
		step *= 2
	}
	low, high := l.block+1, min(l.block+step, l.blocks) // low-1 is before the row; high is not, or is the end
	for low < high {
		if mid := (low + high) / 2; l.last(mid) < row {
			low = mid + 1
		} else {
			high = mid
		}
	}
	l.block = low
	return low < l.blocks
}

// decode makes the rows of the present block available.
func (l *list) decode() error {
	if l.decoded == l.block {
		return nil
	}
	l.at = 0
	base := uint32(0)
	off := l.data
	end := l.end
	last := l.limit - 1
	if l.table != nil {
		base, last = l.before(l.block), l.last(l.block)
		off += int(binary.LittleEndian.Uint32(l.table[l.block*blockRecord+4:]))
		if l.block+1 < l.blocks {
			end = l.data + int(binary.LittleEndian.Uint32(l.table[(l.block+1)*blockRecord+4:]))
		}
		if end > l.end || off > end {
			return l.section.Corrupt(l.data, errBlockRange)
		}
	}
	if base > l.limit || last >= l.limit {
		return l.section.Corrupt(off, errBlockRows)
	}
	if rest := l.df - l.block*blockRows; rest < blockRows {
		return l.tail(off, end, rest, base, last)
	}
	if end-off < 4 {
		return l.section.Corrupt(off, errBlockRange)
	}
	if err := l.section.Verify(off, end-off); err != nil {
		return err
	}
	b := l.section.Bytes()
	d, f, t := uint(b[off]), uint(b[off+1]), uint(b[off+2])
	if d > 31 || f > 31 || t > 31 || end-off != 4+16*int(d+f+t) {
		return l.section.Corrupt(off, errBlockRange)
	}
	unpack(&l.rows, b[off+4:], d)
	if d > 24 { // with less, 128 differences from a row below 2³¹ stay below 2³²
		sum := uint64(base)
		for _, v := range l.rows {
			sum += uint64(v) + 1
		}
		if sum > uint64(l.limit) {
			return l.section.Corrupt(off, errBlockRows)
		}
	}
	if prefixRows(&l.rows, base) != last {
		return l.section.Corrupt(off, errBlockRows)
	}
	l.packedFreqs, l.freqWidth = off+4+16*int(d), f
	l.packedTitles, l.titleWidth = l.packedFreqs+16*int(f), t
	l.decoded, l.n = l.block, blockRows
	return nil
}

// tail decodes the last block, which is not full, with all there is to it.
func (l *list) tail(off, end, n int, base, last uint32) error {
	if err := l.section.Verify(off, end-off); err != nil {
		return err
	}
	b := l.section.Bytes()[off:end]
	next := uint64(base)
	for i := range n {
		v, m := shortUvarint(b)
		if m <= 0 || v>>2 > uint64(last) || next+v>>2 > uint64(last) {
			return l.section.Corrupt(end-len(b), errTailPosting)
		}
		b = b[m:]
		next += v >> 2
		l.rows[i] = uint32(next)
		next++
		freq, title := uint64(1), uint64(0)
		if v&1 != 0 {
			extra, m := shortUvarint(b)
			if m <= 0 || extra > maxRows-2 {
				return l.section.Corrupt(end-len(b), errTailPosting)
			}
			freq, b = extra+2, b[m:]
		}
		if v&2 != 0 {
			extra, m := shortUvarint(b)
			if m <= 0 || extra >= freq {
				return l.section.Corrupt(end-len(b), errTailPosting)
			}
			title, b = extra+1, b[m:]
		}
		l.freqs[i], l.titles[i] = uint32(freq), uint32(title)
	}
	if len(b) != 0 || l.table != nil && next != uint64(last)+1 {
		return l.section.Corrupt(off, errBlockRows)
	}
	for i := n; i < blockRows; i++ {
		l.rows[i] = math.MaxUint32 // above any row asked for
	}
	l.decoded, l.freqsOf, l.titleOf, l.n = l.block, l.block, l.block, n
	return nil
}

func shortUvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// decodeFreqs makes the frequencies of the decoded block available.
func (l *list) decodeFreqs() {
	if l.freqsOf == l.decoded {
		return
	}
	unpack(&l.freqs, l.section.Bytes()[l.packedFreqs:], l.freqWidth)
	for i := range l.freqs {
		l.freqs[i]++
	}
	l.freqsOf = l.decoded
}

// freq is the frequency of posting i of the decoded block, without decoding the others.
func (l *list) freq(i int) uint32 {
	if l.freqsOf == l.decoded {
		return l.freqs[i]
	}
	bit := uint(i) * l.freqWidth
	v := binary.LittleEndian.Uint64(l.section.Bytes()[l.packedFreqs+int(bit>>3):])
	return uint32(v>>(bit&7)&(1<<(l.freqWidth&63)-1)) + 1
}

// decodeTitles makes the frequencies in the title available, and those in all.
func (l *list) decodeTitles() error {
	l.decodeFreqs()
	if l.titleOf == l.decoded {
		return nil
	}
	unpack(&l.titles, l.section.Bytes()[l.packedTitles:], l.titleWidth)
	for i, t := range l.titles {
		if t > l.freqs[i] {
			return l.section.Corrupt(l.packedTitles, errBlockFreqs)
		}
	}
	l.titleOf = l.decoded
	return nil
}

// skipTo moves at to the first posting of the decoded block with this row or a later one. Mostly it is near.
func (l *list) skipTo(row uint32) {
	i := l.at
	if i+4 < blockRows && l.rows[i+4] >= row && (i == 0 || l.rows[i-1] < row) {
		for l.rows[i&(blockRows-1)] < row {
			i++
		}
		l.at = i
		return
	}
	i = 0
	for step := blockRows / 2; step > 0; step /= 2 {
		if l.rows[(i+step-1)&(blockRows-1)] < row {
			i += step
		}
	}
	if l.rows[i&(blockRows-1)] < row { // all 128 are before it
		i++
	}
	l.at = i
}

// find reports whether the list has the row; its posting is then at. Rows asked for never fall.
func (l *list) find(row uint32) (bool, error) {
	if !l.seek(row) {
		return false, nil
	}
	if err := l.decode(); err != nil {
		return false, err
	}
	l.skipTo(row)
	return l.at < l.n && l.rows[l.at] == row, nil
}

// nextRow is the first row at or after row, or the limit if there is none.
func (l *list) nextRow(row uint32) (uint32, error) {
	if !l.seek(row) {
		return l.limit, nil
	}
	if err := l.decode(); err != nil {
		return 0, err
	}
	l.skipTo(row)
	if l.at == l.n { // only a list without table: the last row of a block with a record was compared
		return l.limit, nil
	}
	return l.rows[l.at], nil
}

// advance makes the posting after at the present one, in the next block if need be. It returns false at the end.
func (l *list) advance() (bool, error) {
	if l.decoded == l.block {
		if l.at++; l.at < l.n {
			return true, nil
		}
		l.block++
	}
	if l.block >= l.blocks {
		return false, nil
	}
	return true, l.decode()
}
