// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/bitset"
)

// TestFromText goes the whole way, from texts over an analyzer to hits.
func TestFromText(t *testing.T) {
	a := newAnalyzer(t)
	b := NewBuilder(a)
	b.Add("Cats", "The cat sat on the mat.")
	b.Add("Dogs", "A dog chased the cats across the state of the art laboratory.")
	b.Add("", "Nothing of interest.")
	x, err := Open(written(t, b))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		rows  []int
	}{
		{"cat", []int{0, 1}},
		{"+dog cat", []int{1}},
		{"cat -dog", []int{0}},
		{`"state of the art"`, []int{1}},
		{`"art of state"`, nil},
		{`"dog cats"`, nil},
		{`"dog * * cats"`, []int{1}},
		{"-cat", nil},
		{"the", nil},
		{"", nil},
		{"+cat +unicorn", nil},
		{"interesting unicorn", []int{2}},
	} {
		q, err := analysis.ParseQuery(c.query, a)
		if err != nil {
			t.Fatal(err)
		}
		hits, _, err := Search(t.Context(), []Part{{Index: x}}, q, Params{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		var rows []int
		for _, h := range hits {
			rows = append(rows, h.Row)
		}
		if !slices.Equal(rows, c.rows) {
			t.Errorf("%s: rows %v, want %v", c.query, rows, c.rows)
		}
	}
}

// TestTies wants equal rows in the order of part and row, and the first of them when not all fit.
func TestTies(t *testing.T) {
	x := buildFrom(t, slices.Repeat([]text{{"", "a b"}}, 9000))
	empty := buildFrom(t, nil)
	parts := []Part{{Index: empty}, {Index: x}, {Index: empty}, {Index: x}}
	for _, k := range []int{1, 10, 9500} {
		hits, _, err := Search(t.Context(), parts, query("b a"), Params{}, k)
		if err != nil || len(hits) != k {
			t.Fatalf("%d hits, %v", len(hits), err)
		}
		for i, h := range hits {
			if want := (Hit{1 + 2*(i/9000), i % 9000, hits[0].Score}); h != want {
				t.Fatalf("k = %d, hit %d: %+v, want %+v", k, i, h, want)
			}
		}
	}
}

// TestPruningSkips makes sure that the search that may skip does: otherwise comparing it with the other shows nothing.
func TestPruningSkips(t *testing.T) {
	parts := []Part{{Index: buildFrom(t, zipfRows(2, 30000, 3000))}}
	for _, s := range []string{"w0", "w0 w500", "w0 w1 w2 w900", "+w2 w0 w1"} {
		all, most, err := runClean(t.Context(), parts, query(s), Params{}, 10, exhaustive)
		if err != nil {
			t.Fatal(err)
		}
		hits, stats, err := runClean(t.Context(), parts, query(s), Params{}, 10, byWindows)
		if err != nil || !slices.Equal(hits, all) {
			t.Fatalf("%s: %v, want %v, %v", s, hits, all, err)
		}
		if 4*stats.Scored > 3*most.Scored {
			t.Errorf("%s: %d postings scored of %d", s, stats.Scored, most.Scored)
		}
	}
}

// TestFilterKeepsScores wants the scores of allowed rows to be those of the search without a filter.
func TestFilterKeepsScores(t *testing.T) {
	x := buildFrom(t, zipfRows(4, 2000, 100))
	all, _, err := Search(t.Context(), []Part{{Index: x}}, query("w3 w5 w60"), Params{}, 2000)
	if err != nil {
		t.Fatal(err)
	}
	allowed := bitset.New(2000)
	for i := 0; i < 2000; i += 7 {
		allowed.Add(i)
	}
	got, _, err := Search(t.Context(), []Part{{x, allowed}}, query("w3 w5 w60"), Params{}, 2000)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(all, func(h Hit) bool { return !allowed.Contains(h.Row) })
	if !slices.Equal(got, want) || len(got) < 100 {
		t.Errorf("%d hits, want %d with the same scores", len(got), len(want))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := buildFrom(t, zipfRows(1, 100, 10))
	if _, _, err := Search(ctx, []Part{{Index: x}}, query("w0 w1"), Params{}, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("search: %v", err)
	}
	if err := x.Check(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("check: %v", err)
	}
}

func TestBadParams(t *testing.T) {
	x := buildFrom(t, []text{{"", "a"}})
	for _, c := range []struct {
		change func(p *Params)
		want   string
	}{
		{func(p *Params) { p.K1 = -1 }, "k1"},
		{func(p *Params) { p.K1 = math.NaN() }, "k1"},
		{func(p *Params) { p.B = 1.5 }, "b ="},
		{func(p *Params) { p.Delta = math.Inf(1) }, "delta"},
		{func(p *Params) { p.TitleWeight = 0 }, "title weight"},
		{func(p *Params) { p.Variant = 17 }, "variant"},
		{func(p *Params) { p.Variant, p.K1, p.Delta = BM25L, 0, 0 }, "bm25l"},
	} {
		p := DefaultParams()
		c.change(&p)
		if _, _, err := Search(t.Context(), []Part{{Index: x}}, query("a"), p, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", p, err, c.want)
		}
	}
	if _, err := ParseVariant("lucen"); err == nil || !strings.Contains(err.Error(), `"lucene"`) {
		t.Errorf("error %v", err)
	}
	for v, name := range variantNames {
		if got, err := ParseVariant(name); err != nil || got != Variant(v) || got.String() != name {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestTooManyTerms(t *testing.T) {
	var b strings.Builder
	for i := range maxClauses + 1 {
		b.WriteString("t" + strings.Repeat("x", i%50) + string(rune('a'+i/50%26)) + string(rune('a'+i/1300)) + " ")
	}
	x := buildFrom(t, []text{{"", b.String()}})
	if _, _, err := Search(t.Context(), []Part{{Index: x}}, query(b.String()), Params{}, 1); err == nil || !strings.Contains(err.Error(), "different terms") {
		t.Errorf("error %v", err)
	}
	// Equal terms are one, and unknown ones none.
	long := strings.Repeat("ta unknown ", maxClauses)
	if _, _, err := Search(t.Context(), []Part{{Index: x}}, query(long), Params{}, 1); err != nil {
		t.Error(err)
	}
}
