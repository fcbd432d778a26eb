// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

var errPositions = errors.New("the positions of a posting are cut off or too large")

// places reads positions of a list of postings, whose rows the list gives.
type places struct {
	list
	positions            *segment.Section
	from, end            int // of the term's positions
	block                int // the block that at is in, or -1
	blockStart, blockEnd int
	index                int // the next posting of the block
	at                   int // offset of its positions
	title                []uint32
	text                 []uint32
}

func (p *places) openEntry(x *Index, e entry) error {
	p.positions, p.from, p.end, p.block = x.positions, int(e.positions), int(e.positions+e.positionsLen), -1
	return p.list.openEntry(x, e)
}

// raw returns the encoded positions of the present posting. Postings must be asked for in order, each once at most.
func (p *places) raw() ([]byte, error) {
	if err := p.decodeTitles(); err != nil {
		return nil, err
	}
	if p.block != p.decoded {
		if err := p.openBlock(); err != nil {
			return nil, err
		}
	}
	b := p.positions.Bytes()[:p.blockEnd]
	skip := 0
	for ; p.index < p.list.at; p.index++ {
		skip += int(p.freqs[p.index])
	}
	from := skipUvarints(b, p.at, skip)
	to := skipUvarints(b, from, int(p.freqs[p.index]))
	if to > len(b) {
		return nil, p.positions.Corrupt(p.at, errPositions)
	}
	p.at = to
	p.index++
	return b[from:to], nil
}

// openBlock finds the positions of the decoded block.
func (p *places) openBlock() error {
	p.at, p.blockEnd, p.index, p.block = p.from, p.end, 0, p.decoded
	if p.table != nil {
		p.at += int(binary.LittleEndian.Uint32(p.table[p.block*blockRecord+8:]))
		if p.block+1 < p.blocks {
			p.blockEnd = p.from + int(binary.LittleEndian.Uint32(p.table[(p.block+1)*blockRecord+8:]))
		}
	}
	if p.at > p.blockEnd || p.blockEnd > p.end {
		return p.positions.Corrupt(p.from, errPositions)
	}
	p.blockStart = p.at
	return p.positions.Verify(p.at, p.blockEnd-p.at)
}

// skipUvarints returns where n uvarints from at end; beyond b if they are cut off.
func skipUvarints(b []byte, at, n int) int {
	for ; n > 0 && at < len(b); at++ {
		n -= int(^b[at] >> 7)
	}
	return at + n
}

// read decodes the positions of the present posting into title and text.
func (p *places) read() error {
	b, err := p.raw()
	if err != nil {
		return err
	}
	i := p.index - 1
	title := int(p.titles[i])
	if p.title, b, err = p.field(p.title[:0], b, title); err != nil {
		return err
	}
	p.text, _, err = p.field(p.text[:0], b, int(p.freqs[i])-title)
	return err
}

func (p *places) field(dst []uint32, b []byte, n int) ([]uint32, []byte, error) {
	position := uint64(0)
	for range n {
		v, m := shortUvarint(b)
		if m <= 0 || v > maxRows || position+v > maxRows {
			return dst, nil, p.positions.Corrupt(p.at, errPositions)
		}
		position += v
		b = b[m:]
		dst = append(dst, uint32(position))
	}
	return dst, b, nil
}

// phrase finds the rows in which the terms stand at their offsets, and gives them as a list of postings like that of a term.
func (s *search) phrase(x *Index, terms []analysis.PhraseTerm, entries []entry) (list *segment.Section, size, df int, err error) {
	lists := make([]*places, len(terms))
	order := make([]*places, len(terms)) // the rarest first
	for i := range terms {
		lists[i] = new(places)
		if err := lists[i].openEntry(x, entries[i]); err != nil {
			return nil, 0, 0, err
		}
		order[i] = lists[i]
	}
	slices.SortStableFunc(order, func(a, b *places) int { return a.df - b.df })
	e := encoder{index: x, scale: nominalScale(x.rows, x.tokens)}
	e.start()
	for row, n := uint32(0), 0; ; n++ {
		if n&1023 == 1023 {
			if err := s.ctx.Err(); err != nil {
				return nil, 0, 0, err
			}
		}
		if row, err = common(order, row, s.rows); err != nil {
			return nil, 0, 0, err
		}
		if row >= s.rows {
			break
		}
		for _, l := range lists {
			if err := l.read(); err != nil {
				return nil, 0, 0, err
			}
		}
		title := occurrences(terms, lists, func(p *places) []uint32 { return p.title })
		freq := title + occurrences(terms, lists, func(p *places) []uint32 { return p.text })
		if freq > 0 {
			e.begin()
			e.add(row, freq, title)
		}
		row++
	}
	if err := e.finish(); err != nil {
		return nil, 0, 0, err
	}
	b := slices.Concat(e.table, e.data, make([]byte, packSlack))
	return segment.FromBytes("phrase", b), len(b) - packSlack, e.df, nil
}

// common is the first row at or after row that all lists have, or the limit.
func common(lists []*places, row, limit uint32) (uint32, error) {
	for i := 0; i < len(lists) && row < limit; {
		found, err := lists[i].nextRow(row)
		if err != nil {
			return 0, err
		}
		if found == row {
			i++
			continue
		}
		row, i = found, 0
	}
	return row, nil
}

// occurrences counts the positions p such that each term stands at p plus its offset.
func occurrences(terms []analysis.PhraseTerm, lists []*places, field func(*places) []uint32) uint32 {
	count := uint32(0)
	first := field(lists[0])
starts:
	for i, start := range first {
		if i > 0 && start == first[i-1] {
			continue
		}
		for j := 1; j < len(lists); j++ {
			want := int64(start) + int64(terms[j].Offset) - int64(terms[0].Offset)
			if want < 0 || want > maxRows {
				continue starts
			}
			if _, ok := slices.BinarySearch(field(lists[j]), uint32(want)); !ok {
				continue starts
			}
		}
		count++
	}
	return count
}
