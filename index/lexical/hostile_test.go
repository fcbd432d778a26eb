// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

// fakeReader gives sections from bytes.
type fakeReader map[string][]byte

func (r fakeReader) Has(name string) bool { return r[name] != nil }

func (r fakeReader) Section(name string) (*segment.Section, error) {
	return segment.FromBytes(name, slices.Clone(r[name])), nil
}

// use does everything that reads an index. All that may come of a damaged one is a *segment.CorruptionError, or an answer with
// rows that exist.
func use(t testing.TB, r segment.SectionReader) (checked error) {
	t.Helper()
	x, err := Open(r)
	if err != nil {
		mustBeCorruption(t, err)
		return err
	}
	// Damage may claim any number of rows that the other sections agree with; here these are small.
	keep := bitset.Full(x.rows)
	keep.Remove(3)
	for _, p := range []Params{{}, {Variant: BM25L, K1: 1, B: 1, Delta: 1, TitleWeight: 3}} {
		for _, q := range []string{"w0", "w1 w2 w3 w7 w50", "+w0 +w1 w9 -w2", "w0~w1 w0~w0~w1", "w1 -w0~w0"} {
			hits, _, err := Search(t.Context(), []Part{{Index: x}, {x, keep}}, query(q), p, 20)
			mustBeCorruption(t, err)
			for _, h := range hits {
				if h.Row < 0 || h.Row >= x.rows || h.Part < 0 || h.Part > 1 {
					t.Fatalf("hit %+v of %d rows", h, x.rows)
				}
			}
			if x.rows > 0 {
				_, err = Explain(t.Context(), []Part{{Index: x}}, query(q), p, 0, x.rows/2)
				mustBeCorruption(t, err)
			}
		}
	}
	if x.tokens < 1<<20 { // a damaged length may make a merge long, not wrong
		mustBeCorruption(t, Merge(t.Context(), segment.NewMemory(), []MergePart{{x, keep}, {x, nil}}))
	}
	checked = x.Check(t.Context(), nil)
	mustBeCorruption(t, checked)
	return checked
}

func mustBeCorruption(t testing.TB, err error) {
	t.Helper()
	if c := (*segment.CorruptionError)(nil); err != nil && !errors.As(err, &c) {
		t.Fatalf("error is no *segment.CorruptionError: %v", err)
	}
}

func TestFlippedBytes(t *testing.T) {
	good := fakeReader(sections(t, memoryFrom(t, zipfRows(3, 400, 40)).Reader()))
	if err := use(t, good); err != nil {
		t.Fatal(err)
	}
	for _, name := range sectionNames {
		step := max(1, len(good[name])/50)
		for at := 0; at < len(good[name]); at += step {
			for _, flip := range []byte{1, 0xff} {
				bad := maps.Clone(good)
				bad[name] = slices.Clone(good[name])
				bad[name][at] ^= flip
				_ = use(t, bad) // much damage leaves an index that is sound by itself
			}
		}
		for _, n := range []int{0, 1, len(good[name]) / 2, max(0, len(good[name])-1)} {
			bad := maps.Clone(good)
			bad[name] = good[name][:n]
			if err := use(t, bad); err == nil && n < len(good[name]) {
				t.Errorf("%s cut to %d bytes is not noticed", name, n)
			}
		}
	}
}

