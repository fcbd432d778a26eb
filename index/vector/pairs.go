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

// pairSlack is how far below the threshold the product's rounding may put a pair that is on it: products add in another order
// than the scores do, and the difference of two sums of dim terms of unit vectors is far below this.
const pairSlack = 1e-4

// Pairs calls yield with every pair of rows whose score is at least threshold: exactly those, in the order of A, then B. Every
// row is compared with every other, n²/2 comparisons, as products of blocks. progress, which may be nil, is told how many
// of all rows are done. It is for Cosine and Dot; rows of the source are normalised under Cosine.
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
	for first := 0; first < n; first += pairBlock {
		left := rowsOf(src, dim, first, min(first+pairBlock, n))
		blocks := (n - first + pairBlock - 1) / pairBlock
		found := make([][]Pair, blocks)
		var next atomic.Int64
		work := func() {
			p := newPairing(left, first, dim, threshold)
			for ctx.Err() == nil {
				b := int(next.Add(1)) - 1
				if b >= blocks {
					return
				}
				from := first + b*pairBlock
				found[b] = p.with(rowsOf(src, dim, from, min(from+pairBlock, n)), from)
			}
		}
		var group sync.WaitGroup
		for range min(threads, blocks) - 1 {
			group.Go(work)
		}
		work()
		group.Wait()
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("pairs: %w", err)
		}
		all := slices.Concat(found...)
		slices.SortFunc(all, func(a, b Pair) int {
			if a.A != b.A {
				return a.A - b.A
			}
			return a.B - b.B
		})
		for _, p := range all {
			if err := yield(p); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(min(first+pairBlock, n), n)
		}
	}
	return nil
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
	product   []float32
}

func newPairing(rows []float32, first, dim int, threshold float32) *pairing {
	return &pairing{rows: rows, first: first, dim: dim, threshold: threshold}
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
	for i := range m {
		row := p.rows[i*p.dim : (i+1)*p.dim]
		for j, s := range p.product[i*w.N : i*w.N+n] {
			if s < p.threshold-pairSlack*max(1, abs(p.threshold)) || from+j <= p.first+i {
				continue
			}
			if exact := kernel.Dot(row, others[j*p.dim:(j+1)*p.dim]); exact >= p.threshold {
				found = append(found, Pair{p.first + i, from + j, exact})
			}
		}
	}
	return found
}

func abs(x float32) float32 { return max(x, -x) }
