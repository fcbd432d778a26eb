// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/kernel"
)

// int8Steps is the code of a row's largest magnitude.
const int8Steps = 127

// byteRows is the encoding int8: row i is scales[i] times codes from -127 to 127. A scale for each row keeps its precision
// the same whatever its length is; it multiplies the exact integer product of the codes. Under Euclidean the squared
// lengths of the rows as encoded are kept too: |q-r|² = |q|² + |r|² - 2q·r.
type byteRows struct {
	table
	data       []int8
	factors    table     // of scales, and norms in a row with them under Euclidean
	scales     []float32 // n, or n pairs of scale and squared length
	dim, width int
	metric     Metric
}

// factorsAhead is how many rows' factors are asked for ahead of their codes: the links of a node. More would push one another
// out of the cache.
const factorsAhead = 512

// int8Stride is the number of bytes of a row of codes.
func int8Stride(dim int) int { return pad(dim, kernel.Line) }

// int8Factors is the number of floats a row has beside its codes.
func int8Factors(metric Metric) int {
	if metric == Euclidean {
		return 2
	}
	return 1
}

func newByteRows(codes table, data []int8, factors table, scales []float32, dim int, metric Metric) *byteRows {
	return &byteRows{table: codes, data: data, factors: factors, scales: scales, dim: dim, width: codes.stride, metric: metric}
}

// encodeInt8 sets dst, a padded row of codes, to v/scale rounded to the nearest, and returns the scale and the squared
// length of what dst stands for. A zero vector has the scale 0.
func encodeInt8(dst []int8, v []float32) (scale, square float32) {
	var largest float32
	for _, x := range v {
		largest = max(largest, float32(math.Abs(float64(x))))
	}
	clear(dst[len(v):])
	scale = largest / int8Steps
	if scale == 0 { // also of magnitudes below all normal floats
		clear(dst)
		return 0, 0
	}
	// In float64 no value overflows, and the largest magnitude gives 127 exactly.
	inverse := int8Steps / float64(largest)
	var sum int64
	for i, x := range v {
		c := int8(math.RoundToEven(float64(x) * inverse))
		dst[i] = c
		sum += int64(c) * int64(c)
	}
	return scale, float32(min(float64(scale)*float64(scale)*float64(sum), math.MaxFloat32))
}

// Len is the number of rows.
func (r *byteRows) Len() int { return r.n }

// Dim is the number of components of a vector.
func (r *byteRows) Dim() int { return r.dim }

// Row returns what the codes of a row stand for, in a new slice; nil if its bytes are damaged.
func (r *byteRows) Row(i int) []float32 {
	if r.check(i, 1) != nil || r.factors.check(i, 1) != nil {
		return nil
	}
	v, scale := make([]float32, r.dim), r.scales[i*int8Factors(r.metric)]
	for j, c := range r.data[i*r.width : i*r.width+r.dim] {
		v[j] = float32(c) * scale
	}
	return v
}

// Query prepares a query: it is rounded like a row.
func (r *byteRows) Query(q []float32) Scorer {
	s := r.scorer()
	s.own = make([]int8, r.width)
	s.q = s.own
	s.scale, s.square = encodeInt8(s.own, q)
	return s
}

func (r *byteRows) scorer() *byteScorer { return &byteScorer{rows: r} }

// RowQuery prepares a row as the query.
func (r *byteRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query. Its codes are used where they lie.
func (r *byteRows) RowQueryInto(row int, s Scorer) Scorer {
	b, ok := s.(*byteScorer)
	if !ok {
		b = r.scorer()
	}
	if b.err = r.check(row, 1); b.err != nil {
		return b
	}
	if b.err = r.factors.check(row, 1); b.err != nil {
		return b
	}
	b.q = r.data[row*r.width : (row+1)*r.width]
	if r.metric == Euclidean {
		b.scale, b.square = r.scales[2*row], r.scales[2*row+1]
	} else {
		b.scale = r.scales[row]
	}
	return b
}

type byteScorer struct {
	rows          *byteRows
	q, own        []int8 // width codes
	scale, square float32
	products      []int32
	err           error // of preparing the query
}

func (s *byteScorer) room(n int) []int32 {
	if cap(s.products) < n {
		s.products = make([]int32, max(n, 64))
	}
	return s.products[:n]
}

func (s *byteScorer) Gather(dst []float32, rows []uint32) error {
	if s.err != nil {
		return s.err
	}
	r := s.rows
	if err := r.checkRows(rows); err != nil {
		return err
	}
	if err := r.factors.checkRows(rows); err != nil {
		return err
	}
	// The factors lie in other lines than the codes: asked for first, they are there when the products are. Of a million rows of
	// 384 codes a row takes 31 ns, 39 if they are not asked for; 40 to 50 if a row holds its own factor, which makes it longer
	// than six lines.
	kernel.PrefetchRows(raw(r.scales), r.factors.stride, r.factors.stride, rows[:min(len(rows), factorsAhead)])
	products := s.room(len(rows))
	kernel.GatherDotI8(products, s.q, r.data, r.width, rows)
	dst = dst[:len(rows)]
	if r.metric == Euclidean {
		for i, row := range rows {
			dst[i] = s.distance(products[i], r.scales[2*int(row)], r.scales[2*int(row)+1])
		}
		return nil
	}
	for i, row := range rows {
		dst[i] = float32(products[i]) * (s.scale * r.scales[row])
	}
	return nil
}

func (s *byteScorer) Scan(dst []float32, first int) error {
	if s.err != nil {
		return s.err
	}
	r := s.rows
	if err := r.check(first, len(dst)); err != nil {
		return err
	}
	if err := r.factors.check(first, len(dst)); err != nil {
		return err
	}
	products := s.room(len(dst))
	kernel.DotRowsI8(products, s.q, r.data[first*r.width:], r.width)
	if r.metric == Euclidean {
		for i := range dst {
			dst[i] = s.distance(products[i], r.scales[2*(first+i)], r.scales[2*(first+i)+1])
		}
		return nil
	}
	scales := r.scales[first : first+len(dst)]
	for i, scale := range scales {
		dst[i] = float32(products[i]) * (s.scale * scale)
	}
	return nil
}

// distance is minus the distance to a row. Rounding can make the square of a short one negative.
func (s *byteScorer) distance(product int32, scale, square float32) float32 {
	d := float64(s.square) + float64(square) - 2*float64(product)*float64(s.scale)*float64(scale)
	if d < 0 {
		d = 0
	}
	return 0 - float32(math.Sqrt(d))
}

// place is the section that values beyond codes lie in: codes are numbers whatever their bytes are.
func (r *byteRows) place() (*segment.Section, int) { return r.factors.place() }
