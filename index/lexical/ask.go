// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"math/bits"
	"slices"
)

// unmatched is the sum of a candidate that no cursor has brought: -0, to which adding any contribution, even 0, gives the
// contribution. It is never a hit.
var unmatched = float32(math.Copysign(0, -1))

// fewAllowed is the share of allowed rows, one in so many, below which it is they that bring the candidates.
const fewAllowed = 256

// fewBatch is how many of them are asked about with the same threshold.
const fewBatch = 128

// few searches a part of which few rows are allowed: all cursors are asked about each.
func (s *search) few() error {
	for i := len(s.cursors) - 1; i >= 0; i-- {
		s.cursors[i].here = true
		s.rest[i] = s.rest[i+1] + float64(s.cursors[i].greatest)
	}
	s.candidates = s.candidates[:0]
	for i, w := range s.allowed {
		for ; w != 0; w &= w - 1 {
			s.candidates = append(s.candidates, candidate{uint32(i<<6 | bits.TrailingZeros64(w)), unmatched})
		}
		if last := i == len(s.allowed)-1; len(s.candidates) >= fewBatch || last && len(s.candidates) > 0 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
			s.setThreshold()
			if err := s.ask(0); err != nil {
				return err
			}
			s.candidates = s.candidates[:0]
		}
	}
	return nil
}

// ask adds the contributions of cursor next and those after it to the candidates, dropping the ones that cannot become
// hits, and offers what is left.
func (s *search) ask(next int) error {
	for j := next; j < len(s.cursors) && len(s.candidates) > 0; j++ {
		c := s.cursors[j]
		if !c.here {
			continue
		}
		kept := s.candidates[:0]
		cut, after := below(s.cut-s.rest[j]), s.cut-s.rest[j+1]
		for _, d := range s.candidates {
			if d.sum <= cut {
				continue
			}
			if c.coded != nil || c.short {
				if v, found := s.look(c, d.row); found {
					s.scored++
					d.sum += v
				} else if c.must {
					continue
				}
				if float64(d.sum) > after {
					kept = append(kept, d)
				}
				continue
			}
			if !c.seek(d.row) {
				if !c.must {
					kept = append(kept, d)
				}
				continue
			}
			if c.decoded != c.block {
				if c.table != nil && float64(d.sum)+float64(s.scorer.blockLimit(&c.list, c.weight, c.block)) <= after {
					continue
				}
				s.decoded++
				if err := c.decode(); err != nil {
					return err
				}
			}
			if c.skipTo(d.row); c.at < c.n && c.rows[c.at] == d.row {
				v, err := s.scorer.one(&c.list, c.weight, c.at)
				if err != nil {
					return err
				}
				s.scored++
				d.sum += v
			} else if c.must {
				continue
			}
			if float64(d.sum) > after {
				kept = append(kept, d)
			}
		}
		s.candidates = kept
	}
	for _, d := range s.candidates {
		if math.Float32bits(d.sum) == math.Float32bits(unmatched) {
			continue
		}
		score := d.sum + s.plan.base
		if score < s.top.threshold() {
			continue
		}
		excluded, err := s.excluded(d.row)
		if err != nil {
			return err
		}
		if !excluded {
			s.top.add(score, s.base+d.row)
		}
	}
	s.setThreshold()
	return nil
}

// look finds the contribution of a cursor that is coded or short to a row.
func (s *search) look(c *cursor, row uint32) (float32, bool) {
	if c.coded != nil {
		return s.contribution(c.coded, c.weight, row)
	}
	if i, found := slices.BinarySearch(c.shortRows, row); found {
		return c.shortValues[i], true
	}
	return 0, false
}

func (s *search) excluded(row uint32) (bool, error) {
	for _, c := range s.not {
		if found, err := c.find(row); found || err != nil {
			return true, err
		}
	}
	return false, nil
}

func (s *search) isAllowed(row uint32) bool {
	if s.allowed == nil {
		return true
	}
	return s.allowed[row>>6]>>(row&63)&1 != 0
}

// anyAllowed reports whether a row from from to below end may be a hit.
func (s *search) anyAllowed(from, end uint32) bool {
	if s.allowed == nil {
		return true
	}
	for i := from >> 6; i <= (end-1)>>6; i++ {
		if s.allowed[i] != 0 {
			return true
		}
	}
	return false
}
