// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// floatSource is a source whose rows lie one after another in memory: they are compared where they lie.
type floatSource interface{ floats() *floatRows }

func (r *floatRows) floats() *floatRows { return r }

func (f *Flat) floats() *floatRows { return &f.rows }

// sourceRows is a Storage over any source, by way of its Row: fp32 vectors that stay where they are. Row i of it is row
// ids[i] of the source, or i if ids is nil.
type sourceRows struct {
	src    Source
	ids    []uint32
	dim    int
	metric Metric
}

// newSourceRows is the Storage over a source.
func newSourceRows(src Source, dim int, m Metric, ids []uint32) Storage {
	if f, ok := src.(floatSource); ok && ids == nil && f.floats().metric == m {
		return f.floats()
	}
	return &sourceRows{src, ids, dim, m}
}

// Len is the number of rows.
func (r *sourceRows) Len() int { return r.src.Len() }

// Dim is the number of components of a vector.
func (r *sourceRows) Dim() int { return r.dim }

// Query prepares a query.
func (r *sourceRows) Query(q []float32) Scorer { return r.scorer(q, nil) }

// RowQuery prepares a row as the query.
func (r *sourceRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query.
func (r *sourceRows) RowQueryInto(row int, s Scorer) Scorer {
	v, err := r.row(row)
	old, _ := s.(*sourceScorer)
	scorer := r.scorer(v, old)
	scorer.err = err
	return scorer
}

func (r *sourceRows) scorer(q []float32, s *sourceScorer) *sourceScorer {
	if s == nil {
		width := pad(r.dim, float32Align)
		s = &sourceScorer{rows: r, q: make([]float32, width), buffer: make([]float32, width)}
	}
	copy(s.q, q)
	return s
}

func (r *sourceRows) row(i int) ([]float32, error) {
	t := table{n: r.Len()}
	if err := t.check(i, 1); err != nil {
		return nil, err
	}
	if r.ids != nil {
		i = int(r.ids[i])
	}
	return sourceRow(r.src, i, r.dim)
}

type sourceScorer struct {
	rows   *sourceRows
	q      []float32 // padded like rows of fp32, so that the sums have the same order
	buffer []float32
	ahead  [][]float32 // rows that were asked for
	err    error
}

// sourceBurst is how many listed rows are asked for before the first is compared, as the kernels do it: rows lie anywhere, and
// waiting for one after the other took two thirds of the time of building a graph.
const sourceBurst = 32

func (s *sourceScorer) Gather(dst []float32, rows []uint32) error {
	if s.err != nil {
		return s.err
	}
	for len(rows) > 0 {
		count := min(sourceBurst, len(rows))
		s.ahead = s.ahead[:0]
		for _, row := range rows[:count] {
			v, err := s.rows.row(int(row))
			if err != nil {
				return err
			}
			kernel.Prefetch(v)
			s.ahead = append(s.ahead, v)
		}
		for i, v := range s.ahead {
			dst[i] = s.compare(v)
		}
		dst, rows = dst[count:], rows[count:]
	}
	return nil
}

func (s *sourceScorer) Scan(dst []float32, first int) error {
	if s.err != nil {
		return s.err
	}
	for i := range dst {
		v, err := s.rows.row(first + i)
		if err != nil {
			return err
		}
		dst[i] = s.compare(v)
	}
	return nil
}

// compare is the score of a vector.
func (s *sourceScorer) compare(v []float32) float32 {
	if len(v) < len(s.buffer) {
		copy(s.buffer, v)
		v = s.buffer
	}
	if s.rows.metric == Euclidean {
		return 0 - float32(math.Sqrt(float64(kernel.SquaredDistance(s.q, v))))
	}
	return kernel.Dot(s.q, v)
}

// sourceOf is a Storage of fp32, fp16 or int8 as the source of vectors that it is. Others never stand alone.
func sourceOf(st Storage) Source {
	src, ok := st.(Source)
	if !ok {
		return nil
	}
	return src
}

// placedRows is a Storage whose rows lie in another order: row i is at places[i].
type placedRows struct {
	Storage
	lists *lists
}

func (r *placedRows) place(row int) (int, error) {
	if err := r.lists.where.check(row, 1); err != nil {
		return 0, err
	}
	return int(r.lists.places[row]), nil // the storage checks it
}

// Row returns a vector; nil if its bytes are damaged.
func (r *placedRows) Row(i int) []float32 {
	place, err := r.place(i)
	if err != nil || place >= r.Len() {
		return nil
	}
	return sourceOf(r.Storage).Row(place)
}

// Query prepares a query.
func (r *placedRows) Query(q []float32) Scorer { return &placedScorer{r.Storage.Query(q), r, nil, nil} }

// RowQuery prepares a row as the query.
func (r *placedRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query.
func (r *placedRows) RowQueryInto(row int, s Scorer) Scorer {
	old, ok := s.(*placedScorer)
	if !ok {
		old = &placedScorer{rows: r}
	}
	var place int
	if place, old.err = r.place(row); old.err == nil {
		old.scorer = r.Storage.RowQueryInto(place, old.scorer)
	}
	return old
}

type placedScorer struct {
	scorer Scorer
	rows   *placedRows
	places []uint32
	err    error
}

func (s *placedScorer) Gather(dst []float32, rows []uint32) error {
	s.places = s.places[:0]
	for _, row := range rows {
		place, err := s.rows.place(int(row))
		if err != nil {
			return err
		}
		s.places = append(s.places, uint32(place))
	}
	if s.err != nil {
		return s.err
	}
	return s.scorer.Gather(dst, s.places)
}

func (s *placedScorer) Scan(dst []float32, first int) error {
	rows := make([]uint32, len(dst))
	for i := range rows {
		rows[i] = uint32(first + i)
	}
	return s.Gather(dst, rows)
}
