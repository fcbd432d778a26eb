// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/winnow-search/winnow/internal/vfs"
)

// TestIndexMadeAnewUnderAWriter: who removes a directory and makes another index there gets the lock of that. The writer of the former one
// writes nothing into it, neither changes nor checksums, and says why.
func TestIndexMadeAnewUnderAWriter(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what a process has open cannot be removed there")
	}
	dir := filepath.Join(fastDir(t), "db")
	first := mustCreate(t, dir)
	mustApply(t, first, nthChange(3, 0, 6))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Apply(background, nthChange(3, 1, 6)); err == nil {
		t.Error("a change to an index that is not there")
	}
	second := mustCreate(t, dir)
	is := model{}.with(nthChange(4, 0, 6))
	mustApply(t, second, nthChange(4, 0, 6))
	held := mustSnapshot(t, first)
	if _, err := first.Apply(background, nthChange(3, 1, 6)); !errors.Is(err, ErrLocked) {
		t.Errorf("a change to another index: %v", err)
	}
	if err := first.Merge(background, MergeOptions{All: true}); err != nil && !errors.Is(err, ErrLocked) {
		t.Errorf("a merge in another index: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range indexFiles(t, dir) { // of the same names as its own
		if err := first.fs.Remove(filepath.Join(dir, name)); !errors.Is(err, ErrLocked) {
			t.Errorf("%s is removed: %v", name, err)
		}
	}
	if err := held.Release(); err != nil {
		t.Error(err)
	}
	is = is.with(nthChange(4, 1, 6))
	mustApply(t, second, nthChange(4, 1, 6))
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := survey(dir, is); err != nil {
		t.Error(err)
	}
}

// TestIndexWithoutLedgerUnderAWriter: no empty index.db is made in the place of one that somebody removed.
func TestIndexWithoutLedgerUnderAWriter(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	db := mustCreate(t, dir)
	mustApply(t, db, nthChange(3, 0, 6))
	if err := os.Remove(filepath.Join(dir, ledgerName)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(background, nthChange(3, 1, 6)); err == nil {
		t.Error("a change without an index.db")
	}
	if _, err := os.Stat(filepath.Join(dir, ledgerName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("index.db is back: %v", err)
	}
	_ = db.Close() // says that it is missing
}

// TestSegmentsStayUntilACommitIsDurable: a merge whose commit may be undone by a power cut leaves the segments that it replaced to the next writer.
func TestSegmentsStayUntilACommitIsDurable(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	fault := vfs.NewFault(vfs.OS, nil)
	db, err := Create(dir, testSettings(), Options{FS: fault, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	is := model{}
	for n := range 3 {
		c := Change{Add: []Entry{versioned(fmt.Sprint("doc", n), 1)}}
		mustApply(t, db, c)
		is = is.with(c)
	}
	var before []string
	for _, s := range db.manifest.Segments {
		before = append(before, s.Name)
	}
	fault.SetRule(func(op vfs.Op, _ string, _ int) error {
		if op == vfs.OpUpdated {
			return syscall.EIO
		}
		return nil
	})
	if err := db.Merge(background, MergeOptions{All: true}); !errors.Is(err, ErrNotDurable) {
		t.Fatalf("a merge whose commit is not synced: %v", err)
	}
	fault.SetRule(nil)
	if now, err := inspectAll(db, false); err != nil || !maps.Equal(now, is) {
		t.Errorf("%v, %v", now, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range before {
		if !slices.Contains(indexFiles(t, dir), name) {
			t.Errorf("%s is gone, and the commit before may need it", name)
		}
	}
	next, err := Open(dir, Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if _, err := surveyAll(dir, false, is); err != nil {
		t.Error(err)
	}
	for _, name := range before {
		if slices.Contains(indexFiles(t, dir), name) {
			t.Errorf("%s is still there", name)
		}
	}
}

// TestNumbersThatCannotBeStored are refused, and a time that JSON has no word for is left out.
func TestNumbersThatCannotBeStored(t *testing.T) {
	db := mustCreate(t, filepath.Join(fastDir(t), "db"))
	for name, change := range map[string]func(*Entry){
		"page":      func(e *Entry) { e.Chunks[0].Page = -1 },
		"line":      func(e *Entry) { e.Document.Source.Line = -1 },
		"truncated": func(e *Entry) { e.Truncated = slices.Repeat([]int{-1}, len(e.Chunks)) },
		"bytes":     func(e *Entry) { e.Document.InvalidBytes = 1 << 41 },
	} {
		e := entry("a", 1, 1)
		change(&e)
		if _, err := db.Apply(background, Change{Add: []Entry{e}}); !errors.Is(err, ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	mustApply(t, db, Change{Files: []FileRecord{{Path: "late", Hash: "x", ModTime: late}, {Path: "usual", Hash: "y", ModTime: time.Unix(1, 0)}}})
	times := map[string]time.Time{}
	if err := db.Files(func(f FileRecord) error { times[f.Path] = f.ModTime; return nil }); err != nil || len(times) != 2 || !times["late"].IsZero() || !times["usual"].Equal(time.Unix(1, 0)) {
		t.Errorf("%v, %v", times, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestMemoryTogether reads records of files of an index in memory while they change.
func TestMemoryTogether(t *testing.T) {
	db, err := Memory(testSettings(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for n := range 200 {
			if _, err := db.Apply(background, Change{Files: []FileRecord{{Path: fmt.Sprint(n), Hash: "x"}}}); err != nil {
				t.Error(err)
			}
		}
	})
	for range 200 {
		if err := db.Files(func(FileRecord) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}
