// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"fmt"

	"github.com/winnow-search/winnow/internal/kernel"
)

// maxFloat16 is the largest finite half-precision float.
const maxFloat16 = 65504

// halfRows is the encoding fp16: rows of width halves, of which dim are the vector's and the others 0.
type halfRows struct {
	table
	data       []uint16
	dim, width int
	metric     Metric
}

// float16Stride is the number of bytes of a row.
func float16Stride(dim int) int { return pad(2*dim, kernel.Line) }

func newHalfRows(t table, data []uint16, dim int, metric Metric) *halfRows {
	return &halfRows{table: t, data: data, dim: dim, width: t.stride / 2, metric: metric}
}

// encodeFloat16 sets dst, a row of halves, to v. Values beyond the range of halves are an error: infinities would lose the row.
func encodeFloat16(dst []uint16, v []float32, row int) error {
	for i, x := range v {
		if x > maxFloat16 || x < -maxFloat16 {
			return fmt.Errorf("vector %d, component %d: %v is beyond the range of fp16 (%d): use fp32", row, i, x, maxFloat16)
		}
	}
	kernel.ToF16(dst, v)
	clear(dst[len(v):])
	return nil
}

// Len is the number of rows.
func (r *halfRows) Len() int { return r.n }

// Dim is the number of components of a vector.
func (r *halfRows) Dim() int { return r.dim }

// Row returns a vector, widened into a new slice; nil if its bytes are damaged.
func (r *halfRows) Row(i int) []float32 {
	if r.check(i, 1) != nil {
		return nil
	}
	wide := make([]float32, r.width)
	kernel.FromF16(wide, r.data[i*r.width:(i+1)*r.width])
	return wide[:r.dim:r.dim]
}

// Query prepares a query.
func (r *halfRows) Query(q []float32) Scorer {
	s := &halfScorer{rows: r, q: make([]float32, r.width)}
	copy(s.q, q)
	return s
}

// RowQuery prepares a row as the query.
func (r *halfRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query.
func (r *halfRows) RowQueryInto(row int, s Scorer) Scorer {
	h, ok := s.(*halfScorer)
	if !ok {
		h = &halfScorer{rows: r, q: make([]float32, r.width)}
	}
	h.err = r.check(row, 1)
	if h.err == nil {
		kernel.FromF16(h.q, r.data[row*r.width:(row+1)*r.width])
	}
	return h
}

type halfScorer struct {
	rows *halfRows
	q    []float32 // width floats
	err  error     // of preparing the query
}

func (s *halfScorer) Gather(dst []float32, rows []uint32) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.checkRows(rows); err != nil {
		return err
	}
	if s.rows.metric == Euclidean {
		kernel.GatherSquaredDistanceF16(dst, s.q, s.rows.data, rows)
		distances(dst[:len(rows)])
		return nil
	}
	kernel.GatherDotF16(dst, s.q, s.rows.data, rows)
	return nil
}

func (s *halfScorer) Scan(dst []float32, first int) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.check(first, len(dst)); err != nil {
		return err
	}
	rows := s.rows.data[first*s.rows.width:]
	if s.rows.metric == Euclidean {
		kernel.SquaredDistanceRowsF16(dst, s.q, rows)
		distances(dst)
		return nil
	}
	kernel.DotRowsF16(dst, s.q, rows)
	return nil
}
