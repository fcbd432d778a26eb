// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// linesOf are the texts of lines.
func linesOf(lines []excerptLine) (out []string) {
	for _, l := range lines {
		out = append(out, l.text)
	}
	return out
}

func TestExcerptLines(t *testing.T) {
	terms := map[string]bool{"reranking": true, "passages": true, "work": true}
	long := strings.Repeat("filler words here ", 20) + "so reranking puts passages in order " + strings.Repeat("and more filler ", 20)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"short text", []string{"short text"}},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", []string{"1 2 3 4 5 6 7 8 9 10 11 12", "13 14 15 16"}},
		{long, []string{"… words here so reranking puts", "passages in order and more …"}},
		{strings.Repeat("nothing to find ", 20), []string{"nothing to find nothing to", "find nothing to find nothing …"}},
	} {
		e := excerpt{text: c.text, terms: terms}
		if d := cmp.Diff(c.want, linesOf(e.lines(30, 2))); d != "" {
			t.Errorf("%.40q: %s", c.text, d)
		}
	}
	e := excerpt{text: long, terms: terms}
	for _, l := range e.lines(30, 3) {
		if term.Width(l.text) > 32 {
			t.Errorf("%q is %d wide", l.text, term.Width(l.text))
		}
	}
	// The sentence is shown before the part with most words.
	e = excerpt{text: "Reranking makes passages work. Some other words stand here. The nearest one is this sentence. No more.", terms: terms, sentence: [2]int{60, 93}}
	lines := e.lines(30, 2)
	if d := cmp.Diff([]string{"… here. The nearest one is", "this sentence. No more."}, linesOf(lines)); d != "" {
		t.Error(d)
	}
	if got := lines[0].text[lines[0].sentence[0]:] + "|" + lines[1].text[:lines[1].sentence[1]]; got != "The nearest one is|this sentence." {
		t.Errorf("the sentence is %q", got)
	}
}

func TestExcerptOf(t *testing.T) {
	o := term.New(nil)
	h := winnow.Hit{Text: "First one. The Second\tsentence.\n\nLast \x1b. "}
	if e := excerptOf(o, &h); e.text != "First one. The Second sentence. Last ␛." || len(e.terms) != 0 || e.sentence != [2]int{} {
		t.Errorf("%+v", e)
	}
	for _, c := range []struct {
		start, end int
		sentence   *[2]int
		want, near string
	}{
		{11, 31, nil, "… The Second sentence. …", ""},
		{11, 31, &[2]int{11, 31}, "… The Second sentence. …", "The Second sentence."},
		{0, 40, &[2]int{11, 31}, "First one. The Second sentence. Last ␛.", "The Second sentence."},
		{0, 31, &[2]int{0, 10}, "First one. The Second sentence. …", "First one."},
		{15, 31, &[2]int{11, 40}, "… Second sentence. …", "Second sentence."},
		{0, 10, &[2]int{33, 40}, "First one. …", ""},
		{33, 40, &[2]int{0, 10}, "… Last ␛.", ""},
	} {
		h.Snippet = &winnow.Snippet{Start: c.start, End: c.end, Terms: [][2]int{{15, 21}}, Sentence: c.sentence}
		e := excerptOf(o, &h)
		if got := e.text[e.sentence[0]:e.sentence[1]]; e.text != c.want || got != c.near || !e.terms["second"] {
			t.Errorf("%d to %d, %v: %q, nearest %q, %v", c.start, c.end, c.sentence, e.text, got, e.terms)
		}
	}
	// Where no space is between sentences none is put there.
	h = winnow.Hit{Text: "猫が寝る。犬が走る。鳥が鳴く。", Snippet: &winnow.Snippet{End: 45, Sentence: &[2]int{15, 30}}}
	if e := excerptOf(o, &h); e.text != h.Text || e.text[e.sentence[0]:e.sentence[1]] != "犬が走る。" {
		t.Errorf("%+v", e)
	}
}

