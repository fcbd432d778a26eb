// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/internal/bitset"
)

// TestTop wants the rows, and once settled the threshold, of sorting everything, with many equal scores, rows in any order, and a score
// promised before that k rows reach.
func TestTop(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, k := range []int{1, 2, 10, 31, 100, 1000} {
		for round := range 60 {
			n := r.IntN(6 * k)
			rows := make([]Hit, n)
			for i, row := range r.Perm(n) {
				rows[i] = Hit{Row: row, Score: float32(r.IntN(1+r.IntN(n))) / 8}
			}
			want := slices.Clone(rows)
			slices.SortFunc(want, func(a, b Hit) int {
				return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Row, b.Row))
			})
			want = want[:min(k, n)]
			var top top
			top.reset(k)
			if round%2 == 1 && len(want) == k {
				top.raise(want[k-1].Score * float32(r.IntN(5)) / 4)
			}
			for i, h := range rows {
				if h.Score >= top.threshold() {
					top.add(h.Score, uint32(h.Row))
				}
				before := top.threshold()
				if i == n/2 && len(want) == k {
					top.raise(want[k-1].Score / 2)
				}
				if i%17 == 0 {
					top.refresh()
				}
				if top.threshold() < before {
					t.Fatalf("k = %d: the threshold falls from %g to %g", k, before, top.threshold())
				}
				if len(top.keys) > 2*k+32 {
					t.Fatalf("k = %d: %d rows are collected", k, len(top.keys))
				}
			}
			top.settle()
			if len(want) == k && top.threshold() != want[k-1].Score {
				t.Fatalf("k = %d, n = %d: the threshold is %g, the worst of the best has %g", k, n, top.threshold(), want[k-1].Score)
			}
			if got := top.hits([]uint32{0}); !slices.Equal(got, want) {
				t.Fatalf("k = %d, n = %d: %v, want %v", k, n, got, want)
			}
		}
	}
}

// TestSelectLeast wants an end, before long, of keys that are not different, which a search does not have, and of such in an order that chooses bad pivots.
func TestSelectLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for round := range 500 {
		keys := make([]uint64, r.IntN(100))
		for i := range keys {
			keys[i] = r.Uint64N(1 + r.Uint64N(50))
		}
		if round < 10 { // rising, then falling: of three of them the second least is the median, again and again
			keys = make([]uint64, 100_000+round)
			for i := range keys {
				keys[i] = uint64(2*min(i, len(keys)-i)) + uint64(i&1)
			}
		}
		want := slices.Clone(keys)
		slices.Sort(want)
		k := r.IntN(len(keys) + 1)
		selectLeast(keys, k)
		got := slices.Clone(keys[:k])
		slices.Sort(got)
		if !slices.Equal(got, want[:k]) {
			t.Fatalf("the %d least of %v: %v", k, want, got)
		}
	}
}

// TestPromisesAreKept wants the same rows for every depth around the levels that lists know, from one part and from several, when lists
// are kept and a search begins with what they promise.
func TestPromisesAreKept(t *testing.T) {
	rows := zipfRows(31, 6000, 300)
	whole := []Part{{Index: buildFrom(t, rows)}}
	parts := []Part{{Index: buildFrom(t, rows[:700])}, {Index: buildFrom(t, rows[700:])}}
	variants := []Variant{BM25Plus, Lucene, Robertson, BM25L}
	if testing.Short() {
		variants = variants[:1]
	}
	for _, v := range variants {
		p := DefaultParams()
		p.Variant = v
		for _, part := range slices.Concat(whole, parts) {
			part.Index.Forget()
		}
		for _, q := range []string{"w0", "w0 w1 w2", "w3 w40 w200", "w7 w7 w1 w90", "w2 -w1", "+w1 w2", "w250 w260 w270"} {
			for _, k := range []int{1, 9, 10, 11, 30, 31, 100, 101, 300, 999, 1000, 1001, 6000} {
				for _, searched := range [][]Part{whole, parts} {
					want, _, err := runClean(t.Context(), searched, query(q), p, k, exhaustive)
					if err != nil {
						t.Fatal(err)
					}
					for range 2 { // lists are found out about, then known
						got, _, err := runClean(t.Context(), searched, query(q), p, k, anyWay)
						if err != nil || !slices.Equal(got, want) {
							t.Fatalf("%s, %v, k = %d, %d parts: %v, want %v, %v", q, v, k, len(searched), got, want, err)
						}
					}
				}
			}
		}
	}
	x := whole[0].Index
	for _, term := range []string{"w0", "w40"} {
		e, err := x.find(term)
		if err != nil || e.kept == nil {
			t.Fatalf("%s: %+v, %v", term, e, err)
		}
		list := e.kept.shares.Load()
		sorted := slices.Clone(list.values)
		slices.Sort(sorted)
		for i, level := range levels {
			want := float32(0)
			if level <= len(sorted) {
				want = sorted[len(sorted)-level]
			}
			if list.best[i] != want {
				t.Errorf("%s: rank %d has the share %g, want %g", term, level, list.best[i], want)
			}
		}
	}
}

