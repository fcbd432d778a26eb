// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/winnow-search/winnow/internal/bitset"
)

const (
	// ivfSample is the number of rows for each list that centroids are trained on, and ivfSampleBytes what they may take.
	ivfSample      = 48
	ivfSampleBytes = 192 << 20
	ivfIterations  = 8
)

// lists is an inverted file: each row is in the list of the centroid nearest to it. Rows of the storage that goes with it
// lie list after list: a place is a row's number there.
type lists struct {
	centroids *floatRows // Euclidean scores for Euclidean and Cosine, products for Dot
	offsets   []uint32   // of k+1: list l has the places from offsets[l] to offsets[l+1]
	ids       []uint32   // the row at each place; rising within a list
	places    []uint32   // the place of each row: nil unless the storage is the only one
	check     table      // verifies ids
	where     table      // verifies places
}

// centroidMetric is how a query is compared with centroids.
func centroidMetric(m Metric) Metric {
	if m == Dot {
		return Dot
	}
	return Euclidean // unit vectors too: lists are made by distance
}

// buildLists trains spec.Lists centroids and sorts rows into their lists.
func buildLists(ctx context.Context, src Source, dim int, metric Metric, spec Spec, o BuildOptions) (*lists, error) {
	n, k := src.Len(), spec.Lists
	sample := sampleRows(n, min(ivfSample*k, max(ivfSampleBytes/(4*dim), 2*k)), o.Seed)
	rows, err := copyRows(src, sample, dim)
	if err != nil {
		return nil, err
	}
	width := pad(dim, float32Align)
	points := make([]float32, k*dim)
	if n > 0 {
		points, err = kMeans(ctx, rows, clustering{k: k, dim: dim, stride: dim, iterations: ivfIterations, seed: o.Seed, threads: o.Threads})
		if err != nil {
			return nil, err
		}
	}
	nearest, matrix := make([]uint32, n), newCentroids(points, dim)
	err = parallel(ctx, n, 4*assignRows, o.Threads, func() func(from, to int) error {
		room, rows := matrix.room(), make([]float32, 4*assignRows*dim)
		return func(from, to int) error {
			if err := fillRows(rows, src, from, to, dim); err != nil {
				return err
			}
			matrix.nearest(nearest[from:to], rows, dim, room)
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	padded := aligned[float32](k * width)
	for i := range k {
		copy(padded[i*width:], points[i*dim:(i+1)*dim])
	}
	l := &lists{
		centroids: newFloatRows(table{n: k, stride: 4 * width}, padded, dim, centroidMetric(metric)),
		offsets:   make([]uint32, k+1), ids: make([]uint32, n), check: table{n: n, stride: 4},
	}
	for _, list := range nearest {
		l.offsets[list+1]++
	}
	for i := range k {
		l.offsets[i+1] += l.offsets[i]
	}
	next := slices.Clone(l.offsets)
	for row, list := range nearest {
		l.ids[next[list]] = uint32(row)
		next[list]++
	}
	return l, nil
}

// sampleRows chooses size of n row numbers, in rising order.
func sampleRows(n, size int, seed uint64) []int {
	r := rand.New(rand.NewPCG(seed, 0x73616d706c65))
	sample := make([]int, 0, min(n, size))
	// Selection sampling (Knuth, volume 2, 3.4.2, algorithm S).
	for i := 0; i < n && len(sample) < size; i++ {
		if r.IntN(n-i) < size-len(sample) {
			sample = append(sample, i)
		}
	}
	return sample
}

// copyRows copies the listed rows of a source, one after the other.
func copyRows(src Source, rows []int, dim int) ([]float32, error) {
	data := make([]float32, 0, len(rows)*dim)
	for _, i := range rows {
		row, err := sourceRow(src, i, dim)
		if err != nil {
			return nil, err
		}
		data = append(data, row...)
	}
	return data, nil
}

// fillRows copies the rows from from to below to.
func fillRows(dst []float32, src Source, from, to, dim int) error {
	for i := from; i < to; i++ {
		row, err := sourceRow(src, i, dim)
		if err != nil {
			return err
		}
		copy(dst[(i-from)*dim:], row)
	}
	return nil
}

// sourceRow is a source's row, or an error if it has another length: a stored one that is damaged has none.
func sourceRow(src Source, i, dim int) ([]float32, error) {
	row := src.Row(i)
	if len(row) != dim {
		return nil, fmt.Errorf("vector %d has %d components, not %d: it may be damaged, check the index", i, len(row), dim)
	}
	return row, nil
}

// search offers the rows of the probes lists nearest to q to a heap, and of further lists until the heap is full. It returns
// how many scores were computed, those of centroids among them, and how many lists were visited.
func (l *lists) search(ctx context.Context, st Storage, q []float32, t *top, probes int, allowed *bitset.Set) (scored, visited int, err error) {
	order, err := l.order(q)
	if err != nil {
		return 0, 0, err
	}
	scored = len(order)
	scorer := st.Query(q)
	var scores []float32
	var places []uint32
	for i, list := range order {
		if i >= probes && len(t.heap) == t.k {
			break
		}
		if err := ctx.Err(); err != nil {
			return scored, visited, err
		}
		visited++
		first, count := int(l.offsets[list.Row]), int(l.offsets[list.Row+1]-l.offsets[list.Row])
		if count == 0 {
			continue
		}
		ids, err := l.rows(first, count)
		if err != nil {
			return scored, visited, err
		}
		if cap(scores) < count {
			scores = make([]float32, count)
		}
		if allowed == nil {
			if err := scorer.Scan(scores[:count], first); err != nil {
				return scored, visited, err
			}
			t.addRows(ids, scores)
			scored += count
			continue
		}
		places = places[:0]
		for j, row := range ids {
			if allowed.Contains(int(row)) {
				places = append(places, uint32(first+j))
			}
		}
		if err := scorer.Gather(scores[:count], places); err != nil {
			return scored, visited, err
		}
		for j, place := range places {
			if s := scores[j]; len(t.heap) < t.k || !(s < t.heap[0].Score) { // a NaN is to go on
				t.push(Hit{int(l.ids[place]), s})
			}
		}
		scored += len(places)
	}
	return scored, visited, nil
}

// order is all lists, nearest first.
func (l *lists) order(q []float32) ([]Hit, error) {
	k := l.centroids.Len()
	scores, order := make([]float32, k), make([]Hit, k)
	if err := l.centroids.Query(q).Scan(scores, 0); err != nil {
		return nil, err
	}
	for i, s := range scores {
		order[i] = Hit{i, s}
	}
	slices.SortFunc(order, compareHits)
	return order, nil
}

// rows are the ids at places, checked.
func (l *lists) rows(first, count int) ([]uint32, error) {
	if err := l.check.check(first, count); err != nil {
		return nil, err
	}
	ids := l.ids[first : first+count]
	if worst := slices.Max(ids); int(worst) >= len(l.ids) {
		return nil, l.check.corrupt(4*first, fmt.Errorf("row %d of %d", worst, len(l.ids)))
	}
	return ids, nil
}

// verify checks that every row is in exactly one list, and where places says.
func (l *lists) verify(ctx context.Context) error {
	n := len(l.ids)
	if err := checkStorage(ctx, l.centroids, func(int) {}); err != nil {
		return err
	}
	if _, err := l.allIDs(); err != nil {
		return err
	}
	seen := bitset.New(n)
	for list := range l.centroids.Len() {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, to := l.offsets[list], l.offsets[list+1]
		for place := from; place < to; place++ {
			id := l.ids[place]
			if seen.Contains(int(id)) {
				return l.check.corrupt(4*int(place), fmt.Errorf("row %d is in the lists twice", id))
			}
			seen.Add(int(id))
			if place > from && cmp.Compare(l.ids[place-1], id) >= 0 {
				return l.check.corrupt(4*int(place), fmt.Errorf("row %d after row %d", id, l.ids[place-1]))
			}
		}
	}
	if l.places == nil {
		return nil
	}
	if err := l.where.check(0, n); err != nil {
		return err
	}
	for row, place := range l.places {
		if int(place) >= n || int(l.ids[place]) != row {
			return l.where.corrupt(4*row, fmt.Errorf("row %d is not at place %d", row, place))
		}
	}
	return nil
}

func (l *lists) allIDs() ([]uint32, error) {
	if len(l.ids) == 0 {
		return nil, nil
	}
	return l.rows(0, len(l.ids))
}

// setPlaces inverts ids.
func (l *lists) setPlaces() {
	l.places, l.where = make([]uint32, len(l.ids)), table{n: len(l.ids), stride: 4}
	for place, row := range l.ids {
		l.places[row] = uint32(place)
	}
}
