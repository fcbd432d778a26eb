// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/train/dataset"
)

func TestStuffed(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in.jsonl"), `{"query":"who wrote Faust?","positive":"It was Goethe.","negatives":["The tower stands."]}
{"query":"reset password settings","positive":"Open the page of your account."}
{"query":"is it so?","positive":"no"}
`)
	out := filepath.Join(dir, "out.jsonl")
	read := func() (list []dataset.Row) {
		if err := stuffed(in, out); err != nil {
			t.Fatal(err)
		}
		for row, err := range dataset.Rows([]string{out}, dataset.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, row)
		}
		return list
	}
	rows := read()
	if len(rows) != 3 || len(rows[0].Negatives) != 2 || len(rows[1].Negatives) != 1 || len(rows[2].Negatives) != 1 {
		t.Fatalf("%+v", rows)
	}
	for i, word := range []string{"wrote", "password", "so"} {
		n := rows[i].Negatives
		if made := strings.ToLower(n[len(n)-1]); !strings.Contains(made, word) || made == strings.ToLower(rows[i].Positive) {
			t.Errorf("row %d: %q", i, made)
		}
	}
	for i, again := range read() {
		if n := len(again.Negatives); again.Negatives[n-1] != rows[i].Negatives[n-1] {
			t.Errorf("row %d: other words the second time", i)
		}
	}
}

func TestStated(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	for i := range 60 {
		fmt.Fprintf(&rows, `{"query":"what is thing %d?","positive":"Thing %d is long. It has a colour, as all things have.","negatives":["The tower stands."]}`+"\n", i, i)
	}
	in, out := write(t, filepath.Join(dir, "in.jsonl"), rows.String()), filepath.Join(dir, "out.jsonl")
	if err := stated(in, out); err != nil {
		t.Fatal(err)
	}
	asked, more, said := 0, 0, 0
	for row, err := range dataset.Rows([]string{out}, dataset.Options{}) {
		switch {
		case err != nil:
			t.Fatal(err)
		case !strings.HasSuffix(row.Anchor, "?"):
			said++
			if !strings.Contains(row.Positive, row.Anchor) || len(row.Negatives) != 1 {
				t.Errorf("%+v", row)
			}
			continue
		case len(row.Negatives) == 2:
			more++
		}
		asked++
	}
	if asked != 60 || more < 4 || more > 24 || said < 8 || said > 36 {
		t.Errorf("%d questions, %d of them with one negative more, %d sentences", asked, more, said)
	}
	for text, want := range map[string]string{
		"One thing only, as far as it goes.":                "", // three words are too few
		"The old tower stands in Paris, as far as it goes.": "The old tower stands in Paris.",
		"Yes. No.": "",
	} {
		if got := statement(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
