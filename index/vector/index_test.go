// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

// allSpecs is every kind with every encoding and every finer one.
var allSpecs = []string{
	"flat", "flat,fp16", "flat,fp16,none", "flat,int8", "flat,int8,none", "flat,int8,fp16", "flat,pq4", "flat,pq4,fp16", "flat,binary", "flat,binary,fp16",
	"ivf8", "ivf8,fp16", "ivf8,fp16,none", "ivf8,int8", "ivf8,int8,none", "ivf8,pq4", "ivf8,binary",
	"hnsw8", "hnsw8,fp16", "hnsw8,fp16,none", "hnsw8,int8", "hnsw8,int8,none", "hnsw8,pq4", "hnsw8,binary",
}

// clustered makes vectors around centres, as embeddings lie.
func clustered(r *rand.Rand, n, dim int) []float32 {
	const spread = 0.6
	centers := randomRows(r, max(n/50, 1), dim)
	rows := randomRows(r, n, dim)
	for i := range n {
		c := centers[r.IntN(len(centers)/dim)*dim:]
		for j := range dim {
			rows[i*dim+j] = c[j] + spread*rows[i*dim+j]
		}
	}
	return rows
}

func mustSpec(t testing.TB, text string) Spec {
	t.Helper()
	spec, err := ParseSpec(text)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// mustIndex builds an index over rows.
func mustIndex(t testing.TB, rows []float32, dim int, m Metric, spec string) *Index {
	t.Helper()
	x, err := Build(t.Context(), mustBuild(t, rows, dim, m), dim, m, mustSpec(t, spec), BuildOptions{Seed: 7, Threads: 2})
	if err != nil {
		t.Fatalf("%s, %s: %v", spec, m, err)
	}
	return x
}

// reopen writes an index and opens it.
func reopen(t testing.TB, x *Index) *Index {
	t.Helper()
	memory := segment.NewMemory()
	if err := x.Write(memory); err != nil {
		t.Fatal(err)
	}
	y, err := Open(memory.Reader())
	if err != nil {
		t.Fatalf("%s: %v", x.spec, err)
	}
	return y
}

// TestIndexSearch: every structure, encoding and metric finds the nearest, as exact as it is, before and after it is stored.
func TestIndexSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n, dim, k, queries = 1500, 40, 10, 24
	rows := clustered(r, n+queries, dim)
	rows, asked := rows[:n*dim], rows[n*dim:]
	for _, m := range metrics {
		flat := mustBuild(t, rows, dim, m)
		exact, err := flat.SearchBatch(t.Context(), asked, k)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range allSpecs {
			name := fmt.Sprintf("%s, %s", text, m)
			built := mustIndex(t, rows, dim, m, text)
			stored := reopen(t, built)
			if stored.Spec().String() != text || stored.Len() != n || stored.Dim() != dim || stored.Metric() != m || stored.Bytes() != built.Bytes() {
				t.Fatalf("%s: stored as %s, %d×%d, %s, %v bytes, not %v", name, stored.Spec(), stored.Len(), stored.Dim(), stored.Metric(), stored.Bytes(), built.Bytes())
			}
			if err := stored.Check(t.Context(), nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			p := Params{Probes: 8, Oversample: 60, Ef: 600}
			found, err := built.SearchBatch(t.Context(), asked, k, p)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			again, err := stored.SearchBatch(t.Context(), asked, k, p)
			if err != nil || !slices.EqualFunc(found, again, slices.Equal) {
				t.Errorf("%s: stored finds other hits, or %v", name, err)
			}
			least := 0.999
			if strings.Contains(text, "none") || strings.Contains(text, "16") {
				least = 0.95 // scores differ a little
			}
			if recall := sameRows(found, exact); recall < least {
				t.Errorf("%s: recall %.3f", name, recall)
			}
			for _, text := range []string{"flat", "ivf8", "hnsw8"} {
				if built.spec.String() != text {
					continue
				}
				for i := range exact {
					if !slices.Equal(found[i], exact[i]) {
						t.Errorf("%s: scores are not those of Flat: %v, want %v", name, found[i], exact[i])
					}
				}
			}
		}
	}
}

// sameRows is the share of rows that are in both lists.
func sameRows(found, exact [][]Hit) float64 {
	same, total := 0, 0
	for i := range exact {
		for _, want := range exact[i] {
			total++
			if slices.ContainsFunc(found[i], func(h Hit) bool { return h.Row == want.Row }) {
				same++
			}
		}
	}
	return float64(same) / float64(total)
}

// TestIndexPromises: a search alone, in a batch, on any number of threads, among allowed rows.
func TestIndexPromises(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n, dim, queries = 250, 24, 27
	rows := clustered(r, n+queries, dim)
	rows, asked := rows[:n*dim], rows[n*dim:]
	for i := 0; i < n; i += 9 {
		copy(rows[i*dim:(i+1)*dim], rows[(i%27)*dim:]) // duplicates
	}
	clear(rows[5*dim : 6*dim]) // a zero vector
	sets := map[string]*bitset.Set{"all": nil, "none": bitset.New(n), "one": bitset.New(n), "few": bitset.New(n), "most": bitset.Full(n)}
	sets["one"].Add(n - 1)
	for i := range n {
		if i%50 == 3 {
			sets["few"].Add(i)
		}
		if i%7 == 0 {
			sets["most"].Remove(i)
		}
	}
	for _, m := range metrics {
		for _, text := range allSpecs {
			x := reopen(t, mustIndex(t, rows, dim, m, text))
			for set, allowed := range sets {
				for _, exact := range []bool{false, true} {
					for _, k := range []int{1, 10, n + 5} {
						name := fmt.Sprintf("%s, %s, %s allowed, exact %v, k %d", text, m, set, exact, k)
						p := Params{Allowed: allowed, Exact: exact, Threads: 3}
						batch, err := x.SearchBatch(t.Context(), asked, k, p)
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						live := n
						if allowed != nil {
							live = allowed.Count()
						}
						for i := 0; i < queries; i += 13 {
							p.Threads = 1 + i%2
							alone, _, err := x.Search(t.Context(), asked[i*dim:(i+1)*dim], k, p)
							if err != nil || !slices.Equal(alone, batch[i]) {
								t.Fatalf("%s: alone %v, %v, in a batch %v", name, alone, err, batch[i])
							}
							checkFound(t, name, alone, min(k, live), allowed)
						}
					}
				}
			}
		}
	}
}

func checkFound(t *testing.T, name string, hits []Hit, want int, allowed *bitset.Set) {
	t.Helper()
	if len(hits) != want {
		t.Fatalf("%s: %d hits, want %d", name, len(hits), want)
	}
	seen := map[int]bool{}
	for i, h := range hits {
		if seen[h.Row] || allowed != nil && !allowed.Contains(h.Row) || i > 0 && compareHits(hits[i-1], h) >= 0 {
			t.Fatalf("%s: hit %d of %v", name, i, hits)
		}
		seen[h.Row] = true
	}
}

// TestBuildIsOneResult: the bytes do not depend on the number of threads.
func TestBuildIsOneResult(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const n, dim = 700, 20
	src := mustBuild(t, clustered(r, n, dim), dim, Cosine)
	for _, text := range allSpecs {
		var first *segment.Memory
		for _, threads := range []int{1, 2, 5} {
			x, err := Build(t.Context(), src, dim, Cosine, mustSpec(t, text), BuildOptions{Seed: 3, Threads: threads})
			if err != nil {
				t.Fatal(err)
			}
			memory := segment.NewMemory()
			if err := x.Write(memory); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = memory
				continue
			}
			for _, name := range sectionNames(first.Reader()) {
				a, _ := first.Reader().Section(name)
				b, err := memory.Reader().Section(name)
				if err != nil || !slices.Equal(a.Bytes(), b.Bytes()) {
					t.Errorf("%s, %d threads: section %s differs, %v", text, threads, name, err)
				}
			}
		}
	}
}

