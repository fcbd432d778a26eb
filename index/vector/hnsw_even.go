// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import "math"

// evenRows lets a graph be built over rows whose scores with themselves differ, as those of Dot do: long rows would be
// everybody's neighbours, and short ones nobody's. To each row a component is added that makes all of them equally long
// (Bachrach et al. 2014, "Speeding up the Xbox recommender system"). Queries have 0 there, so their scores stay what they
// are: the order by inner product is the order by distance in the space with that component.
type evenRows struct {
	Storage
	extra []float32 // the component, for each row
}

// evenScorer compares an even row with others.
type evenScorer struct {
	Scorer
	rows *evenRows
	own  float32
}

// unevenness is how many times the least score of a row with itself, zeros apart, the greatest may be before rows are made
// even. What rounding does to rows of one length is below it.
const unevenness = 1.25

// even returns st, or even rows made of it, and changes selves accordingly.
func even(st Storage, selves []float32) Storage {
	least, most := float32(math.Inf(1)), float32(0)
	for _, s := range selves {
		if s > 0 {
			least, most = min(least, s), max(most, s)
		}
	}
	if !(most > unevenness*least) || math.IsInf(float64(most), 1) {
		return st
	}
	e := &evenRows{st, make([]float32, len(selves))}
	for i, s := range selves {
		x := float32(math.Sqrt(float64(most) - float64(s)))
		e.extra[i] = x
		selves[i] = s + float32(x*x) // as Gather does, to the bit: copies are found by that
	}
	return e
}

func (e *evenRows) RowQuery(row int) Scorer { return e.RowQueryInto(row, nil) }

func (e *evenRows) RowQueryInto(row int, s Scorer) Scorer {
	own, ok := s.(*evenScorer)
	if !ok {
		own = &evenScorer{rows: e}
	}
	own.Scorer = e.Storage.RowQueryInto(row, own.Scorer)
	own.own = e.extra[row]
	return own
}

func (s *evenScorer) Gather(dst []float32, rows []uint32) error {
	if err := s.Scorer.Gather(dst, rows); err != nil {
		return err
	}
	for i, row := range rows {
		dst[i] += float32(s.own * s.rows.extra[row])
	}
	return nil
}
