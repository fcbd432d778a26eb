// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestGolden compares with scores that the bm25s library computed (scripts/reference/bm25.py).
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/bm25s.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Tolerance float64
		Corpora   [][]string
		Cases     []struct {
			Corpus       int
			Method       string
			K1, B, Delta float64
			Query        string
			Scores       []float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	var indexes []*Index
	for _, corpus := range golden.Corpora {
		var rows []text
		for _, s := range corpus {
			rows = append(rows, text{"", s})
		}
		indexes = append(indexes, buildFrom(t, rows))
	}
	seen := map[string]int{}
	for i, c := range golden.Cases {
		v, err := ParseVariant(c.Method)
		if err != nil {
			t.Fatal(err)
		}
		parts := []Part{{Index: indexes[c.Corpus]}}
		p := Params{v, c.K1, c.B, c.Delta, 1}
		hits, _, err := Search(t.Context(), parts, query(c.Query), p, math.MaxInt)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			if d := math.Abs(float64(h.Score) - c.Scores[h.Row]); !(d <= golden.Tolerance) {
				t.Errorf("case %d, %s, row %d: score %v, bm25s has %v", i, c.Method, h.Row, h.Score, c.Scores[h.Row])
			}
			seen[c.Method]++
		}
		for row, want := range c.Scores { // what bm25s gives rows without any term, too
			e, err := Explain(t.Context(), parts, query(c.Query), p, 0, row)
			if err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(float64(e.Score) - want); !(d <= golden.Tolerance) {
				t.Errorf("case %d, %s, row %d: explained score %v, bm25s has %v", i, c.Method, row, e.Score, want)
			}
		}
	}
	if len(seen) != len(variantNames) {
		t.Errorf("hits compared by variant: %v", seen)
	}
}
