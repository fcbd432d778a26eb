// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"math/bits"

	"github.com/winnow-search/winnow/internal/kernel"
)

// Which way through a list takes less time: all its postings, or looking for each row.
const (
	sweepBlocks = 32 // postings in blocks for each row noted
	sweepCodes  = 24 // codes for each row noted
	sweepAdded  = 8  // codes for each posting added so far, before it is known how many rows will be noted
)

// fewAdded is up to how many postings of a window their rows' sums are set to 0 one by one.
const fewAdded = window / 8

// together searches a window.
//
// The contributions of the essential cursors are summed up in an array, and mostly those of the next cursor, too: going through all
// its postings is faster than to look for each row. Then the rows whose sum is above the cut are noted. With the cursors that
// are left it is decided by their number. The few rows that remain become the candidates of ask.
func (s *search) together(essential int, from, end uint32) error {
	s.added, s.lengths = 0, s.lengthsFrom(from)
	all := s.cut < s.rest[essential] // no threshold is known, or it is below the base, or others must be there: every row with a posting is a candidate
	for _, c := range s.cursors[:essential] {
		if c.here {
			if err := s.add(c, from, end, all); err != nil {
				return err
			}
		}
	}
	next := s.sweepFirst(essential, from, end)
	swept, sifted := next, !all // by which cursors, and whether only rows marked have a sum
	cut := below(s.cut - s.rest[next])
	if !all {
		kernel.Sift(s.marks[:], s.sums[:], cut)
	}
	s.gather()
	for ; s.musts == 0 && next < len(s.cursors) && s.noted > 0; next++ {
		c := s.cursors[next]
		if !c.here {
			continue
		}
		after := below(s.cut - s.rest[next+1])
		if c.coded != nil && len(c.coded.in(int(from/window))) > sweepCodes*s.noted {
			s.probe(c, from, end, cut, after)
		} else {
			if c.coded == nil && !c.short && uint64(c.df)*uint64(end-from) > sweepBlocks*uint64(s.noted)*uint64(s.rows) {
				break
			}
			if err := s.sweep(c, from, end, cut); err != nil {
				return err
			}
			s.drop(after)
			swept, sifted = next+1, false
		}
		cut = after
	}
	s.candidates = s.candidates[:0]
	for _, place := range s.places[:s.noted] {
		if row := from + uint32(place); s.isAllowed(row) {
			s.candidates = append(s.candidates, candidate{row, s.sums[place&codePlace]})
		}
	}
	s.wipe(swept, sifted, from, end)
	if len(s.candidates) == 0 {
		return nil
	}
	return s.ask(next)
}

// sweepFirst adds all contributions of the first cursor that is not essential if it is not much longer than those that are. It returns
// the first cursor whose contributions are not in the sums.
func (s *search) sweepFirst(essential int, from, end uint32) int {
	if s.musts > 0 {
		return essential
	}
	for i, c := range s.cursors[essential:] {
		switch {
		case !c.here:
		case c.short:
			s.sumShort(c, from, end)
			return essential + i + 1
		case c.coded != nil && len(c.coded.in(int(from/window))) <= sweepAdded*s.added:
			s.sumCoded(c, from, end)
			return essential + i + 1
		default:
			return essential + i
		}
	}
	return len(s.cursors)
}

// probe adds the contributions of a coded cursor to the sums of the places noted, each of which is looked for in its codes, and forgets
// those whose sum is not above after then.
func (s *search) probe(c *cursor, from, end uint32, cut, after float32) {
	for _, o := range c.coded.othersIn(from, end) {
		if sum := &s.sums[o.row&codePlace]; *sum > cut {
			*sum += float32(c.weight * s.scorer.otherShare(o))
		}
	}
	s.scored += s.noted
	codes, lengths, weight := c.coded.in(int(from/window)), s.lengths, c.weight
	limit := int32(math.Float32bits(after))
	last := len(codes) - 1
	n := 0
	for _, place := range s.places[:s.noted] {
		code := codes[min(before(codes, uint32(place)), last)]
		// Nothing is added if it is the code of another place; a branch would be guessed wrong half of the times.
		same := uint32(int32(uint32((code^place)&codePlace)-1) >> 31)
		v := math.Float32bits(float32(weight*s.scorer.codeShare(lengths, code))) & same
		sum := s.sums[place&codePlace] + math.Float32frombits(v)
		s.sums[place&codePlace] = sum
		s.places[n] = place
		n += rises(limit, sum)
	}
	s.noted = n
}

// gather notes the places marked, in order.
func (s *search) gather() {
	n := 0
	s.listMarked()
	for _, i := range s.marked {
		for w := s.marks[i&(window/64-1)]; w != 0; w &= w - 1 {
			s.places[n&codePlace] = uint16(i)<<6 | uint16(bits.TrailingZeros64(w))
			n++
		}
	}
	s.noted = n
}

// listMarked finds which words of the marks are not 0. It takes no branch on that, which the processor would often guess wrong.
func (s *search) listMarked() {
	n := 0
	for i, w := range s.marks {
		s.words[n&(window/64-1)] = uint8(i)
		n += int((w | -w) >> 63)
	}
	s.marked = s.words[:n]
}