// TestPromisesOfLargeParts is the same for a part whose lists are codes, beside a small one, with filters, and with what forbids promises.
func TestPromisesOfLargeParts(t *testing.T) {
	large := buildFrom(t, largeTexts())
	allowed := bitset.New(largeRows)
	for i := 0; i < largeRows; i += 5 {
		allowed.Add(i)
	}
	small := Part{Index: buildFrom(t, zipfRows(33, 3000, 400))}
	depths := []int{31, 10, 100, 1000}
	if testing.Short() {
		depths = depths[:1]
	}
	for _, q := range []string{"w0 w1 w2", "w4 w9 w30", "+w3 w20 w0", "w50 w6 -w1", "w1~w0 w8"} {
		for _, k := range depths {
			for _, parts := range [][]Part{{{Index: large}, small}, {small, {Index: large}}, {{large, allowed}, small}} {
				want, _, err := runClean(t.Context(), parts, query(q), Params{}, k, exhaustive)
				if err != nil {
					t.Fatal(err)
				}
				for range 3 { // codes are kept when they are asked for again
					got, _, err := runClean(t.Context(), parts, query(q), Params{}, k, anyWay)
					if err != nil || !slices.Equal(got, want) {
						t.Fatalf("%s, k = %d: %v, want %v, %v", q, k, got, want, err)
					}
				}
			}
		}
	}
	s := new(search)
	pl, err := newPlan([]Part{{Index: large}}, query("w0 w1"), DefaultParams())
	if err != nil {
		t.Fatal(err)
	}
	s.ctx, s.plan, s.slack = t.Context(), pl, 1
	s.top.reset(100)
	s.unrestricted = true
	s.scorer.begin(large, DefaultParams(), pl.average)
	e, err := large.find("w0")
	if err != nil || e.kept == nil || e.kept.coded.Load() == nil {
		t.Fatalf("%+v, %v", e, err)
	}
	if s.promise(2, &s.mostOf(e.kept.coded.Load()).best); s.top.threshold() <= 0 {
		t.Error("a list of codes promises nothing")
	}
}

// TestSearchesShareNothing wants no hit lost to a search that was done before with the same memory: its threshold was high, and the rows that
// are allowed now lie in none of the windows that are searched first.
func TestSearchesShareNothing(t *testing.T) {
	x := buildFrom(t, largeTexts())
	last := bitset.New(largeRows)
	for i := largeRows - window; i < largeRows; i++ {
		last.Add(i)
	}
	part := []Part{{x, last}}
	want := naiveCount(t, x, last, "w0")
	for _, how := range []way{exhaustive, byWindows, anyWay} {
		for range 3 {
			if _, _, err := Search(t.Context(), []Part{{Index: x}}, query("w300 w301 w302 w303 w304 w305"), Params{}, 1); err != nil {
				t.Fatal(err)
			}
			hits, _, err := runClean(t.Context(), part, query("w0"), Params{}, 10, how)
			if err != nil || len(hits) != min(10, want) {
				t.Fatalf("way %d: %d hits of %d rows, %v", how, len(hits), want, err)
			}
		}
	}
}

// naiveCount is the number of allowed rows with a word.
func naiveCount(t *testing.T, x *Index, allowed *bitset.Set, word string) (n int) {
	t.Helper()
	hits, _, err := runClean(t.Context(), []Part{{Index: x}}, query(word), Params{}, x.Rows(), exhaustive)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		if allowed.Contains(h.Row) {
			n++
		}
	}
	return n
}