// sectionNames is the names of the sections that an index may have, as far as r has them.
func sectionNames(r segment.SectionReader) []string {
	names := []string{
		sectionHead, sectionFine, sectionCoarse, sectionCoarse + ".side", sectionCentroids, sectionOffsets, sectionIDs, sectionPlaces,
	}
	return slices.DeleteFunc(append(names, graphHead, graphLinks, graphUpper), func(name string) bool { return !r.Has(name) })
}

// TestSmallIndexes: no rows, one, two equal ones, all zero.
func TestSmallIndexes(t *testing.T) {
	for _, rows := range [][]float32{nil, {1, 2, 3}, {1, 2, 3, 1, 2, 3}, make([]float32, 30)} {
		for _, m := range metrics {
			for _, text := range append([]string{"auto", "ivf", "hnsw", "flat,pq"}, allSpecs...) {
				x := reopen(t, mustIndex(t, rows, 3, m, text))
				if err := x.Check(t.Context(), nil); err != nil {
					t.Errorf("%s, %s, %d rows: %v", text, m, len(rows)/3, err)
				}
				hits, _, err := x.Search(t.Context(), []float32{1, 2, 3}, 20, Params{})
				if err != nil || len(hits) != len(rows)/3 || x.Source().Len() != len(rows)/3 {
					t.Errorf("%s, %s, %d rows: hits %v, %v", text, m, len(rows)/3, hits, err)
				}
				for i, h := range hits {
					if h.Row != i {
						t.Errorf("%s, %s: equal rows are not in order: %v", text, m, hits)
					}
				}
			}
		}
	}
}

