// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lint

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const (
	copyright = "Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0"
	maxLines  = 600
)

// forbidden are texts that no file may hold. The patterns are put together from halves, so that this file passes, too.
var forbidden = []struct {
	pattern *regexp.Regexp
	reason  string
}{
	{regexp.MustCompile(`\b(` + "TO" + `DO|` + "FIX" + `ME|` + "X" + `XX)\b`), "finish it, or describe it in an issue"},
	{regexp.MustCompile(`(?i)\bnot (yet )?` + `implemented\b`), "finish it, or return an error that says what to do instead"},
	{regexp.MustCompile(`(?i)\bfor` + ` now\b([^,]|$)`), "say what the code does and why; there is no later in a comment"},
	{regexp.MustCompile(`^(<{7}|>{7}|\|{7})( |$)`), "a conflict that is not resolved"},
	{regexp.MustCompile(`(?m)(^|[^A-Za-z0-9._-])/(` + "work|" + "root|" + `farm)/`), "the path of one machine"},
	{regexp.MustCompile(`(?i)https?://[a-z0-9.-]*(` + "registry|" + "proxy|" + "pypi|" + "pythonhosted|" + `repo[0-9]*\.)[a-z0-9.-]*`), "the host name of a package registry: name the package, clients know where it is"},
	{regexp.MustCompile(`\b(` + `pypi\.` + `org|` + `crates\.` + `io|` + `npmjs\.` + `(com|org))\b`), "the host name of a package registry"},
}

func TestForbiddenTexts(t *testing.T) {
	for _, s := range sources(t) {
		report(t, checkForbidden(s))
	}
}

func checkForbidden(s source) (complaints []string) {
	for i, line := range s.lines() {
		for _, f := range forbidden {
			if m := f.pattern.FindString(line); m != "" {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %q: %s", s.path, i+1, m, f.reason))
			}
		}
	}
	return complaints
}

func TestCopyright(t *testing.T) {
	for _, s := range sources(t) {
		report(t, checkCopyright(s))
	}
}

func checkCopyright(s source) []string {
	comment := map[bool]string{true: "// ", false: "# "}[s.is(".go")]
	if !s.is(".go", ".py", ".sh") || strings.TrimSpace(s.text) == "" {
		return nil
	}
	lines := s.lines()
	if strings.HasPrefix(lines[0], "#!") {
		lines = lines[1:]
	}
	if len(lines) == 0 || lines[0] != comment+copyright {
		return []string{fmt.Sprintf("%s:1: first line must be %q", s.path, comment+copyright)}
	}
	return nil
}

func TestFileLength(t *testing.T) {
	for _, s := range sources(t) {
		report(t, checkLength(s))
	}
}

func checkLength(s source) []string {
	if n := len(s.lines()); s.is(".go", ".py", ".sh") && n > maxLines {
		return []string{fmt.Sprintf("%s: %d lines, more than %d: split it by ideas", s.path, n, maxLines)}
	}
	return nil
}

func TestTextRulesFindWhatTheyLookFor(t *testing.T) {
	good := source{path: "a/b.go", text: "// " + copyright + "\n\npackage b // works for nowhere, /networking/ and example.org/work/x\n"}
	if c := append(checkForbidden(good), append(checkCopyright(good), checkLength(good)...)...); len(c) != 0 {
		t.Errorf("clean file rejected: %q", c)
	}
	for _, text := range []string{
		"// TO" + "DO: more", "// is not yet imple" + "mented", "// fine for" + " now", "open(\"/wo" + "rk/x\")", "cd /ro" + "ot/x",
		"https://reg" + "istry.example.org/x", "https://py" + "pi.example/simple", "see py" + "pi.org",
	} {
		if len(checkForbidden(source{path: "x.md", text: text})) == 0 {
			t.Errorf("%q passes", text)
		}
	}
	for _, s := range []source{
		{path: "a.go", text: "package a\n"},
		{path: "a.go", text: "# " + copyright + "\npackage a\n"},
		{path: "a.py", text: "#!/usr/bin/env python3\nimport os\n"},
	} {
		if len(checkCopyright(s)) == 0 {
			t.Errorf("%s: %q passes", s.path, s.text)
		}
	}
	if len(checkLength(source{path: "a.go", text: strings.Repeat("x\n", maxLines+1)})) == 0 {
		t.Error("a file of more than the allowed lines passes")
	}
	if len(checkLength(source{path: "a.go", text: strings.Repeat("x\n", maxLines)})) != 0 {
		t.Error("a file of exactly the allowed lines does not pass")
	}
}
