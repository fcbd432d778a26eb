// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestExplain compares the explained score with that of the hit, to the bit, and sums up the contributions.
func TestExplain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			rows := zipfRows(rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom([]int{3, 40, 700}).Draw(t, "rows"), 30)
			parts = append(parts, Part{Index: buildFrom(t, rows)})
		}
		q, p := drawQuery(t, 30, true), drawParams(t)
		hits, _, err := Search(t.Context(), parts, q, p, 1000)
		if err != nil {
			t.Fatal(err)
		}
		is := map[[2]int]bool{}
		for _, h := range hits {
			is[[2]int{h.Part, h.Row}] = true
		}
		for i, h := range hits[:min(len(hits), 20)] {
			e, err := Explain(t.Context(), parts, q, p, h.Part, h.Row)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, term := range e.Terms {
				sum += term.Contribution
			}
			if e.Score != h.Score || !e.Matches || math.Abs(sum-float64(h.Score)) > 1e-5*max(1, sum) {
				t.Fatalf("hit %d: score %v, explained %v (sum %v, match %v)", i, h.Score, e.Score, sum, e.Matches)
			}
		}
		part := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
		for row := range min(parts[part].Index.Rows(), 10) {
			e, err := Explain(t.Context(), parts, q, p, part, row)
			if err != nil {
				t.Fatal(err)
			}
			if len(hits) < 1000 && e.Matches != is[[2]int{part, row}] {
				t.Fatalf("part %d, row %d: explained as match %v, in the hits %v", part, row, e.Matches, !e.Matches)
			}
		}
	})
}

func TestExplainText(t *testing.T) {
	x := buildFrom(t, []text{{"b", "a _ b c"}, {"", "b a"}})
	e, err := Explain(t.Context(), []Part{{Index: x}}, query("a~_~b~c b b -zzz"), Params{Variant: Atire, K1: 1, B: 0, TitleWeight: 3}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Terms) != 2 || e.Terms[0].Text != `"a * b c"` || e.Terms[0].Freq != 1 || e.Terms[1].Text != "b" ||
		e.Terms[1].Count != 2 || e.Terms[1].Freq != 2 || e.Terms[1].TitleFreq != 1 || e.Terms[1].WeightedFreq != 4 || e.Length != 6 {
		t.Errorf("%+v", e)
	}
	if _, err := Explain(t.Context(), []Part{{Index: x}}, query("a"), Params{}, 0, 2); err == nil {
		t.Error("there is no row 2")
	}
}
