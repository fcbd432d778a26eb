// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitCode(t *testing.T) {
	text := `// Package a is small.
package a

import "fmt"

// small is short.
func small() { fmt.Println() }

// long has a body that does not fit.
func long(x int) {
	one two three four five

	six seven eight nine ten

	eleven twelve thirteen
}

type last struct{}
`
	type got struct {
		Heading, Text string
	}
	var out []got
	for _, c := range Split(Document{Title: "a.go", Text: text, Format: Code}, Words, ChunkOptions{Target: 16, Max: 40}) {
		out = append(out, got{strings.Join(c.Heading, "|"), c.Text})
	}
	var headings []string
	for _, g := range out {
		headings = append(headings, g.Heading)
	}
	if !strings.Contains(strings.Join(headings, ";"), "func long(x int)") || headings[0] != "" || headings[len(headings)-1] != "" {
		t.Errorf("headings %q of %q", headings, out)
	}
	for _, g := range out {
		if strings.Contains(g.Text, "func small") && !strings.Contains(g.Text, "// small is short.\nfunc small() { fmt.Println() }") {
			t.Errorf("a short function is cut: %q", g.Text)
		}
	}
}

func TestSplitCodeNamesClassAndMethod(t *testing.T) {
	body := strings.Repeat("        word word word word\n", 6)
	text := "class Engine:\n    \"\"\"Runs.\"\"\"\n\n    def start(self):\n" + body + "\n    def stop(self):\n" + body
	var paths []string
	for _, c := range Split(Document{Text: text, Format: Code}, Words, ChunkOptions{Target: 12, Max: 40}) {
		paths = append(paths, strings.Join(c.Heading, " > "))
	}
	all := strings.Join(paths, "\n")
	for _, want := range []string{"class Engine", "class Engine > def start(self)", "class Engine > def stop(self)"} {
		if !strings.Contains(all+"\n", want+"\n") {
			t.Errorf("no passage under %q:\n%s", want, all)
		}
	}
}

func TestPages(t *testing.T) {
	text := "one\n\nstill one\n\f\n\f\nthree\n\f\nword word word"
	var pages []int
	for _, c := range Split(Document{Text: text, Format: Pages}, Words, ChunkOptions{Target: 2, Max: 3}) {
		pages = append(pages, c.Page)
	}
	if diff := cmp.Diff([]int{1, 1, 3, 4}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestSentences(t *testing.T) {
	text := "  One. Two by Dr. Who!  And\nthree\n\n\nFour 字。五 "
	var got []string
	for _, r := range Sentences(text) {
		got = append(got, text[r.Start:r.End])
	}
	if diff := cmp.Diff([]string{"One.", "Two by Dr. Who!", "And\nthree", "Four 字。", "五"}, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}
