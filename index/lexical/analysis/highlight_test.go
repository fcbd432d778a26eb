// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// marked puts brackets around spans.
func marked(text string, spans []Span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start] + "[" + text[s.Start:s.End] + "]")
		at = s.End
	}
	return b.String() + text[at:]
}

func query(t interface{ Fatal(...any) }, s string, a *Analyzer) Query {
	q, err := ParseQuery(s, a)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestHighlight(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options Options
		query   string
		text    string
		want    string
	}{
		{"stems", Default(), "running dog", "Dogs run; the DOG ran.", "[Dogs] [run]; the [DOG] ran."},
		{"phrase only as a whole", Default(), `"state of the art"`, "State of the art; the art of the state.", "[State of the art]; the art of the state."},
		{"phrase and word", Default(), `art "big dog"`, "Art: a big dog, a big cat, dogs", "[Art]: a [big dog], a big cat, dogs"},
		{"not what must not be", Default(), `dog -cat -"big dog"`, "big dog and cat", "big [dog] and cat"},
		{"must", Default(), `+dog`, "a dog", "a [dog]"},
		{"parts of an identifier", Options{Code: true}, "http", "parseHTTPRequest(x)", "parse[HTTP]Request(x)"},
		{"the whole identifier", Options{Code: true}, "parseHTTPRequest", "x.parseHTTPRequest(parse)", "x.[parseHTTPRequest]([parse])"},
		{"phrase in an identifier", Options{Code: true}, `"http request"`, "parseHTTPRequest http", "parse[HTTPRequest] http"},
		{"pairs of characters", Options{}, "東京都", "私は東京都に", "私は[東京都]に"},
		{"nothing", Default(), "the", "the text", "the text"},
		{"overlapping phrases", Options{}, `"a b" "b c"`, "a b c", "[a b c]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := must(t, tt.options)
			if got := marked(tt.text, a.Highlight(tt.text, query(t, tt.query, a))); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestHighlightTerms(t *testing.T) {
	a := must(t, Default())
	got := a.Highlight("big dogs", query(t, `dog "big dog" big`, a))
	if diff := cmp.Diff([]Span{{0, 8, []string{"big", "dog"}}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWindow(t *testing.T) {
	a := must(t, Default())
	text := "The first sentence is about a cat. The second one is long and tells of a dog and of a cat that met in the garden of a house. " +
		"Then comes the third, with a dog again.\nLast line."
	for _, tt := range []struct {
		query string
		size  int
		want  string
	}{
		{"cat dog", 100, "The second one is long and tells of a dog and of a cat that met in the garden of a house."},
		{"cat dog", 60, "The second one is long and tells of a dog and of a cat that"},
		{"cat dog", 30, "a dog and of a cat that met"},
		{"cat", 45, "The first sentence is about a cat."},
		{"line", 45, "Last line."},
		{"third dog", 45, "Then comes the third, with a dog again."},
		{"absent", 40, "The first sentence is about a cat."},
		{"absent", 20, "The first sentence"},
		{"cat", 1000, strings.TrimSpace(text)},
		{"garden", 6, "garden"},
		{"garden", 3, "gar"},
		{"garden", 0, ""},
		{"garden", -5, ""},
	} {
		start, end := Window(text, a.Highlight(text, query(t, tt.query, a)), tt.size)
		if got := text[start:end]; got != tt.want {
			t.Errorf("%s in %d bytes: %q, want %q", tt.query, tt.size, got, tt.want)
		}
	}
	if start, end := Window("", nil, 10); start != 0 || end != 0 {
		t.Errorf("%d to %d of nothing", start, end)
	}
}

// covered counts the different terms of spans inside a window.
func covered(spans []Span, start, end int) int {
	var terms []string
	for _, s := range spans {
		if s.Start >= start && s.End <= end {
			terms = append(terms, s.Terms...)
		}
	}
	slices.Sort(terms)
	return len(slices.Compact(terms))
}

func TestWindowHasTheMostTerms(t *testing.T) {
	a := must(t, Options{Code: true})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(strings.Join(rapid.SliceOfN(texts(), 0, 5).Draw(t, "texts"), " "), "")
		spans := a.Highlight(text, query(t, rapid.SampledFrom([]string{"a b 1", "a é common", `"a b" running`, "東京 a", ""}).Draw(t, "query"), a))
		for i, s := range spans {
			if s.Start >= s.End || i > 0 && s.Start < spans[i-1].End || len(s.Terms) == 0 {
				t.Fatalf("spans %v", spans)
			}
		}
		size := rapid.IntRange(0, 60).Draw(t, "size")
		start, end := Window(text, spans, size)
		if start < 0 || end < start || end > len(text) || end-start > size || !utf8.ValidString(text[start:end]) {
			t.Fatalf("window %d to %d of %d bytes, size %d", start, end, len(text), size)
		}
		best := 0
		for i := range spans {
			best = max(best, covered(spans, spans[i].Start, spans[i].Start+size))
		}
		if got := covered(spans, start, end); got < best {
			t.Fatalf("%q has %d terms, %d are possible", text[start:end], got, best)
		}
	})
}

func FuzzHighlight(f *testing.F) {
	f.Add("Dogs run. 東京都", `dog "a b" -x`, 20)
	a := must(f, Default())
	f.Fuzz(func(t *testing.T, text, q string, size int) {
		parsed, err := ParseQuery(q, a)
		if err != nil {
			return
		}
		start, end := Window(text, a.Highlight(text, parsed), size)
		if start < 0 || end < start || end > len(text) || end-start > max(size, 0) {
			t.Fatalf("window %d to %d of %d bytes, size %d", start, end, len(text), size)
		}
	})
}
