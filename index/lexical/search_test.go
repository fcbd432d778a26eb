// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/bitset"
)

func drawText(t *rapid.T, words, most int, label string) string {
	n := rapid.IntRange(0, most).Draw(t, label)
	var b strings.Builder
	for range n {
		w := rapid.IntRange(0, words).Draw(t, "word")
		if w == words {
			b.WriteString("_ ")
			continue
		}
		fmt.Fprintf(&b, "w%d ", w*w/words) // low numbers are frequent
	}
	return b.String()
}

func drawQuery(t *rapid.T, words int, operators bool) analysis.Query {
	var b strings.Builder
	for range rapid.IntRange(1, 7).Draw(t, "clauses") {
		if operators {
			b.WriteString(rapid.SampledFrom([]string{"", "", "", "+", "-"}).Draw(t, "operator"))
		}
		n := 1
		if operators {
			n = rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "terms")
		}
		for i := range n {
			if i > 0 {
				b.WriteString("~")
				if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
					b.WriteString("_~")
				}
			}
			w := rapid.IntRange(0, words).Draw(t, "word")
			fmt.Fprintf(&b, "w%d", w*w/words)
		}
		b.WriteString(" ")
	}
	return query(b.String())
}

func drawParams(t *rapid.T) Params {
	return Params{
		Variant:     Variant(rapid.IntRange(0, len(variantNames)-1).Draw(t, "variant")),
		K1:          rapid.SampledFrom([]float64{1.5, 0.9, 0, 0.01, 10, 1000}).Draw(t, "k1"),
		B:           rapid.SampledFrom([]float64{0.75, 0, 1, 0.4}).Draw(t, "b"),
		Delta:       rapid.SampledFrom([]float64{0.5, 1, 0.1}).Draw(t, "delta"),
		TitleWeight: rapid.SampledFrom([]float64{1, 1, 2.5, 0.3, 0.001, 1000}).Draw(t, "title weight"),
	}
}

func drawAllowed(t *rapid.T, n int) *bitset.Set {
	switch rapid.IntRange(0, 3).Draw(t, "allowed") {
	case 0:
		s := bitset.New(n)
		every := rapid.SampledFrom([]int{1, 2, 7, 50, 300, 1000}).Draw(t, "every")
		for i := 0; i < n; i += every {
			s.Add(i)
		}
		return s
	case 1:
		s := bitset.New(n)
		s.AddRange(rapid.IntRange(0, n).Draw(t, "from"), rapid.IntRange(0, n).Draw(t, "to"))
		return s
	default:
		return nil
	}
}

// TestNaive compares with scores computed from the texts.
func TestNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		var definition []naivePart
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			var rows []text
			for range rapid.IntRange(0, 12).Draw(t, "rows") {
				rows = append(rows, text{drawText(t, 8, 3, "title"), drawText(t, 8, 12, "text")})
			}
			x, allowed := buildFrom(t, rows), drawAllowed(t, len(rows))
			parts = append(parts, Part{x, allowed})
			definition = append(definition, naivePart{rows, allowed})
		}
		q, p, k := drawQuery(t, 8, true), drawParams(t), rapid.IntRange(0, 40).Draw(t, "k")
		got, _, err := Search(t.Context(), parts, q, p, k)
		if err != nil {
			t.Fatal(err)
		}
		want := naive(definition, q, p, k)
		if len(got) != len(want) {
			t.Fatalf("%d hits, want %d", len(got), len(want))
		}
		all := map[[2]int]float32{}
		for _, h := range naive(definition, q, p, math.MaxInt) {
			all[[2]int{h.Part, h.Row}] = h.Score
		}
		for i, h := range got {
			// Rounding may swap rows of equal scores, so ranks are compared by score.
			exact, ok := all[[2]int{h.Part, h.Row}]
			if !ok || !near(h.Score, exact) || !near(h.Score, want[i].Score) {
				t.Fatalf("hit %d: %+v, by definition %v (match: %v), rank has %+v", i, h, exact, ok, want[i])
			}
		}
	})
}

func near(a, b float32) bool {
	return math.Abs(float64(a)-float64(b)) <= 1e-5*max(1, math.Abs(float64(b)))
}

// TestPrunedIsExhaustive demands the same rows and the same bits from the search that skips and the one that scores all.
func TestPrunedIsExhaustive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			n := rapid.SampledFrom([]int{0, 5, 127, 128, 129, 400, 5000, 9000}).Draw(t, "rows")
			rows := zipfRows(rapid.Uint64().Draw(t, "seed"), n, rapid.SampledFrom([]int{5, 50, 1000}).Draw(t, "words"))
			parts = append(parts, Part{buildFrom(t, rows), drawAllowed(t, n)})
		}
		p := drawParams(t)
		for range 5 {
			q := drawQuery(t, rapid.SampledFrom([]int{5, 30, 300}).Draw(t, "query words"), rapid.Bool().Draw(t, "operators"))
			k := rapid.SampledFrom([]int{1, 3, 10, 100, 1000}).Draw(t, "k")
			want, _, err := runClean(t.Context(), parts, q, p, k, exhaustive)
			if err != nil {
				t.Fatal(err)
			}
			for _, how := range []way{byWindows, anyWay, anyWay} { // the last finds lists that were kept
				got, _, err := runClean(t.Context(), parts, q, p, k, how)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("way %d, query %+v, %+v, k = %d: %s", how, q, p, k, d)
				}
			}
		}
	})
}
