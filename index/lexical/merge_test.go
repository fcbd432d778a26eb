// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

var sectionNames = []string{sectionPositions, sectionPostings, sectionTerms, sectionBlocks, sectionRows, sectionHead}

func sections(t fataler, r segment.SectionReader) map[string][]byte {
	m := map[string][]byte{}
	for _, name := range sectionNames {
		s, err := r.Section(name)
		if err != nil {
			t.Fatal(err)
		}
		m[name] = slices.Clone(s.Bytes())
	}
	return m
}

func sameSections(t fataler, a, b segment.SectionReader) {
	x, y := sections(t, a), sections(t, b)
	for _, name := range sectionNames {
		if !bytes.Equal(x[name], y[name]) {
			t.Fatal("section", name, "differs:", len(x[name]), "and", len(y[name]), "bytes")
		}
	}
}

// TestMergeIsBuild compares bytes with an index built from the rows that are kept.
func TestMergeIsBuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept []text
		var parts []MergePart
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			n := rapid.SampledFrom([]int{0, 1, 20, 300, 1500}).Draw(t, "rows")
			rows := zipfRows(rapid.Uint64().Draw(t, "seed"), n, rapid.SampledFrom([]int{3, 200}).Draw(t, "words"))
			var keep *bitset.Set
			if rapid.Bool().Draw(t, "delete") {
				keep = bitset.Full(n)
				for i := 0; i < n; i += rapid.IntRange(1, 40).Draw(t, "every") {
					keep.Remove(i)
				}
			}
			for i, r := range rows {
				if keep == nil || keep.Contains(i) {
					kept = append(kept, r)
				}
			}
			parts = append(parts, MergePart{buildFrom(t, rows), keep})
		}
		merged := segment.NewMemory()
		if err := Merge(t.Context(), merged, parts); err != nil {
			t.Fatal(err)
		}
		sameSections(t, merged.Reader(), memoryFrom(t, kept).Reader())
		x, err := Open(merged.Reader())
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMergeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := buildFrom(t, nil)
	if err := Merge(ctx, segment.NewMemory(), []MergePart{{Index: x}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
