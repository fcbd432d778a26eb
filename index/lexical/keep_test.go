// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

var cleanSearches = sync.Pool{New: func() any { return new(search) }}

// runClean is run, and fails if the memory of the search is not as the next one needs it.
func runClean(ctx context.Context, parts []Part, q analysis.Query, p Params, k int, how way) ([]Hit, Stats, error) {
	s, _ := cleanSearches.Get().(*search)
	if p == (Params{}) {
		p = DefaultParams()
	}
	hits, stats, err := s.run(ctx, parts, q, p, k, how)
	if err != nil {
		return hits, stats, err
	}
	for i, sum := range s.sums {
		if math.Float32bits(sum) != 0 {
			return nil, stats, fmt.Errorf("place %d keeps the sum %g", i, sum)
		}
	}
	for i, marks := range s.marks {
		if marks != 0 {
			return nil, stats, fmt.Errorf("word %d keeps the marks %x", i, marks)
		}
	}
	s.release()
	cleanSearches.Put(s)
	return hits, stats, nil
}

// accounted adds up what a keeper has booked.
func accounted(k *keeper) (bytes int64, lists int) {
	for i := range k.slots {
		if t := k.slots[i].Load(); t != nil {
			bytes += int64(keepEntry + len(t.term))
			if s := t.shares.Load(); s != nil {
				bytes += 6 * int64(len(s.rows))
				lists++
			}
			if c := t.coded.Load().usable(); c != nil {
				bytes += codedSize(len(c.codes)+len(c.others), len(c.starts)-1)
				lists++
			}
		}
	}
	return bytes, lists
}

func searched(t *testing.T, x *Index, s string, p Params, how way) ([]Hit, Stats) {
	t.Helper()
	hits, stats, err := runClean(t.Context(), []Part{{Index: x}}, query(s), p, 20, how)
	if err != nil {
		t.Fatal(err)
	}
	return hits, stats
}

func TestKeptListsAreUsed(t *testing.T) {
	x := buildFrom(t, zipfRows(5, 3000, 200))
	_, first := searched(t, x, "w0 w3 -w40", Params{}, anyWay)
	if first.Blocks == 0 {
		t.Fatal("the first search decoded nothing")
	}
	want, _ := searched(t, x, "w0 w3 -w40", Params{}, exhaustive)
	hits, second := searched(t, x, "w0 w3 -w40", Params{}, anyWay)
	if second.Blocks != 0 || !slices.Equal(hits, want) {
		t.Fatalf("the second search decoded %d blocks; %v, want %v", second.Blocks, hits, want)
	}
	if bytes, lists := accounted(x.keeper.Load()); lists != 3 || bytes != x.keeper.Load().used.Load() {
		t.Fatalf("%d lists of %d bytes, booked are %d", lists, bytes, x.keeper.Load().used.Load())
	}
	searched(t, x, "qqq rrr", Params{}, anyWay)
	if bytes, _ := accounted(x.keeper.Load()); bytes != x.keeper.Load().used.Load() || bytes > keepBytes {
		t.Fatalf("unknown terms took memory: %d bytes, booked are %d", bytes, x.keeper.Load().used.Load())
	}
}

// TestKeptListsFollowParameters wants lists of other parameters not to be used, and replaced after some searches.
func TestKeptListsFollowParameters(t *testing.T) {
	x := buildFrom(t, zipfRows(6, 3000, 200))
	other := DefaultParams()
	other.K1 = 2
	searched(t, x, "w1 w5", Params{}, anyWay)
	want, _ := searched(t, x, "w1 w5", other, exhaustive)
	last := Stats{}
	for range keepOthers + 1 {
		var hits []Hit
		if hits, last = searched(t, x, "w1 w5", other, anyWay); !slices.Equal(hits, want) {
			t.Fatalf("%v, want %v", hits, want)
		}
	}
	if last.Blocks != 0 {
		t.Fatalf("after %d searches the lists are still of other parameters", keepOthers+1)
	}
	if bytes, lists := accounted(x.keeper.Load()); lists != 2 || bytes != x.keeper.Load().used.Load() {
		t.Fatalf("%d lists of %d bytes, booked are %d", lists, bytes, x.keeper.Load().used.Load())
	}
}

