// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"math/bits"
	"slices"
)

// So many postings of a list, as blocks or as codes, are gone through rather than looking for one row in it.
const (
	sweepBlocks = 32
	sweepCodes  = 128
)

// together searches rows of one window to which several cursors bring candidates.
//
// The contributions of the essential cursors are summed up in an array, and rows whose sum rises above the cut are noted. As
// long as they are many, all postings of the next cursor are gone through as well, which is faster than to look for each
// row. The few that are left then become the candidates of ask.
func (s *search) together(essential int, from, end uint32) error {
	s.places = s.places[:0]
	cut := below(s.cut - s.rest[essential])
	for _, c := range s.cursors[:essential] {
		if !c.here {
			continue
		}
		if err := s.add(c, from, end, cut); err != nil {
			return err
		}
	}
	next := essential
	for ; next < len(s.cursors) && len(s.places) > 0; next++ {
		c := s.cursors[next]
		if !c.here {
			continue
		}
		share := uint64(sweepBlocks)
		if c.coded != nil {
			share = sweepCodes
		}
		if uint64(c.df)*uint64(end-from) > share*uint64(len(s.places))*uint64(s.rows) {
			break
		}
		if err := s.sweep(c, from, end, cut); err != nil {
			return err
		}
		cut = below(s.cut - s.rest[next+1])
		s.drop(cut)
	}
	for _, place := range s.places {
		s.mark(place)
	}
	s.candidates = s.candidates[:0]
	first := from &^ (window - 1)
	for i, w := range s.marks {
		s.marks[i] = 0
		for ; w != 0; w &= w - 1 {
			place := uint32(i<<6|bits.TrailingZeros64(w)) & (window - 1)
			if s.isAllowed(first + place) {
				s.candidates = append(s.candidates, candidate{first + place, s.sums[place]})
			}
		}
	}
	clear(s.sums[from-first : end-first])
	if len(s.candidates) == 0 {
		return nil
	}
	return s.ask(next)
}

func (s *search) mark(place uint32) { s.marks[place>>6&(window/64-1)] |= 1 << (place & 63) }

// add adds the contributions of a cursor to the sums of rows, and notes the rows whose sum rises above cut.
func (s *search) add(c *cursor, from, end uint32, cut float32) error {
	if k := c.coded; k != nil {
		codes := k.between(from, end)
		s.scored += len(codes)
		s.addCodes(k, codes, c.weight, cut)
		return nil
	}
	return s.each(c, from, end, func(at, to int) error {
		if err := s.scorer.block(&c.list, c.weight, at, to, &s.out); err != nil {
			return err
		}
		s.scored += to - at
		s.addRows(c.rows[at:to], s.out[at:to], cut)
		return nil
	})
}

// sweep adds the contributions of a cursor to the sums of at least those rows whose sum is above cut.
func (s *search) sweep(c *cursor, from, end uint32, cut float32) error {
	if k := c.coded; k != nil {
		codes := k.between(from, end)
		s.scored += len(codes)
		for _, code := range codes {
			s.sums[code&codePlace] += float32(c.weight * s.scorer.codeShare(k, code))
		}
		return nil
	}
	return s.each(c, from, end, func(at, to int) error {
		for i := at; i < to; i++ {
			sum := &s.sums[c.rows[i&(blockRows-1)]&(window-1)]
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

// addRows adds contributions to the sums of rows. Rows that rise above cut are noted; all are marked if it is below 0.
//
// No sum is negative, so sums are in the order of their bits, and it can be seen from these, without a branch that the
// processor would guess wrong, whether a sum was not above the cut before and is now.
func (s *search) addRows(rows []uint32, contributions []float32, cut float32) {
	contributions = contributions[:len(rows)]
	if cut < 0 {
		for i, row := range rows {
			s.sums[row&(window-1)] += contributions[i]
			s.mark(row & (window - 1))
		}
		return
	}
	n := len(s.places)
	places := slices.Grow(s.places, len(rows))[:n+len(rows)]
	limit := int32(math.Float32bits(cut))
	for i, row := range rows {
		place := row & (window - 1)
		old := s.sums[place]
		sum := old + contributions[i]
		s.sums[place] = sum
		places[n] = place
		n += rises(limit, old, sum)
	}
	s.places = places[:n]
}

// addCodes is addRows for postings as codes.
func (s *search) addCodes(k *coded, codes []uint32, weight, cut float32) {
	if cut < 0 {
		for _, code := range codes {
			s.sums[code&codePlace] += float32(weight * s.scorer.codeShare(k, code))
			s.mark(code & codePlace)
		}
		return
	}
	n := len(s.places)
	places := slices.Grow(s.places, len(codes))[:n+len(codes)]
	limit := int32(math.Float32bits(cut))
	for _, code := range codes {
		place := code & codePlace
		old := s.sums[place]
		sum := old + float32(weight*s.scorer.codeShare(k, code))
		s.sums[place] = sum
		places[n] = place
		n += rises(limit, old, sum)
	}
	s.places = places[:n]
}

// rises is 1 if old is not above the limit and sum is, else 0.
func rises(limit int32, old, sum float32) int {
	return int(uint32(limit-int32(math.Float32bits(sum))) &^ uint32(limit-int32(math.Float32bits(old))) >> 31)
}

// drop forgets the places whose sum is not above cut.
func (s *search) drop(cut float32) {
	n := 0
	for _, place := range s.places {
		s.places[n] = place
		n += rises(int32(math.Float32bits(cut)), 0, s.sums[place&(window-1)])
	}
	s.places = s.places[:n]
}
