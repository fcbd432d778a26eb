// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build linux

package index

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/internal/proctest"
	"github.com/winnow-search/winnow/internal/vfs"
)

// TestLeaks opens, changes, merges, refreshes and closes, with failures in between, and counts what is held afterwards.
func TestLeaks(t *testing.T) {
	base := fastDir(t)
	dir := filepath.Join(base, "db")
	is := makeSpecimen(t, dir, "hnsw8,int8", 16)
	for n := range pick(20, 200) {
		fault := vfs.NewFault(vfs.OS, nil)
		db, err := Open(dir, Options{Write: true, FS: fault, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		reader, err := Open(dir, Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		c := nthChange(9, n, 16)
		fault.SetRule(vfs.FailOnce(fault.Ops()+n%12, syscall.EIO))
		if _, err := db.Apply(background, c); err != nil {
			fault.SetRule(nil)
			mustApply(t, db, c)
		}
		is = is.with(c)
		if err := db.Merge(background, MergeOptions{All: true}); err != nil {
			fault.SetRule(nil)
			if err := db.Merge(background, MergeOptions{All: true}); err != nil {
				t.Fatal(err)
			}
		}
		old, err := reader.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := reader.Refresh(); !changed || err != nil {
			t.Fatalf("%v, %v", changed, err)
		}
		if _, err := Open(dir, Options{Write: true}); err == nil {
			t.Fatal("two writers")
		}
		for _, end := range []func() error{reader.Close, db.Close, old.Release} {
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := survey(dir, is); err != nil {
			t.Fatal(err)
		}
		files := proctest.OpenFiles(t, base)
		if maps, _ := proctest.Mapped(t, base); files != 0 || maps != 0 {
			t.Fatalf("round %d: %d files are open and %d mapped", n, files, maps)
		}
	}
	// Segments that nobody needs are gone.
	if names := indexFiles(t, dir); len(names) > 3 {
		t.Errorf("files are left: %v", names)
	}
}
