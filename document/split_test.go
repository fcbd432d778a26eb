// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// passage is what the tests below compare of a chunk.
type passage struct {
	Heading string
	Lines   [2]int
	Text    string
}

func passages(chunks []Chunk) []passage {
	var out []passage
	for _, c := range chunks {
		out = append(out, passage{strings.Join(c.Heading, "/"), [2]int{c.StartLine, c.EndLine}, c.Text})
	}
	return out
}

func TestSplitMarkdown(t *testing.T) {
	tests := []struct {
		name, text string
		o          ChunkOptions
		want       []passage
	}{
		{
			"headings and merged paragraphs",
			"intro\n\n# A #\none\ntwo\n\nthree\n\n## B\nfour\n# C\nfive",
			ChunkOptions{},
			[]passage{
				{"", [2]int{1, 1}, "intro"},
				{"A", [2]int{4, 7}, "one\ntwo\n\nthree"},
				{"A/B", [2]int{10, 10}, "four"},
				{"C", [2]int{12, 12}, "five"},
			},
		},
		{
			"setext headings, level jumps, no heading inside fences",
			"Top\n===\n\nSub\n---\n\n```sh\n# not a heading\n```\n\n### Deep\nx\n## Sub2\n~~~\n```\n# no\n~~~\n",
			ChunkOptions{},
			[]passage{
				{"Top/Sub", [2]int{7, 9}, "```sh\n# not a heading\n```"},
				{"Top/Sub/Deep", [2]int{12, 12}, "x"},
				{"Top/Sub2", [2]int{14, 17}, "~~~\n```\n# no\n~~~"},
			},
		},
		{
			"front matter, comments and thematic breaks are left out",
			"---\ntitle: x\n# no\n---\nhello\n\n<!--\n# no\n-->\n* * *\nworld\n\n<!-- never closed\n",
			ChunkOptions{},
			[]passage{
				{"", [2]int{5, 5}, "hello"},
				{"", [2]int{11, 13}, "world\n\n<!-- never closed"},
			},
		},
		{
			"headings with nothing under them stay findable",
			"# A\n## B\n## C\n## D\nd\n# E",
			ChunkOptions{},
			[]passage{
				{"A", [2]int{2, 3}, "## B\n## C"},
				{"A/D", [2]int{5, 5}, "d"},
				{"", [2]int{6, 6}, "# E"},
			},
		},
		{
			"not headings",
			"#tag\n####### seven\n    # code\n- item\n---\n> quote\n===\n",
			ChunkOptions{},
			[]passage{{"", [2]int{1, 7}, "#tag\n####### seven\n    # code\n- item\n---\n> quote\n==="}},
		},
		{
			"a table is kept whole and does not take in the next paragraph",
			"a b c d\n| h | i |\n|---|---|\n| j k | l |\nafter it\n",
			ChunkOptions{Target: 5, Max: 40},
			[]passage{
				{"", [2]int{1, 1}, "a b c d"},
				{"", [2]int{2, 4}, "| h | i |\n|---|---|\n| j k | l |"},
				{"", [2]int{5, 5}, "after it"},
			},
		},
		{
			"code is cut at lines, lists at items, paragraphs at sentences",
			"```\na b c\nd e f\ng h i\n```\n\n- one two\n  three\n- four five\n- six seven\n\nDr. No came. He left. It rained all day.\n",
			ChunkOptions{Target: 6, Max: 7},
			[]passage{
				{"", [2]int{1, 2}, "```\na b c"},
				{"", [2]int{3, 4}, "d e f\ng h i"},
				{"", [2]int{5, 8}, "```\n\n- one two\n  three"},
				{"", [2]int{9, 10}, "- four five\n- six seven"},
				{"", [2]int{12, 12}, "Dr. No came. He left."},
				{"", [2]int{12, 12}, "It rained all day."},
			},
		},
		{
			"a fence in a list item is code, an unclosed fence runs to the end",
			"1. step\n\n     ```\n     # no\n     ```\n\ndone\n\n```\n# no",
			ChunkOptions{},
			[]passage{{"", [2]int{1, 10}, "1. step\n\n     ```\n     # no\n     ```\n\ndone\n\n```\n# no"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Document{Text: tt.text, Format: Markdown}
			got := Split(d, Words, tt.o)
			if diff := cmp.Diff(tt.want, passages(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkChunks(t, d, got)
		})
	}
}

func TestSplitPlainIgnoresMarkup(t *testing.T) {
	got := passages(Split(Document{Text: "# a\nb\n\n```\nc"}, Words, ChunkOptions{}))
	want := []passage{{"", [2]int{1, 5}, "# a\nb\n\n```\nc"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"", " \n\t\n", "\u00a0\n"} {
		if got := Split(Document{Text: text}, Words, ChunkOptions{}); len(got) != 0 {
			t.Errorf("Split(%q) = %v, want nothing", text, got)
		}
	}
}

func TestSplitSentenceRule(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"One. Two! \"Three?\" Four", []string{"One. ", "Two! ", "\"Three?\" ", "Four"}},
		{"See e.g. Fig. 3 of J. Smith et al. (2020). Next.", []string{"See e.g. Fig. 3 of J. Smith et al. (2020). ", "Next."}},
		{"Version 1.2.3 is out. and lower", []string{"Version 1.2.3 is out. and lower"}},
		{"一つ。二つ！三つ", []string{"一つ。", "二つ！", "三つ"}},
		{"Wait... What", []string{"Wait... ", "What"}},
	}
	for _, tt := range tests {
		var got []string
		for pos := 0; pos < len(tt.text); {
			next := nextSentence(tt.text, pos)
			got = append(got, tt.text[pos:next])
			pos = next
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestSplitPrefix(t *testing.T) {
	text := "# Guide\n\n## Install the program\n\n### Linux\n\nx\n"
	for _, tt := range []struct {
		title string
		max   int
		want  string
	}{
		{"", 40, "Guide > Install the program > Linux\n"},
		{"Guide", 40, "Guide > Install the program > Linux\n"},
		{"Book", 40, "Book > Guide > Install the program > Linux\n"},
		{"Book", 24, "Install the program > Linux\n"},
		{"Book", 8, "Linux\n"},
		{"Book", 3, ""},
	} {
		chunks := Split(Document{Title: tt.title, Text: text, Format: Markdown}, Words, ChunkOptions{Max: tt.max})
		if len(chunks) != 1 || chunks[0].Prefix != tt.want || chunks[0].Context() != tt.want+"x" {
			t.Errorf("title %q, max %d: %+v, want prefix %q", tt.title, tt.max, chunks, tt.want)
		}
		if len(chunks[0].Heading) != 3 {
			t.Errorf("heading path %q is not whole", chunks[0].Heading)
		}
	}
	plain := Split(Document{Title: " A \n title ", Text: "x"}, Words, ChunkOptions{})
	if plain[0].Context() != "A title\nx" {
		t.Errorf("context of a titled plain text: %q", plain[0].Context())
	}
}

func TestSplitOverlap(t *testing.T) {
	text := "One two three. Four five. Six seven eight. Nine ten. Eleven twelve thirteen."
	got := passages(Split(Document{Text: text}, Words, ChunkOptions{Target: 6, Max: 8, Overlap: 3}))
	want := []passage{
		{"", [2]int{1, 1}, "One two three. Four five."},
		{"", [2]int{1, 1}, "Four five. Six seven eight."},
		{"", [2]int{1, 1}, "Six seven eight. Nine ten."},
		{"", [2]int{1, 1}, "Nine ten. Eleven twelve thirteen."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	words := passages(Split(Document{Text: strings.Repeat("word ", 40)}, Words, ChunkOptions{Target: 20, Max: 20, Overlap: 4}))
	if len(words) < 2 || len(strings.Fields(words[1].Text)) <= 4 {
		t.Errorf("overlap inside a long sentence: %v", words)
	}
}

func TestSplitOptions(t *testing.T) {
	for _, tt := range []struct {
		o  ChunkOptions
		ok bool
	}{
		{ChunkOptions{}, true},
		{ChunkOptions{Max: 100}, true},
		{ChunkOptions{Target: 300}, false},
		{ChunkOptions{Target: 300, Max: 512, Overlap: 299}, true},
		{ChunkOptions{Overlap: DefaultTarget}, false},
		{ChunkOptions{Overlap: -1}, false},
		{ChunkOptions{Max: -1}, false},
		{ChunkOptions{Target: -1}, false},
		{ChunkOptions{Max: 1 << 40}, false},
	} {
		if err := tt.o.Validate(); (err == nil) != tt.ok {
			t.Errorf("%+v: error %v", tt.o, err)
		}
		d := Document{Text: "a b c. D e f.\n\ng"}
		checkChunks(t, d, Split(d, Words, tt.o))
	}
}

// counting is a counter like a BERT tokenizer: words over 100 bytes are one token, others one per four bytes.
type counting struct{ calls, bytes, longest int }

func (c *counting) Count(text string) int {
	c.calls++
	c.bytes += len(text)
	c.longest = max(c.longest, len(text))
	n := 0
	for w := range strings.FieldsSeq(text) {
		if len(w) > 100 {
			n++
		} else {
			n += (len(w) + 3) / 4
		}
	}
	return n
}

// TestSplitCost bounds the work on text without places to cut. The bounds are counts, so they do not depend on the machine.
func TestSplitCost(t *testing.T) {
	unit := map[string]string{
		"one word":          "x",
		"one line of words": "word and another ",
		"blanks":            " ",
		"empty lines":       "\n",
		"headings":          "# a\n",
		"fences":            "```\n",
		"open comments":     "<!-- \n\n",
		"closed comments":   "a\n<!-- -->\n",
		"full stops":        "A. ",
		"no space":          "字",
		"quotes":            "> ",
		"table rows":        "a|b\n",
	}
	for name, u := range unit {
		t.Run(name, func(t *testing.T) {
			size := 1 << 20
			if strings.HasPrefix(name, "one") {
				size = 10 << 20
			}
			c := &counting{}
			d := Document{Text: strings.Repeat(u, size/len(u)), Format: Markdown}
			chunks := Split(d, c, ChunkOptions{})
			t.Logf("%d chunks, %d calls, %.2f bytes counted a byte", len(chunks), c.calls, float64(c.bytes)/float64(size))
			if c.bytes > 8*size || c.longest > (DefaultMax+1)*maxTokenBytes {
				t.Errorf("counted %d bytes for %d, at most %d at once", c.bytes, size, c.longest)
			}
			for _, ch := range chunks {
				if len(ch.Text) > (DefaultMax+1)*maxTokenBytes {
					t.Fatalf("chunk of %d bytes", len(ch.Text))
				}
			}
		})
	}
}

// TestSplitProperties: the passages of any text are ordered ranges of it, hold every word, and respect the sizes.
func TestSplitProperties(t *testing.T) {
	line := rapid.SampledFrom([]string{
		"# one", "## two", "### ", "word", "Some words. More of them! And on.", "", "", "```", "- item one", "  more", "| a | b |",
		"|---|---|", "---", "===", "<!-- c -->", "字字字字。字字", "e\u0301\u200d😀", "verylongwordwithoutanyplacetocutit", "\t\tcode", "> q", "func f() {", "    x := 1", "}", "\f", "\fnext page",
	})
	rapid.Check(t, func(t *rapid.T) {
		d := Document{
			Title: rapid.SampledFrom([]string{"", "one", "A title"}).Draw(t, "title"),
			Text:  strings.Join(rapid.SliceOf(line).Draw(t, "lines"), "\n"),
		}
		o := ChunkOptions{Target: rapid.IntRange(0, 30).Draw(t, "target"), Max: rapid.IntRange(0, 40).Draw(t, "max")}
		o.Overlap = rapid.IntRange(0, 10).Draw(t, "overlap")
		d.Format = rapid.SampledFrom([]Format{"", Plain, Markdown, Code, Pages}).Draw(t, "format")
		c := &counting{}
		chunks := Split(d, c, o)
		checkChunks(t, d, chunks)
		o = o.clamped()
		covered := make([]bool, len(d.Text))
		for _, ch := range chunks {
			if n := c.Count(ch.Text); n != ch.Tokens || n+c.Count(ch.Prefix) > o.Max && utf8.RuneCountInString(ch.Text) > 1 {
				t.Fatalf("%d tokens, %d stated, maximum %d: %q", n, ch.Tokens, o.Max, ch.Context())
			}
			for i := ch.Start; i < ch.End; i++ {
				covered[i] = true
			}
		}
		if d.Format == Markdown {
			return // what Markdown leaves out is tested by example
		}
		for i, r := range d.Text {
			if !unicode.IsSpace(r) && !covered[i] {
				t.Fatalf("byte %d of %q is in no chunk", i, d.Text)
			}
		}
	})
}

// checkChunks checks what holds for the chunks of any document.
func checkChunks(t interface {
	Helper()
	Fatalf(string, ...any)
}, d Document, chunks []Chunk,
) {
	t.Helper()
	last := -1
	lastEnd := 0
	valid := utf8.ValidString(d.Text)
	for _, c := range chunks {
		switch {
		case c.Start <= last || c.End < lastEnd || c.End <= c.Start || c.End > len(d.Text):
			t.Fatalf("range [%d,%d) after [%d,%d)", c.Start, c.End, last, lastEnd)
		case c.Text != d.Text[c.Start:c.End]:
			t.Fatalf("text %q is not the range %q", c.Text, d.Text[c.Start:c.End])
		case valid && !utf8.ValidString(c.Text):
			t.Fatalf("a rune is cut: %q", c.Text)
		case strings.TrimSpace(c.Text) == "":
			t.Fatalf("blank chunk %q", c.Text)
		case c.StartLine != 1+strings.Count(d.Text[:c.Start], "\n") || c.EndLine != 1+strings.Count(d.Text[:c.End], "\n"):
			t.Fatalf("lines %d-%d of %q", c.StartLine, c.EndLine, c.Text)
		}
		last, lastEnd = c.Start, c.End
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("# A\n\ntext. More text.\n\n```\ncode\n", uint8(5), uint8(7), uint8(2), true)
	f.Add("---\ntitle: \"x\n---\n<!-- -->\n| a |\n|-|\n\xff\xe2\x82", uint8(0), uint8(1), uint8(0), true)
	f.Add("e\u0301\u200d\u200d😀字。", uint8(1), uint8(1), uint8(0), false)
	f.Add("// c\nfunc f() {\n\n\tx\n\n\ty\n}\n\nclass A:\n  def m():\n    pass\n", uint8(3), uint8(4), uint8(1), true)
	f.Fuzz(func(t *testing.T, text string, target, limit, overlap uint8, md bool) {
		d := Document{Text: text, Title: markdownTitle(text)}
		if md {
			d.Format = Markdown
		}
		o := ChunkOptions{Target: int(target), Max: int(limit), Overlap: int(overlap)}
		checkChunks(t, d, Split(d, &counting{}, o))
		for _, d.Format = range []Format{Code, Pages} {
			checkChunks(t, d, Split(d, &counting{}, o))
		}
	})
}
