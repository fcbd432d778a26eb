// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// watching starts a watch and returns its reports.
func watching(t *testing.T, paths ...string) <-chan []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reports, ready, done := make(chan []string, 100), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- Watch(ctx, paths, WatchOptions{Quiet: 20 * time.Millisecond}, func() { close(ready) }, func(p []string) { reports <- p })
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return reports
}

// wait takes reports until all the paths were in one; "" stands for the report that asks for a full walk.
func wait(t *testing.T, reports <-chan []string, want ...string) (all []string) {
	t.Helper()
	late := time.After(30 * time.Second) // the test fails by it only when a report never comes
	for {
		missing := slices.DeleteFunc(slices.Clone(want), func(p string) bool { return slices.Contains(all, p) })
		if len(missing) == 0 {
			return all
		}
		select {
		case r := <-reports:
			if r == nil {
				r = []string{""}
			}
			all = append(all, r...)
		case <-late:
			t.Fatalf("never reported: %q; got %q", missing, all)
		}
	}
}

func TestWatch(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "1", "sub/b.txt": "1", "skip/c.md": "1", ".gitignore": "skip/\n*.tmp.md\n", ".git/HEAD": ""})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	reports := watching(t, dir)
	write := func(name string) { must(t, os.WriteFile(at(name), []byte("2"), 0o600)) }

	write("x.tmp.md")
	write("skip/c.md")
	write("picture.png")
	write("a.md")
	write("sub/b.txt")
	all := wait(t, reports, at("a.md"), at("sub/b.txt"))

	must(t, os.MkdirAll(at("new/deep"), 0o750))
	write("new/deep/d.md")
	all = append(all, wait(t, reports, at("new/deep/d.md"))...)
	write("new/deep/e.md") // the new folder is watched itself
	all = append(all, wait(t, reports, at("new/deep/e.md"))...)

	must(t, os.Rename(at("a.md"), at("renamed.md")))
	must(t, os.Remove(at("sub/b.txt")))
	all = append(all, wait(t, reports, at("a.md"), at("renamed.md"), at("sub/b.txt"))...)
	must(t, os.RemoveAll(at("new")))
	all = append(all, wait(t, reports, at("new"))...)
	for _, p := range all {
		if slices.Contains([]string{at("x.tmp.md"), at("skip/c.md"), at("picture.png"), ""}, p) {
			t.Errorf("reported although it is left out: %q", p)
		}
	}

	must(t, os.WriteFile(at(".gitignore"), nil, 0o600))
	wait(t, reports, "")
	write("skip/c.md") // no longer ignored, so watched
	wait(t, reports, at("skip/c.md"))
}

func TestWatchNamedFile(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "1", "b.md": "1"})
	reports := watching(t, filepath.Join(dir, "a.md"))
	must(t, os.WriteFile(filepath.Join(dir, "b.md"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "a.md.new"), nil, 0o600))
	must(t, os.Rename(filepath.Join(dir, "a.md.new"), filepath.Join(dir, "a.md"))) // as editors save
	if all := wait(t, reports, filepath.Join(dir, "a.md")); slices.Contains(all, filepath.Join(dir, "b.md")) {
		t.Errorf("reported %q", all)
	}
	if err := Watch(t.Context(), []string{filepath.Join(dir, "none")}, WatchOptions{}, nil, nil); err == nil {
		t.Error("a path that does not exist is watched")
	}
}
