// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// DefaultQuiet is how long nothing may change before Watch reports what did.
const DefaultQuiet = 300 * time.Millisecond

const (
	maxWait    = 20     // times WatchOptions.Quiet after which changes are told although more keep coming
	maxChanged = 10_000 // paths after which only a full walk is asked for
)

// WatchOptions sets what a watch reports. The zero value is ready to use.
type WatchOptions struct {
	Walk  WalkOptions   // what is left out, as in the walk that the watch keeps up to date
	Quiet time.Duration // 0 means DefaultQuiet
}

// Watch calls changed after files below paths were written, made, renamed or deleted, until ctx ends, and then returns nil.
//
// The paths given are in byte order, as Walk would name them: files that are read, and names that are gone, which may have been
// files or folders. No paths at all mean that everything should be walked again: changes came faster than they could be
// noted, or an ignore file changed. changed runs on Watch's own goroutine, and what happens meanwhile is not lost.
//
// Folders made later are watched too. Changes between a walk and the call of Watch are not seen: watch first, then walk.
// The ready function, if not nil, is called once everything is being watched. The error is for paths that cannot be watched.
func Watch(ctx context.Context, paths []string, o WatchOptions, ready func(), changed func(paths []string)) error {
	if len(paths) == 0 {
		return errNoPaths
	}
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch folders: %w", err)
	}
	defer func() { _ = n.Close() }() // nothing of ours is in it
	w := watch{o: o, notify: n, changes: map[string]bool{}, files: map[string]bool{}}
	if w.o.Quiet <= 0 {
		w.o.Quiet = DefaultQuiet
	}
	for _, p := range paths {
		if err := w.addRoot(ctx, filepath.Clean(p)); err != nil {
			return err
		}
	}
	if ready != nil {
		ready()
	}
	return w.run(ctx, changed)
}

// watch is the state of a Watch.
type watch struct {
	o       WatchOptions
	notify  *fsnotify.Watcher
	roots   []string        // named folders
	files   map[string]bool // named files: their folder is watched, since editors replace files
	changes map[string]bool
	rescan  bool
}

func (w *watch) addRoot(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("watch: %w", err)
	case info.IsDir():
		w.roots = append(w.roots, path)
		return w.addFolder(ctx, path, false)
	}
	w.files[path] = true
	return w.add(filepath.Dir(path))
}

func (w *watch) add(dir string) error {
	if err := w.notify.Add(dir); err != nil {
		return fmt.Errorf("watch %s: %w (on Linux, fs.inotify.max_user_watches bounds the number of folders)", dir, err)
	}
	return nil
}

// addFolder watches a folder and those below it. With note, the files in it are changes: they were made before the watch was.
func (w *watch) addFolder(ctx context.Context, dir string, note bool) error {
	wk := walker{disk: osDisk, o: w.o.Walk, enter: w.add, problem: func(Problem) {}}
	wk.visit = func(f File) error {
		if note {
			w.note(f.Path)
		}
		return nil
	}
	t := wk.folderOf(w.root(dir))
	rel, err := filepath.Rel(w.root(dir), dir)
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	path, rules := t.prefix, t.rules
	if rel != "." {
		rules = wk.rulesDown(rules, w.root(dir), filepath.ToSlash(rel), path)
		path = strings.TrimPrefix(path+"/"+filepath.ToSlash(rel), "/")
	}
	return wk.folder(ctx, dir, path, rules)
}

// root is the named folder that a path lies in, the innermost if there are several; empty for none.
func (w *watch) root(path string) (root string) {
	for _, r := range w.roots {
		if (within(path, r) || r == ".") && len(r) > len(root) {
			root = r
		}
	}
	return root
}

func (w *watch) note(path string) {
	if len(w.changes) >= maxChanged {
		w.rescan = true
	}
	if !w.rescan {
		w.changes[path] = true
	}
}

// run collects events until nothing happens for a while, and reports them.
func (w *watch) run(ctx context.Context, changed func([]string)) error {
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	quiet.Stop()
	var first time.Time // of the changes not reported yet
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.notify.Events:
			if !ok {
				return errors.New("watch folders: the system ended the watch")
			}
			if err := w.event(ctx, e); err != nil {
				return err
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return errors.New("watch folders: the system ended the watch")
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch folders: %w", err)
			}
			w.rescan = true
		case <-quiet.C:
			paths := make([]string, 0, len(w.changes))
			for p := range w.changes {
				paths = append(paths, p)
			}
			slices.Sort(paths)
			if w.rescan {
				paths = nil
				if err := w.again(ctx); err != nil {
					return err
				}
			}
			clear(w.changes)
			w.rescan, first = false, time.Time{}
			changed(paths)
			continue
		}
		if len(w.changes) == 0 && !w.rescan {
			continue
		}
		now := time.Now()
		if first.IsZero() {
			first = now
		}
		quiet.Reset(max(0, min(w.o.Quiet, first.Add(maxWait*w.o.Quiet).Sub(now))))
	}
}

// again watches folders that were missed or that ignore files no longer exclude.
func (w *watch) again(ctx context.Context) error {
	for _, r := range w.roots {
		if err := w.addFolder(ctx, r, false); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// event takes in one change.
func (w *watch) event(ctx context.Context, e fsnotify.Event) error {
	if e.Op == fsnotify.Chmod {
		return nil
	}
	path := filepath.Clean(e.Name)
	if w.files[path] {
		w.note(path)
		return nil
	}
	root := w.root(path)
	name := filepath.Base(path)
	switch {
	case root == "":
		return nil // a neighbour of a named file
	case slices.Contains(ignoreFiles, name) && !w.o.Walk.NoIgnore:
		w.rescan = true
		return nil
	}
	info, err := os.Lstat(path)
	if w.leftOut(root, path, err == nil && info.IsDir()) {
		return nil
	}
	switch {
	case err != nil:
		w.note(path) // gone; nobody can tell any more whether it was a file that is read, or a folder
	case info.IsDir():
		if !e.Has(fsnotify.Create) {
			return nil
		}
		err := w.addFolder(ctx, path, true)
		if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
			return err // not that it is gone again already
		}
	case info.Mode().IsRegular() && kindOf(path, false) != unread:
		w.note(path)
	}
	return nil
}

// leftOut reports whether a path below a named folder is hidden or ignored, or lies in a folder that is.
func (w *watch) leftOut(root, path string, dir bool) bool {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return err != nil
	}
	wk := walker{disk: osDisk, o: w.o.Walk, problem: func(Problem) {}}
	t := wk.folderOf(root)
	rules, at, sub := t.rules, root, t.prefix
	parts := strings.Split(filepath.ToSlash(rel), "/")
	for i, part := range parts {
		if wk.hides(part) {
			return true
		}
		rules = wk.rulesIn(at, sub, rules)
		at = filepath.Join(at, part)
		sub = strings.TrimPrefix(sub+"/"+part, "/")
		if rules.Ignored(sub, dir || i+1 < len(parts)) {
			return true
		}
	}
	return false
}