// Whatever a text holds, wrapped or not: what is underlined is the sentence, and the rest is there as without it.
func TestOnlyTheSentenceIsUnderlined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-d\x{3042} .。\n\t\x{2028}\x1b]{0,60}`), rapid.Just("\xff\xfe x"))
		parts := [3]string{piece.Draw(t, "before"), piece.Draw(t, "sentence"), piece.Draw(t, "after")}
		h := winnow.Hit{Text: strings.Join(parts[:], "")}
		sentence := [2]int{len(parts[0]), len(parts[0]) + len(parts[1])}
		h.Snippet = &winnow.Snippet{End: len(h.Text), Sentence: &sentence}
		o := term.New(nil)
		e := excerptOf(o, &h)
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := o.Line(h.Text); utf8.ValidString(parts[0]) && utf8.ValidString(parts[1]) && e.text != got {
			t.Fatalf("%q, want %q", e.text, got)
		}
		if got, want := e.text[e.sentence[0]:e.sentence[1]], o.Line(parts[1]); got != want {
			t.Fatalf("the sentence is %q, want %q", got, want)
		}
		var all, near strings.Builder
		for _, l := range e.lines(rapid.IntRange(1, 40).Draw(t, "width"), 1000) {
			all.WriteString(l.text)
			near.WriteString(l.text[l.sentence[0]:l.sentence[1]])
		}
		if letters(near.String()) != letters(o.Line(parts[1])) || letters(all.String()) != letters(e.text) {
			t.Fatalf("%q in %q", near.String(), all.String())
		}
	})
}

func TestEmphasize(t *testing.T) {
	o := term.New(nil)
	terms := map[string]bool{"reranking": true, "naïve": true}
	const line = "(Reranking) is naïve, rerankings are not."
	near := excerptLine{line, [2]int{12, 21}}
	for _, l := range []excerptLine{{text: line}, near} {
		if got := emphasize(o, l, terms); got != line {
			t.Errorf("%q without colours", got)
		}
	}
	o.Color = true
	if got := emphasize(o, excerptLine{text: line}, terms); got != "(\x1b[1mReranking\x1b[0m) is \x1b[1mnaïve\x1b[0m, rerankings are not." {
		t.Errorf("%q", got)
	}
	if got := emphasize(o, near, terms); got != "(\x1b[1mReranking\x1b[0m) \x1b[4mis \x1b[0m\x1b[4;1mnaïve\x1b[0m, rerankings are not." {
		t.Errorf("%q with a sentence", got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.00 ms", 52 * time.Microsecond: "0.05 ms", 2140 * time.Microsecond: "2.1 ms", 9960 * time.Microsecond: "10 ms",
		380 * time.Millisecond: "380 ms", 614 * time.Millisecond: "0.61 s", 9994 * time.Millisecond: "9.99 s",
		12345 * time.Millisecond: "12.3 s", 75 * time.Second: "1m15s",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	for want, s := range map[string]*winnow.Source{
		"id": nil, "a.md:3": {Path: "a.md", StartLine: 3, EndLine: 3}, "a.md:3-9": {Path: "a.md", StartLine: 3, EndLine: 9},
	} {
		if got := place("id", s); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestLinks(t *testing.T) {
	for path, want := range map[string]string{
		"docs/a b.md": "docs/a%20b.md", "x(1)/y#2.md": "x%281%29/y%232.md", "ä.md": "%C3%A4.md", "../up.md": "../up.md",
	} {
		if got := linkPath(path); got != want {
			t.Errorf("%s gives %s, want %s", path, got, want)
		}
	}
	if got := escapeMarkdown("# *a*  [b](c)\n<d> & `e`"); got != "\\# \\*a\\* \\[b\\](c) \\<d\\> \\& \\`e\\`" {
		t.Error(got)
	}
}

// Progress is one line that is written over, and nothing is left of it.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	o := term.New(&out)
	p := progress{out: o}
	p.report(0, 1000)
	p.clear()
	if out.Len() != 0 {
		t.Errorf("%q without a terminal", out.String())
	}
	o.Terminal, o.Width = true, 40
	p.report(0, 1000)
	p.report(1, 1000)
	if out.Len() != 0 {
		t.Errorf("%q at once", out.String())
	}
	p.start = time.Now().Add(-10 * time.Second)
	p.report(250, 1000)
	p.report(500, 1000)
	p.clear()
	lines := strings.Split(out.String(), "\r")
	if len(lines) < 5 || !strings.HasPrefix(lines[1], "encoding: 250 of 1,000 passages, abo") || !strings.HasPrefix(lines[2], "encoding: 500 of 1,000 passages") {
		t.Fatalf("%q", lines)
	}
	for _, l := range lines {
		if term.Width(l) >= 40 {
			t.Errorf("%q does not fit", l)
		}
	}
	if last := lines[len(lines)-2]; strings.TrimSpace(last) != "" || term.Width(last) < term.Width(lines[2]) {
		t.Errorf("%q covers %q", last, lines[2])
	}
}
