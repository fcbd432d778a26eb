// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
)

// crowded makes vectors around centres, and shifts all of them so far along one direction that any two have a cosine of 0.97
// at least, as embeddings of many models have. The rows come first, then the queries.
func crowded(r *rand.Rand, n, dim int, shift float64) []float32 {
	rows, common := clustered(r, n, dim), randomRows(r, 1, dim)
	for i := range rows {
		rows[i] += float32(shift) * common[i%dim]
	}
	return rows
}

// TestCrowdedVectors: what all rows share does not cost int8 and pq the precision to tell them apart.
func TestCrowdedVectors(t *testing.T) {
	const queries, k = 50, 10
	for _, c := range []struct {
		n, dim  int
		shift   float64
		specs   []string
		metrics []Metric
	}{
		{20_000, 64, 10, []string{"flat,int8", "hnsw16,int8"}, metrics},
		{20_000, 64, 10, []string{"flat,pq", "ivf,pq"}, []Metric{Cosine, Euclidean}},
		{20_000, 64, 100, []string{"flat,int8"}, metrics},
		{4000, 384, 30, []string{"flat,int8", "hnsw16,int8"}, []Metric{Cosine}},
	} {
		if testing.Short() { // graphs take long under the race detector
			c.n /= 5
		}
		rows := crowded(rand.New(rand.NewPCG(41, 42)), c.n+queries, c.dim, c.shift)
		rows, asked := rows[:c.n*c.dim], rows[c.n*c.dim:]
		if least := leastCosine(rows[:200*c.dim], c.dim); least < 0.97 {
			t.Fatalf("cosines from %.3f on: the rows are not crowded", least)
		}
		for _, m := range c.metrics {
			for _, spec := range c.specs {
				x := mustIndex(t, rows, c.dim, m, spec)
				recall, err := Recall(t.Context(), x, asked, k, Params{})
				if err != nil || recall < 0.97 {
					t.Errorf("%d×%d, shifted by %g, %s, %s: recall %.3f, %v", c.n, c.dim, c.shift, spec, m, recall, err)
				}
			}
		}
	}
}

func leastCosine(rows []float32, dim int) float64 {
	least := 1.0
	for i := range len(rows) / dim {
		least = min(least, slices.Min(naive(Cosine, rows[i*dim:(i+1)*dim], rows, dim)))
	}
	return least
}

// TestHugeRows: components near the end of what a float32 holds, whose distance from the center is beyond it, neither fail nor
// look damaged.
func TestHugeRows(t *testing.T) {
	const huge = math.MaxFloat32
	rows := []float32{huge, huge, huge, -huge, -huge, -huge, 0, 0, 1, 2, huge, huge}
	for _, m := range metrics {
		for _, spec := range []string{"flat,int8", "flat,int8,none", "hnsw8,int8"} {
			x := reopen(t, mustIndex(t, rows, 2, m, spec))
			if err := x.Check(t.Context(), nil); err != nil {
				t.Errorf("%s, %s: %v", spec, m, err)
			}
			for _, q := range [][]float32{{huge, huge}, {0, 0}, {-1, huge}, {1e-45, 0}} {
				if hits, _, err := x.Search(t.Context(), q, 6, Params{}); err != nil || len(hits) != 6 {
					t.Errorf("%s, %s: hits %v, %v", spec, m, hits, err)
				}
			}
			for i := range x.Len() {
				if err := checkFinite("row", x.Source().Row(i), 2); err != nil {
					t.Errorf("%s, %s: %v", spec, m, err)
				}
			}
		}
	}
}

// TestHostilePairs: scales, biases and centers that no writer writes give errors or worst hits.
func TestHostilePairs(t *testing.T) {
	const n, dim = 60, 5
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	rows := crowded(rand.New(rand.NewPCG(43, 44)), n, dim, 10)
	for _, m := range metrics {
		good := written(t, mustIndex(t, rows, dim, m, "flat,int8,none"))
		for _, value := range []float32{nan, inf, -inf} {
			for _, at := range []int{0, 1, 2*n - 1, 2 * n, 2*n + dim - 1} {
				bad, side := maps.Clone(good), slices.Clone(good[sectionCoarse+".side"])
				copy(side[4*at:], raw([]float32{value}))
				bad[sectionCoarse+".side"] = side
				x, err := Open(bad)
				var corruption *segment.CorruptionError
				if at >= 2*n {
					if !errors.As(err, &corruption) {
						t.Errorf("%s: center with %v: error %v", m, value, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := x.Check(t.Context(), nil); !errors.As(err, &corruption) {
					t.Errorf("%s: float %d is %v: error %v", m, at, value, err)
				}
				use(t, x)
			}
		}
		// The layout without centers had a float or two for each row, and nothing else.
		for _, length := range []int{0, 4 * n, 8 * n, 8*n + 4*dim - 4} {
			bad := maps.Clone(good)
			bad[sectionCoarse+".side"] = good[sectionCoarse+".side"][:length]
			_, err := Open(bad)
			if _, ok := errors.AsType[*segment.CorruptionError](err); !ok {
				t.Errorf("%s: %d bytes beside codes: error %v", m, length, err)
			}
		}
	}
}
