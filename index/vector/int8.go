// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/kernel"
)

// int8Steps is the code of a row's largest magnitude.
const int8Steps = 127

// byteRows is the encoding int8: row i is the center plus its scale times codes from -127 to 127. A scale for each row keeps
// its precision the same whatever its length is; it multiplies the exact integer product of the codes.
//
// Many models put all vectors near one direction, with cosines of 0.98 between any two. Codes of whole vectors would be spent
// on what all rows share, and rounding would hide what tells them apart. So the center, the mean of rows, is taken off
// first. With r' = r - center and any number a,
//
//	q·r = q·center + a·(center·r') + (q - a·center)·r'
//
// where only the last product is one of codes. The bias center·r' of each row is kept as it was before rounding. For a query
// a is what makes the rest of it shortest, for a row it is 1. Distances do not change when the center is taken off both:
// under Euclidean the squared lengths of the centered rows as encoded are kept instead, |q'-r'|² = |q'|² + |r'|² - 2q'·r'.
type byteRows struct {
	table
	data       []int8
	factors    table     // of pairs
	pairs      []float32 // for each row its scale, and its bias, or squared length under Euclidean
	center     []float32 // dim
	square     float64   // center·center
	dim, width int
	metric     Metric
}

// factorsAhead is how many rows' factors are asked for ahead of their codes: the links of a node. More would push one another
// out of the cache.
const factorsAhead = 512

// int8Stride is the number of bytes of a row of codes.
func int8Stride(dim int) int { return pad(dim, kernel.Line) }

// int8Pair is the number of bytes a row has beside its codes: two floats, in one cache line.
const int8Pair = 8

// newByteRows is the Storage over codes and side, which holds the pairs and then the center.
func newByteRows(codes table, data []int8, side table, values []float32, dim int, metric Metric) *byteRows {
	pairs, center := values[:2*codes.n], values[2*codes.n:]
	return &byteRows{
		table: codes, data: data, factors: side, pairs: pairs, center: center, square: dot64(center, center),
		dim: dim, width: codes.stride, metric: metric,
	}
}

// dot64 is the inner product in float64, where no sum of float32 products overflows, to the same bits on all processors.
func dot64(a, b []float32) float64 {
	var sum float64
	for i, x := range a {
		sum += float64(float64(x) * float64(b[i]))
	}
	return sum
}

// bounded is x as a float32, the largest one instead of an infinity.
func bounded(x float64) float32 {
	return float32(max(-math.MaxFloat32, min(x, math.MaxFloat32)))
}

// takeOff sets dst to v - share·center.
func takeOff(dst, v, center []float32, share float64) {
	for i, x := range v {
		dst[i] = bounded(float64(x) - float64(share*float64(center[i])))
	}
}

// encodeCentered encodes v, and returns the pair that is kept with it. rest, dim floats, is overwritten.
func encodeCentered(dst []int8, rest, v, center []float32, metric Metric) (scale, second float32) {
	takeOff(rest, v, center, 1)
	scale, second = encodeInt8(dst, rest)
	if metric != Euclidean {
		second = bounded(dot64(center, rest))
	}
	return scale, second
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
	return scale, bounded(float64(scale) * float64(scale) * float64(sum))
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
	v, scale := make([]float32, r.dim), float64(r.pairs[2*i])
	for j, c := range r.data[i*r.width : i*r.width+r.dim] {
		v[j] = bounded(float64(r.center[j]) + float64(float64(c)*scale))
	}
	return v
}

// Query prepares a query: what is left of it without the center is rounded like a row.
func (r *byteRows) Query(q []float32) Scorer {
	s, share, rest := r.scorer(), 1.0, make([]float32, r.dim)
	if r.metric != Euclidean {
		along := dot64(q, r.center)
		share = along / r.square
		if !(math.Abs(share) <= math.MaxFloat32) { // also of a center of zeros
			share = 0
		}
		s.base, s.share = bounded(along), float32(share)
		share = float64(s.share) // the same for codes and biases
	}
	takeOff(rest, q, r.center, share)
	s.q = make([]int8, r.width)
	s.scale, s.square = encodeInt8(s.q, rest)
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
	b.scale = r.pairs[2*row]
	if second := r.pairs[2*row+1]; r.metric == Euclidean {
		b.square = second
	} else {
		b.base, b.share = bounded(r.square+float64(second)), 1
	}
	return b
}

type byteScorer struct {
	rows        *byteRows
	q           []int8 // width codes
	scale       float32
	square      float32 // under Euclidean
	base, share float32 // else: the product with the center, and how much of the center was taken off
	products    []int32
	err         error // of preparing the query
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
	kernel.PrefetchRows(raw(r.pairs), r.factors.stride, r.factors.stride, rows[:min(len(rows), factorsAhead)])
	products := s.room(len(rows))
	kernel.GatherDotI8(products, s.q, r.data, r.width, rows)
	dst = dst[:len(rows)]
	if r.metric == Euclidean {
		for i, row := range rows {
			dst[i] = s.distance(products[i], r.pairs[2*int(row)], r.pairs[2*int(row)+1])
		}
		return nil
	}
	for i, row := range rows {
		dst[i] = s.product(products[i], r.pairs[2*int(row)], r.pairs[2*int(row)+1])
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
	pairs := r.pairs[2*first:][:2*len(dst)]
	if r.metric == Euclidean {
		for i := range dst {
			dst[i] = s.distance(products[i], pairs[2*i], pairs[2*i+1])
		}
		return nil
	}
	for i := range dst {
		dst[i] = s.product(products[i], pairs[2*i], pairs[2*i+1])
	}
	return nil
}

// product is the inner product with a row. The small parts are added first.
func (s *byteScorer) product(product int32, scale, bias float32) float32 {
	return s.base + (float32(s.share*bias) + float32(float32(product)*(s.scale*scale)))
}

// distance is minus the distance to a row. Rounding can make the square of a short one negative.
func (s *byteScorer) distance(product int32, scale, square float32) float32 {
	d := float64(s.square) + float64(square) - 2*float64(product)*float64(s.scale)*float64(scale)
	if d < 0 {
		d *= 0 // not of an infinity, which a damaged pair gives: that stays without a number
	}
	return 0 - float32(math.Sqrt(d))
}

// place is the section that values beyond codes lie in: codes are numbers whatever their bytes are.
func (r *byteRows) place() (*segment.Section, int) { return r.factors.place() }
