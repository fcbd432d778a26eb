// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// DefaultQuiet is how long nothing may change before Watch reports what did.
const DefaultQuiet = 300 * time.Millisecond

const (
	maxWait = 20              // times WatchOptions.Quiet after which changes are told although more keep coming
	retry   = 2 * time.Second // after which it is looked whether named folders are there
)

// WatchOptions sets what a watch reports. The zero value is ready to use.
type WatchOptions struct {
	Walk  WalkOptions   // what is left out, as in the walk that the watch keeps up to date
	Quiet time.Duration // 0 means DefaultQuiet
	Retry time.Duration // how often it is looked whether named folders are still there, or again; 0 means two seconds
	// Gone is told once of a named folder, or the folder of a named file, that is not there any more or may not be read, and once when that
	// is over.
	Gone func(path string, gone bool)
}

// Watch calls changed after files below paths, or those that named links lead to, were written, made, renamed, deleted or given other
// rights, until ctx ends, and then returns nil.
//
// What changed is for a walk to find out, which also sees what no event tells. Changes of files that are not read or are left
// out are not told. changed runs on Watch's own goroutine, and what happens meanwhile is not lost: it is called again.
//
// Folders made later are watched too. A named folder that vanishes is watched again when it is back. Changes between a walk and the call of Watch are not seen: watch first, then walk.
// The ready function, if not nil, is called once everything is being watched. The error is for paths that cannot be watched.
func Watch(ctx context.Context, paths []string, o WatchOptions, ready, changed func()) error {
	if len(paths) == 0 {
		return errNoPaths
	}
	w, err := newWatch(o)
	if err != nil {
		return err
	}
	defer func() { _ = w.notify.Close() }() // nothing of ours is in it
	// Folders come first, for events of what named links lead to have the names of the first watch.
	for _, folders := range []bool{true, false} {
		for _, p := range paths {
			if info, err := os.Stat(p); (err == nil && info.IsDir()) != folders {
				continue
			}
			if err := w.addRoot(ctx, filepath.Clean(p)); err != nil {
				return err
			}
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
	listen  func(dir string) error // notify.Add, which tests fail whatever their user's rights
	roots   []string               // named folders
	files   map[string]bool        // named files, and what named links lead to: their folder is watched, since editors replace files
	tops    map[string]os.FileInfo // folders that are watched because of what was named, not because of a folder above
	lost    map[string]bool        // those of them that are gone; all true
	changed bool                   // something did that was not told yet
	rescan  bool                   // folders may have to be watched that are not
}

func newWatch(o WatchOptions) (*watch, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch folders: %w", err)
	}
	o.Quiet, o.Retry = cmp.Or(max(o.Quiet, 0), DefaultQuiet), cmp.Or(max(o.Retry, 0), retry)
	return &watch{o: o, notify: n, listen: n.Add, files: map[string]bool{}, tops: map[string]os.FileInfo{}, lost: map[string]bool{}}, nil
}

func (w *watch) addRoot(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("watch: %w", err)
	case info.IsDir():
		w.roots = append(w.roots, path)
		return w.enter(ctx, path, info, false)
	}
	w.files[path] = true
	top := filepath.Dir(path)
	if info, err = os.Stat(top); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	if err := w.enter(ctx, top, info, false); err != nil {
		return err
	}
	return w.follow(ctx, path)
}

// follow watches the file that a named symbolic link leads to: no event of the link's folder tells that it was written.
func (w *watch) follow(ctx context.Context, path string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil || w.files[target] {
		return nil //nolint:nilerr // a link that leads nowhere is named by the walk
	}
	top := filepath.Dir(target)
	info, err := os.Stat(top)
	if err != nil {
		return nil //nolint:nilerr // gone meanwhile
	}
	for known, same := range w.tops {
		if os.SameFile(info, same) { // events have the name by which a folder was first watched
			w.files[filepath.Join(known, filepath.Base(target))] = true
			return nil
		}
	}
	w.files[target] = true
	if err := w.enter(ctx, top, info, false); err != nil {
		return err
	}
	if !slices.Contains(w.notify.WatchList(), top) {
		delete(w.tops, top) // it is watched already, by another name, as a part of a named folder; or cannot be
	}
	return nil
}

