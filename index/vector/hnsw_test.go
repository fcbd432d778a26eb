// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/internal/bitset"
	"github.com/winnow-search/winnow/internal/kernel"
)

// plainRows is the simplest Storage: floats in memory.
type plainRows struct {
	data   []float32
	dim    int
	metric Metric
	fail   error // of every Gather
}

type plainScorer struct {
	*plainRows
	q []float32
}

func (r *plainRows) Len() int                 { return len(r.data) / r.dim }
func (r *plainRows) Dim() int                 { return r.dim }
func (r *plainRows) row(i int) []float32      { return r.data[i*r.dim : (i+1)*r.dim] }
func (r *plainRows) Query(q []float32) Scorer { return &plainScorer{r, q} }
func (r *plainRows) RowQuery(row int) Scorer  { return r.Query(r.row(row)) }
func (r *plainRows) RowQueryInto(i int, s Scorer) Scorer {
	if p, ok := s.(*plainScorer); ok {
		p.q = r.row(i)
		return p
	}
	return r.RowQuery(i)
}

func (s *plainScorer) score(row int) float32 {
	if s.metric == Euclidean {
		return 0 - float32(math.Sqrt(float64(kernel.SquaredDistance(s.q, s.row(row)))))
	}
	return kernel.Dot(s.q, s.row(row))
}

func (s *plainScorer) Gather(dst []float32, rows []uint32) error {
	for i, row := range rows {
		dst[i] = s.score(int(row))
	}
	return s.fail
}

func (s *plainScorer) Scan(dst []float32, first int) error {
	for i := range dst {
		dst[i] = s.score(first + i)
	}
	return s.fail
}

// best is the exact answer to a query.
func (r *plainRows) best(q []float32, k int, allowed *bitset.Set) []Hit {
	s := &plainScorer{r, q}
	var hits []Hit
	for i := range r.Len() {
		if allowed == nil || allowed.Contains(i) {
			hits = append(hits, Hit{Row: i, Score: s.score(i)})
		}
	}
	slices.SortFunc(hits, compareHits)
	return hits[:min(k, len(hits))]
}

// clusteredRows makes rows around some centres, in fewer directions than there are dimensions, and as many queries of the kind.
func clusteredRows(seed uint64, n, queries, dim int, metric Metric) (rows *plainRows, q [][]float32) {
	r := rand.New(rand.NewPCG(seed, 0))
	const clusters = 40
	rank := max(dim/3, 1)
	basis, centres := make([]float32, dim*rank), make([]float32, clusters*rank)
	for i := range basis {
		basis[i] = float32(r.NormFloat64() / math.Sqrt(float64(i%rank+1)))
	}
	for i := range centres {
		centres[i] = float32(r.NormFloat64())
	}
	data, z := make([]float32, (n+queries)*dim), make([]float32, rank)
	for row := range slices.Chunk(data, dim) {
		c := r.IntN(clusters)
		for j := range z {
			z[j] = centres[c*rank+j] + 0.6*float32(r.NormFloat64())
		}
		for d := range row {
			row[d] = kernel.Dot(basis[d*rank:(d+1)*rank], z) + 0.2*float32(r.NormFloat64())
		}
		if metric == Cosine {
			normalize(row)
		}
	}
	for row := range slices.Chunk(data[n*dim:], dim) {
		q = append(q, row)
	}
	return &plainRows{data: data[:n*dim], dim: dim, metric: metric}, q
}

