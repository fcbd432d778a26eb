// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mdtext

import (
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	var w Writer
	w.Heading(9, "A \n B ##")
	w.Heading(1, " ")
	w.Heading(2, strings.Repeat("x", maxTitle+1))
	w.Paragraph("# a\n\n---\n<!-- b\n~~~")
	w.Item(0, "-", "one\ntwo")
	w.Item(1, "1.", "three")
	w.Code("a ``` b")
	w.Table([][]string{{"x", "y|z"}, {"1"}})
	w.Table([][]string{{"only"}, {"one"}})
	want := "###### A B\n\n" + strings.Repeat("x", maxTitle+1) + "\n\n\\# a\n\\---\n\\<!-- b\n\\~~~\n\n- one\n  two\n  1. three\n\n````\na ``` b\n````\n\n" +
		"| x | y\\|z |\n| --- | --- |\n| 1 | |\n\nonly\n\none"
	if got := w.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestLimit: what does not fit is lost, and that can be asked for.
func TestLimit(t *testing.T) {
	for limit, want := range map[int]string{0: "one\n\n| a | b |\n| --- | --- |\n| c | |", 3: "one", 9: "one\n\n| a ", 32: "one\n\n| a | b |\n| --- | --- |\n| c"} {
		w := Writer{Limit: limit}
		w.Paragraph("one")
		w.Table([][]string{{"a", "b"}, {"c"}})
		if got := w.String(); got != want || w.Full() != (limit > 0) {
			t.Errorf("limit %d: %q, full %v", limit, got, w.Full())
		}
	}
	w := Writer{Limit: 5}
	w.Paragraph("12345")
	if w.Full() {
		t.Error("full although all of it fits")
	}
}
