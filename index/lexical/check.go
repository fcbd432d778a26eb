// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

var (
	errOrder    = errors.New("terms are not in order")
	errGap      = errors.New("lists do not follow each other without gaps")
	errImpact   = errors.New("a posting passes the limits that its block's record gives")
	errPosOrder = errors.New("the positions of a posting are not as long as its block's record says")
)

// Check reads the whole index and tests everything that search relies on: order and completeness of the dictionary, rising
// rows, frequencies, positions, the limits of blocks, and that lengths of rows are the numbers of their tokens. It
// takes 8 bytes of memory a row. The first error found is a *segment.CorruptionError; ctx's error is passed on. progress, which
// may be nil, is told now and then how many bytes of postings are read.
func (x *Index) Check(ctx context.Context, progress func(done, total int)) error {
	for _, s := range []*segment.Section{x.head, x.blocks, x.lengths, x.terms, x.postings, x.positions} {
		if err := s.VerifyAll(); err != nil {
			return err
		}
	}
	c := checker{x: x, total: make([]uint32, x.rows), title: make([]uint32, x.rows)}
	if err := c.lengths(); err != nil {
		return err
	}
	if err := c.dictionary(ctx, progress); err != nil {
		return err
	}
	for row := range c.total {
		total, title := x.lengthsOf(uint32(row))
		if c.total[row] != total || c.title[row] != title {
			return x.lengths.Corrupt(2*row, fmt.Errorf("row %d is said to have %d tokens, %d of them in the title; its postings have %d and %d", row, total, title, c.total[row], c.title[row]))
		}
	}
	return nil
}

type checker struct {
	x            *Index
	total, title []uint32 // tokens seen in postings, by row
	places       places
}

// lengths checks the section of lengths by itself and against the head.
func (c *checker) lengths() error {
	x := c.x
	b := x.lengths.Bytes()
	var tokens, inTitle uint64
	greatest := uint32(0)
	next := x.long
	for row := range x.rows {
		if binary.LittleEndian.Uint16(b[2*row:]) == longRow {
			if next >= len(b) || binary.LittleEndian.Uint32(b[next:]) != uint32(row) || binary.LittleEndian.Uint32(b[next+4:]) < longRow {
				return x.lengths.Corrupt(2*row, fmt.Errorf("row %d is missing in the list of long rows, or is not long", row))
			}
			next += longRowSize
		}
		total, title := x.lengthsOf(uint32(row))
		if x.inTitle > 0 && uint32(binary.LittleEndian.Uint16(b[2*(x.rows+row):])) != min(title, longRow) {
			return x.lengths.Corrupt(2*(x.rows+row), fmt.Errorf("the length of the title of row %d differs from that in the list of long rows", row))
		}
		tokens, inTitle, greatest = tokens+uint64(total), inTitle+uint64(title), max(greatest, total)
	}
	if next != len(b) {
		return x.lengths.Corrupt(next, errors.New("the list of long rows has rows that are not long"))
	}
	if tokens != x.tokens || inTitle != x.inTitle || greatest != x.greatest {
		return x.head.Corrupt(12, fmt.Errorf("%d tokens, %d of them in titles and %d in the longest row; the rows have %d, %d and %d", x.tokens, x.inTitle, x.greatest, tokens, inTitle, greatest))
	}
	return nil
}

// dictionary walks all terms and their postings.
func (c *checker) dictionary(ctx context.Context, progress func(done, total int)) error {
	x := c.x
	r := x.dictionaryReader()
	var before []byte
	var postings, positions, pairs uint64
	for n := 0; r.next(); n++ {
		if n&255 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(int(postings), x.postings.Len())
			}
		}
		at := x.terms.Len() - cap(r.data)
		if n > 0 && bytes.Compare(before, r.term) >= 0 {
			return x.terms.Corrupt(at, fmt.Errorf("%w: %q after %q", errOrder, r.term, before))
		}
		before = append(before[:0], r.term...)
		if n%termBlock == 0 && binary.LittleEndian.Uint64(x.blocks.Bytes()[8*(n/termBlock):]) != prefix(r.term) {
			return x.blocks.Corrupt(8*(n/termBlock), fmt.Errorf("block %d of the dictionary begins with %q, not with what its index says", n/termBlock, r.term))
		}
		if (n%termBlock == termBlock-1 || n == x.count-1) && len(r.data) != 0 {
			return x.terms.Corrupt(at, errors.New("a block of the dictionary has more bytes than its terms"))
		}
		if r.entry.postings != postings || r.entry.positions != positions {
			return x.terms.Corrupt(at, fmt.Errorf("term %q: %w", r.term, errGap))
		}
		postings += r.entry.postingsLen
		positions += r.entry.positionsLen
		pairs += uint64(r.entry.df)
		if err := c.list(r.entry); err != nil {
			return fmt.Errorf("term %q: %w", r.term, err)
		}
	}
	if r.err != nil {
		return r.err
	}
	if pairs != x.pairs || postings != uint64(x.postings.Len()-packSlack) || positions != uint64(x.positions.Len()) {
		return x.head.Corrupt(32, fmt.Errorf("%d postings in %d bytes with %d bytes of positions; the terms have %d, %d and %d", x.pairs, x.postings.Len()-packSlack, x.positions.Len(), pairs, postings, positions))
	}
	return nil
}

// list checks the postings of a term and counts their tokens.
func (c *checker) list(e entry) error {
	p := &c.places
	if err := p.openEntry(c.x, e); err != nil {
		return err
	}
	expected := p.from
	for ; p.list.block < p.blocks; p.list.block++ {
		if err := p.decode(); err != nil {
			return err
		}
		for p.list.at = 0; p.list.at < p.n; p.list.at++ {
			if err := p.read(); err != nil {
				return err
			}
			i := p.list.at
			if i == 0 && p.blockStart != expected {
				return p.positions.Corrupt(p.blockStart, errPosOrder)
			}
			row := p.rows[i]
			c.total[row] += p.freqs[i]
			c.title[row] += p.titles[i]
			if err := c.limits(p, i); err != nil {
				return err
			}
		}
		if p.at != p.blockEnd {
			return p.positions.Corrupt(p.at, errPosOrder)
		}
		expected = p.blockEnd
	}
	if expected != p.end {
		return p.positions.Corrupt(expected, errPosOrder)
	}
	return nil
}

// limits checks that the records of the block and of its super block cover a posting.
func (c *checker) limits(p *places, i int) error {
	if p.table == nil {
		return nil
	}
	record := p.table[p.list.block*blockRecord:][:blockRecord]
	super := p.table[p.blocks*blockRecord+p.list.block/superBlocks*superRecord:][:superRecord]
	total, _ := c.x.lengthsOf(p.rows[i])
	if p.titles[i] > binary.LittleEndian.Uint32(record[12:]) ||
		!covered(record[16:], p.freqs[i], total) || !covered(super, p.freqs[i], total) {
		return p.section.Corrupt(p.data-len(p.table)+p.list.block*blockRecord, errImpact)
	}
	return nil
}

func covered(pairs []byte, freq, length uint32) bool {
	for ; len(pairs) > 0; pairs = pairs[4:] {
		p := getImpact(pairs)
		if p.freq == 0 {
			return false
		}
		if (p.freq >= freq || p.freq == freqCap) && p.length <= length {
			return true
		}
	}
	return false
}
