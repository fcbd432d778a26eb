// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPathID(t *testing.T) {
	for path, want := range map[string]string{
		"a/b é.md":      "a/b é.md",
		"a\xff.md":      `a\xff.md`,
		"a\xfe\xc3.md":  `a\xfe\xc3.md`,
		"a\ufffd.md":    "a\ufffd.md",
		"é\xff/b.md":    `é\xff/b.md`,
		"\xff/plain.md": `\xff/plain.md`,
	} {
		if got := PathID(path); got != want || IDPath(got) != path {
			t.Errorf("PathID(%q) = %q, back %q; want %q", path, got, IDPath(got), want)
		}
	}
}

// FuzzPathID: ids are text, tell paths apart, and keep folders above what is in them.
func FuzzPathID(f *testing.F) {
	for _, s := range []string{"a\xff.md", `a\xff.md`, `a\\xff.md`, `\`, `\x`, `\x4`, "a/\xc3\x28/\\x41"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		id := PathID(path)
		if !utf8.ValidString(id) {
			t.Errorf("%q: %q", path, id)
		}
		if back := IDPath(id); back != filepath.ToSlash(path) {
			t.Errorf("%q: %q goes back to %q", path, id, back)
		}
		if sub := PathID(path + "/\xff"); !strings.HasPrefix(sub, id+"/") {
			t.Errorf("%q: %q is not below %q", path, sub, id)
		}
		_ = IDPath(path) // any text
	})
}
