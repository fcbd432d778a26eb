// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// gone is what a watch tells of a folder.
type gone struct {
	path string
	gone bool
}

// TestWatchFolderThatReturns: a named folder that vanishes, or is replaced, is watched again, and that is told.
func TestWatchFolderThatReturns(t *testing.T) {
	dir := tree(t, map[string]string{"up/root/sub/a.md": "1", "one/named.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	n, err := fsnotify.NewWatcher()
	must(t, err)
	defer func() { must(t, n.Close()) }()
	var told []gone
	w := watch{notify: n, files: map[string]bool{}, tops: map[string]os.FileInfo{}, lost: map[string]bool{}}
	w.o.Gone = func(path string, is bool) { told = append(told, gone{path, is}) }
	must(t, w.addRoot(t.Context(), at("up/root")))
	must(t, w.addRoot(t.Context(), at("one/named.md")))
	steps := []struct {
		do      func()
		changed bool
		told    []gone
	}{
		{func() {}, false, nil},
		{func() { must(t, os.Rename(at("up"), at("away"))) }, true, []gone{{at("up/root"), true}}},
		{func() {}, false, nil},
		{func() { must(t, os.Rename(at("away"), at("up"))) }, true, []gone{{at("up/root"), false}}},
		{func() { // as by a program that writes all of it anew
			must(t, os.Rename(at("up/root"), at("old")))
			must(t, os.MkdirAll(at("up/root/sub"), 0o750))
		}, true, nil},
		{func() { must(t, os.Rename(at("one"), at("two"))) }, true, []gone{{at("one"), true}}},
		{func() { must(t, os.Mkdir(at("one"), 0o750)) }, true, []gone{{at("one"), false}}},
	}
	for i, s := range steps {
		told, w.changed = nil, false
		s.do()
		w.look(t.Context())
		if w.changed != s.changed || !slices.Equal(told, s.told) {
			t.Errorf("step %d: changed %v, told %v", i, w.changed, told)
		}
	}
	for _, folder := range []string{"up/root", "up/root/sub", "one"} {
		if !slices.Contains(n.WatchList(), at(folder)) {
			t.Errorf("%s is not watched", folder)
		}
	}
	if slices.Contains(n.WatchList(), at("two")) || len(n.WatchList()) != 3 {
		t.Errorf("watches %q", n.WatchList())
	}
}

// watching starts a watch. The function returned waits until it tells of a change.
func watching(t *testing.T, paths ...string) (told func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reports, ready, done := make(chan struct{}, 1000), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- Watch(ctx, paths, WatchOptions{Quiet: 20 * time.Millisecond, Retry: 50 * time.Millisecond}, func() { close(ready) }, func() { reports <- struct{}{} })
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
	return func() {
		t.Helper()
		select {
		case <-reports:
		case <-time.After(30 * time.Second): // the test fails by it only when a report never comes
			t.Fatal("never told")
		}
	}
}

func TestWatch(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "1", "sub/b.txt": "1", "named/c.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	told := watching(t, dir)
	must(t, os.WriteFile(at("sub/b.txt"), []byte("2"), 0o600))
	told()
	must(t, os.Rename(at("a.md"), at("renamed.md")))
	told()
	must(t, os.MkdirAll(at("new/deep"), 0o750))
	must(t, os.WriteFile(at("new/deep/d.md"), nil, 0o600))
	told()
	must(t, os.RemoveAll(at("new")))
	told()
	must(t, os.WriteFile(at(".gitignore"), nil, 0o600))
	told()

	told = watching(t, at("named/c.md"))
	must(t, os.WriteFile(at("named/c.md.new"), nil, 0o600))
	must(t, os.Rename(at("named/c.md.new"), at("named/c.md"))) // as editors save
	told()
	must(t, os.RemoveAll(at("named")))
	told()
	must(t, os.Mkdir(at("named"), 0o750))
	told()
	must(t, os.WriteFile(at("named/c.md"), []byte("3"), 0o600))
	told()
	if err := Watch(t.Context(), []string{at("none")}, WatchOptions{}, nil, nil); err == nil {
		t.Error("a path that does not exist is watched")
	}
}

// TestWatchEvents: which events are changes, and what is watched after them.
func TestWatchEvents(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.md": "1", "sub/b.txt": "1", "picture.png": "1", "x.tmp.md": "1", "skip/c.md": "1", ".git/HEAD": "", ".gitignore": "skip/\n*.tmp.md\n",
		"made/deep/d.md": "1", "empty/deep/picture.png": "1", "one/named.md": "1", "one/other.md": "1",
	})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, c := range []struct {
		named, path     string
		op              fsnotify.Op
		changed, rescan bool
		watched         string
	}{
		{"", "a.md", fsnotify.Write, true, false, ""},
		{"", "a.md", fsnotify.Chmod, false, false, ""},
		{"", "sub/b.txt", fsnotify.Create, true, false, ""},
		{"", "picture.png", fsnotify.Write, false, false, ""},
		{"", "x.tmp.md", fsnotify.Write, false, false, ""},
		{"", "skip/c.md", fsnotify.Write, false, false, ""},
		{"", "skip", fsnotify.Create, false, false, ""},
		{"", ".git/HEAD", fsnotify.Write, false, false, ""},
		{"", "gone", fsnotify.Remove, true, false, ""}, // it may have been a folder
		{"", "skip/gone.md", fsnotify.Remove, false, false, ""},
		{"", ".gitignore", fsnotify.Write, false, true, ""},
		{"", "made", fsnotify.Create, true, false, "made/deep"}, // d.md was there before the folder was watched
		{"", "empty", fsnotify.Create, false, false, "empty/deep"},
		{"one/named.md", "one/named.md", fsnotify.Create, true, false, "one"},
		{"one/named.md", "one/other.md", fsnotify.Create, false, false, "one"},
	} {
		n, err := fsnotify.NewWatcher()
		must(t, err)
		w := watch{notify: n, files: map[string]bool{}, tops: map[string]os.FileInfo{}}
		if c.named != "" {
			must(t, w.addRoot(t.Context(), at(c.named)))
		} else {
			w.roots = []string{dir}
		}
		must(t, w.event(t.Context(), fsnotify.Event{Name: at(c.path), Op: c.op}))
		if w.changed != c.changed || w.rescan != c.rescan {
			t.Errorf("%s %s: changed %v, look at all folders %v", c.op, c.path, w.changed, w.rescan)
		}
		if c.watched != "" && !slices.Contains(n.WatchList(), at(c.watched)) {
			t.Errorf("%s %s: watches only %q", c.op, c.path, n.WatchList())
		}
		must(t, n.Close())
	}
}

// TestWatchAgain: folders that an ignore file does not exclude any more are watched.
func TestWatchAgain(t *testing.T) {
	dir := tree(t, map[string]string{"skip/c.md": "1", ".gitignore": "skip/\n"})
	n, err := fsnotify.NewWatcher()
	must(t, err)
	defer func() { must(t, n.Close()) }()
	w := watch{notify: n, files: map[string]bool{}, tops: map[string]os.FileInfo{}}
	must(t, w.addRoot(t.Context(), dir))
	skip := filepath.Join(dir, "skip")
	if slices.Contains(n.WatchList(), skip) {
		t.Error("an ignored folder is watched")
	}
	must(t, os.WriteFile(filepath.Join(dir, ".gitignore"), nil, 0o600))
	must(t, w.again(t.Context()))
	if !slices.Contains(n.WatchList(), skip) {
		t.Errorf("watches only %q", n.WatchList())
	}
}
