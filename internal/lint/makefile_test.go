// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lint

import (
	"regexp"
	"strings"
	"testing"
)

// TestLeftOutTestsExist: what the Makefile leaves out of a run by name is a test that there is, and not one that was renamed and is
// left out no more.
func TestLeftOutTestsExist(t *testing.T) {
	lists := regexp.MustCompile(`(?m)^(?:DAMAGE|SWEEPS) +:= (.*)$`)
	names := map[string]bool{}
	all := sources(t)
	for _, s := range all {
		if s.path == "Makefile" {
			for _, list := range lists.FindAllStringSubmatch(s.text, -1) {
				for name := range strings.SplitSeq(strings.ReplaceAll(list[1], "$(DAMAGE)|", ""), "|") {
					names[name] = true
				}
			}
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d names in the Makefile: does it still leave tests out?", len(names))
	}
	test := regexp.MustCompile(`(?m)^func Test(\w+)\(`)
	for _, s := range all {
		if strings.HasSuffix(s.path, "_test.go") {
			for _, m := range test.FindAllStringSubmatch(s.text, -1) {
				delete(names, m[1])
			}
		}
	}
	for name := range names {
		t.Errorf("Makefile: there is no Test%s to leave out", name)
	}
}
