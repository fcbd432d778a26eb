// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

func TestSnippet(t *testing.T) {
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
		if d := cmp.Diff(c.want, snippet(c.text, terms, 30, 2)); d != "" {
			t.Errorf("%.40q: %s", c.text, d)
		}
	}
	for _, line := range snippet(long, terms, 30, 3) {
		if term.Width(line) > 32 {
			t.Errorf("%q is %d wide", line, term.Width(line))
		}
	}
}

func TestSnippetOf(t *testing.T) {
	h := winnow.Hit{Text: "First one. The Second sentence. Last."}
	if text, terms := snippetOf(&h); text != h.Text || len(terms) != 0 {
		t.Errorf("%q, %v", text, terms)
	}
	h.Snippet = &winnow.Snippet{Start: 11, End: 31, Terms: [][2]int{{15, 21}}}
	if text, terms := snippetOf(&h); text != "… The Second sentence. …" || !terms["second"] {
		t.Errorf("%q, %v", text, terms)
	}
}

func TestEmphasize(t *testing.T) {
	o := term.New(nil)
	terms := map[string]bool{"reranking": true, "naïve": true}
	const line = "(Reranking) is naïve, rerankings are not."
	if got := emphasize(o, line, terms); got != line {
		t.Errorf("%q without colours", got)
	}
	o.Color = true
	if got := emphasize(o, line, terms); got != "(\x1b[1mReranking\x1b[0m) is \x1b[1mnaïve\x1b[0m, rerankings are not." {
		t.Errorf("%q", got)
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
