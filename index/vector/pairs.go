// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/kernel"
)

// Pair is two rows that are near each other.
type Pair struct {
	A, B  int // rows, A < B
	Score float32
}

// pairBlock is the number of rows on each side of a block of comparisons: a product of 512×512 and its operands stay in the
// second-level cache.
const pairBlock = 512

// pairSlack, times the lengths of two vectors, is how far below the threshold the product's rounding may put a pair that is on it: products
// add in another order than the scores do, and the difference of two sums of dim terms is far below this.
const pairSlack = 1e-4

// pairRoom is from how many pairs on fewer rows are compared with the others at once, so that memory is bounded where nearly
// all are alike.
const pairRoom = 1 << 20

// Pairs calls yield with every pair of rows whose score is at least threshold: exactly those, in the order of A, then B. Every
// row is compared with every other, n²/2 comparisons, as products of blocks. progress, which may be nil, is told how many
// of all rows are done. It is for Cosine and Dot; rows of the source are normalised under Cosine. Memory is that of some blocks of rows
// and of about a million pairs, or of one row's.
func Pairs(ctx context.Context, src Source, dim int, m Metric, threshold float32, threads int, progress func(done, total int), yield func(Pair) error) error {
	if m != Cosine && m != Dot {
		return fmt.Errorf("pairs by %s: only %s and %s are compared", m, Cosine, Dot)
	}
	if threshold-threshold != 0 {
		return fmt.Errorf("pairs: a threshold of %v is no number", threshold)
	}
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	n := src.Len()
	size := pairBlock
	for first := 0; first < n; {
		left := rowsOf(src, dim, first, min(first+size, n))
		all, full := pairsWith(ctx, src, left, first, dim, threshold, threads)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("pairs: %w", err)
		}
		if full && size > 1 {
			size = max(1, size/8)
			continue
		}
		for _, p := range all {
			if err := yield(p); err != nil {
				return err
			}
		}
		first += size
		if len(all) < pairRoom/8 {
			size = min(2*size, pairBlock)
		}
		if progress != nil {
			progress(min(first, n), n)
		}
	}
	return nil
}

// pairsWith returns the pairs of some rows, the first of which is first, with all rows after them, in order. full means that there are
// too many, and that these are not all, unless it is one row's.
func pairsWith(ctx context.Context, src Source, left []float32, first, dim int, threshold float32, threads int) (all []Pair, full bool) {
	n := src.Len()
	blocks := (n - first + pairBlock - 1) / pairBlock
	found := make([][]Pair, blocks)
	var next, count atomic.Int64
	work := func() {
		p := newPairing(left, first, dim, threshold)
		for ctx.Err() == nil && (len(left) == dim || count.Load() <= pairRoom) {
			b := int(next.Add(1)) - 1
			if b >= blocks {
				return
			}
			from := first + b*pairBlock
			found[b] = p.with(rowsOf(src, dim, from, min(from+pairBlock, n)), from)
			count.Add(int64(len(found[b])))
		}
	}
	var group sync.WaitGroup
	for range min(threads, blocks) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if len(left) > dim && count.Load() > pairRoom {
		return nil, true
	}
	all = slices.Concat(found...)
	slices.SortFunc(all, func(a, b Pair) int {
		if a.A != b.A {
			return a.A - b.A
		}
		return a.B - b.B
	})
	return all, false
}

// rowsOf copies rows [from, to) one after the other.
func rowsOf(src Source, dim, from, to int) []float32 {
	rows := make([]float32, 0, (to-from)*dim)
	for i := from; i < to; i++ {
		rows = append(rows, src.Row(i)[:dim]...)
	}
	return rows
}

// pairing compares a block of rows with others.
type pairing struct {
	rows      []float32
	first     int
	dim       int
	threshold float32
	longest   float32 // of the rows
	product   []float32
}

func newPairing(rows []float32, first, dim int, threshold float32) *pairing {
	return &pairing{rows: rows, first: first, dim: dim, threshold: threshold, longest: longestOf(rows, dim)}
}

// longestOf is the length of the longest row.
func longestOf(rows []float32, dim int) (longest float32) {
	for ; len(rows) >= dim; rows = rows[dim:] {
		longest = max(longest, kernel.Norm(rows[:dim]))
	}
	return longest
}

// with returns the pairs of the block's rows and others that begin with row from.
func (p *pairing) with(others []float32, from int) (found []Pair) {
	n, m := len(others)/p.dim, len(p.rows)/p.dim
	w := kernel.NewMatrix(kernel.Float32, p.dim, n)
	w.SetColumns(0, others, make([]float32, n))
	if len(p.product) < m*w.N {
		p.product = make([]float32, m*w.N)
	}
	var buffer kernel.Buffer
	in := buffer.Input(kernel.Float32, p.rows, p.dim, m, p.dim)
	in.Convert(0, m)
	kernel.Multiply(p.product, w.N, &in, m, w, 0, w.N, false)
	least := p.threshold - pairSlack*max(1, p.longest*longestOf(others, p.dim))
	for i := range m {
		row := p.rows[i*p.dim : (i+1)*p.dim]
		for j, s := range p.product[i*w.N : i*w.N+n] {
			if s < least || from+j <= p.first+i {
				continue
			}
			if exact := kernel.Dot(row, others[j*p.dim:(j+1)*p.dim]); exact >= p.threshold {
				found = append(found, Pair{p.first + i, from + j, exact})
			}
		}
	}
	return found
}
