// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

func newAnalyzer(t testing.TB) *analysis.Analyzer {
	t.Helper()
	a, err := analysis.New(analysis.Default())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func written(t testing.TB, b *Builder) segment.SectionReader {
	t.Helper()
	m := segment.NewMemory()
	if err := b.Write(m); err != nil {
		t.Fatal(err)
	}
	return m.Reader()
}

// TestBatchIsAdd compares the bytes of an index built on several threads with those of one built row by row.
func TestBatchIsAdd(t *testing.T) {
	var rows []Text
	for _, r := range zipfRows(7, 1000, 300) {
		rows = append(rows, Text{r.title, r.text})
	}
	one := NewBuilder(newAnalyzer(t))
	for _, r := range rows {
		one.Add(r.Title, r.Text)
	}
	want := written(t, one)
	for _, threads := range []int{0, 1, 2, 5} {
		b := NewBuilder(newAnalyzer(t))
		for part := range slices.Chunk(rows, 330) {
			if err := b.AddBatch(t.Context(), part, threads); err != nil {
				t.Fatal(err)
			}
		}
		sameSections(t, want, written(t, b))
	}
}

func TestBatchStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := NewBuilder(newAnalyzer(t))
	if err := b.AddBatch(ctx, make([]Text, 1000), 3); !errors.Is(err, context.Canceled) || b.Rows() != 0 {
		t.Errorf("error %v after %d rows", err, b.Rows())
	}
}

// TestLists stores terms of many frequencies and long rows, and reads each posting back.
func TestLists(t *testing.T) {
	const rows = 10000
	b := NewBuilder(nil)
	type posting struct {
		row, freq, title int
		positions        []uint32
	}
	want := map[string][]posting{}
	for row := range rows {
		var title, words []string
		for i, every := range []int{1, 2, 3, 78, 79, 80, 127, 500, 9999} {
			if row%every == 0 {
				term := fmt.Sprint("every", every)
				freq := 1 + row%(3+i)
				words = append(words, slices.Repeat([]string{term}, freq)...)
				if row%7 == 0 {
					title = append(title, term)
				}
			}
		}
		if row == 77 {
			words = append(words, slices.Repeat([]string{"long"}, 70000)...)
			title = append(title, slices.Repeat([]string{"title"}, 66000)...)
		}
		if err := b.AddTokens(tokens(strings.Join(title, " ")), tokens(strings.Join(words, " "))); err != nil {
			t.Fatal(err)
		}
		seen := map[string]*posting{}
		for _, w := range slices.Concat(title, words) {
			if seen[w] == nil {
				seen[w] = &posting{row: row}
			}
			seen[w].freq++
		}
		for i, w := range title {
			seen[w].title++
			seen[w].positions = append(seen[w].positions, uint32(i))
		}
		for i, w := range words {
			seen[w].positions = append(seen[w].positions, uint32(i))
		}
		for w, p := range seen {
			want[w] = append(want[w], *p)
		}
	}
	x, err := Open(written(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if x.Totals().Terms != len(want) {
		t.Fatalf("%d terms, want %d", x.Totals().Terms, len(want))
	}
	for term, postings := range want {
		e, err := x.lookup(term)
		if err != nil || int(e.df) != len(postings) {
			t.Fatalf("%s: df %d, want %d, %v", term, e.df, len(postings), err)
		}
		var p places
		if err := p.openEntry(x, e); err != nil {
			t.Fatal(err)
		}
		for i, q := range postings {
			var err error
			if i == 0 {
				err = p.decode()
			} else {
				_, err = p.advance()
			}
			if err != nil {
				t.Fatal(err)
			}
			if i%3 == 1 {
				continue // positions that are not read have to be skipped
			}
			if err := p.read(); err != nil {
				t.Fatal(err)
			}
			at := p.list.at
			if int(p.rows[at]) != q.row || int(p.freqs[at]) != q.freq || int(p.freq(at)) != q.freq || int(p.titles[at]) != q.title ||
				!slices.Equal(append(slices.Clone(p.title), p.text...), q.positions) {
				t.Fatalf("%s, posting %d: row %d, %d times, %d in the title, want %+v", term, i, p.rows[at], p.freqs[at], p.titles[at], q)
			}
		}
	}
	if total, title := x.lengthsOf(77); title != 66001 || total != 66001+3+70000 {
		t.Errorf("row 77 has %d tokens, %d in the title", total, title)
	}
}

func TestDictionary(t *testing.T) {
	var terms []string
	for i := range 1000 {
		terms = append(terms, fmt.Sprint("common-prefix-of-all-", i*i), fmt.Sprint(i), strings.Repeat("é", i%50+1))
	}
	terms = append(terms, strings.Repeat("x", maxTerm+5), "\x00", "\xff", "a\x00", "a")
	b := NewBuilder(nil)
	for _, w := range terms {
		if err := b.AddTokens(nil, []analysis.Token{{Term: w}}); err != nil {
			t.Fatal(err)
		}
	}
	x, err := Open(written(t, b))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, w := range terms {
		count[cutTerm(w)]++
	}
	for _, w := range terms {
		if df, err := x.DocFreq(w); err != nil || df != count[cutTerm(w)] {
			t.Errorf("%q: df %d, %v, want %d", w, df, err, count[cutTerm(w)])
		}
	}
	for _, w := range []string{"", "zzz", "common-prefix-of-all-", "common-prefix-of-all-2", "00", "\x00\x00", "\xff\xff", "é\x00"} {
		if df, err := x.DocFreq(w); err != nil || df != 0 {
			t.Errorf("%q: df %d, %v", w, df, err)
		}
	}
	r := x.dictionaryReader()
	var got []string
	for r.next() {
		got = append(got, string(r.term))
	}
	if r.err != nil || len(got) != len(count) || !slices.IsSorted(got) {
		t.Errorf("%d terms, %d distinct ones were added; %v", len(got), len(count), r.err)
	}
}

func TestBuilderRefuses(t *testing.T) {
	b := NewBuilder(nil)
	if err := b.AddTokens(nil, []analysis.Token{{Term: "b", Position: 1}, {Term: "a", Position: 0}}); !errors.Is(err, errPosition) {
		t.Errorf("falling positions: %v", err)
	}
	if err := b.Write(segment.NewMemory()); !errors.Is(err, errPosition) {
		t.Errorf("write after an error: %v", err)
	}
}

func TestPacking(t *testing.T) {
	for w := range 33 {
		var values, got [blockRows]uint32
		for i := range values {
			values[i] = uint32(i*2654435761) & uint32(uint64(1)<<w-1)
		}
		b := appendPacked(nil, &values, w)
		if len(b) != 16*w {
			t.Fatalf("width %d: %d bytes", w, len(b))
		}
		unpack(&got, append(b, 1, 2, 3, 4, 5, 6, 7, 8), uint(w))
		if got != values {
			t.Errorf("width %d: %v, want %v", w, got, values)
		}
	}
}