// TestKeepIsBounded searches without memory left and with a full table.
func TestKeepIsBounded(t *testing.T) {
	for _, left := range []int64{0, keepEntry + 2, 3 * keepEntry} {
		x := buildFrom(t, zipfRows(7, 3000, 200))
		x.keeper.Store(newKeeper(x.count, x.rows))
		x.keeper.Load().used.Store(keepBytes - left)
		for i := range 40 {
			s := fmt.Sprintf("w%d w%d w3", i, 2*i+1)
			want, _ := searched(t, x, s, Params{}, exhaustive)
			if hits, _ := searched(t, x, s, Params{}, anyWay); !slices.Equal(hits, want) {
				t.Fatalf("%d bytes left, %s: %v, want %v", left, s, hits, want)
			}
			if used := x.keeper.Load().used.Load(); used > keepBytes {
				t.Fatalf("%d bytes kept of %d", used, keepBytes)
			}
		}
	}
	x := buildFrom(t, zipfRows(7, 3000, 200))
	x.keeper.Store(newKeeper(0, x.rows))
	for i := range 100 {
		s := fmt.Sprintf("w%d w3", i)
		want, _ := searched(t, x, s, Params{}, exhaustive)
		if hits, _ := searched(t, x, s, Params{}, anyWay); !slices.Equal(hits, want) {
			t.Fatalf("full table, %s: %v, want %v", s, hits, want)
		}
	}
}

// TestOnlySmallIndexIsDense guards the 16 bits of a row.
func TestOnlySmallIndexIsDense(t *testing.T) {
	for _, n := range []int{keepRows, keepRows + 1} {
		rows := make([]text, n)
		rows[n-1].text, rows[7].text = "w1", "w1 w2"
		x := buildFrom(t, rows)
		hits, _ := searched(t, x, "w1", Params{}, anyWay)
		if len(hits) != 2 || hits[0].Row != n-1 || hits[1].Row != 7 || x.large() != (n > keepRows) {
			t.Fatalf("%d rows: %v, large: %v", n, hits, x.large())
		}
		if _, lists := accounted(x.keeper.Load()); (lists != 0) != (n == keepRows) {
			t.Fatalf("%d rows: %d lists are kept", n, lists)
		}
	}
}

// TestZeroWeights has terms that all rows have: Robertson's idf of them is 0, and rows that have only these are hits.
func TestZeroWeights(t *testing.T) {
	x := buildFrom(t, []text{{"", "w1 w2"}, {"", "w1"}, {"", "w1 w2 w2"}, {"", "w1 w3"}})
	for _, s := range []string{"w1", "w1 w3", "w2 w1 -w3"} {
		p := DefaultParams()
		p.Variant = Robertson
		want, _ := searched(t, x, s, p, exhaustive)
		if hits, _ := searched(t, x, s, p, anyWay); !slices.Equal(hits, want) || len(hits) < 3 {
			t.Fatalf("%s: %v, want %v", s, hits, want)
		}
	}
}

