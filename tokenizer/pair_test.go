// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPairProperties(t *testing.T) {
	tok := baseTokenizer(t)
	cls, _ := tok.ID("[CLS]")
	sep, _ := tok.ID("[SEP]")
	specials := tok.SpecialCount(true)
	id := rapid.Int32Range(0, int32(tok.VocabSize())-1) // special tokens included: they must not change segments
	rapid.Check(t, func(t *rapid.T) {
		query := rapid.SliceOfN(id, 0, 40).Draw(t, "query")
		doc := rapid.SliceOfN(id, 0, 80).Draw(t, "doc")
		lim := PairLimits{Max: rapid.IntRange(-1, 140).Draw(t, "max"), Query: rapid.IntRange(-1, 50).Draw(t, "cap")}
		before, beforeTypes := []int32{7, 8}, []uint8{9}
		ids, types, cut := tok.AppendPair(slices.Clone(before), slices.Clone(beforeTypes), query, doc, lim)
		if !slices.Equal(ids[:2], before) || !slices.Equal(types[:1], beforeTypes) {
			t.Fatal("what was there before changed")
		}
		ids, types = ids[2:], types[1:]
		if len(ids) != len(types) {
			t.Fatalf("%d ids, %d types", len(ids), len(types))
		}
		if lim.Max > 0 && len(ids) > lim.Max {
			t.Fatalf("%d ids, limit %d", len(ids), lim.Max)
		}
		if lim.Max > 0 && lim.Max < specials {
			if len(ids) != 0 || cut != (PairCut{len(query), len(doc)}) {
				t.Fatalf("no room, but %v and %+v", ids, cut)
			}
			return
		}
		q, d := len(query)-cut.Query, len(doc)-cut.Document
		if q < 0 || d < 0 || q+d+specials != len(ids) {
			t.Fatalf("cut %+v of %d and %d leaves %d ids", cut, len(query), len(doc), len(ids))
		}
		want := append([]int32{cls}, query[:q]...)
		want = append(append(append(want, sep), doc[:d]...), sep)
		if !slices.Equal(ids, want) {
			t.Fatalf("got %v, want %v", ids, want)
		}
		for i, typ := range types {
			if (typ == 1) != (i >= q+2) {
				t.Fatalf("types %v with %d query tokens", types, q)
			}
		}
		// The query is whole up to its own limit, wherever that fits.
		limit := len(query)
		if lim.Query > 0 {
			limit = min(limit, lim.Query)
		}
		if lim.Max > 0 {
			room := lim.Max - specials
			if lim.Query <= 0 && len(doc) > 0 {
				room = max(room-1, 0)
			}
			limit = min(limit, room)
		}
		if q != limit {
			t.Fatalf("%d query tokens kept of %d, limits %+v", q, len(query), lim)
		}
		// The document fills what is left.
		if lim.Max > 0 && cut.Document > 0 && len(ids) != lim.Max || lim.Max <= 0 && cut.Document != 0 {
			t.Fatalf("document cut by %d though the pair has %d of %d", cut.Document, len(ids), lim.Max)
		}
	})
}

func TestSingleProperties(t *testing.T) {
	tok := baseTokenizer(t)
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.Int32Range(0, 30000), 0, 40).Draw(t, "ids")
		limit := rapid.IntRange(-1, 50).Draw(t, "limit")
		out, cut := tok.AppendSingle(nil, ids, limit)
		switch {
		case limit > 0 && limit < 2:
			if len(out) != 0 || cut != len(ids) {
				t.Fatalf("no room, but %v, cut %d", out, cut)
			}
		case limit > 0 && len(out) > limit, len(out)+cut != len(ids)+2, !slices.Equal(out[1:len(out)-1], ids[:len(ids)-cut]),
			limit <= 0 && cut != 0, cut > 0 && len(out) != limit:
			t.Fatalf("ids %v, limit %d: got %v, cut %d", ids, limit, out, cut)
		}
	})
}
