// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// read gives a reader a text in pieces of so many bytes; 0: all at once.
func read(sent int, text string, size int) (r *Reader, emitted string) {
	r = NewReader(sent)
	var out strings.Builder
	for text != "" {
		n := len(text)
		if size > 0 {
			n = min(size, n)
		}
		out.WriteString(r.Write(text[:n]))
		text = text[n:]
	}
	return r, out.String() + r.Close()
}

func TestReader(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "Goethe wrote Faust [1].", "Goethe wrote Faust [1]."},
		{"several", "Goethe [1, 3] wrote [1][2] it [2; 3] [1 and 2].", "Goethe [1][3] wrote [1][2] it [2][3] [1][2]."},
		{"range", "It is so [1-3], and [2–3], and [3-1].", "It is so [1][2][3], and [2][3], and [3][1]."},
		{"long range", "It is so [1-99999].", "It is so [1][?]."},
		{"not sent", "Goethe [7] wrote [1, 9] it [0].", "Goethe [?] wrote [1][?] it [?]."},
		{"number too large", "It is so [99999999999999999999].", "It is so [?]."},
		{"no number becomes another", "[[9]7] [9[9]]", "[[?]7] [9[?]]"},
		{"other forms", "a [^1] b 【2】 c 【3†source】 d [Passage 1] e [sources 1, 2] f [#2] g [１]", "a [1] b [2] c [3] d [1] e [1][2] f [2] g [1]"},
		{"other brackets", "a [sic] b [a1] c [1a] d [] e [1] f [, ] g [passage] h [1.5] i [x[1]]", "a [sic] b [a1] c [1a] d [] e [1] f [, ] g [passage] h [1.5] i [x[1]]"},
		{"full width", "a ［1］ b ［９］ c ［passage 2］ d ［注］", "a [1] b [?] c [2] d ［注］"},
		{"escaped", `a \[1\] b \[9\] c \[2, 3\] d \[x\] e \[1] f [2\] g \\[1ex] h \`, `a [1] b [?] c [2][3] d \[x\] e \[1] f [2\] g \\[1ex] h \`},
		{"places", "a [1, p. 3] b [9, pp. 1, 2; 2, page 7] c [1, p. 3, 2, p. 5] d [1, lines 5-9] e [2 p. 1]", "a [1] b [2][?] c [1][2] d [1] e [2]"},
		{"no places", "a [1, p.] b [1p. 3] c [p. 3] d [1, p. x] e [1, phone 3] f [1, p. 3a] g [1, pp. 3", "a [1, p.] b [1p. 3] c [p. 3] d [1, p. x] e [1, phone 3] f [1, p. 3a] g [1, pp. 3"},
		{"titles", "a [Passage 9: 3 ways; to bake] b [source 2：Title, part 1] c [Doc 1: A; Doc 9: B; or C; doc 2]", "a [?] b [2] c [1][2][?]"},
		{"no titles", "a [1: Title] b [Passage: 1] c [note 1: x] d [Passage 9: a [2] b] e [1 and 2: x] f [passage 1: a\n", "a [1: Title] b [1] c [note 1: x] d [Passage 9: a [2] b] e [1 and 2: x] f [passage 1: a\n"},
		{"arrays", `a [1, "p. 3"] b [1, p] c [[1, 2], [3]] d m[p, 1] e {"a": ["x", 2]} f [0.5, 1]`, `a [1, "p. 3"] b [1, p] c [[1][2], [3]] d m[p, 1] e {"a": ["x", 2]} f [0.5, 1]`},
		{"new forms in code", "`a［9］` `\\[9\\]` `[9, p. 3]`\n```\n［9］ \\[9\\] [Passage 9: x]\n```", "`a［9］` `\\[9\\]` `[9, p. 3]`\n```\n［9］ \\[9\\] [Passage 9: x]\n```"},
		{"unclosed", "It is [1", "It is [1"},
		{"too long", "[" + strings.Repeat("1,", 200) + "1]", "[" + strings.Repeat("1,", 200) + "1]"},
		{"code", "Use `a[9]` [1] and ``b`[8]``.\n```go\nx[7]\n```\nso [2] ` [9]\nx [9]", "Use `a[9]` [1] and ``b`[8]``.\n```go\nx[7]\n```\nso [2] ` [9]\nx [?]"},
		{"hidden", "Goe\u200bthe [\u200b9] \x1b[31m [\u202e1]\U000E0041", "Goethe [?] [31m [1]"},
		{"thought", " <think>perhaps [9]</think>\n\nGoethe [1].", "Goethe [1]."},
		{"thought alone", "<think>perhaps", ""},
		{"no thought", "<thin air> [1]", "<thin air> [1]"},
		{"space", "  Goethe", "  Goethe"},
		{"bytes", "a\xff[1]", "a\uFFFD[1]"},
		{"link", "[1](https://example.org/?q=secret)", "[1](https://example.org/?q=secret)"},
	} {
		for size := range 9 {
			r, emitted := read(3, c.text, size)
			if emitted != c.want || r.Text() != c.want {
				t.Errorf("%s in pieces of %d: %q, emitted %q, want %q", c.name, size, r.Text(), emitted, c.want)
			}
		}
	}
}

func TestSentences(t *testing.T) {
	text := "Goethe wrote Faust [1]. It is a play.[2] It has two parts. [1][3]\n\n- Part one is from 1808 [9]\n- [2] Part two from 1832.\n\n## Sum\n\n[?] ---\nDr. Faust is a scholar [1, 9]; he despairs [2]."
	r, _ := read(3, text, 5)
	want := []Sentence{
		{Text: "Goethe wrote Faust.", Citations: []int{1}},
		{Text: "It is a play.", Citations: []int{2}},
		{Text: "It has two parts.", Citations: []int{1, 3}},
		{Text: "Part one is from 1808", Citations: []int{}, Invalid: []int{9}},
		{Text: "Part two from 1832.", Citations: []int{2}},
		{Text: "Sum", Citations: []int{}},
		{Text: "Dr. Faust is a scholar; he despairs.", Citations: []int{1, 2}, Invalid: []int{9}},
	}
	if d := cmp.Diff(want, r.Sentences()); d != "" {
		t.Error(d)
	}
	if r, _ := read(3, "[1]", 0); len(r.Sentences()) != 0 {
		t.Errorf("%v", r.Sentences())
	}
}

// Whatever a model writes, and however it is cut: the deltas are the answer, pieces change nothing, and every citation left
// is one that was sent, so that reading the answer again finds nothing to change.
func FuzzReader(f *testing.F) {
	f.Add("Goethe [1, 9] wrote `a[3]` it 【2†x】.\n```\n[4]\n```\n<think>", uint8(3), uint8(2))
	f.Add("<think>[9]</think> [[9]1] [1-3][passage 2", uint8(2), uint8(1))
	f.Add(`\[Passage 9: a; doc 1: b\] [1, pp. 3, 5; 2] \[［1］\]`, uint8(2), uint8(1))
	f.Add("\xe3\x80\x90１\u200b－2】 [\x1b1]", uint8(9), uint8(3))
	f.Fuzz(func(t *testing.T, text string, sent, size uint8) {
		whole, emitted := read(int(sent), text, 0)
		pieces, parts := read(int(sent), text, int(size))
		if emitted != whole.Text() || parts != pieces.Text() || whole.Text() != pieces.Text() || !slices.Equal(whole.Marks(), pieces.Marks()) {
			t.Fatalf("in one piece %q, emitted %q; in pieces %q, emitted %q", whole.Text(), emitted, pieces.Text(), parts)
		}
		if !utf8.ValidString(whole.Text()) {
			t.Fatalf("%q is not UTF-8", whole.Text())
		}
		again := NewReader(int(sent))
		again.at = inText // a thought within a thought is text
		second := again.Write(whole.Text()) + again.Close()
		if second != whole.Text() {
			t.Fatalf("%q read again is %q", whole.Text(), second)
		}
		for _, m := range again.Marks() {
			if !m.Sent {
				t.Fatalf("%q cites %d of %d", whole.Text(), m.Number, sent)
			}
		}
		n := 0
		for _, s := range whole.Sentences() {
			n += len(s.Citations)
			for _, c := range s.Citations {
				if c < 1 || c > int(sent) {
					t.Fatalf("sentence %q cites %d of %d", s.Text, c, sent)
				}
			}
		}
		if n > len(whole.Marks()) {
			t.Fatalf("%d citations of sentences, %d marks", n, len(whole.Marks()))
		}
	})
}

func ExampleReader() {
	r := NewReader(2) // passages 1 and 2 were sent
	for _, piece := range []string{"Goethe wrote it [", "1, 5].", " It is long [2]."} {
		fmt.Printf("%q\n", r.Write(piece))
	}
	fmt.Printf("%q\n", r.Close())
	for _, s := range r.Sentences() {
		fmt.Println(s.Text, s.Citations, s.Invalid)
	}
	// Output:
	// "Goethe wrote it "
	// "[1][?]."
	// " It is long [2]."
	// ""
	// Goethe wrote it. [1] [5]
	// It is long. [2] []
}
