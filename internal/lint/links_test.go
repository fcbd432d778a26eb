// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lint

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// link matches the target of a Markdown link or picture.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksOfDocuments(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	for _, s := range sources(t) {
		report(t, checkLinks(root, s))
	}
}

// checkLinks looks at links to files of the repository; addresses elsewhere are left alone, tests need no network.
func checkLinks(root fs.FS, s source) (complaints []string) {
	if !s.is(".md") {
		return nil
	}
	fenced := false
	for i, line := range s.lines() {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			name := path.Join(path.Dir(s.path), target)
			if _, err := fs.Stat(root, name); err != nil {
				complaints = append(complaints, fmt.Sprintf("%s:%d: link to %s, which does not exist", s.path, i+1, target))
			}
		}
	}
	return complaints
}

func TestLinkRuleFindsWhatItLooksFor(t *testing.T) {
	root := fstest.MapFS{"docs/a.md": {}, "README.md": {}}
	s := source{path: "docs/a.md", text: "[ok](../README.md#x) [ok](a.md) [web](https://example.org) [here](#there)\n```\n[code](nothing)\n```\n"}
	if c := checkLinks(root, s); len(c) != 0 {
		t.Errorf("good links rejected: %q", c)
	}
	s.text += "[bad](b.md)\n"
	if len(checkLinks(root, s)) != 1 {
		t.Error("a link to a missing file passes")
	}
}
