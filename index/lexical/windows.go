// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import "math"

// How rows are found: MaxScore (Turtle & Flood 1995) over windows of rows, with limits from block maxima (Ding & Suel 2011),
// much as Lucene 9.9 has it. Cursors are ordered by weight. In a window, the limits of the last cursors, the ones of frequent terms,
// often sum up to less than the threshold: a row that has none of the others cannot become a hit. So only those others,
// the essential cursors, bring candidates; the rest are asked about candidates one by one, and a candidate is dropped as
// soon as what may still be added is too little. Contributions are added to every row in the order of the cursors,
// essential or not, so the sums have the same bits in whichever way a window was treated; see together.go and ask.go.

// setThreshold takes the threshold from the heap. A sum is of use if it is above cut less what may still be added.
func (s *search) setThreshold() {
	s.threshold, s.cut = s.top.threshold(), math.Inf(-1)
	if s.way == exhaustive {
		return
	}
	if s.threshold >= 0 {
		s.cut = float64(s.threshold)*s.slack - float64(s.plan.base)
	}
}

// below returns the greatest float32 that is not above v: sum > below(v) whenever sum > v.
func below(v float64) float32 {
	f := float32(v)
	if float64(f) > v {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

func (s *search) windows() error {
	n := len(s.cursors)
	s.restAll = append(s.restAll[:0], make([]float64, n+1)...)
	s.rest = append(s.rest[:0], make([]float64, n+1)...)
	for i := n - 1; i >= 0; i-- {
		s.restAll[i] = s.restAll[i+1] + float64(s.cursors[i].greatest)
	}
	if s.fewRows && s.way != exhaustive {
		return s.few()
	}
	essential := n // in all windows to come
	for row, count := uint32(0), 0; ; count++ {
		if count&63 == 63 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		s.setThreshold()
		for essential > 0 && s.restAll[essential-1] <= s.cut {
			essential--
		}
		if essential == 0 {
			return nil
		}
		from, end := s.nextWindow(row, essential, min(window, uint32(firstWindow)<<min(count, 10)))
		if from >= s.rows {
			return nil
		}
		if s.anyAllowed(from, end) {
			if err := s.window(from, end); err != nil {
				return err
			}
		}
		row = end
	}
}

// nextWindow finds the first row at or after row that an essential cursor may have, and the end of the window from there: as
// far as the limits of the blocks of essential cursors hold, but at least size rows.
func (s *search) nextWindow(row uint32, essential int, size uint32) (from, end uint32) {
	lead := s.cursors[:essential]
	if s.musts > 0 {
		lead = s.cursors[:1]
	}
	from = s.rows
	for _, c := range lead {
		if first, ok := c.first(row); ok {
			from = min(from, first)
		}
	}
	if s.musts > 0 { // all of them have to be there
		for _, c := range s.cursors[:s.musts] {
			first, ok := c.first(from)
			if !ok {
				return s.rows, s.rows
			}
			from = max(from, first)
		}
	}
	if from >= s.rows {
		return s.rows, s.rows
	}
	end = s.rows
	for _, c := range lead {
		if c.seek(from) && c.table != nil {
			end = min(end, c.last(c.block)+1)
		}
	}
	end = max(end, min(from+size, s.rows))
	if size == window && s.musts == 0 { // as the codes of lists are divided
		from, end = max(row, from&^(window-1)), min((end+window-1)&^(window-1), s.rows)
	}
	return from, end
}

// first is a row at or after row below which the list has none after row, or false at the end.
func (l *list) first(row uint32) (uint32, bool) {
	if !l.seek(row) {
		return 0, false
	}
	if l.decoded == l.block {
		if l.at >= l.n || l.rows[l.at] < row {
			l.skipTo(row)
		}
		if l.at < l.n {
			return l.rows[l.at], true
		}
		return 0, false
	}
	return max(row, l.before(l.block)), true
}

// window searches the rows from from to below end.
func (s *search) window(from, end uint32) error {
	n := len(s.cursors)
	s.rest[n] = 0
	for i := n - 1; i >= 0; i-- {
		c := s.cursors[i]
		limit := s.scorer.rangeLimit(c, from, end)
		if !c.here && c.must {
			return nil
		}
		s.rest[i] = s.rest[i+1] + float64(limit)
	}
	if s.rest[0] <= s.cut {
		return nil
	}
	if s.musts > 0 {
		return s.single(s.cursors[0], 1, from, end)
	}
	essential, present := n, 0
	for essential > 0 && s.rest[essential-1] <= s.cut {
		essential--
	}
	var only *cursor
	for _, c := range s.cursors[:essential] {
		if c.here {
			only = c
			present++
		}
	}
	if present == 1 {
		return s.single(only, essential, from, end)
	}
	for from < end {
		to := min((from|(window-1))+1, end)
		if err := s.together(essential, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// rangeLimit is an upper limit of the contributions of a cursor in rows from from to below end. It sets here.
func (s *scorer) rangeLimit(c *cursor, from, end uint32) float32 {
	first, ok := c.first(from)
	if c.here = ok && first < end; !c.here {
		return 0
	}
	if c.table == nil {
		return c.greatest
	}
	limit := float32(0)
	for b := c.block; b < c.block+4; b++ {
		if b >= c.blocks || c.before(b) >= end {
			return limit
		}
		limit = max(limit, s.blockLimit(&c.list, c.weight, b))
	}
	super := c.block / superBlocks
	limit = 0
	for i := super; i < super+4; i++ {
		if i*superBlocks >= c.blocks || i > super && c.before(i*superBlocks) >= end {
			return limit
		}
		limit = max(limit, s.superLimit(&c.list, c.weight, i))
	}
	return c.greatest
}

// single searches a window in which one cursor brings all candidates; next is the first of the others to ask.
func (s *search) single(c *cursor, next int, from, end uint32) error {
	rest := s.rest[next]
	for c.seek(from) && (c.table == nil || c.before(c.block) < end) {
		if c.table != nil && float64(s.scorer.blockLimit(&c.list, c.weight, c.block))+rest <= s.cut {
			if c.last(c.block) >= end-1 {
				return nil
			}
			c.block++
			continue
		}
		at, to, err := s.postings(c, from, end)
		if err != nil {
			return err
		}
		if at < to {
			if err := s.scorer.block(&c.list, c.weight, at, to, &s.out); err != nil {
				return err
			}
			s.scored += to - at
			s.candidates = s.candidates[:0]
			cut := below(s.cut - rest)
			for i := at; i < to; i++ {
				if sum := s.out[i]; sum > cut && s.isAllowed(c.rows[i]) {
					s.candidates = append(s.candidates, candidate{c.rows[i], sum})
				}
			}
			if len(s.candidates) > 0 {
				if err := s.ask(next); err != nil {
					return err
				}
			}
		}
		if to < c.n {
			return nil
		}
		c.block++
	}
	return nil
}

// postings decodes the cursor's block and returns the range of its postings in rows from from to below end.
func (s *search) postings(c *cursor, from, end uint32) (at, to int, err error) {
	if c.decoded != c.block {
		s.decoded++
		if err := c.decode(); err != nil {
			return 0, 0, err
		}
	}
	if c.rows[c.at&(blockRows-1)] < from {
		c.skipTo(from)
	}
	at, to = c.at, c.n
	if at < to && c.rows[to-1] >= end {
		c.skipTo(end)
		to = c.at
	}
	return at, to, nil
}