// TestCheckFinds makes one damage of each kind that leaves search working, but wrong.
func TestCheckFinds(t *testing.T) {
	var rows []text
	for range 300 {
		rows = append(rows, text{"t", "a a b"}, text{"", "c"})
	}
	rows = append(rows, text{"", strings.Repeat("long ", 70000)})
	good := fakeReader(sections(t, memoryFrom(t, rows).Reader()))
	x, err := Open(good)
	if err != nil {
		t.Fatal(err)
	}
	a, err := x.lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	table := int(a.postings)
	for _, c := range []struct {
		name, section string
		damage        func(b []byte)
		want          string
	}{
		{"impact too small", sectionPostings, func(b []byte) { b[table+16] = 1 }, "limits"},
		{"length in impact too great", sectionPostings, func(b []byte) { b[table+18] = 200 }, "limits"},
		{"super impact too small", sectionPostings, func(b []byte) { b[table+3*blockRecord] = 1 }, "limits"},
		{"length of a row", sectionRows, func(b []byte) { b[4]++; b[8]-- }, "limits"},
		{"title of a row", sectionRows, func(b []byte) { b[2*len(rows)]--; b[2*len(rows)+2]++ }, "row 0 is said"},
		{"long row", sectionRows, func(b []byte) { b[len(b)-12]-- }, "long rows"},
		{"sum of lengths", sectionHead, func(b []byte) { b[16]++ }, "tokens"},
		{"number of postings", sectionHead, func(b []byte) { b[32]-- }, "postings"},
		{"order of terms", sectionTerms, func(b []byte) { b[16+2] = 'z' }, "begins with"},
		{"prefix", sectionBlocks, func(b []byte) { b[0]++ }, "begins with"},
		{"positions", sectionPositions, func(b []byte) { b[a.positions] |= 0x80 }, "positions"},
		{"version", sectionHead, func(b []byte) { binary.LittleEndian.PutUint32(b, 9) }, "version 9"},
	} {
		bad := maps.Clone(good)
		bad[c.section] = slices.Clone(good[c.section])
		c.damage(bad[c.section])
		x, err := Open(bad)
		if err == nil {
			err = x.Check(t.Context(), nil)
		}
		mustBeCorruption(t, err)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzOpen changes bytes of a good index: triples of section, offset (two bytes) and what to add to the byte there. A section
// number above those there are cuts the section instead.
func FuzzOpen(f *testing.F) {
	good := fakeReader(sections(f, memoryFrom(f, zipfRows(3, 300, 30)).Reader()))
	f.Add([]byte{})
	f.Add([]byte{0, 10, 0, 1, 1, 0, 0, 255, 2, 20, 1, 3})
	f.Add([]byte{9, 10, 0, 0, 5, 4, 0, 1})
	f.Fuzz(func(t *testing.T, changes []byte) {
		bad := maps.Clone(good)
		for i := 0; i+4 <= len(changes) && i < 64; i += 4 {
			name := sectionNames[int(changes[i])%len(sectionNames)]
			b := slices.Clone(bad[name])
			if len(b) == 0 {
				continue
			}
			at := int(binary.LittleEndian.Uint16(changes[i+1:])) % len(b)
			if int(changes[i])/len(sectionNames)%2 == 1 {
				b = b[:at]
			} else {
				b[at] += changes[i+3]
			}
			bad[name] = b
		}
		_ = use(t, bad)
	})
}

func TestSizesOfOtherSets(t *testing.T) {
	x := buildFrom(t, zipfRows(1, 10, 5))
	if _, _, err := Search(t.Context(), []Part{{x, bitset.New(9)}}, query("w0"), Params{}, 3); err == nil {
		t.Error("a set of 9 rows is accepted for 10")
	}
	if err := Merge(t.Context(), segment.NewMemory(), []MergePart{{x, bitset.New(11)}}); err == nil {
		t.Error("a set of 11 rows is accepted for 10")
	}
}

// A search that meets damage must not change what later searches of sound indexes find: they share memory.
func TestDamageIsNotInherited(t *testing.T) {
	sound := fakeReader(sections(t, memoryFrom(t, zipfRows(3, 70_000, 40)).Reader()))
	x, err := Open(sound)
	if err != nil {
		t.Fatal(err)
	}
	find := func(x *Index) ([]Hit, error) {
		hits, _, err := Search(t.Context(), []Part{{Index: x}}, query("w0 w1 w2 w3"), Params{}, 20)
		return hits, err
	}
	want, err := find(x)
	if err != nil {
		t.Fatal(err)
	}
	failed, n := 0, len(sound[sectionPostings])
	for at := 0; at < n; at += n / 60 {
		damaged := maps.Clone(sound)
		damaged[sectionPostings] = slices.Clone(sound[sectionPostings])
		for i := range damaged[sectionPostings][at:min(at+2000, n)] {
			damaged[sectionPostings][at+i] ^= 0xff
		}
		y, err := Open(damaged)
		if err != nil {
			continue
		}
		if _, err := find(y); err != nil {
			failed++
		}
		if got, err := find(x); err != nil || !slices.Equal(got, want) {
			t.Fatalf("after damage at %d the sound index gives %v, %v; before %v", at, got, err, want)
		}
	}
	if failed == 0 {
		t.Error("no search met damage: the test shows nothing")
	}
}
