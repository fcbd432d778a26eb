// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file has one owner, by whatever path it is named.
func TestFileSet(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	input := filepath.Join(dir, "corpus.jsonl")
	if err := os.WriteFile(input, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(dir, "linked")
	if err := os.Link(input, linked); err != nil {
		t.Fatal(err)
	}
	s := &fileSet{index: filepath.Join(dir, "db")}
	if err := s.inputs([]string{input, filepath.Join(dir, "absent.gz")}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ path, want string }{
		{input, "is an input"},
		{linked, "is an input"},
		{filepath.Join(dir, "absent.gz"), ""},
		{filepath.Join(dir, "out.svg"), ""},
		{filepath.Join(dir, "sub", "..", "out.svg"), "also the file of --out"},
		{filepath.Join(dir, "OUT.svg"), "also the file of --out"},
		{filepath.Join(dir, "db", "x"), "into the index of --db"},
		{filepath.Join(dir, "db2"), ""},
		{dir, "not a regular file"},
	} {
		err := s.output("--out", x.path)
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", x.path, err, x.want)
		}
	}
}
