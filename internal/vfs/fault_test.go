// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/internal/vfs"
)

func TestFaultPassesAll(t *testing.T) {
	f := vfs.NewFault(vfs.OS, nil)
	conformance(t, f, t.TempDir())
	if f.Ops() == 0 {
		t.Error("no operation was counted")
	}
}

// TestFaultEveryOperation lets each operation of a script fail in turn: the error comes out with the name of the file.
func TestFaultEveryOperation(t *testing.T) {
	seen := map[vfs.Op]bool{}
	run := func(fsys vfs.FS, dir string) error {
		path := filepath.Join(dir, "sub", "f")
		steps := []func() error{
			func() error { return fsys.MkdirAll(filepath.Dir(path)) },
			func() error {
				f, err := fsys.Create(path)
				if err != nil {
					return err
				}
				_, err = f.Write([]byte(long))
				if err == nil {
					err = f.Sync()
				}
				return errors.Join(err, f.Close())
			},
			func() error { return fsys.SyncDir(filepath.Dir(path)) },
			func() error {
				m, err := fsys.Open(path)
				if err != nil {
					return err
				}
				_, err = m.ReadAt(make([]byte, 10), 0)
				return errors.Join(err, m.Close())
			},
			func() error { return fsys.Update(path, func() error { return nil }) },
			func() error { return fsys.Rename(path, path+"2") },
			func() error { _, err := fsys.List(dir); return err },
			func() error { return fsys.Remove(path + "2") },
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
	count := vfs.NewFault(vfs.OS, func(op vfs.Op, _ string, _ int) error { seen[op] = true; return nil })
	must(t, run(count, t.TempDir()))
	if len(seen) != 13 {
		t.Errorf("the script has %d of 13 operations: %v", len(seen), seen)
	}
	for n := range count.Ops() {
		err := run(vfs.NewFault(vfs.OS, vfs.FailOnce(n, syscall.EIO)), t.TempDir())
		var named *fs.PathError
		if !errors.Is(err, syscall.EIO) || !errors.As(err, &named) || named.Path == "" {
			t.Errorf("operation %d: got %v", n, err)
		}
	}
}

func TestFaultShortWrite(t *testing.T) {
	for _, bytes := range []int{-1, 0, 10, len(long), len(long) + 1} {
		path := filepath.Join(t.TempDir(), "f")
		fsys := vfs.NewFault(vfs.OS, vfs.FailOnce(1, &vfs.ShortWrite{Bytes: bytes, Err: syscall.ENOSPC}))
		f, err := fsys.Create(path)
		must(t, err)
		want := min(max(bytes, 0), len(long))
		if n, err := f.Write([]byte(long)); n != want || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d bytes: wrote %d, %v", bytes, n, err)
		}
		must(t, f.Close())
		if got, err := os.ReadFile(path); err != nil || string(got) != long[:want] {
			t.Errorf("%d bytes: the file has %d, %v", bytes, len(got), err)
		}
	}
}

func TestFaultUpdate(t *testing.T) {
	ran := 0
	fsys := vfs.NewFault(vfs.OS, vfs.FailOnce(0, syscall.ENOSPC))
	f := func() error { ran++; return nil }
	if err := fsys.Update("f", f); !errors.Is(err, syscall.ENOSPC) || ran != 0 {
		t.Errorf("a full disk: %v, ran %d times", err, ran)
	}
	fsys = vfs.NewFault(vfs.OS, vfs.FailOnce(1, syscall.EIO))
	if err := fsys.Update("f", f); !errors.Is(err, syscall.EIO) || ran != 1 {
		t.Errorf("a failure after the commit: %v, ran %d times", err, ran)
	}
	fsys.SetRule(nil)
	must(t, fsys.Update("f", f))
}

func TestFailWriting(t *testing.T) {
	dir := t.TempDir()
	fsys := vfs.NewFault(vfs.OS, nil)
	must(t, write(t, fsys, filepath.Join(dir, "f"), long).Close())
	fsys.SetRule(vfs.FailWriting(fsys.Ops()+1, syscall.ENOSPC))
	second, err := fsys.Create(filepath.Join(dir, "g"))
	must(t, err)
	if _, err := second.Write([]byte(long)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write: %v", err)
	}
	must(t, second.Close())
	must(t, fsys.Remove(filepath.Join(dir, "g")))
	m, err := fsys.Open(filepath.Join(dir, "f"))
	must(t, err)
	must(t, m.Close())
	fsys.SetRule(nil)
	must(t, write(t, fsys, filepath.Join(dir, "g"), long).Close())
}