// look finds out which of the named folders are gone, or are others than those that are watched, and watches them again when
// they are back.
func (w *watch) look(ctx context.Context) {
	watched := w.notify.WatchList()
	for _, top := range slices.Sorted(maps.Keys(w.tops)) {
		info, err := os.Stat(top)
		told, lost := w.lost[top]
		if !lost {
			if err == nil && os.SameFile(info, w.tops[top]) && slices.Contains(watched, top) {
				continue
			}
			w.changed = true
			w.unwatch(top)
		}
		w.lost[top] = true
		if err == nil && info.IsDir() && w.enter(ctx, top, info, true) == nil && slices.Contains(w.notify.WatchList(), top) {
			delete(w.lost, top)
			w.changed = true
		}
		if gone := w.lost[top]; gone != told && w.o.Gone != nil {
			w.o.Gone(top, gone)
		}
	}
}

// enter watches a folder that is watched because of what was named.
func (w *watch) enter(ctx context.Context, top string, info os.FileInfo, made bool) error {
	w.tops[top] = info
	if slices.Contains(w.roots, top) {
		return w.addFolder(ctx, top, made)
	}
	return w.add(top)
}

// add watches one folder. One that may not be read, or is gone already, is none to watch: the walk that is kept up to date names it.
func (w *watch) add(dir string) error {
	err := w.listen(dir)
	switch {
	case err == nil, errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("watch %s: %w (on Linux, fs.inotify.max_user_watches bounds the number of folders)", dir, err)
	}
	return fmt.Errorf("watch %s: %w", dir, err)
}

// unwatch ends the watches of a folder that is gone and of those below it, and reports whether there were any.
func (w *watch) unwatch(path string) (found bool) {
	for _, dir := range w.notify.WatchList() {
		if within(dir, path) {
			_ = w.notify.Remove(dir) // it may have ended with the folder, or go on under another name
			found = true
		}
	}
	return found
}

// addFolder watches a folder and those below it. With made, files in it are a change: they were there before the watch was.
func (w *watch) addFolder(ctx context.Context, dir string, made bool) error {
	wk := walker{disk: osDisk, o: w.o.Walk, enter: w.add, problem: func(Problem) {}}
	wk.visit = func(File) error {
		w.changed = w.changed || made
		return nil
	}
	t := wk.folderOf(w.root(dir))
	rel, err := filepath.Rel(w.root(dir), dir)
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	path, rules := t.prefix, t.rules
	if rel != "." {
		rules = wk.rulesDown(rules, w.root(dir), filepath.ToSlash(rel), path, dir)
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

// run collects events until nothing happens for a while, and reports them.
func (w *watch) run(ctx context.Context, changed func()) error {
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	quiet.Stop()
	look := time.NewTicker(w.o.Retry)
	defer look.Stop()
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
		case <-look.C:
			w.look(ctx)
		case <-quiet.C:
			if w.rescan {
				if err := w.again(ctx); err != nil {
					return err
				}
			}
			w.changed, w.rescan, first = false, false, time.Time{}
			changed()
			continue
		}
		if !w.changed && !w.rescan {
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
		if w.lost[r] {
			continue
		}
		if err := w.addFolder(ctx, r, false); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// event takes in one change.
func (w *watch) event(ctx context.Context, e fsnotify.Event) error {
	if e.Op == fsnotify.Chmod && runtime.GOOS == "darwin" {
		return nil // the system itself changes attributes of files there, all the time
	}
	path := filepath.Clean(e.Name)
	if w.files[path] {
		w.changed = true
		if e.Has(fsnotify.Create) { // a link may lead elsewhere now
			return w.follow(ctx, path)
		}
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
	// The watches of a renamed folder go on under its former name. Folders that have it now may be watched already: look at all.
	if e.Has(fsnotify.Rename) && w.unwatch(path) {
		w.rescan = true
	}
	switch {
	case err != nil:
		w.changed = true // gone; nobody can tell any more whether it was a file that is read, or a folder
	case info.IsDir():
		if !e.Has(fsnotify.Create) && !e.Has(fsnotify.Chmod) { // with a right to read that it did not have
			return nil
		}
		if err := w.addFolder(ctx, path, true); err != nil && ctx.Err() == nil {
			return err
		}
	case info.Mode().IsRegular() && kindOf(path, false) != unread:
		w.changed = true
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
		if wk.o.hides(part) {
			return true
		}
		rules = wk.rulesIn(at, sub, rules, at)
		at = filepath.Join(at, part)
		sub = strings.TrimPrefix(sub+"/"+part, "/")
		if rules.Ignored(sub, dir || i+1 < len(parts)) {
			return true
		}
	}
	return false
}
