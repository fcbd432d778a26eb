// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var metrics = []Metric{Cosine, Dot, Euclidean}

// naive scores every row in float64 by the metric's definition.
func naive(m Metric, q, rows []float32, dim int) []float64 {
	var scores []float64
	for row := range slices.Chunk(rows, dim) {
		var dot, qq, rr, dist float64
		for i := range row {
			x, y := float64(q[i]), float64(row[i])
			dot, qq, rr, dist = dot+x*y, qq+x*x, rr+y*y, dist+(x-y)*(x-y)
		}
		switch m {
		case Cosine:
			if qq*rr == 0 {
				dot = 0
			} else {
				dot /= math.Sqrt(qq * rr)
			}
		case Euclidean:
			dot = -math.Sqrt(dist)
		}
		scores = append(scores, dot)
	}
	return scores
}

func randomRows(r *rand.Rand, n, dim int) []float32 {
	rows := make([]float32, n*dim)
	for i := range rows {
		rows[i] = float32(r.NormFloat64())
	}
	return rows
}

func mustBuild(t testing.TB, rows []float32, dim int, m Metric) *Flat {
	t.Helper()
	f, err := BuildFlat(rows, dim, m)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSearchAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, dim := range []int{1, 3, 16, 31, 384} {
		const n = 300
		rows := randomRows(r, n, dim)
		queries := randomRows(r, 70, dim)
		copy(rows[5*dim:6*dim], make([]float32, dim)) // a zero vector
		for _, m := range metrics {
			f := mustBuild(t, rows, dim, m)
			batch, err := f.SearchBatch(t.Context(), queries, n)
			if err != nil {
				t.Fatal(err)
			}
			for i := range batch {
				q := queries[i*dim : (i+1)*dim]
				want := naive(m, q, rows, dim)
				checkHits(t, fmt.Sprintf("%s, dim %d, query %d", m, dim, i), batch[i], want, n, dim)
			}
		}
	}
}

// checkHits checks that hits are the k best of the scores, in order, within rounding.
func checkHits(t *testing.T, name string, hits []Hit, want []float64, k, dim int) {
	t.Helper()
	if len(hits) != min(k, len(want)) {
		t.Fatalf("%s: %d hits, want %d", name, len(hits), k)
	}
	best := slices.Clone(want)
	slices.Sort(best)
	slices.Reverse(best)
	seen := map[int]bool{}
	for i, h := range hits {
		// Half a unit in the last place for each term, and some for the norms.
		tolerance := float64(dim+32) * 0x1p-24 * (1 + math.Abs(want[h.Row]))
		if math.Abs(float64(h.Score)-want[h.Row]) > tolerance || math.Abs(want[h.Row]-best[i]) > 2*tolerance {
			t.Fatalf("%s: hit %d is row %d with %v, its score is %v, the %dth best %v", name, i, h.Row, h.Score, want[h.Row], i+1, best[i])
		}
		if seen[h.Row] {
			t.Fatalf("%s: row %d twice", name, h.Row)
		}
		seen[h.Row] = true
		if i > 0 && compareHits(hits[i-1], h) >= 0 {
			t.Fatalf("%s: hits %v and %v are not in order", name, hits[i-1], h)
		}
	}
}

// TestSearchIsOneOrder: any k, thread count, and company of other queries give the beginning of the same list, to the bit.
func TestSearchIsOneOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, dim = 4000, 96
	rows := randomRows(r, n, dim)
	for i := 0; i < n; i += 3 { // many equal scores, some far apart
		copy(rows[i*dim:(i+1)*dim], rows[(i%30)*dim:])
	}
	queries := randomRows(r, 45, dim)
	for _, m := range metrics {
		f := mustBuild(t, rows, dim, m)
		f.SetThreads(1)
		full, err := f.SearchBatch(t.Context(), queries, n+5)
		if err != nil {
			t.Fatal(err)
		}
		for _, threads := range []int{1, 2, 7} {
			f.SetThreads(threads)
			for _, k := range []int{1, 10, 150} {
				batch, err := f.SearchBatch(t.Context(), queries, k)
				if err != nil {
					t.Fatal(err)
				}
				for i := range batch {
					alone, err := f.Search(t.Context(), queries[i*dim:(i+1)*dim], k)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(batch[i], full[i][:k]) || !slices.Equal(alone, full[i][:k]) {
						t.Fatalf("%s, %d threads, k %d, query %d: another list", m, threads, k, i)
					}
				}
			}
		}
	}
}

