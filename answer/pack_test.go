// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/document"
)

const faust = "Goethe wrote the tragedy Faust. Its first part is from the year 1808. The second part appeared after his death. It is read in schools to this day."

// part is a passage of the document above.
func part(id, from, to string) Passage {
	start, end := strings.Index(faust, from), strings.Index(faust, to)+len(to)
	return Passage{ID: id, Document: "faust", Text: faust[start:end], Start: start, End: end}
}

func whole(id, text string) Passage {
	return Passage{ID: id, Document: id, Text: text, End: len(text)}
}

func TestPack(t *testing.T) {
	first, second, third := part("a", "Goethe", "1808."), part("b", "Its first", "death."), part("c", "The second", "day.")
	last := part("d", "It is read", "day.")
	bread := whole("e", "Bread is made of flour, water, yeast and a little salt, and baked for an hour.")
	short := whole("f", "Bread is made of flour, water, yeast and a little salt")
	loud := whole("g", "BREAD is made -- of flour, water, yeast and a little salt! And baked for an hour.")
	for _, c := range []struct {
		name       string
		candidates []Passage
		budget     int
		texts      []string
		from       [][]int
		left       []Left
	}{
		{"in order", []Passage{bread, first}, 1000, []string{bread.Text, first.Text}, [][]int{{0}, {1}}, nil},
		{"overlapping ones become one", []Passage{second, first, bread}, 1000, []string{faust[:second.End], bread.Text}, [][]int{{0, 1}, {2}}, nil},
		{"a bridge joins three", []Passage{first, bread, third, second}, 1000, []string{faust, bread.Text}, [][]int{{0, 3, 2}, {1}}, nil},
		{"neighbours stay apart", []Passage{first, last}, 1000, []string{first.Text, last.Text}, [][]int{{0}, {1}}, nil},
		{"the same words", []Passage{bread, first, loud}, 1000, []string{bread.Text, first.Text}, [][]int{{0}, {1}}, []Left{{"g", Duplicate, 1}}},
		{"a part of what is there", []Passage{first, bread, short}, 1000, []string{first.Text, bread.Text}, [][]int{{0}, {1}}, []Left{{"f", Duplicate, 2}}},
		{"the longer of two", []Passage{first, short, bread}, 1000, []string{first.Text, bread.Text}, [][]int{{0}, {2}}, []Left{{"f", Duplicate, 2}}},
		{"what does not fit is left, what fits after it is not", []Passage{last, first, whole("h", "Salt.")}, 2*overhead + 12, []string{last.Text, "Salt."}, [][]int{{0}, {2}}, []Left{{"a", NoRoom, 0}}},
		{"the first is cut", []Passage{first}, overhead + 8, []string{"Goethe wrote the tragedy Faust."}, [][]int{{0}}, nil},
	} {
		got, left, err := Pack(t.Context(), c.candidates, c.budget, document.Words.Count)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var texts []string
		var from [][]int
		for i, p := range got {
			texts, from = append(texts, p.Text), append(from, p.From)
			if p.Number != i+1 || p.Tokens != document.Words.Count(p.Text) || p.Cut != (c.name == "the first is cut") {
				t.Errorf("%s: %+v", c.name, p)
			}
		}
		if d := cmp.Diff(c.texts, texts) + cmp.Diff(c.from, from) + cmp.Diff(c.left, left); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if _, _, err := Pack(t.Context(), []Passage{first}, overhead+2, document.Words.Count); err == nil || !strings.Contains(err.Error(), "give at least 37") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Pack(ctx, []Passage{first, bread}, 1000, document.Words.Count); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

// Whatever is found, what is packed fits, is numbered from 1, overlaps nowhere, and every candidate is packed or left, once.
func TestPackProperties(t *testing.T) {
	text := strings.Repeat(faust+" ", 3)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "candidates")
		budget := rapid.IntRange(40, 300).Draw(t, "budget")
		var candidates []Passage
		for i := range n {
			start := rapid.IntRange(0, len(text)-1).Draw(t, "start")
			end := rapid.IntRange(start+1, len(text)).Draw(t, "end")
			doc := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "document")
			candidates = append(candidates, Passage{ID: string(rune('a' + i)), Document: doc, Text: text[start:end], Start: start, End: end})
		}
		packed, left, err := Pack(context.Background(), candidates, budget, document.Words.Count)
		if err != nil {
			return // the first candidate has no sentence that fits
		}
		total, seen := 0, map[int]int{}
		for i, p := range packed {
			total += p.Tokens + overhead
			for _, from := range p.From {
				seen[from]++
				if candidates[from].Document != p.Document || candidates[from].Start < p.Start || !p.Cut && candidates[from].End > p.End {
					t.Fatalf("%+v is not of %+v", p, candidates[from])
				}
			}
			if p.Number != i+1 || p.Text != text[p.Start:p.End] {
				t.Fatalf("%d: %+v", i, p)
			}
			for _, q := range packed[:i] {
				if overlap(p, q) {
					t.Fatalf("%+v overlaps %+v", p, q)
				}
			}
		}
		if total > budget {
			t.Fatalf("%d tokens in a budget of %d", total, budget)
		}
		for _, l := range left {
			seen[int(l.ID[0]-'a')]++
			if (l.Of > 0) != (l.Reason == Duplicate) || l.Of > len(packed) {
				t.Fatalf("%+v", l)
			}
		}
		for i := range candidates {
			if seen[i] != 1 {
				t.Fatalf("candidate %d is there %d times: packed %+v, left %+v", i, seen[i], packed, left)
			}
		}
	})
}
