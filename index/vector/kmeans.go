// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/kernel"
)

// assignRows is how many rows are compared with all centroids in one matrix product.
const assignRows = 64

// parallel calls work for pieces of at most size numbers from 0 to n, on so many goroutines as threads says, each of which
// has called setup once. It returns the first error by position of those found, or the context's.
func parallel(ctx context.Context, n, size, threads int, setup func() func(from, to int) error) error {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	pieces := (n + size - 1) / size
	var next atomic.Int64
	var mu sync.Mutex
	failed, first := error(nil), pieces
	work := func() {
		f := setup()
		for ctx.Err() == nil {
			piece := int(next.Add(1)) - 1
			if piece >= pieces {
				return
			}
			if err := f(piece*size, min((piece+1)*size, n)); err != nil {
				mu.Lock()
				if piece < first {
					failed, first = err, piece
				}
				mu.Unlock()
				return
			}
		}
	}
	var group sync.WaitGroup
	for range min(threads, pieces) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

// centroids finds the nearest of k points by matrix products: |x-c|² is least where x·c - |c|²/2 is largest.
type centroids struct {
	points *kernel.Matrix
	k, dim int
}

// newCentroids packs k points of dim floats.
func newCentroids(points []float32, dim int) *centroids {
	k := len(points) / dim
	c := &centroids{kernel.NewMatrix(kernel.Float32, dim, k), k, dim}
	bias := make([]float32, k)
	for i := range bias {
		p := points[i*dim : (i+1)*dim]
		bias[i] = -kernel.Dot(p, p) / 2
	}
	c.points.SetColumns(0, points, bias)
	return c
}

// room is the buffer that nearest wants.
func (c *centroids) room() []float32 { return make([]float32, assignRows*c.points.N) }

// nearest sets dst[i] to the number of the point nearest to row i; of equally near ones the first. Rows have c.dim floats
// and start stride apart. A row's result does not depend on the others.
func (c *centroids) nearest(dst []uint32, rows []float32, stride int, room []float32) {
	var b kernel.Buffer
	for from := 0; from < len(dst); from += assignRows {
		n := min(assignRows, len(dst)-from)
		in := b.Input(kernel.Float32, rows[from*stride:], stride, n, c.dim)
		kernel.Multiply(room, c.points.N, &in, n, c.points, 0, c.points.N, false)
		for i := range n {
			products := room[i*c.points.N:][:c.k]
			at := largest(products)
			dst[from+i] = uint32(at)
		}
	}
}

// largest is the position of the first of the largest values; 0 if there are none but NaN.
func largest(values []float32) int {
	best, at, j := values[0], 0, 0
	for ; j+8 <= len(values); j += 8 {
		v := values[j : j+8 : j+8]
		if !(v[0] > best || v[1] > best || v[2] > best || v[3] > best || v[4] > best || v[5] > best || v[6] > best || v[7] > best) {
			continue // the common case
		}
		for i, x := range v {
			if x > best {
				best, at = x, j+i
			}
		}
	}
	for ; j < len(values); j++ {
		if values[j] > best {
			best, at = values[j], j
		}
	}
	return at
}

// clustering says what kMeans is to do.
type clustering struct {
	k, dim, stride int // rows have dim floats and start stride apart
	iterations     int
	seed           uint64
	threads        int
}

// kMeans returns c.k points of c.dim floats that lie in the middle of rows: seeded as k-means++ does it (Arthur &
// Vassilvitskii 2007) on a part of the rows, then moved by Lloyd's algorithm. If there are fewer rows than points, rows occur
// more than once. The result is the same for any number of threads.
func kMeans(ctx context.Context, rows []float32, c clustering) ([]float32, error) {
	n := (len(rows) - c.dim + c.stride) / c.stride
	r := rand.New(rand.NewPCG(c.seed, 0x6b6d65616e73))
	points, err := seedPoints(ctx, rows, n, c, r)
	if err != nil {
		return nil, err
	}
	nearest := make([]uint32, n)
	for range c.iterations {
		matrix := newCentroids(points, c.dim)
		err := parallel(ctx, n, 16*assignRows, c.threads, func() func(from, to int) error {
			room := matrix.room()
			return func(from, to int) error {
				matrix.nearest(nearest[from:to], rows[from*c.stride:], c.stride, room)
				return nil
			}
		})
		if err != nil {
			return nil, err
		}
		counts := movePoints(points, rows, nearest, c)
		if !splitEmpty(points, counts, c.dim) && n <= c.k {
			break
		}
	}
	return points, nil
}

// seedPoints chooses rows at random, far ones with more probability: by the square of the distance to the nearest chosen.
func seedPoints(ctx context.Context, rows []float32, n int, c clustering, r *rand.Rand) ([]float32, error) {
	part := r.Perm(n)[:min(n, max(4*c.k, 2048))]
	row := func(i int) []float32 { return rows[part[i]*c.stride:][:c.dim] }
	points := make([]float32, 0, c.k*c.dim)
	squares, sum := make([]float64, len(part)), 0.0
	chosen := r.IntN(len(part))
	for len(points) < c.k*c.dim {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := row(chosen)
		points = append(points, p...)
		first := len(points) == c.dim
		sum = 0
		for i := range squares {
			if d := float64(kernel.SquaredDistance(p, row(i))); first || d < squares[i] {
				squares[i] = d
			}
			sum += squares[i]
		}
		rest := r.Float64() * sum
		for chosen = 0; chosen < len(part)-1; chosen++ {
			if rest -= squares[chosen]; rest < 0 {
				break
			}
		}
	}
	return points, nil
}

// movePoints sets each point to the mean of the rows nearest to it, summed up in the order of rows, and returns how many
// there are. Points without rows stay.
func movePoints(points, rows []float32, nearest []uint32, c clustering) []int {
	counts, sums := make([]int, c.k), make([]float64, len(points))
	for i, p := range nearest {
		counts[p]++
		sum := sums[int(p)*c.dim:][:c.dim]
		for j, x := range rows[i*c.stride:][:c.dim] {
			sum[j] += float64(x)
		}
	}
	for p, n := range counts {
		if n > 0 {
			for j := range c.dim {
				points[p*c.dim+j] = float32(sums[p*c.dim+j] / float64(n))
			}
		}
	}
	return counts
}

// splitEmpty moves points without rows beside the points with the most, so that the two share them. It reports whether there
// were any.
func splitEmpty(points []float32, counts []int, dim int) bool {
	const shift = 1.0 / 1024
	found := false
	for p, n := range counts {
		if n > 0 {
			continue
		}
		largest := 0
		for other, m := range counts {
			if m > counts[largest] {
				largest = other
			}
		}
		if counts[largest] < 2 {
			return found
		}
		found = true
		from, to := points[largest*dim:][:dim], points[p*dim:][:dim]
		for j, x := range from {
			sign := float32(shift)
			if j%2 == 1 {
				sign = -sign
			}
			from[j], to[j] = x*(1+sign), x*(1-sign)
		}
		counts[p] = counts[largest] / 2
		counts[largest] -= counts[p]
	}
	return found
}