// wipe sets the marks and the sums to 0 again: only those that are not, if all others were sifted out or the lists of the cursors swept are short.
func (s *search) wipe(swept int, sifted bool, from, end uint32) {
	if sifted {
		for _, i := range s.marked {
			s.marks[i&(window/64-1)] = 0
			*(*[64]float32)(s.sums[int(i&(window/64-1))<<6:]) = [64]float32{}
		}
		return
	}
	clear(s.marks[:])
	if s.added > fewAdded {
		clear(s.sums[:end-from])
		return
	}
	for _, c := range s.cursors[:swept] {
		switch {
		case !c.here:
		case c.coded != nil:
			for _, code := range c.coded.in(int(from / window)) {
				s.sums[code&codePlace] = 0
			}
			for _, o := range c.coded.othersIn(from, end) {
				s.sums[o.row&codePlace] = 0
			}
		case c.short:
			rows, _ := c.shortIn(from, end)
			for _, row := range rows {
				s.sums[row&codePlace] = 0
			}
		}
	}
}

func (s *search) mark(place uint32) { s.marks[place>>6&(window/64-1)] |= 1 << (place & 63) }

// add adds the contributions of a cursor to the sums of rows. With all, it marks the rows.
func (s *search) add(c *cursor, from, end uint32, all bool) error {
	switch {
	case c.coded != nil:
		s.sumCoded(c, from, end)
		if all {
			for _, code := range c.coded.in(int(from / window)) {
				s.mark(uint32(code & codePlace))
			}
			for _, o := range c.coded.othersIn(from, end) {
				s.mark(o.row & codePlace)
			}
		}
		return nil
	case c.short:
		s.sumShort(c, from, end)
		if all {
			rows, _ := c.shortIn(from, end)
			for _, row := range rows {
				s.mark(row & codePlace)
			}
		}
		return nil
	}
	s.added = window
	return s.each(c, from, end, func(at, to int) error {
		if err := s.scorer.block(&c.list, c.weight, at, to, &s.out); err != nil {
			return err
		}
		s.scored += to - at
		rows, contributions := c.rows[at:to], s.out[at:to]
		for i, row := range rows {
			s.sums[row&codePlace] += contributions[i]
		}
		if all {
			for _, row := range rows {
				s.mark(row & codePlace)
			}
		}
		return nil
	})
}

// sumCoded adds the contributions of a coded cursor to the sums of rows.
func (s *search) sumCoded(c *cursor, from, end uint32) {
	codes, lengths, weight := c.coded.in(int(from/window)), s.lengths, c.weight
	s.scored += len(codes)
	s.added += len(codes)
	_ = lengths[0] // so that it is not checked for nil each time
	for _, code := range codes {
		code := uint(code)
		s.sums[code&codePlace] += float32(weight * s.scorer.shares[code&^codePlace|lengths.at(code)])
	}
	for _, o := range c.coded.othersIn(from, end) {
		s.scored++
		s.sums[o.row&codePlace] += float32(weight * s.scorer.otherShare(o))
	}
}

// sumShort adds the contributions of a short cursor to the sums of rows.
func (s *search) sumShort(c *cursor, from, end uint32) {
	rows, contributions := c.shortIn(from, end)
	s.scored += len(rows)
	s.added += len(rows)
	for i, row := range rows {
		s.sums[row&codePlace] += contributions[i]
	}
}

// sweep adds the contributions of a cursor to the sums of at least those rows whose sum is above cut.
func (s *search) sweep(c *cursor, from, end uint32, cut float32) error {
	switch {
	case c.coded != nil:
		s.sumCoded(c, from, end)
		return nil
	case c.short:
		s.sumShort(c, from, end)
		return nil
	}
	return s.each(c, from, end, func(at, to int) error {
		for i := at; i < to; i++ {
			sum := &s.sums[c.rows[i&(blockRows-1)]&codePlace]
			if *sum <= cut {
				continue
			}
			v, err := s.scorer.one(&c.list, c.weight, i)
			if err != nil {
				return err
			}
			s.scored++
			*sum += v
		}
		return nil
	})
}

// each calls do for the range of postings of each block in rows from from to below end.
func (s *search) each(c *cursor, from, end uint32, do func(at, to int) error) error {
	for c.seek(from) && (c.table == nil || c.before(c.block) < end) {
		at, to, err := s.postings(c, from, end)
		if err != nil {
			return err
		}
		if at < to {
			if err := do(at, to); err != nil {
				return err
			}
		}
		if to < c.n {
			return nil
		}
		c.block++
	}
	return nil
}

// rises is 1 if the sum is above the limit, else 0. No sum is negative, so sums are in the order of their bits, and this takes no
// branch, which the processor would guess wrong.
func rises(limit int32, sum float32) int {
	return int(uint32(limit-int32(math.Float32bits(sum))) >> 31)
}

// drop forgets the places whose sum is not above cut.
func (s *search) drop(cut float32) {
	n := 0
	limit := int32(math.Float32bits(cut))
	for _, place := range s.places[:s.noted] {
		s.places[n] = place
		n += rises(limit, s.sums[place&codePlace])
	}
	s.noted = n
}
