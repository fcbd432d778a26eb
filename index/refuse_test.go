// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/winnow-search/winnow/index/segment"
)

// TestForeignFiles opens what is no index, or one of the future. Nothing of it is changed.
func TestForeignFiles(t *testing.T) {
	base := fastDir(t)
	whole := filepath.Join(base, "whole")
	makeSpecimen(t, whole, "flat,int8", 16)
	for _, c := range []struct {
		name string
		make func(dir string) error
		want string // in the error
	}{
		{"text", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ledgerName), []byte(strings.Repeat("my own index\n", 1000)), 0o600)
		}, "not a file of winnow"},
		{"nothing", func(dir string) error { return os.WriteFile(filepath.Join(dir, ledgerName), nil, 0o600) }, "cut off"},
		{"another program's bbolt file", func(dir string) error {
			db, err := bbolt.Open(filepath.Join(dir, ledgerName), 0o600, nil)
			if err != nil {
				return err
			}
			return errors.Join(db.Update(func(tx *bbolt.Tx) error {
				_, err := tx.CreateBucket([]byte("recipes"))
				return err
			}), db.Close())
		}, "not an index of winnow"},
		{"format 99", func(dir string) error {
			return withManifest(whole, dir, func(m *manifest) { m.Format = 99 })
		}, "format version 99, this winnow knows up to 1: use a newer winnow"},
		{"terms 99", func(dir string) error {
			return withManifest(whole, dir, func(m *manifest) { m.Settings.Terms = 99 })
		}, "version 99 of the analysis"},
		{"segment version 99", func(dir string) error {
			return withNewerSegment(whole, dir)
		}, "segment format version 99, this program knows versions up to 1: use a newer winnow"},
		{"segment version 99 without index.db", func(dir string) error {
			return errors.Join(withNewerSegment(whole, dir), os.Remove(filepath.Join(dir, ledgerName)))
		}, "the file is missing"},
	} {
		dir := filepath.Join(base, "dir")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := c.make(dir); err != nil {
			t.Fatal(err)
		}
		before := snapshotFiles(t, dir)
		for _, o := range []Options{{}, {Write: true}} {
			if _, err := Open(dir, o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: open: %v, want %q", c.name, err, c.want)
			}
		}
		if _, err := Create(dir, testSettings(), Options{}); !errors.Is(err, ErrExists) && !isMissingLedger(err) {
			t.Errorf("%s: create: %v", c.name, err)
		}
		r, err := Check(background, dir, Options{})
		if err == nil {
			err = errors.Join(r.Problems...)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: check: %v, want %q", c.name, err, c.want)
		}
		if _, err := Repair(background, dir, RepairOptions{}); err == nil {
			t.Errorf("%s: repaired", c.name)
		}
		for name, content := range snapshotFiles(t, dir) {
			if name != lockName && before[name] != content {
				t.Errorf("%s: %s was changed", c.name, name)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// withManifest copies an index and changes the manifest of the copy.
func withManifest(whole, dir string, change func(*manifest)) error {
	if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
		return err
	}
	l := newBoltLedger(nil, dir)
	m, err := l.load()
	if err != nil {
		return err
	}
	change(m)
	var file *os.File
	db, err := l.open(&file)
	if err != nil {
		return err
	}
	return errors.Join(db.Update(func(tx *bbolt.Tx) error { return put(tx, m, nil) }), db.Close())
}

// withNewerSegment copies an index and makes one of its segments of a version that nobody knows yet.
func withNewerSegment(whole, dir string) error {
	if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
		return err
	}
	path := filepath.Join(dir, "seg-00000005.win")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(b[8:], 99)
	binary.LittleEndian.PutUint32(b[len(b)-24:], 99)
	return os.WriteFile(path, b, 0o600)
}

func snapshotFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range indexFiles(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

// TestSegmentsWithoutLedger makes sure that nobody starts a new index on top of segments.
func TestSegmentsWithoutLedger(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	is := makeSpecimen(t, dir, "flat", 16)
	if err := os.Remove(filepath.Join(dir, ledgerName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, testSettings(), Options{}); !isMissingLedger(err) {
		t.Errorf("create: %v", err)
	}
	if _, err := Open(dir, Options{Write: true}); !isMissingLedger(err) {
		t.Errorf("open: %v", err)
	}
	r, err := Repair(background, dir, RepairOptions{})
	if err != nil || !r.Manifest {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := onlyLost(dir, is, r.Lost); err != nil {
		t.Error(err)
	}
}

func isMissingLedger(err error) bool {
	e, ok := errors.AsType[*segment.CorruptionError](err)
	return ok && filepath.Base(e.File) == ledgerName && strings.Contains(err.Error(), "winnow repair")
}
