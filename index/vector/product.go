// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"

	"github.com/winnow-search/winnow/internal/bitset"
	"github.com/winnow-search/winnow/internal/kernel"
)

const (
	// productQueries is the number of queries from which a matrix product beats scoring the rows for one query after the other.
	productQueries = 16
	// unit is the largest relative rounding error of a float32 operation.
	unit = 0x1p-24
	// huge bounds squared lengths for which rounding bounds are used; products of longer vectors may overflow.
	huge = 0x1p120
)

// productBlocker finds the rows of a block that may belong to the nearest of each query by one matrix product, rows times
// queries, and scores those as a search for one query does. The product's sums are in another order, so a row is left out
// only if its product is below the threshold by more than both orders can differ. That is why a query's hits are the same
// alone and in a batch, to the bit.
//
// Under Euclidean the comparison |q-r|² <= t² is made as q·r >= (|q|²-t²)/2 + |r|²/2.
type productBlocker struct {
	rows     *floatRows
	allowed  *bitset.Set
	queries  *kernel.Matrix
	buffer   kernel.Buffer
	padded   []float32   // the queries one after the other, padded like rows
	squares  []float64   // of the queries' lengths
	limits   []float32   // for each query: products below limit + offset of the row are left out
	offsets  []float32   // for each row of a block
	products []float32   // rows × padded queries
	scorer   floatScorer // scores single rows
}

func newProductBlocker(rows *floatRows, queries []float32, allowed *bitset.Set) *productBlocker {
	dim, n := rows.dim, len(queries)/rows.dim
	b := &productBlocker{
		rows: rows, allowed: allowed, queries: kernel.NewMatrix(kernel.Float32, dim, n),
		padded: make([]float32, n*rows.width), squares: make([]float64, n), limits: make([]float32, n),
		scorer: floatScorer{rows: rows},
	}
	b.queries.SetColumns(0, queries, make([]float32, n))
	for q := range n {
		query := b.query(q)
		copy(query, queries[q*dim:(q+1)*dim])
		b.squares[q] = square(query)
	}
	return b
}

func (b *productBlocker) query(q int) []float32 {
	return b.padded[q*b.rows.width : (q+1)*b.rows.width]
}

// square is the squared length of a vector.
func square(v []float32) float64 { return float64(kernel.Dot(v, v)) }

func (b *productBlocker) end([]top) {}

func (b *productBlocker) block(tops []top, first, count int) error {
	if err := b.rows.check(first, count); err != nil {
		return err
	}
	width, ldc := b.rows.width, b.queries.N
	if len(b.products) < count*ldc {
		b.products, b.offsets = make([]float32, count*ldc), make([]float32, count)
	}
	rows := b.rows.data[first*width : (first+count)*width]
	longest := b.measure(rows, b.offsets[:count])
	full := true
	for q := range tops {
		b.limits[q] = b.limit(q, &tops[q], longest)
		full = full && !math.IsInf(float64(b.limits[q]), 0)
	}
	in := b.buffer.Input(kernel.Float32, rows, width, count, b.rows.dim)
	if full {
		b.start(count)
	}
	kernel.Multiply(b.products, ldc, &in, count, b.queries, 0, ldc, full)
	if full {
		b.aboveZero(tops, first, count)
	} else {
		b.aboveLimits(tops, first, count, longest)
	}
	return nil
}

// start sets the products of a block to what is to be added to them: minus the limits. What is below the limit is negative
// then, and columns without a query are.
func (b *productBlocker) start(count int) {
	ldc := b.queries.N
	for i, offset := range b.offsets[:count] {
		row := b.products[i*ldc:][:ldc]
		if i > 0 && b.rows.metric != Euclidean { // offsets are 0
			copy(row, b.products[:ldc])
			continue
		}
		for q, limit := range b.limits {
			row[q] = -(limit + offset)
		}
		for q := len(b.limits); q < ldc; q++ {
			row[q] = -1
		}
	}
}

// aboveZero offers the rows whose products are not negative. The limits are those of the block's start.
func (b *productBlocker) aboveZero(tops []top, first, count int) {
	const signs = 1<<63 | 1<<31
	ldc := b.queries.N
	words := view[uint64](raw(b.products[:count*ldc]))
	for at := 0; at+8 <= len(words); at += 8 {
		w := words[at : at+8 : at+8]
		if w[0]&w[1]&w[2]&w[3]&w[4]&w[5]&w[6]&w[7]&signs == signs { // the common case: 16 negative ones
			continue
		}
		row := first + 2*at/ldc
		if b.allowed != nil && !b.allowed.Contains(row) {
			continue
		}
		for i, p := range b.products[2*at : 2*at+16] {
			if !math.Signbit(float64(p)) {
				q := 2*at%ldc + i
				b.offer(&tops[q], q, row)
			}
		}
	}
}

// aboveLimits offers the rows whose products are not below the limits, and those whose products are no numbers: the heaps are
// not full yet, or bounds of rounding do not hold.
func (b *productBlocker) aboveLimits(tops []top, first, count int, longest float64) {
	limits, ldc := b.limits, b.queries.N
	for i, offset := range b.offsets[:count] {
		if b.allowed != nil && !b.allowed.Contains(first+i) {
			continue
		}
		products := b.products[i*ldc:][:len(limits)]
		for q, limit := range limits {
			if products[q] < limit+offset {
				continue
			}
			if b.offer(&tops[q], q, first+i) {
				limits[q] = b.limit(q, &tops[q], longest)
			}
		}
	}
}

// offer scores a row for a query and reports whether that changed the heap.
func (b *productBlocker) offer(t *top, q, row int) bool {
	var score [1]float32
	b.scorer.q = b.query(q)
	b.scorer.scan(score[:], row)
	if score[0] < t.threshold() {
		return false
	}
	t.push(Hit{row, score[0]})
	return true
}

// measure returns the largest squared length of rows, and under Euclidean sets the offset of each.
func (b *productBlocker) measure(rows, offsets []float32) (longest float64) {
	if b.rows.metric == Cosine {
		return 1.0001 // rows are normalised: see slack
	}
	width := b.rows.width
	for i := range offsets {
		s := square(rows[i*width : (i+1)*width])
		if !(s < huge) {
			s = math.Inf(1) // NaN too
		}
		longest = max(longest, s)
		if b.rows.metric == Euclidean {
			offsets[i] = float32(s / 2 * (1 - b.slack()))
			if s > huge {
				offsets[i] = 0
			}
		}
	}
	return longest
}

// slack is the part of |q|² + |r|², or of |q|·|r|, that two sums of dim products in different orders, the lengths' own
// rounding, and the thresholds' can differ by; each sum of n terms has a relative error of at most n units (Higham 2002).
func (b *productBlocker) slack() float64 { return 8 * float64(b.rows.dim+16) * unit }

// limit is the product, less the row's offset, below which a row does not come before the last hit of a full heap.
func (b *productBlocker) limit(q int, t *top, longest float64) float32 {
	threshold, qq := float64(t.threshold()), b.squares[q]
	if !(qq < huge) || !(longest < huge) || math.IsInf(threshold, 0) || threshold != threshold {
		return float32(math.Inf(-1))
	}
	var limit float64
	if b.rows.metric == Euclidean {
		limit = (qq*(1-b.slack())-threshold*threshold)/2 - b.slack()*longest
	} else {
		limit = threshold - b.slack()*math.Sqrt(qq*longest)
	}
	return float32(limit - math.Abs(limit)*2*unit - math.SmallestNonzeroFloat32)
}
