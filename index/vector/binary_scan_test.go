// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/internal/bitset"
	"github.com/winnow-search/winnow/internal/kernel"
)

// TestBitsKeepTheNearest: the hits of a scan of bits are the k first of all rows by distance and row, however the distances
// are spread over the rows, in one worker and in several.
func TestBitsKeepTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const dim, most = 70, 3000
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(1, most).Draw(t, "rows")
		k := rapid.OneOf(rapid.Just(1), rapid.IntRange(1, n)).Draw(t, "k")
		rows := &bitRows{table{n: n, stride: bitStride(dim)}, make([]uint64, 2*n), make([]float32, dim)}
		spread := rapid.SampledFrom([]string{"random", "falling", "rising", "equal"}).Draw(t, "distances")
		far := make([]int, n)
		for i := range far {
			switch far[i] = i * dim / n; spread {
			case "random":
				far[i] = min(dim, r.IntN(8)+r.IntN(dim))
			case "falling":
				far[i] = dim - far[i]
			case "equal":
				far[i] = 5
			}
			for _, j := range r.Perm(dim)[:far[i]] {
				rows.words[2*i+j>>6] |= 1 << (j & 63)
			}
		}
		var allowed *bitset.Set
		if rapid.Bool().Draw(t, "filtered") {
			allowed = bitset.New(n)
			for i := range n {
				if i == 0 || r.IntN(3) > 0 {
					allowed.Add(i)
				}
			}
		}
		var want []Hit
		for i, d := range far {
			if allowed == nil || allowed.Contains(i) {
				want = append(want, Hit{i, bitScore(uint32(d), dim)})
			}
		}
		slices.SortFunc(want, compareHits)
		k = min(k, len(want))
		query := make([]float32, dim) // no bit set
		workers := rapid.IntRange(1, 3).Draw(t, "workers")
		joined := top{}
		blocks := make([]*bitBlocker, workers)
		for w := range blocks {
			blocks[w] = newBitBlocker(rows, query, k, allowed)
		}
		for first := 0; first < n; first += 1024 {
			if err := blocks[r.IntN(workers)].block(nil, first, min(1024, n-first)); err != nil {
				t.Fatal(err)
			}
		}
		for w, b := range blocks {
			if kept := len(b.nearest[0].rows); kept > 2*(k+bitPart) {
				t.Fatalf("%d rows kept for %d hits", kept, k)
			}
			tops := make([]top, 1)
			b.end(tops)
			if w == 0 {
				joined = tops[0]
			} else {
				joined.join(&tops[0])
			}
		}
		if got := joined.sorted(); !slices.Equal(got, want[:k]) {
			t.Fatalf("%d of %d rows, %s distances: got %v, want %v", k, n, spread, got, want[:k])
		}
	})
}

// TestProductQuantisersFarFromZero: distances to centroids are good although they are small beside the vectors' lengths.
func TestProductQuantisersFarFromZero(t *testing.T) {
	const dim, m, away = 24, 3, 1000
	r := rand.New(rand.NewPCG(51, 52))
	points, q := randomRows(r, pqCodes, dim), randomRows(r, 1, dim)
	for i := range points {
		points[i] += away
	}
	for i := range q {
		q[i] += away
	}
	rows := &pqRows{book: newCodebook(dim, m, points, Euclidean), metric: Euclidean}
	s := rows.scorer()
	s.fill(q)
	for j := range m {
		centroids, sub := rows.book.sub(j)
		for c := range pqCodes {
			want := kernel.SquaredDistance(q[rows.book.cut(j):rows.book.cut(j+1)], centroids[c*sub:(c+1)*sub])
			if got := s.tables[j*pqCodes+c]; got < 0.999*want-1e-4 || got > 1.001*want+1e-4 {
				t.Fatalf("sub-vector %d, centroid %d: %v, by definition %v", j, c, got, want)
			}
		}
	}
}
