// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package nearest

import (
	"slices"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	known := []string{"search", "embed", "rerank", "Models", "info"}
	for name, want := range map[string]string{
		"serach":                 "search", // a swap
		"SEARCH":                 "search",
		"model":                  "Models",
		"rer":                    "rerank", // a beginning
		"zzzzzz":                 "",
		"":                       "",
		strings.Repeat("x", 300): "",
	} {
		if got := Name(name, known); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Name("same", []string{"some", "fame"}); got != "some" {
		t.Errorf("the first of equally close names: %q", got)
	}
	if got := Name("embed", slices.Repeat([]string{"embed"}, most+1)); got != "" {
		t.Errorf("a list too long gave %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abc", "abc", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
