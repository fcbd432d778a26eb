// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package term

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// screen is an output like a terminal of a width.
func screen(width int, color bool) (*Output, *bytes.Buffer) {
	var buf bytes.Buffer
	o := New(&buf)
	o.Terminal, o.Width, o.Color = true, width, color
	return o, &buf
}

func printed(t *testing.T, o *Output, buf *bytes.Buffer, table *Table) string {
	t.Helper()
	table.Print(o)
	if err := o.Flush(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestCleanShowsControls(t *testing.T) {
	const hostile = "a\x1b[2Jb\x00\x7f\u009b31m\u202ec\td\r\xff\ne é 日本 👩‍👩‍👧"
	o, _ := screen(80, true)
	if got, want := o.Clean(hostile), "a␛[2Jb␀␡\ufffd31m\ufffdc d␍\ufffd\ne é 日本 👩‍👩‍👧"; got != want {
		t.Errorf("Clean = %q, want %q", got, want)
	}
	piped := New(&bytes.Buffer{})
	if got := piped.Exact(hostile); got != hostile {
		t.Errorf("text for a program was changed to %q", got)
	}
	if got := piped.Clean(hostile); got != o.Clean(hostile) || got != o.Exact(hostile) {
		t.Errorf("piped Clean = %q", got)
	}
	if got := o.Line("  one\n\ttwo \x1bthree "); got != "one two ␛three" {
		t.Errorf("Line = %q", got)
	}
}

func TestNoTextReachesATerminalAsControl(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		o, buf := screen(rapid.IntRange(1, 60).Draw(t, "width"), false)
		table := &Table{Columns: []Column{{Title: "a", Fit: Cut}, {Title: "b", Fit: Fold}, {Title: "c", Right: true}}}
		table.Row(text, text, text)
		table.Print(o)
		o.Println(o.Clean(text))
		if err := o.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, r := range buf.String() {
			if r != '\n' && unicode.IsControl(r) {
				t.Fatalf("%U of %q reached the terminal", r, text)
			}
		}
	})
}

func TestPaint(t *testing.T) {
	o, _ := screen(80, true)
	if got := o.Paint(Red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := o.Paint(Plain, "x") + o.Paint(Red, ""); got != "x" {
		t.Errorf("%q", got)
	}
	if got := o.Paint(Bold.And(Underline), "x") + o.Paint(Plain.And(Bold), "y") + o.Paint(Bold.And(Plain), "z"); got != "\x1b[1;4mx\x1b[0m\x1b[1my\x1b[0m\x1b[1mz\x1b[0m" {
		t.Errorf("%q", got)
	}
	o.Color = false
	if got := o.Paint(Red, "x"); got != "x" {
		t.Errorf("%q", got)
	}
}

func TestColorful(t *testing.T) {
	for _, c := range []struct {
		env    map[string]string
		system string
		want   bool
	}{
		{nil, "linux", true},
		{map[string]string{"NO_COLOR": "1"}, "linux", false},
		{map[string]string{"NO_COLOR": ""}, "linux", true},
		{map[string]string{"TERM": "dumb"}, "linux", false},
		{map[string]string{"TERM": "xterm"}, "darwin", true},
		{nil, "windows", false},
		{map[string]string{"WT_SESSION": "x"}, "windows", true},
	} {
		if got := colorful(func(k string) string { return c.env[k] }, c.system); got != c.want {
			t.Errorf("%v on %s: %v", c.env, c.system, got)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"one two", 5, "one…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"", 3, ""},
	} {
		if got := Truncate(c.text, c.width); got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"one\n\ntwo", 7, []string{"one", "", "two"}},
		{"abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日", 1, []string{"日"}},
		{"", 5, []string{""}},
	} {
		if diff := cmp.Diff(c.want, Wrap(c.text, c.width)); diff != "" {
			t.Errorf("Wrap(%q, %d): %s", c.text, c.width, diff)
		}
	}
}

// A word of no width, here a combining accent, is a word.
func TestWrapKeepsWordsOfNoWidth(t *testing.T) {
	if got := Wrap("\u0300 A", 2); strings.Join(got, "|") != "\u0300 A" {
		t.Errorf("%q", got)
	}
}

func TestWrapKeepsTheTextAndTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Map(visible, rapid.String().Draw(t, "text"))
		width := rapid.IntRange(2, 30).Draw(t, "width")
		lines := Wrap(text, width)
		for _, l := range lines {
			if w := Width(l); w > width {
				t.Errorf("%q is %d wide, more than %d", l, w, width)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := bare(strings.Join(lines, "")); got != bare(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func sample() *Table {
	t := &Table{Columns: []Column{{Title: "rank", Right: true}, {Title: "id", Style: Cyan}, {Title: "text", Fit: Cut}}}
	t.Row("1", "日本", "a text that goes on and on")
	t.Add(Text("12"), Cell{"d", Red})
	return t
}

func TestTableInAPipeIsPlainAndComplete(t *testing.T) {
	var buf bytes.Buffer
	want := "rank  id    text\n" +
		"   1  日本  a text that goes on and on\n" +
		"  12  d\n"
	if got := printed(t, New(&buf), &buf, sample()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	o, buf := screen(30, false)
	want := "rank  id    text\n" +
		"   1  日本  a text that goes…\n" +
		"  12  d\n"
	if got := printed(t, o, buf, sample()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	o, buf = screen(30, false)
	folded := sample()
	folded.Columns[2].Fit = Fold
	want = "rank  id    text\n" +
		"   1  日本  a text that goes\n" +
		"            on and on\n" +
		"  12  d\n"
	if got := printed(t, o, buf, folded); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTableStyles(t *testing.T) {
	o, buf := screen(80, true)
	table := sample()
	table.Columns[0].Title, table.Columns[1].Title, table.Columns[2].Title = "", "", ""
	table.Indent = 2
	want := "   1  \x1b[36m日本\x1b[0m  a text that goes on and on\n" +
		"  12  \x1b[31md\x1b[0m\n"
	if got := printed(t, o, buf, table); got != want {
		t.Errorf("got\n%q want\n%q", got, want)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range [][2]string{
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(-1234567), "-1,234,567"},
		{Plural(1, "text", "texts"), "1 text"},
		{Plural(0, "text", "texts"), "0 texts"},
		{Plural(1200, "text", "texts"), "1,200 texts"},
		{Bytes(0), "0 B"},
		{Bytes(999), "999 B"},
		{Bytes(1000), "1.00 kB"},
		{Bytes(9994), "9.99 kB"},
		{Bytes(9996), "10.0 kB"},
		{Bytes(14441912), "14.4 MB"},
		{Bytes(999_600), "1.00 MB"},
		{Bytes(465_000), "465 kB"},
		{Bytes(3_200_000_000_000), "3.20 TB"},
		{Score(1.75786), "1.7579"},
		{Score(-5), "-5.0000"},
		{Difference(0), "0"},
		{Difference(2.79e-7), "2.8e-07"},
		{Difference(0.024948), "0.0249"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
