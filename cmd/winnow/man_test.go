// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A page that holds a text which troff takes for a request, or that lacks a flag, is wrong and looks fine.
func TestManualOfEveryCommand(t *testing.T) {
	a, _ := testApp(t)
	root := a.root()
	for _, c := range append(root.Commands(), root) {
		page := manual(c)
		for line := range strings.SplitSeq(page, "\n") {
			request, _, _ := strings.Cut(line, " ")
			known := []string{".TH", ".nh", ".ad", ".SH", ".PP", ".TP", ".B", ".BR", ".nf", ".fi"}
			if (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) && !slices.Contains(known, request) {
				t.Errorf("%s: the line %q begins with a request", c.Name(), line)
			}
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(page, roff("--"+f.Name)) {
				t.Errorf("%s: no --%s in the page", c.Name(), f.Name)
			}
		})
	}
}

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", ".winnow here": `\&.winnow here`, `a\b`: `a\eb`, "--db": `\-\-db`, "'x'": `\(aqx\(aq`, "`x`": "\\`x\\`", "a.b": "a.b",
		"10 ms … 2×": `10 ms \[u2026] 2\[u00D7]`,
	} {
		if got := roff(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
