// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"cmp"
	"math"
	"slices"

	"github.com/winnow-search/winnow/internal/kernel"
)

// How rows are found: MaxScore (Turtle & Flood 1995) over windows of rows, with limits of each list in each window (Ding & Suel
// 2011), much as Lucene 9.9 has it. Cursors are ordered by weight. In a window, the limits of the last cursors, the ones of frequent
// terms, often sum up to less than the threshold: a row that has none of the others cannot become a hit. So only those others,
// the essential cursors, bring candidates; the rest are asked about candidates one by one, and a candidate is dropped as
// soon as what may still be added is too little. Contributions are added to every row in the order of the cursors,
// essential or not, so the sums have the same bits in whichever way a window was treated; see together.go and ask.go.
//
// The windows with the greatest limits come first, which gives a good threshold for all others (the order of Mallia et al.,
// "Faster Learned Sparse Retrieval with Block-Max Pruning", 2024, for a few).

// window is the number of rows that are scored together: their sums and lengths fit the first-level cache.
const window = 4096

const (
	span  = 256 // windows whose limits are computed together
	ahead = 8   // of them that are searched before the others
)

// setThreshold takes the threshold from the rows kept. A sum is of use if it is above cut less what may still be added. A sum that only
// reaches the threshold is above cut, because rows do not come in order, and the lower one of two equal ones is the better.
func (s *search) setThreshold() {
	s.top.refresh()
	s.threshold, s.cut = s.top.threshold(), math.Inf(-1)
	if s.way == exhaustive {
		return
	}
	if s.threshold > 0 {
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
	s.rest = append(s.rest[:0], make([]float64, n+1)...)
	if s.fewRows && s.way != exhaustive {
		return s.few()
	}
	for _, c := range s.cursors {
		c.most = nil
		if c.coded == nil {
			continue
		}
		if c.most = s.mostOf(c.coded); c.most != nil {
			s.promise(c.weight, &c.most.best)
		}
	}
	s.setThreshold() // it is that of another search until then
	s.limits = slices.Grow(s.limits[:0], n*span)[:n*span]
	for from := uint32(0); from < s.rows; from += span * window {
		if err := s.span(from, min(span, int((s.rows-from+window-1)/window))); err != nil {
			return err
		}
	}
	return nil
}

// span searches count windows from row from.
func (s *search) span(from uint32, count int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	totals := s.totals[:count]
	clear(totals)
	for i, c := range s.cursors {
		limits := s.limits[i*span:][:count]
		s.fillLimits(c, from, limits)
		for w, limit := range limits {
			totals[w] += float64(limit)
		}
	}
	for i := range s.musts {
		for w, limit := range s.limits[i*span:][:count] {
			if limit == 0 {
				totals[w] = 0
			}
		}
	}
	if err := s.first(totals, from); err != nil {
		return err
	}
	for w, total := range totals {
		if w&63 == 63 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		if total > max(0, s.cut) {
			if err := s.window(w, from+uint32(w)*window); err != nil {
				return err
			}
		}
	}
	return nil
}

// first searches the windows with the greatest totals, and sets these to 0.
func (s *search) first(totals []float64, from uint32) error {
	order := make([]int, 0, ahead) // by falling total
	for w, total := range totals {
		if len(order) == ahead && total <= totals[order[ahead-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(order, total, func(v int, total float64) int { return cmp.Compare(total, totals[v]) })
		order = slices.Insert(order[:min(len(order), ahead-1)], at, w)
	}
	slices.Sort(order) // lists are read forwards
	for _, w := range order {
		if totals[w] > 0 {
			if err := s.window(w, from+uint32(w)*window); err != nil {
				return err
			}
		}
		totals[w] = 0
	}
	for _, c := range s.cursors {
		c.rewind()
	}
	for _, c := range s.not {
		c.rewind()
	}
	return nil
}

// fillLimits sets upper limits of the contributions of a cursor in the windows from row from; 0 where it has no posting. Of a list
// in blocks they are all the same: window looks closer.
func (s *search) fillLimits(c *cursor, from uint32, limits []float32) {
	switch {
	case c.coded != nil:
		first := int(from / window)
		for w := range limits {
			limits[w] = c.greatest
			if c.most != nil {
				limits[w] = 0
				if share := c.most.shares[first+w]; share > 0 {
					limits[w] = max(float32(c.weight*share), leastLimit)
				}
			}
		}
	case c.short:
		clear(limits)
		at, _ := slices.BinarySearch(c.shortRows, from)
		for i, row := range c.shortRows[at:] {
			w := int(row-from) / window
			if w >= len(limits) {
				break
			}
			limits[w] = max(limits[w], c.shortValues[at+i], leastLimit)
		}
	default:
		for w := range limits {
			limits[w] = c.greatest
		}
	}
}

// window searches window w of the span, which begins at row from.
func (s *search) window(w int, from uint32) error {
	end := min(from+window, s.rows)
	if !s.anyAllowed(from, end) {
		return nil
	}
	s.setThreshold()
	n := len(s.cursors)
	s.rest[n] = 0
	for i := n - 1; i >= 0; i-- {
		c := s.cursors[i]
		limit := s.limits[i*span+w]
		if c.coded != nil || c.short {
			c.here = limit > 0
		} else {
			limit = s.scorer.rangeLimit(c, from, end)
		}
		if !c.here && c.must {
			return nil
		}
		s.rest[i] = s.rest[i+1] + float64(limit)
	}
	if s.rest[0] <= s.cut {
		return nil
	}
	essential := n
	if s.musts > 0 {
		essential = 1
	}
	for essential > 0 && s.rest[essential-1] <= s.cut {
		essential--
	}
	var only *cursor
	present := 0
	for _, c := range s.cursors[:essential] {
		if c.here {
			only = c
			present++
		}
	}
	if present == 1 && only.coded == nil && !only.short {
		return s.single(only, essential, from, end)
	}
	s.fetch(w+1, end)
	return s.together(essential, from, end)
}

// fetch asks for the lengths and codes of window w of the span, which begins at row from, unless it will be left out: they are on their way
// while the window before is computed. That takes a seventh of the time off (a million passages, Zen 4).
func (s *search) fetch(w int, from uint32) {
	if w >= span || from >= s.rows || s.totals[w] <= max(0, s.cut) {
		return
	}
	lengths := s.scorer.lengths[2*from:]
	kernel.Prefetch(lengths[:min(len(lengths), 2*window)])
	for _, c := range s.cursors {
		if c.coded != nil {
			kernel.Prefetch(c.coded.in(int(from / window)))
		}
	}
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

// single searches a window in which one cursor, a list in blocks, brings all candidates; next is the first of the others to ask.
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
