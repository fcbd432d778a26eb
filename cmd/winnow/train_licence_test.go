// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestLicences(t *testing.T) {
	data := []string{"a/rows.jsonl", "b/rows.jsonl", "pairs.tsv", "x=y.csv", "scifact/"}
	for _, tt := range []struct {
		texts []string
		want  string // of the data, in order
		err   string
	}{
		{nil, "||||", ""},
		{[]string{"CC0"}, "CC0|CC0|CC0|CC0|CC0", ""},
		{[]string{"pairs.tsv=MIT", "CC0", "x=y.csv=a=b"}, "CC0|CC0|MIT|a=b|CC0", ""},
		{[]string{"=CC0, see https://example.org/?id=1", "a/rows.jsonl=MIT", "scifact=ODC"}, "MIT|CC0, see https://example.org/?id=1|CC0, see https://example.org/?id=1|CC0, see https://example.org/?id=1|ODC", ""},
		{[]string{"rows.jsonl=MIT"}, "", `"rows.jsonl" is the name of a/rows.jsonl and b/rows.jsonl: give the path`},
		{[]string{"pair.tsv=MIT"}, "", `"pair.tsv" is none of the data; did you mean pairs.tsv?`},
		{[]string{"https://example.org/?id=1"}, "", "begins with one"},
		{[]string{"pairs.tsv= "}, "", "the licence is missing"},
		{[]string{"pairs.tsv=MIT", "pairs.tsv=CC0"}, "", `"MIT" and "CC0" are both for pairs.tsv`},
		{[]string{"MIT", "CC0"}, "", "are both for all of the data"},
	} {
		l := licences{texts: tt.texts}
		err := l.resolve(data)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: %v, want %q", tt.texts, err, tt.err)
			}
			continue
		}
		var got []string
		for _, path := range data {
			got = append(got, l.of(path))
		}
		if err != nil || strings.Join(got, "|") != tt.want {
			t.Errorf("%q: %q, %v", tt.texts, got, err)
		}
	}
}
