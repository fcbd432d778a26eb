// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/index/segment"
)

// Index is the lexical index of one segment. It is safe for concurrent use as long as the segment is open.
type Index struct {
	positions, postings, terms, blocks, lengths *segment.Section
	head                                        *segment.Section

	rows       int
	count      int // terms
	dictionary int // blocks of the dictionary
	greatest   uint32
	tokens     uint64
	inTitle    uint64
	pairs      uint64
	long       int // offset of the list of long rows in lengths

	rowsOnce sync.Once
	rowsErr  error

	keeper atomic.Pointer[keeper] // of an index that was searched
}

// Totals are counts over all rows of an index, deleted ones included.
type Totals struct {
	Rows        int
	Terms       int    // different terms
	Postings    uint64 // pairs of a term and a row that has it
	TitleTokens uint64 // sum of the lengths of titles
	TextTokens  uint64 // sum of the lengths of texts
}

// Open reads the head of an index that Write or Merge made. Nothing else is read now except the index of the dictionary, 12
// bytes for 16 terms. The error for bytes that are no such index is a *segment.CorruptionError.
func Open(r segment.SectionReader) (*Index, error) {
	x := &Index{}
	for _, s := range []struct {
		name string
		to   **segment.Section
	}{
		{sectionPositions, &x.positions},
		{sectionPostings, &x.postings},
		{sectionTerms, &x.terms},
		{sectionBlocks, &x.blocks},
		{sectionRows, &x.lengths},
		{sectionHead, &x.head},
	} {
		section, err := r.Section(s.name)
		if err != nil {
			return nil, fmt.Errorf("open lexical index: %w", err)
		}
		*s.to = section
	}
	if err := x.readHead(); err != nil {
		return nil, fmt.Errorf("open lexical index: %w", err)
	}
	return x, nil
}

func (x *Index) readHead() error {
	if x.head.Len() != headSize {
		return x.head.Corrupt(0, fmt.Errorf("the head has %d bytes, not %d", x.head.Len(), headSize))
	}
	if err := x.head.VerifyAll(); err != nil {
		return err
	}
	h := x.head.Bytes()
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(h[at:]) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(h[at:]) }
	if v := u32(0); v != formatVersion {
		return x.head.Corrupt(0, fmt.Errorf("version %d of the lexical index, this program knows %d: use the winnow that wrote it, or a newer one", v, formatVersion))
	}
	rows, count, longs := u32(4), u32(8), u32(60)
	x.greatest, x.tokens, x.inTitle, x.pairs = u32(12), u64(16), u64(24), u64(32)
	if rows > maxRows || longs > rows || x.greatest > maxRows {
		return x.head.Corrupt(4, fmt.Errorf("%d rows, %d of them long, with up to %d tokens: the limit is %d", rows, longs, x.greatest, maxRows))
	}
	if x.inTitle > x.tokens || x.tokens > uint64(rows)*uint64(x.greatest) || x.pairs > x.tokens || uint64(count) > x.pairs {
		return x.head.Corrupt(16, fmt.Errorf("%d tokens, %d of them in titles, make %d postings of %d terms", x.tokens, x.inTitle, x.pairs, count))
	}
	x.rows, x.count, x.dictionary = int(rows), int(count), (int(count)+termBlock-1)/termBlock
	x.long = 2 * x.rows
	if x.inTitle > 0 {
		x.long *= 2
	}
	for _, s := range []struct {
		section *segment.Section
		want    uint64
	}{
		{x.postings, u64(40) + packSlack},
		{x.positions, u64(48)},
		{x.terms, uint64(u32(56))},
		{x.blocks, 12 * uint64(x.dictionary)},
		{x.lengths, uint64(x.long) + longRowSize*uint64(longs)},
	} {
		if uint64(s.section.Len()) != s.want {
			return s.section.Corrupt(0, fmt.Errorf("the section has %d bytes; by the head it has %d", s.section.Len(), s.want))
		}
	}
	return x.blocks.VerifyAll()
}

// Rows is the number of rows.
func (x *Index) Rows() int { return x.rows }

// Totals are the index's counts.
func (x *Index) Totals() Totals {
	return Totals{Rows: x.rows, Terms: x.count, Postings: x.pairs, TitleTokens: x.inTitle, TextTokens: x.tokens - x.inTitle}
}

// DocFreq is the number of rows that have the term, deleted ones included; 0 for an unknown term.
func (x *Index) DocFreq(term string) (int, error) {
	e, err := x.lookup(term)
	return int(e.df), err
}

// verifyRows checks the lengths of rows, once.
func (x *Index) verifyRows() error {
	x.rowsOnce.Do(func() { x.rowsErr = x.lengths.VerifyAll() })
	return x.rowsErr
}

// lengthsOf returns the tokens of a row below x.rows, and how many of them are in the title.
func (x *Index) lengthsOf(row uint32) (total, title uint32) {
	b := x.lengths.Bytes()
	total = uint32(binary.LittleEndian.Uint16(b[2*row:]))
	if total == longRow {
		long := b[x.long:]
		i := sort.Search(len(long)/longRowSize, func(i int) bool {
			return binary.LittleEndian.Uint32(long[i*longRowSize:]) >= row
		})
		if long = long[i*longRowSize:]; len(long) > 0 {
			return binary.LittleEndian.Uint32(long[4:]), binary.LittleEndian.Uint32(long[8:])
		}
	}
	if x.inTitle > 0 {
		title = uint32(binary.LittleEndian.Uint16(b[2*x.rows+2*int(row):]))
	}
	return total, title
}