// TestKeepConcurrently has searches with different parameters fill and replace lists at the same time.
func TestKeepConcurrently(t *testing.T) {
	x := buildFrom(t, zipfRows(8, 3000, 300))
	other := DefaultParams()
	other.B = 0.9
	params := []Params{DefaultParams(), other}
	queries := make([]string, 60)
	want := make([][2][]Hit, len(queries))
	for i := range queries {
		queries[i] = fmt.Sprintf("w%d w%d w%d", i, i/2, 3*i)
		for j, p := range params {
			want[i][j], _ = searched(t, x, queries[i], p, exhaustive)
		}
	}
	errs := make(chan error, 4)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := range 600 {
				i, j := (n*7+worker)%len(queries), (n/100+worker)%2
				hits, _, err := Search(context.Background(), []Part{{Index: x}}, query(queries[i]), params[j], 20)
				if err != nil || !slices.Equal(hits, want[i][j]) {
					errs <- fmt.Errorf("%s: %v, want %v, %w", queries[i], hits, want[i][j], err)
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if bytes, _ := accounted(x.keeper.Load()); bytes != x.keeper.Load().used.Load() {
		t.Fatalf("%d bytes are kept, booked are %d", bytes, x.keeper.Load().used.Load())
	}
}

// TestReleasedPlanHoldsNothing looks into the memory that a search leaves to the next: neither the query nor lists of an index may stay alive in it.
func TestReleasedPlanHoldsNothing(t *testing.T) {
	parts := []Part{{Index: buildFrom(t, zipfRows(12, 300, 50))}, {Index: buildFrom(t, zipfRows(13, 200, 50))}}
	var pl plan
	for _, q := range []string{"w0 w1~w2 -w3 +w4", "w5 unknown", "+unknown w1", "w6 w6 -unknown"} {
		want, err := newPlan(parts, query(q), DefaultParams())
		if err != nil {
			t.Fatal(err)
		}
		if err := pl.fill(parts, query(q), DefaultParams()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, &pl, cmp.AllowUnexported(plan{}, clause{}, entry{}), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b *kept) bool { return a == b })); d != "" {
			t.Errorf("%s: %s", q, d)
		}
		pl.release()
		for _, c := range slices.Concat(pl.found[:cap(pl.found)], pl.clauses[:cap(pl.clauses)]) {
			if c.terms != nil || c.entries != nil {
				t.Errorf("%s: %v is left", q, c)
			}
		}
		for _, e := range pl.entries[:cap(pl.entries)] {
			if e.kept != nil {
				t.Errorf("%s: the list of %s is left", q, e.kept.term)
			}
		}
	}
	var long strings.Builder // of more clauses than memory is kept for
	for i := range keptClauses + 1 {
		fmt.Fprintf(&long, "w%d~w%d ", i%50, i/50)
	}
	if err := pl.fill(parts, query(long.String()), DefaultParams()); err != nil {
		t.Fatal(err)
	}
	if pl.release(); cap(pl.found) > keptClauses || cap(pl.entries) > keptClauses {
		t.Errorf("memory for %d clauses and %d entries is kept", cap(pl.found), cap(pl.entries))
	}
}

// TestDamagedListIsNotKept wants the same error again from a list that cannot be decoded.
func TestDamagedListIsNotKept(t *testing.T) {
	x := buildFrom(t, zipfRows(10, 3000, 50))
	b := slices.Clone(x.postings.Bytes())
	for i := range b[:len(b)-packSlack] {
		b[i] = 0xff
	}
	x.postings = segment.FromBytes(sectionPostings, b)
	for range 3 {
		if _, _, err := Search(t.Context(), []Part{{Index: x}}, query("w0 w1"), Params{}, 10); err == nil {
			t.Fatal("a damaged list was searched")
		}
	}
	if bytes, lists := accounted(x.keeper.Load()); lists != 0 || bytes != x.keeper.Load().used.Load() {
		t.Fatalf("%d lists of %d bytes, booked are %d", lists, bytes, x.keeper.Load().used.Load())
	}
}

// TestForget wants lists to be kept anew after those of a search were given back, also while others search.
func TestForget(t *testing.T) {
	small, large := buildFrom(t, zipfRows(9, 3000, 200)), buildFrom(t, largeTexts())
	for _, x := range []*Index{small, large} {
		want, _ := searched(t, x, "w0 w3 w9", Params{}, exhaustive)
		for range 2 {
			for range 3 {
				if hits, _ := searched(t, x, "w0 w3 w9", Params{}, anyWay); !slices.Equal(hits, want) {
					t.Fatalf("%v, want %v", hits, want)
				}
			}
			if bytes, lists := accounted(x.keeper.Load()); lists != 3 || bytes != x.keeper.Load().used.Load() {
				t.Fatalf("%d lists of %d bytes, booked are %d", lists, bytes, x.keeper.Load().used.Load())
			}
			x.Forget()
		}
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for range 20 {
					hits, _, err := Search(context.Background(), []Part{{Index: x}}, query("w0 w3 w9"), Params{}, 20)
					if err != nil || !slices.Equal(hits, want) {
						t.Errorf("%v, want %v, %v", hits, want, err)
					}
					x.Forget()
				}
			})
		}
		group.Wait()
	}
}