func TestEqualScoresComeInOrderOfAdding(t *testing.T) {
	f := mustBuild(t, []float32{1, 0, 2, 0, 3, 0, -1, 0, 0, 0}, 2, Cosine)
	hits, err := f.Search(t.Context(), []float32{5, 0}, 4)
	want := []Hit{{0, 1}, {1, 1}, {2, 1}, {4, 0}}
	if diff := cmp.Diff(want, hits); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	hits, err = mustBuild(t, []float32{1, 4}, 1, Euclidean).Search(t.Context(), []float32{1}, 9)
	if diff := cmp.Diff([]Hit{{0, 0}, {1, -3}}, hits); err != nil || diff != "" || math.Signbit(float64(hits[0].Score)) {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
}

func TestScoresThatOverflow(t *testing.T) {
	huge := float32(math.MaxFloat32)
	f := mustBuild(t, []float32{huge, huge, huge, -huge, 1, 1, -huge, -huge}, 2, Dot)
	hits, err := f.Search(t.Context(), []float32{huge, huge}, 4)
	if err != nil || len(hits) != 4 || hits[0].Row != 0 || hits[len(hits)-1].Score >= 0 {
		t.Errorf("hits %v, %v", hits, err)
	}
	top := newTop(2)
	nan := float32(math.NaN())
	top.add(0, []float32{nan, nan, -1, nan, nan})
	if got := top.sorted(); got[0] != (Hit{2, -1}) || got[1].Row != 0 {
		t.Errorf("NaN does not come last: %v", got)
	}
	cosine := mustBuild(t, []float32{huge, huge, 1e-45, 1e-45}, 2, Cosine)
	hits, err = cosine.Search(t.Context(), []float32{huge, huge}, 2)
	if err != nil || math.Abs(float64(hits[0].Score)-1) > 1e-6 || math.Abs(float64(hits[1].Score)-1) > 1e-6 {
		t.Errorf("cosines of very long and very short vectors: %v, %v", hits, err)
	}
}

func TestTopKeepsTheFirst(t *testing.T) {
	score := rapid.Map(rapid.IntRange(-4, 4), func(i int) float32 {
		if i == 4 {
			return float32(math.NaN())
		}
		return float32(i)
	})
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOf(score).Draw(t, "scores")
		k := rapid.IntRange(1, 10).Draw(t, "k")
		kept := newTop(k)
		kept.add(0, scores)
		var all []Hit
		for i, s := range scores {
			all = append(all, Hit{i, s})
		}
		slices.SortFunc(all, compareHits)
		got := kept.sorted()
		if len(got) != min(k, len(all)) {
			t.Fatalf("%d hits of %d", len(got), len(all))
		}
		for i, h := range got {
			if h.Row != all[i].Row {
				t.Fatalf("kept %v of %v", got, all)
			}
		}
	})
}

func TestFlatInput(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	f := mustBuild(t, nil, 2, Dot)
	if hits, err := f.Search(t.Context(), []float32{1, 2}, 3); err != nil || len(hits) != 0 || f.Len() != 0 {
		t.Errorf("empty index: %v, %v", hits, err)
	}
	if batch, err := f.SearchBatch(t.Context(), nil, 3); err != nil || len(batch) != 0 {
		t.Errorf("no queries: %v, %v", batch, err)
	}
	check := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", name, err, want)
		}
	}
	search := func(q []float32, k int) error {
		_, err := f.Search(t.Context(), q, k)
		return err
	}
	check("k 0", search([]float32{1, 2}, 0), "k of 0")
	check("dimension", search([]float32{1, 2, 3}, 1), "query of dimension 3, but the vectors have 2")
	check("no query", search(nil, 1), "query of dimension 0")
	_, err := f.SearchBatch(t.Context(), []float32{1, 2, 3}, 1)
	check("ragged batch", err, "3 floats are not a whole number of queries")
	for _, bad := range []float32{nan, inf} {
		if err := search([]float32{1, bad}, 1); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "query 0, component 1") {
			t.Errorf("query with %v: error %v", bad, err)
		}
		if err := f.Add([]float32{1, 2, bad, 3}); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "vector 1, component 0") {
			t.Errorf("vector with %v: error %v", bad, err)
		}
	}
	check("ragged rows", f.Add([]float32{1}), "1 floats are not a whole number of vectors")
	if f.Len() != 0 {
		t.Errorf("refused vectors were added: %d", f.Len())
	}
	for _, dim := range []int{0, -1, maxDim + 1} {
		_, err := NewFlat(dim, Dot)
		check("dimension", err, fmt.Sprintf("dimension %d", dim))
	}
	g, err := BuildFlat(nil, 3, "cos")
	check("metric", err, `unknown metric "cos": known metrics: cosine, dot, euclidean`)
	if g != nil {
		t.Error("an index came with the error")
	}

	rows, query := []float32{3, 4, 0, 1}, []float32{0, 2}
	c := mustBuild(t, rows, 2, Cosine)
	if err := c.Add(rows); err != nil || c.Len() != 4 || c.Dim() != 2 || c.Metric() != Cosine {
		t.Errorf("after adding twice: %d vectors, error %v", c.Len(), err)
	}
	if hits, err := c.Search(t.Context(), query, 1); err != nil || hits[0] != (Hit{1, 1}) {
		t.Errorf("hits %v, %v", hits, err)
	}
	if !slices.Equal(rows, []float32{3, 4, 0, 1}) || !slices.Equal(query, []float32{0, 2}) {
		t.Errorf("arguments were changed: %v, %v", rows, query)
	}
	if v := c.Vector(2); !slices.Equal(v, []float32{0.6, 0.8}) {
		t.Errorf("stored vector %v", v)
	}
}

func TestSearchEndsWithContext(t *testing.T) {
	f := mustBuild(t, make([]float32, 1000), 10, Dot)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hits, err := f.Search(ctx, make([]float32, 10), 3)
	if !errors.Is(err, context.Canceled) || hits != nil {
		t.Errorf("hits %v, error %v", hits, err)
	}
}

var sink [][]Hit

func BenchmarkFlat(b *testing.B) {
	const dim, k = 384, 100
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1000, 10_000, 100_000} {
		f := mustBuild(b, randomRows(r, n, dim), dim, Cosine)
		for _, q := range []int{1, 64} {
			queries := randomRows(r, q, dim)
			b.Run(fmt.Sprintf("rows=%d/queries=%d", n, q), func(b *testing.B) {
				b.SetBytes(int64(q) * int64(n) * dim * 4)
				b.ReportAllocs()
				for b.Loop() {
					hits, err := f.SearchBatch(b.Context(), queries, k)
					if err != nil {
						b.Fatal(err)
					}
					sink = hits
				}
			})
		}
	}
}
