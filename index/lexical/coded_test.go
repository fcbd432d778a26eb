// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

// largeRows is a number of rows whose last window is not full.
const largeRows = keepRows + 3*window/2 + 7

// largeTexts have postings at both ends of windows, frequencies and lengths that fit
// no code; "long" has too many of these.
var largeTexts = sync.OnceValue(func() []text {
	rows := zipfRows(21, largeRows, 400)
	for i := range rows {
		if at := i % window; at == 0 || at == window-1 {
			rows[i].text += " edge w5"
		}
		if i%100 == 3 {
			rows[i].text += strings.Repeat(" often", codeFreqs-3+i/100%5)
		}
		if i%300 == 0 {
			rows[i].text += " toooften"
		}
		if i%250 == 7 {
			rows[i].text = strings.Repeat("long ", normTable)
		}
	}
	rows[largeRows-1].text = strings.Repeat("toooften ", 20*codeFreqs)
	return rows
})

// keptCodes is the number of postings of a term that are kept, or -1.
func keptCodes(t *testing.T, x *Index, term string) int {
	t.Helper()
	e, err := x.find(term)
	if err != nil || e.df == 0 {
		t.Fatalf("%s: %+v, %v", term, e, err)
	}
	if e.kept == nil || e.kept.coded.Load().usable() == nil {
		return -1
	}
	k := e.kept.coded.Load()
	return len(k.codes) + len(k.others)
}

// TestCodesAreExact wants the same bits from kept lists as from scoring every row, for several parameters in turn.
func TestCodesAreExact(t *testing.T) {
	x := buildFrom(t, largeTexts())
	every, few := bitset.New(largeRows), bitset.New(largeRows)
	for i := 0; i < largeRows; i += 3 {
		every.Add(i)
	}
	for i := 5; i < largeRows; i += 1000 {
		few.Add(i)
	}
	other := Params{Variant: BM25Plus, K1: 2, B: 1, Delta: 1, TitleWeight: 1}
	titles := DefaultParams()
	titles.TitleWeight = 2.5
	for round := range 3 {
		for _, q := range []string{
			"w0 w1 w2 w3", "w4 w9 w30 w120", "edge w5 w0", "often w0 w7", "long w1", "toooften w2 w0", "w20 w60 w200 w1 w0",
			"+w3 w20 w0", "w50 w6 -w1", "edge often w11 w12 w13 w14", "w1~w0 w8", "w300 w1 w0",
		} {
			for i, p := range []Params{DefaultParams(), other, titles} {
				part := []Part{{Index: x}, {x, every}, {x, few}}[(round+i)%3]
				for _, k := range []int{1, 10, 500} {
					want, _, err := runClean(t.Context(), []Part{part}, query(q), p, k, exhaustive)
					if err != nil {
						t.Fatal(err)
					}
					got, _, err := runClean(t.Context(), []Part{part}, query(q), p, k, anyWay)
					if err != nil || !slices.Equal(got, want) {
						t.Fatalf("%s, %+v, k = %d: %v, want %v, %v", q, p, k, got, want, err)
					}
				}
			}
		}
	}
	for _, term := range []string{"w0", "w5", "often", "toooften"} {
		if df, err := x.DocFreq(term); err != nil || keptCodes(t, x, term) != df {
			t.Errorf("%s: %d of %d postings are kept, %v", term, keptCodes(t, x, term), df, err)
		}
	}
	for _, term := range []string{"long", "edge"} { // too many others; too rare
		if n := keptCodes(t, x, term); n >= 0 {
			t.Errorf("%s: %d postings are kept", term, n)
		}
	}
	if bytes, _ := accounted(x.keeper.Load()); bytes != x.keeper.Load().used.Load() {
		t.Errorf("%d bytes are kept, booked are %d", bytes, x.keeper.Load().used.Load())
	}
}

// TestCodesAreKeptWhenAskedAgain wants the first search for a term to take no memory for its list.
func TestCodesAreKeptWhenAskedAgain(t *testing.T) {
	x := buildFrom(t, largeTexts())
	for i, want := range []int{0, 2, 2} {
		searched(t, x, "w0 w3 edge", Params{}, anyWay)
		if bytes, lists := accounted(x.keeper.Load()); lists != want || bytes != x.keeper.Load().used.Load() {
			t.Fatalf("after %d searches %d lists are kept, want %d; %d bytes, booked are %d", i+1, lists, want, bytes, x.keeper.Load().used.Load())
		}
	}
}

// TestCodesAreBounded searches with little memory left, from several goroutines.
func TestCodesAreBounded(t *testing.T) {
	x := buildFrom(t, largeTexts())
	x.keeper.Store(newKeeper(x.count, x.rows))
	if limit := x.keeper.Load().limit; limit != keepBytes {
		t.Fatalf("limit %d", limit)
	}
	if limit := newKeeper(0, 1<<20).limit; limit != keepPerRow<<20 {
		t.Fatalf("limit %d for a million rows", limit)
	}
	const left, count = 200000, 30
	x.keeper.Load().used.Store(keepBytes - left)
	var queries [count]string
	var want [count][]Hit
	for i := range count {
		queries[i] = fmt.Sprintf("w%d w%d w%d", i, i/2, 3*i)
		want[i], _ = searched(t, x, queries[i], Params{}, exhaustive)
	}
	errs := make(chan error, 3)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for n := range 3 * count {
				i := n % count
				hits, _, err := Search(t.Context(), []Part{{Index: x}}, query(queries[i]), Params{}, 20)
				if err != nil || !slices.Equal(hits, want[i]) {
					errs <- fmt.Errorf("%s: %v, want %v, %w", queries[i], hits, want[i], err)
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
	bytes, lists := accounted(x.keeper.Load())
	if used := x.keeper.Load().used.Load(); used > keepBytes || used != keepBytes-left+bytes || lists == 0 {
		t.Errorf("%d lists of %d bytes, booked are %d of %d", lists, bytes, used-keepBytes+left, left)
	}
}

// TestDamagedListHasNoCodes wants an error every time from a list that cannot be decoded.
func TestDamagedListHasNoCodes(t *testing.T) {
	x := buildFrom(t, largeTexts())
	e, err := x.find("w0")
	if err != nil {
		t.Fatal(err)
	}
	b := slices.Clone(x.postings.Bytes())
	for i := int(e.postings) + tableSize(blocksOf(int(e.df))); i < int(e.postings+e.postingsLen); i++ {
		b[i] = 0xff
	}
	x.postings = segment.FromBytes(sectionPostings, b)
	for range 4 {
		if _, _, err := Search(t.Context(), []Part{{Index: x}}, query("w0"), Params{}, 10); err == nil {
			t.Fatal("a damaged list was searched")
		}
	}
	if bytes, lists := accounted(x.keeper.Load()); lists != 0 || bytes != x.keeper.Load().used.Load() {
		t.Fatalf("%d lists of %d bytes, booked are %d", lists, bytes, x.keeper.Load().used.Load())
	}
}