func TestIndexInput(t *testing.T) {
	nan := float32(math.NaN())
	x := mustIndex(t, []float32{1, 2, 3, 4}, 2, Dot, "flat")
	check := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", name, err, want)
		}
	}
	search := func(q []float32, k int, p Params) error {
		_, _, err := x.Search(t.Context(), q, k, p)
		return err
	}
	check("k", search([]float32{1, 2}, 0, Params{}), "k of 0")
	check("dimension", search([]float32{1}, 1, Params{}), "query of dimension 1, but the vectors have 2")
	check("NaN", search([]float32{1, nan}, 1, Params{}), "component 1")
	check("allowed", search([]float32{1, 2}, 1, Params{Allowed: bitset.New(3)}), "set of allowed rows has another length: 3, not 2")
	_, err := x.SearchBatch(t.Context(), []float32{1}, 1, Params{})
	check("ragged batch", err, "whole number of queries")
	build := func(rows []float32, dim int, m Metric, spec Spec) error {
		_, err := Build(t.Context(), sliceSource{rows, 2}, dim, m, spec, BuildOptions{})
		return err
	}
	check("NaN row", build([]float32{1, 2, 3, nan}, 2, Dot, Spec{}), "vector 1, component 1")
	check("dimension", build(nil, 0, Dot, Spec{}), "dimension 0")
	check("other dimension", build([]float32{1, 2}, 3, Dot, Spec{}), "vector 0 has 2 components, not 3")
	check("metric", build(nil, 2, "dott", Spec{}), "unknown metric")
	check("spec", build(nil, 2, Dot, Spec{Kind: "flut"}), "unknown kind")
	check("half", build([]float32{1e6, 0}, 2, Dot, mustSpec(t, "flat,fp16")), "beyond the range of fp16")
	if !errors.Is(build([]float32{nan, 0}, 2, Dot, Spec{}), ErrNotFinite) {
		t.Error("NaN is not ErrNotFinite")
	}
}

// sliceSource is a source that is not normalised and does not lie in memory for kernels.
type sliceSource struct {
	data []float32
	dim  int
}

func (s sliceSource) Len() int            { return len(s.data) / s.dim }
func (s sliceSource) Row(i int) []float32 { return s.data[i*s.dim : (i+1)*s.dim] }

// TestAnySource: rows that are read through an interface, and normalised on the way, give the index that Flat's rows give.
func TestAnySource(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const n, dim = 300, 21
	rows, q := clustered(r, n, dim), randomRows(r, 1, dim)
	for _, m := range metrics {
		for _, text := range allSpecs {
			want := mustIndex(t, rows, dim, m, text)
			x, err := Build(t.Context(), sliceSource{rows, dim}, dim, m, mustSpec(t, text), BuildOptions{Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			for _, y := range []*Index{x, reopen(t, x)} {
				a, _, errA := want.Search(t.Context(), q, 20, Params{})
				b, _, errB := y.Search(t.Context(), q, 20, Params{})
				if errA != nil || errB != nil || !slices.Equal(a, b) {
					t.Errorf("%s, %s: %v, %v, want %v, %v", text, m, b, errB, a, errA)
				}
			}
			merged, err := Build(t.Context(), reopen(t, x).Source(), dim, m, mustSpec(t, text), BuildOptions{Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			a, _, errA := want.Search(t.Context(), q, 20, Params{})
			b, _, errB := merged.Search(t.Context(), q, 20, Params{})
			if errA != nil || errB != nil || !strings.Contains(text, "none") && !strings.Contains(text, "16") && !slices.Equal(a, b) {
				t.Errorf("%s, %s: built from a stored index: %v, %v, want %v, %v", text, m, b, errB, a, errA)
			}
		}
	}
}

func TestRecall(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	rows := clustered(r, 600, 16)
	x := mustIndex(t, rows, 16, Cosine, "flat,binary")
	all, err := Recall(t.Context(), x, rows[:160], 10, Params{Oversample: 60})
	if err != nil || all != 1 {
		t.Errorf("recall with all rows rescored: %v, %v", all, err)
	}
	some, err := Recall(t.Context(), x, rows[:160], 10, Params{Oversample: 1})
	if err != nil || some >= 1 || some < 0.1 {
		t.Errorf("recall with ten rescored: %v, %v", some, err)
	}
}
