// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	for _, text := range []string{"one", "two"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if err := Write(filepath.Join(dir, "no", "b.txt"), nil); err == nil {
		t.Error("a file in a directory that is not there was written")
	}
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(taken, nil); err == nil {
		t.Error("a directory was replaced")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// Links stay links, whether they lead to a file or to where one is to be.
func TestWriteThroughLinks(t *testing.T) {
	dir := t.TempDir()
	link := func(to, name string) string {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	if err := os.MkdirAll(filepath.Join(dir, "kept", "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kept", "a"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(filepath.Join("kept", "deep"), "door")
	link(filepath.Join("..", "a"), filepath.Join("kept", "deep", "up"))
	for from, to := range map[string]string{
		link(filepath.Join("kept", "a"), "relative"):                 "a",
		link(filepath.Join(dir, "kept", "new"), "absolute"):          "new",
		link("relative", "twice"):                                    "a",
		link(filepath.Join("door", "up"), "through a linked folder"): "a",
	} {
		text := "by " + filepath.Base(from)
		if err := Write(from, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(from); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", from, info, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "kept", to)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", from, got, err)
		}
	}
	link("b", "c")
	if err := Write(link("c", "b"), nil); err == nil {
		t.Error("a circle of links was written")
	}
}
