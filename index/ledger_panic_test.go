// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestCommitToDamageLetsGo changes pages of index.db while it is open, so that bbolt panics in a commit. The error comes at
// once, and the file's lock is free.
func TestCommitToDamageLetsGo(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	db := mustCreate(t, dir)
	mustApply(t, db, Change{Add: []Entry{entry("a", 1, 1)}})
	l := newBoltLedger(db.fs, dir)
	m, err := l.load()
	if err != nil {
		t.Fatal(err)
	}
	var meta metaPage
	if err := l.readTree(func(t *tree) error { meta = t.meta; return nil }); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	at := int(meta.root)*meta.pageSize + 8 // the type of the page
	patch(t, l.path, at, 0x40)
	if err := l.commit(m, nil); !isCorruption(err) {
		t.Errorf("a commit to a damaged file: %v", err)
	}
	other, err := bbolt.Open(l.path, 0o600, &bbolt.Options{Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatalf("the lock is still held: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, l.path, whole)
	mustApply(t, db, Change{Add: []Entry{entry("b", 1, 1)}})
}

// TestFilesAreReadable lets whom the umask lets read segments read index.db as well.
func TestFilesAreReadable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	db := mustCreate(t, dir)
	mustApply(t, db, Change{Add: []Entry{entry("a", 1, 1)}})
	mode := func(name string) os.FileMode {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if a, b := mode(ledgerName), mode(segmentName(1)); a != b {
		t.Errorf("%s has %v, a segment %v", ledgerName, a, b)
	}
}
