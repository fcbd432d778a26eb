// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// float32Align is what rows of floats are padded to with zeros: a cache line.
const float32Align = 16

// floatRows is the encoding fp32: rows of width floats, of which dim are the vector's and the others 0.
type floatRows struct {
	table
	data       []float32
	dim, width int
	metric     Metric
}

func newFloatRows(t table, data []float32, dim int, metric Metric) *floatRows {
	return &floatRows{table: t, data: data, dim: dim, width: t.stride / 4, metric: metric}
}

// Len is the number of rows.
func (r *floatRows) Len() int { return r.n }

// Dim is the number of components of a vector.
func (r *floatRows) Dim() int { return r.dim }

// Row returns a vector; nil if its bytes are damaged: [Index.Check] tells where.
func (r *floatRows) Row(i int) []float32 {
	if r.check(i, 1) != nil {
		return nil
	}
	return r.data[i*r.width : i*r.width+r.dim : i*r.width+r.dim]
}

// Query prepares a query.
func (r *floatRows) Query(q []float32) Scorer {
	s := &floatScorer{rows: r, q: make([]float32, r.width)}
	copy(s.q, q)
	return s
}

// RowQuery prepares a row as the query.
func (r *floatRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query.
func (r *floatRows) RowQueryInto(row int, s Scorer) Scorer {
	f, ok := s.(*floatScorer)
	if !ok {
		f = &floatScorer{rows: r}
	}
	f.err = r.check(row, 1)
	if f.err == nil {
		f.q = r.data[row*r.width : (row+1)*r.width]
	}
	return f
}

type floatScorer struct {
	rows *floatRows
	q    []float32 // width floats
	err  error     // of preparing the query
}

func (s *floatScorer) Gather(dst []float32, rows []uint32) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.checkRows(rows); err != nil {
		return err
	}
	if s.rows.metric == Euclidean {
		kernel.GatherSquaredDistance(dst, s.q, s.rows.data, rows)
		distances(dst[:len(rows)])
		return nil
	}
	kernel.GatherDot(dst, s.q, s.rows.data, rows)
	return nil
}

func (s *floatScorer) Scan(dst []float32, first int) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.check(first, len(dst)); err != nil {
		return err
	}
	s.scan(dst, first)
	return nil
}

// scan is Scan for rows that are checked already.
func (s *floatScorer) scan(dst []float32, first int) {
	rows := s.rows.data[first*s.rows.width:]
	if s.rows.metric == Euclidean {
		kernel.SquaredDistanceRows(dst, s.q, rows)
		distances(dst)
		return
	}
	kernel.DotRows(dst, s.q, rows)
}

// distances turns squared distances into scores. It is 0 - x, not -x: the distance 0 is not to become -0.
func distances(squares []float32) {
	for i, x := range squares {
		squares[i] = 0 - float32(math.Sqrt(float64(x)))
	}
}