func mustGraph(t testing.TB, st Storage, m, ef, threads int) *graph {
	t.Helper()
	g, err := buildGraph(t.Context(), st, m, ef, threads, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustSearch(t testing.TB, g *graph, sc Scorer, k, ef int, allowed *bitset.Set) ([]Hit, graphStats) {
	t.Helper()
	hits, stats, err := g.search(t.Context(), sc, k, ef, allowed)
	if err != nil {
		t.Fatal(err)
	}
	return hits, stats
}

// recall is the part of the exact hits that were found.
func recall(got, want [][]Hit) float64 {
	found, all := 0, 0
	for i := range want {
		all += len(want[i])
		for _, h := range got[i] {
			// Not by rows: of equal ones any is as good.
			if h.Score >= want[i][len(want[i])-1].Score {
				found++
			}
		}
	}
	return float64(found) / float64(all)
}

func TestGraphRecall(t *testing.T) {
	for _, metric := range []Metric{Cosine, Dot, Euclidean} {
		st, queries := clusteredRows(1, 4000, 60, 32, metric)
		g := mustGraph(t, st, 12, 80, 2)
		if err := g.check(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		var got, want [][]Hit
		scored := 0
		for _, q := range queries {
			hits, stats := mustSearch(t, g, st.Query(q), 10, 100, nil)
			got, want = append(got, hits), append(want, st.best(q, 10, nil))
			scored += stats.scored
		}
		if r := recall(got, want); r < 0.97 {
			t.Errorf("%s: recall %.4f", metric, r)
		}
		if scored > len(queries)*st.Len()/3 {
			t.Errorf("%s: a search compares %d rows of %d", metric, scored/len(queries), st.Len())
		}
	}
}

// TestGraphRecallOfUnevenRows: under the dot product, long rows neither hide the short ones nor each other.
func TestGraphRecallOfUnevenRows(t *testing.T) {
	st, queries := clusteredRows(11, 3000, 60, 24, Dot)
	r := rand.New(rand.NewPCG(8, 9))
	for row := range slices.Chunk(st.data, st.dim) {
		length := float32(math.Exp(0.7 * r.NormFloat64()))
		for i := range row {
			row[i] *= length
		}
	}
	clear(st.row(17))
	copy(st.row(30), st.row(29))
	g := mustGraph(t, st, 12, 80, 2)
	if err := g.check(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	var got, want [][]Hit
	for _, q := range queries {
		hits, _ := mustSearch(t, g, st.Query(q), 10, 100, nil)
		got, want = append(got, hits), append(want, st.best(q, 10, nil))
	}
	if r := recall(got, want); r < 0.97 {
		t.Errorf("recall %.4f", r)
	}
}

func TestGraphRecallFiltered(t *testing.T) {
	st, queries := clusteredRows(2, 6000, 30, 24, Cosine)
	g := mustGraph(t, st, 12, 60, 2)
	r := rand.New(rand.NewPCG(5, 6))
	for _, part := range []float64{0.9, 0.5, 0.25, 0.2, 0.1, 0.05, 0.001} {
		allowed := bitset.New(st.Len())
		for i := range st.Len() {
			if r.Float64() < part {
				allowed.Add(i)
			}
		}
		want := make([][]Hit, len(queries))
		for i, q := range queries {
			want[i] = st.best(q, 10, allowed)
		}
		for _, by := range []way{wayCheapest, wayWide, wayShort, wayExact} {
			got, scored := make([][]Hit, len(queries)), 0
			for i, q := range queries {
				hits, stats, err := g.searchBy(t.Context(), by, st.Query(q), 10, 60, allowed)
				if err != nil {
					t.Fatal(err)
				}
				got[i], scored = hits, scored+stats.scored
				if stats.exact != (by == wayExact) && by != wayCheapest && part > 0.04 {
					t.Errorf("part %v, way %d: exact is %v", part, by, stats.exact)
				}
			}
			least := 0.95
			if by == wayExact {
				least = 1
			}
			if r := recall(got, want); r < least {
				t.Errorf("part %v, way %d: recall %.4f", part, by, r)
			}
			if most := len(queries) * allowed.Count(); scored > most && by == wayCheapest {
				t.Errorf("part %v: the cheapest way compares %d rows of %d", part, scored, most)
			}
		}
	}
}

func TestCheapestWay(t *testing.T) {
	for _, test := range []struct {
		n, count, limit int
		want            way
	}{
		{1000000, 0, 100, wayExact},
		{1000000, 1000, 100, wayExact},
		{1000000, 30000, 100, wayExact},
		{1000000, 60000, 100, wayShort},
		{1000000, 500000, 100, wayWide},
		{10000, 9000, 10, wayWide},
		{10000, 9000, 1000, wayExact},
	} {
		if got := (&graph{n: test.n}).cheapest(test.count, test.limit); got != test.want {
			t.Errorf("%d of %d, ef %d: way %d, want %d", test.count, test.n, test.limit, got, test.want)
		}
	}
}

// TestGraphFilterFarFromQuery: the allowed rows are those farthest from the query, where no walk leads of its own accord.
func TestGraphFilterFarFromQuery(t *testing.T) {
	st, queries := clusteredRows(3, 6000, 5, 32, Cosine)
	g := mustGraph(t, st, 8, 40, 2)
	for _, q := range queries {
		order := st.best(q, st.Len(), nil)
		for _, count := range []int{0, 1, 200, 1000, 3000} {
			allowed := bitset.New(st.Len())
			for _, h := range order[len(order)-count:] {
				allowed.Add(h.Row)
			}
			for _, by := range []way{wayCheapest, wayWide, wayShort, wayExact} {
				hits, _, err := g.searchBy(t.Context(), by, st.Query(q), 30, 50, allowed)
				if err != nil || len(hits) != min(30, count) {
					t.Fatalf("way %d: %d hits of %d allowed rows, %v", by, len(hits), count, err)
				}
				for _, h := range hits {
					if !allowed.Contains(h.Row) {
						t.Fatalf("way %d: row %d is not allowed", by, h.Row)
					}
				}
			}
		}
	}
}

func TestGraphIsTheSameOnAnyThreads(t *testing.T) {
	st, _ := clusteredRows(4, 1600, 0, 16, Cosine)
	copy(st.data[:600*16], st.data[600*16:601*16]) // copies and zeros need repairs
	clear(st.data[1000*16 : 1100*16])
	want := graphBytes(t, mustGraph(t, st, 6, 40, 1))
	for _, threads := range []int{2, 3, 8} {
		if got := graphBytes(t, mustGraph(t, st, 6, 40, threads)); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d threads: another graph", threads)
		}
	}
}

// TestGraphProperties: of any rows, every one is reachable, and every search gives as many hits as there are.
func TestGraphProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, dim := rapid.IntRange(0, 250).Draw(t, "n"), rapid.IntRange(1, 6).Draw(t, "dim")
		metric := rapid.SampledFrom([]Metric{Cosine, Dot, Euclidean}).Draw(t, "metric")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		values := rapid.IntRange(1, 50).Draw(t, "values") // few: many equal rows and zeros
		data := make([]float32, n*dim)
		for i := range data {
			data[i] = float32(r.IntN(values) - values/2)
		}
		if metric == Cosine {
			for row := range slices.Chunk(data, dim) {
				normalize(row)
			}
		}
		st := &plainRows{data: data, dim: dim, metric: metric}
		m, ef := rapid.IntRange(2, 8).Draw(t, "m"), rapid.IntRange(1, 30).Draw(t, "ef")
		g, err := buildGraph(context.Background(), st, m, ef, rapid.IntRange(1, 3).Draw(t, "threads"), r.Uint64(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.check(context.Background(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		q := make([]float32, dim)
		for i := range q {
			q[i] = float32(r.NormFloat64())
		}
		allowed, count := (*bitset.Set)(nil), n
		if rapid.Bool().Draw(t, "filtered") {
			part := rapid.Float64Range(0, 1).Draw(t, "part")
			allowed = bitset.New(n)
			for i := range n {
				if r.Float64() < part {
					allowed.Add(i)
				}
			}
			count = allowed.Count()
		}
		k := rapid.IntRange(0, 40).Draw(t, "k")
		by := wayAll
		if allowed != nil {
			by = rapid.SampledFrom([]way{wayCheapest, wayWide, wayShort, wayExact}).Draw(t, "way")
		}
		hits, _, err := g.searchBy(context.Background(), by, st.Query(q), k, rapid.IntRange(0, 40).Draw(t, "ef of the search"), allowed)
		if err != nil || len(hits) != min(k, count) {
			t.Fatalf("%d hits of %d, %v", len(hits), min(k, count), err)
		}
		for i, h := range hits {
			if want := (&plainScorer{st, q}).score(h.Row); h.Score != want {
				t.Fatalf("row %d scores %v, not %v", h.Row, want, h.Score)
			}
			if i > 0 && compareHits(hits[i-1], h) >= 0 {
				t.Fatalf("hits %v and %v are not in order", hits[i-1], h)
			}
			if allowed != nil && !allowed.Contains(h.Row) {
				t.Fatalf("row %d is not allowed", h.Row)
			}
		}
		if k >= n { // the beam keeps all
			if want := st.best(q, k, allowed); !slices.Equal(hits, want) {
				t.Fatalf("%v, want %v", hits, want)
			}
		}
	})
}

// TestGraphOfCopies: a crowd of equal vectors neither hides its members nor the rest.
func TestGraphOfCopies(t *testing.T) {
	const copies = 10000
	for _, others := range []int{0, 1500} {
		st, queries := clusteredRows(5, copies+others, 30, 12, Cosine)
		for i := 1; i < copies; i++ {
			copy(st.row(i), st.row(0))
		}
		g := mustGraph(t, st, 8, 40, 2)
		if err := g.check(t.Context(), func(int) {}); err != nil {
			t.Fatalf("%d others: %v", others, err)
		}
		hits, _ := mustSearch(t, g, st.RowQuery(0), 50, 100, nil)
		for _, h := range hits {
			if h.Row >= copies {
				t.Errorf("%d others: row %d before a copy", others, h.Row)
			}
		}
		if others < 10 {
			continue
		}
		rest := bitset.New(st.Len())
		rest.AddRange(copies, st.Len())
		for name, allowed := range map[string]*bitset.Set{"with": nil, "without": rest} {
			var got, want [][]Hit
			for _, q := range queries {
				hits, _ := mustSearch(t, g, st.Query(q), 10, 100, allowed)
				got, want = append(got, hits), append(want, st.best(q, 10, allowed))
			}
			if r := recall(got, want); r < 0.99 {
				t.Errorf("%d others %s copies: recall %.4f", others, name, r)
			}
		}
	}
}

func TestGraphOfZeros(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100, 2000} {
		for _, metric := range []Metric{Cosine, Dot, Euclidean} {
			st := &plainRows{data: make([]float32, 4*n), dim: 4, metric: metric}
			g := mustGraph(t, st, 4, 20, 2)
			if err := g.check(t.Context(), func(int) {}); err != nil {
				t.Fatalf("%d rows: %v", n, err)
			}
			hits, _ := mustSearch(t, g, st.Query([]float32{1, 2, 3, 4}), 10, 20, nil)
			if len(hits) != min(10, n) {
				t.Errorf("%d rows: %d hits", n, len(hits))
			}
		}
	}
}

func TestGraphRefuses(t *testing.T) {
	st := &plainRows{data: make([]float32, 40), dim: 4, metric: Dot}
	for _, m := range []int{-1, 0, 1, maxLinks + 1} {
		if _, err := buildGraph(t.Context(), st, m, 10, 1, 0, nil); err == nil {
			t.Errorf("%d links: no error", m)
		}
	}
	g := mustGraph(t, st, 4, 10, 1)
	if _, _, err := g.search(t.Context(), st.Query(make([]float32, 4)), 1, 1, bitset.New(9)); err == nil {
		t.Error("a set of another length: no error")
	}
}

func TestGraphPassesErrorsOn(t *testing.T) {
	st, queries := clusteredRows(6, 2000, 1, 8, Dot)
	g := mustGraph(t, st, 4, 20, 2)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := buildGraph(ended, st, 4, 20, 2, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("build: %v", err)
	}
	if err := g.check(ended, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("check: %v", err)
	}
	late, stop := context.WithCancel(t.Context())
	_, err := buildGraph(late, st, 4, 20, 2, 0, func(done, total int) {
		if done > total/2 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("build that is stopped: %v", err)
	}
	odd := bitset.New(st.Len())
	for i := 1; i < st.Len(); i += 2 {
		odd.Add(i)
	}
	bad := *st
	bad.fail = fmt.Errorf("rows: %w", errors.ErrUnsupported)
	if _, err := buildGraph(t.Context(), &bad, 4, 20, 2, 0, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("build over bad rows: %v", err)
	}
	for _, by := range []way{wayCheapest, wayAll, wayWide, wayShort, wayExact} {
		allowed := odd
		if by == wayAll {
			allowed = nil
		}
		if _, _, err := g.searchBy(ended, by, st.Query(queries[0]), 10, 1500, allowed); !errors.Is(err, context.Canceled) {
			t.Errorf("way %d: %v", by, err)
		}
		if _, _, err := g.searchBy(t.Context(), by, bad.Query(queries[0]), 10, 10, allowed); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("way %d over bad rows: %v", by, err)
		}
	}
}

func TestGraphProgress(t *testing.T) {
	st, _ := clusteredRows(7, 500, 0, 8, Dot)
	last := 0
	_, err := buildGraph(t.Context(), st, 4, 20, 2, 0, func(done, total int) {
		if done <= last || total != 500 {
			t.Errorf("%d after %d of %d", done, last, total)
		}
		last = done
	})
	if err != nil || last != 500 {
		t.Errorf("%d rows at the end, %v", last, err)
	}
}

func TestInsertionOrder(t *testing.T) {
	const n, m = 100000, 8
	order, upper := insertionOrder(n, m, 3)
	sorted := slices.Clone(order)
	slices.Sort(sorted)
	for i, row := range sorted {
		if int(row) != i {
			t.Fatalf("row %d is missing", i)
		}
	}
	for i, nodes := range upper {
		want := n / math.Pow(m, float64(i+1))
		if math.Abs(float64(nodes)-want) > 5*math.Sqrt(want) {
			t.Errorf("layer %d has %d nodes, expected %.0f", i+1, nodes, want)
		}
	}
	// A row's level is its own: the same among more rows.
	more, upperMore := insertionOrder(n+1000, m, 3)
	among := more[:upperMore[0]]
	for _, row := range order[:upper[0]] {
		if !slices.Contains(among, row) {
			t.Fatalf("row %d lost its level", row)
		}
	}
}
