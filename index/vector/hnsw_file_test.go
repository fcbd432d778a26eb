// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

var graphSections = []string{graphHead, graphLinks, graphUpper}

// graphBytes is what a graph's sections hold.
func graphBytes(t testing.TB, g *graph) [][]byte {
	t.Helper()
	memory := segment.NewMemory()
	if err := g.write(memory); err != nil {
		t.Fatal(err)
	}
	var list [][]byte
	for _, name := range graphSections {
		s, err := memory.Reader().Section(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, slices.Clone(s.Bytes()))
	}
	return list
}

// graphReader gives sections of these bytes.
func graphReader(t testing.TB, sections [][]byte) segment.SectionReader {
	t.Helper()
	memory := segment.NewMemory()
	for i, name := range graphSections {
		w, err := memory.Section(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(sections[i]); err != nil {
			t.Fatal(err)
		}
	}
	return memory.Reader()
}

func TestGraphFile(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1500} {
		st, queries := clusteredRows(8, n, 10, 16, Cosine)
		built := mustGraph(t, st, 6, 30, 2)
		sections := graphBytes(t, built)
		g, err := openGraph(graphReader(t, sections), n)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.check(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		if again := graphBytes(t, g); !slices.EqualFunc(again, sections, slices.Equal) {
			t.Errorf("%d rows: written again, other bytes", n)
		}
		for _, q := range queries {
			want, wantStats := mustSearch(t, built, st.Query(q), 5, 20, nil)
			got, stats := mustSearch(t, g, st.Query(q), 5, 20, nil)
			if !slices.Equal(got, want) || stats != wantStats {
				t.Errorf("%d rows: %v, %v; built: %v, %v", n, got, stats, want, wantStats)
			}
		}
		if _, err := openGraph(graphReader(t, sections), n+1); !isCorruption(err) {
			t.Errorf("%d rows opened as one more: %v", n, err)
		}
	}
}

func isCorruption(err error) bool {
	var c *segment.CorruptionError
	return errors.As(err, &c)
}

func TestGraphFileDamaged(t *testing.T) {
	st, queries := clusteredRows(9, 800, 20, 8, Cosine)
	good := graphBytes(t, mustGraph(t, st, 4, 20, 2))
	le := binary.LittleEndian
	upper := int(le.Uint32(good[0][graphHeadSize:]))
	put := func(section, at int, value uint32) func(s [][]byte) {
		return func(s [][]byte) { le.PutUint32(s[section][at:], value) }
	}
	for _, test := range []struct {
		name, want string
		opens      bool
		damage     func(s [][]byte)
	}{
		{"version", "version 9", false, put(0, 0, 9)},
		{"m", "1 links a node", false, put(0, 4, 1)},
		{"other m", "bytes of links", false, put(0, 4, 5)},
		{"layers", "bytes for 77 upper layers", false, put(0, 12, 77)},
		{"rows", "rows, the vectors have 800", false, put(0, 16, 801)},
		{"order", "nodes in upper layers", false, put(0, 24, 5)},
		{"nodes of a layer", "nodes in layer 1", false, put(0, graphHeadSize, 1<<31)},
		{"short header", "3 bytes", false, func(s [][]byte) { s[0] = s[0][:3] }},
		{"short links", "bytes of links", false, func(s [][]byte) { s[1] = s[1][4:] }},
		{"long upper layers", "bytes of upper layers", false, func(s [][]byte) { s[2] = append(s[2], 0) }},
		{"link to nowhere", "link to a node", true, put(1, 4*8*10, 800)},
		{"link to itself", "link to a node", true, put(1, 4*8*10, 10)},
		{"double link", "link to a node", true, func(s [][]byte) { copy(s[1][4*8*10+4:4*8*10+8], s[1][4*8*10:]) }},
		{"link after the end", "link to a node", true, put(1, 4*8*10, noNode)},
		{"upper link to nowhere", "link to a node", true, put(2, pad(4*upper, 64), uint32(upper))},
		{"upper row", "of an upper layer is row 800 of 800", true, put(2, 4, 800)},
		{"entry point", "of an upper layer is row", true, put(2, 0, 1<<31)},
		{"order of rows", "out of the order", true, func(s [][]byte) { copy(s[2][:4], s[2][8:12]) }},
		{"no way", "cannot be reached", true, func(s [][]byte) {
			for i := range s[1] {
				s[1][i] = 0xff
			}
		}},
	} {
		sections := make([][]byte, len(good))
		for i := range good {
			sections[i] = slices.Clone(good[i])
		}
		test.damage(sections)
		g, err := openGraph(graphReader(t, sections), 800)
		if test.opens {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			for _, q := range queries {
				hits, _, err := g.search(t.Context(), st.Query(q), 10, 800, nil)
				if err == nil && len(hits) > 10 || err != nil && !isCorruption(err) {
					t.Errorf("%s: %d hits, %v", test.name, len(hits), err)
				}
			}
			err = g.check(t.Context(), func(int) {})
		}
		if !isCorruption(err) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, name := range graphSections {
		if _, err := openGraph(without{graphReader(t, good), name}, 800); !isCorruption(err) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// without hides a section.
type without struct {
	segment.SectionReader
	name string
}

func (w without) Section(name string) (*segment.Section, error) {
	if name == w.name {
		return nil, &segment.CorruptionError{Section: name, Err: errors.New("missing")}
	}
	return w.SectionReader.Section(name)
}

// FuzzGraph: whatever the bytes are, opening, searching and checking end without a panic, and errors name the section.
func FuzzGraph(f *testing.F) {
	const n = 60
	st, queries := clusteredRows(10, n, 1, 4, Cosine)
	good := graphBytes(f, mustGraph(f, st, 2, 10, 1))
	f.Add(good[0], good[1], good[2])
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var s [3][]byte
		for i := range good {
			s[i] = slices.Clone(good[i])
		}
		b := s[r.IntN(3)]
		b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		f.Add(s[0], s[1], s[2])
	}
	every := bitset.New(n)
	for i := 0; i < n; i += 9 {
		every.Add(i)
	}
	half := bitset.New(n)
	half.AddRange(0, n/2)
	f.Fuzz(func(t *testing.T, head, links, upper []byte) {
		g, err := openGraph(graphReader(t, [][]byte{head, links, upper}), n)
		if err != nil {
			if !isCorruption(err) {
				t.Fatal(err)
			}
			return
		}
		for by, allowed := range []*bitset.Set{wayAll: nil, wayWide: half, wayShort: every} {
			hits, _, err := g.searchBy(context.Background(), way(by), st.Query(queries[0]), 2, 3, allowed)
			if err != nil && !isCorruption(err) || len(hits) > 2 {
				t.Fatalf("%d hits, %v", len(hits), err)
			}
			for _, h := range hits {
				if h.Row < 0 || h.Row >= n || allowed != nil && !allowed.Contains(h.Row) {
					t.Fatalf("row %d", h.Row)
				}
			}
		}
		if err := g.check(context.Background(), func(int) {}); err != nil && !isCorruption(err) {
			t.Fatal(err)
		}
	})
}
