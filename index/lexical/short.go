// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import "slices"

// shortList is up to how many postings a list is decoded and scored as a whole before the search.
const shortList = 1024

// leastLimit is what a list with a posting may add to a row at the least: limits of 0 say that there is no posting.
const leastLimit = 1e-30

// score decodes the list of a cursor and computes all its contributions. The list can be read from its start afterwards.
func (s *search) score(c *cursor) error {
	c.short, c.shortRows, c.shortValues, c.greatest = true, c.shortRows[:0], c.shortValues[:0], leastLimit
	for ; c.block < c.blocks; c.block++ {
		s.decoded++
		if err := c.decode(); err != nil {
			return err
		}
		if err := s.scorer.block(&c.list, c.weight, 0, c.n, &s.out); err != nil {
			return err
		}
		c.shortRows = append(c.shortRows, c.rows[:c.n]...)
		c.shortValues = append(c.shortValues, s.out[:c.n]...)
		c.greatest = max(c.greatest, slices.Max(s.out[:c.n]))
	}
	c.rewind()
	return nil
}

// shortIn returns rows and contributions of a short list in rows from from to below end.
func (c *cursor) shortIn(from, end uint32) ([]uint32, []float32) {
	at, _ := slices.BinarySearch(c.shortRows, from)
	to := at
	for to < len(c.shortRows) && c.shortRows[to] < end {
		to++
	}
	return c.shortRows[at:to], c.shortValues[at:to]
}

// rewind makes rows before those asked for last available again.
func (l *list) rewind() { l.block, l.at = 0, 0 }
