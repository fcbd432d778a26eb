// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// aWatch is a watch that nobody runs.
func aWatch(t *testing.T) *watch {
	t.Helper()
	w, err := newWatch(WatchOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, w.notify.Close()) })
	return w
}

// gone is what a watch tells of a folder.
type gone struct {
	path string
	gone bool
}

// TestWatchFolderThatReturns: a named folder that vanishes, or is replaced, is watched again, and that is told.
func TestWatchFolderThatReturns(t *testing.T) {
	dir := tree(t, map[string]string{"up/root/sub/a.md": "1", "one/named.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	var told []gone
	w := aWatch(t)
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
		if !slices.Contains(w.notify.WatchList(), at(folder)) {
			t.Errorf("%s is not watched", folder)
		}
	}
	if list := w.notify.WatchList(); slices.Contains(list, at("two")) || len(list) != 3 {
		t.Errorf("watches %q", list)
	}
}

// TestWatchGoesOnWithoutSomeFolders: folders that may not be read, or vanish meanwhile, are not watched, and the others are.
func TestWatchGoesOnWithoutSomeFolders(t *testing.T) {
	dir := tree(t, map[string]string{"a/1.md": "1", "b/2.md": "1", "c/3.md": "1", "top/4.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	var told []gone
	w := aWatch(t)
	w.o.Gone = func(path string, is bool) { told = append(told, gone{path, is}) }
	locked := map[string]error{at("a"): syscall.EACCES, at("top"): syscall.EACCES}
	w.listen = func(folder string) error {
		if folder == at("b") {
			must(t, os.RemoveAll(folder)) // after its name was read, before it is watched
		}
		if err := locked[folder]; err != nil {
			return err
		}
		return w.notify.Add(folder)
	}
	must(t, w.addRoot(t.Context(), dir))
	list := w.notify.WatchList()
	if slices.Sort(list); !slices.Equal(list, []string{dir, at("c")}) {
		t.Errorf("watches %q", list)
	}
	// A named one counts as gone, once, until it can be read.
	must(t, w.addRoot(t.Context(), at("top")))
	w.look(t.Context())
	w.look(t.Context())
	delete(locked, at("top"))
	w.look(t.Context())
	if !slices.Equal(told, []gone{{at("top"), true}, {at("top"), false}}) || !slices.Contains(w.notify.WatchList(), at("top")) {
		t.Errorf("told %v, watches %q", told, w.notify.WatchList())
	}
	// Bounds of the system are errors.
	for err, bound := range map[error]bool{syscall.ENOSPC: true, syscall.EMFILE: false} {
		locked[at("a")] = err
		if got := w.again(t.Context()); !errors.Is(got, err) || strings.Contains(got.Error(), "max_user_watches") != bound {
			t.Errorf("%v: %v", err, got)
		}
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
		{"", "a.md", fsnotify.Chmod, true, false, ""}, // it may be readable now
		{"", "picture.png", fsnotify.Chmod, false, false, ""},
		{"", "skip/c.md", fsnotify.Chmod, false, false, ""},
		{"", "made", fsnotify.Chmod, true, false, "made/deep"},
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
		w := aWatch(t)
		if c.named != "" {
			must(t, w.addRoot(t.Context(), at(c.named)))
		} else {
			w.roots = []string{dir}
		}
		must(t, w.event(t.Context(), fsnotify.Event{Name: at(c.path), Op: c.op}))
		if w.changed != c.changed || w.rescan != c.rescan {
			t.Errorf("%s %s: changed %v, look at all folders %v", c.op, c.path, w.changed, w.rescan)
		}
		if c.watched != "" && !slices.Contains(w.notify.WatchList(), at(c.watched)) {
			t.Errorf("%s %s: watches only %q", c.op, c.path, w.notify.WatchList())
		}
	}
}

// TestWatchRenamedFolder: what lies below a renamed folder is watched under its new name, also when the former one is made anew.
func TestWatchRenamedFolder(t *testing.T) {
	dir := tree(t, map[string]string{"sub/deep/a.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	w := aWatch(t)
	take := func(until func(fsnotify.Event) bool) {
		t.Helper()
		for {
			select {
			case e := <-w.notify.Events:
				must(t, w.event(t.Context(), e))
				if until(e) {
					return
				}
			case <-time.After(30 * time.Second): // the test fails by it only when an event never comes
				t.Fatalf("watches only %q", w.notify.WatchList())
			}
		}
	}
	must(t, w.addRoot(t.Context(), dir))
	must(t, os.Rename(at("sub"), at("sub2")))
	must(t, os.MkdirAll(at("sub/deep"), 0o750))
	take(func(fsnotify.Event) bool {
		list := w.notify.WatchList()
		return slices.Contains(list, at("sub/deep")) && slices.Contains(list, at("sub2/deep"))
	})
	if !w.rescan {
		t.Error("not all folders are looked at")
	}
	must(t, os.WriteFile(at("sub2/deep/a.md"), []byte("2"), 0o600))
	take(func(e fsnotify.Event) bool { return e.Name == at("sub2/deep/a.md") })
}

// TestWatchNamedLink: what a named link leads to is watched, also when it leads elsewhere later, and when its folder is watched by another name.
func TestWatchNamedLink(t *testing.T) {
	dir := tree(t, map[string]string{"links/x.md": "1", "far/a.md": "1", "other/b.md": "1", "root/sub/c.md": "1"})
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, at("new")); err != nil {
			if runtime.GOOS != "windows" { // where it takes a right of its own
				t.Fatal(err)
			}
			t.Skip("no symbolic links on this system:", err)
		}
		must(t, os.Rename(at("new"), at(name)))
	}
	link(at("far/a.md"), "links/a.md")
	link("x.md", "links/near.md")
	link(at("root"), "alias")
	link(at("root/sub/c.md"), "links/c.md")
	told := watching(t, at("links/a.md"), at("links/near.md"), at("links/c.md"), at("alias"))
	for _, name := range []string{"far/a.md", "links/x.md", "root/sub/c.md"} {
		must(t, os.WriteFile(at(name), []byte("2"), 0o600))
		told()
	}
	link(at("other/b.md"), "links/a.md")
	told()
	must(t, os.WriteFile(at("other/b.md"), []byte("2"), 0o600))
	told()
	must(t, os.Chmod(at("other/b.md"), 0o400))
	told()
}

// TestWatchAgain: folders that an ignore file does not exclude any more are watched.
func TestWatchAgain(t *testing.T) {
	dir := tree(t, map[string]string{"skip/c.md": "1", ".gitignore": "skip/\n"})
	w := aWatch(t)
	must(t, w.addRoot(t.Context(), dir))
	skip := filepath.Join(dir, "skip")
	if slices.Contains(w.notify.WatchList(), skip) {
		t.Error("an ignored folder is watched")
	}
	must(t, os.WriteFile(filepath.Join(dir, ".gitignore"), nil, 0o600))
	must(t, w.again(t.Context()))
	if !slices.Contains(w.notify.WatchList(), skip) {
		t.Errorf("watches only %q", w.notify.WatchList())
	}
}
