// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/internal/vfs"
)

// write makes a file of that content without syncing it.
func write(t *testing.T, fsys vfs.FS, path, content string) vfs.File {
	t.Helper()
	f, err := fsys.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	return f
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// conformance is what every file system must do.
func conformance(t *testing.T, fsys vfs.FS, dir string) {
	sub := filepath.Join(dir, "a", "b")
	must(t, fsys.MkdirAll(sub))
	must(t, fsys.MkdirAll(sub)) // again
	for _, name := range []string{"two", "one", "empty"} {
		content := bytes.Repeat([]byte(name), 3000)
		if name == "empty" {
			content = nil
		}
		f := write(t, fsys, filepath.Join(sub, name), string(content))
		must(t, f.Sync())
		must(t, f.Close())
		m, err := fsys.Open(filepath.Join(sub, name))
		must(t, err)
		if !bytes.Equal(m.Bytes(), content) {
			t.Errorf("%s: %d bytes read, %d written", name, len(m.Bytes()), len(content))
		}
		if m.Bytes() == nil {
			t.Errorf("%s: nil bytes", name)
		}
		if len(content) > 0 && uintptr(unsafe.Pointer(&m.Bytes()[0]))%64 != 0 {
			t.Errorf("%s: mapping is not aligned", name)
		}
		must(t, vfs.Release(m))
		if len(content) > 0 {
			part := make([]byte, 5)
			if _, err := m.ReadAt(part, 7); err != nil || !bytes.Equal(part, content[7:12]) || !bytes.Equal(m.Bytes()[7:12], part) {
				t.Errorf("%s: ReadAt gave %q, %v", name, part, err)
			}
			if n, err := m.ReadAt(part, int64(len(content))-2); n != 2 || !errors.Is(err, io.EOF) {
				t.Errorf("%s: ReadAt at the end: %d, %v", name, n, err)
			}
		}
		must(t, m.Close())
	}
	must(t, fsys.SyncDir(sub))
	must(t, fsys.Rename(filepath.Join(sub, "one"), filepath.Join(sub, "two")))
	names, err := fsys.List(sub)
	must(t, err)
	if diff := cmp.Diff([]string{"empty", "two"}, names); diff != "" {
		t.Error(diff)
	}
	must(t, fsys.Remove(filepath.Join(sub, "empty")))
	must(t, fsys.SyncDir(sub))

	if _, err := fsys.Create(filepath.Join(sub, "two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating what exists: %v", err)
	}
	missing := filepath.Join(dir, "none", "file")
	errs := map[string]error{
		"create": second(fsys.Create(missing)),
		"open":   second(fsys.Open(missing)),
		"remove": fsys.Remove(missing),
		"rename": fsys.Rename(missing, missing+"2"),
		"list":   second(fsys.List(missing)),
	}
	if runtime.GOOS != "windows" { // where directories need no sync
		errs["syncdir"] = fsys.SyncDir(filepath.Dir(missing))
	}
	for what, err := range errs {
		var named *fs.PathError
		var linked *os.LinkError
		if !errors.Is(err, fs.ErrNotExist) || (!errors.As(err, &named) && !errors.As(err, &linked)) {
			t.Errorf("%s of a missing file: %v", what, err)
		}
	}
	if err := fsys.MkdirAll(filepath.Join(sub, "two", "below")); err == nil {
		t.Error("a directory below a file")
	}
	if _, err := fsys.Open(sub); err == nil {
		t.Error("a directory was mapped")
	}
}

func second[T any](_ T, err error) error { return err }

func TestOS(t *testing.T) { conformance(t, vfs.OS, t.TempDir()) }

// TestMappingOfRemovedFile reads from mappings whose files have gone, or have others in their places.
func TestMappingOfRemovedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // it removes no file that is mapped
	}
	for _, replaced := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "file")
		must(t, write(t, vfs.OS, path, "what was there").Close())
		m, err := vfs.OS.Open(path)
		must(t, err)
		must(t, vfs.OS.Remove(path))
		if replaced {
			must(t, write(t, vfs.OS, path, "something else").Close())
		}
		part := make([]byte, 5)
		if _, err := m.ReadAt(part, 9); err != nil || string(part) != "there" {
			t.Errorf("replaced %v: ReadAt gave %q, %v", replaced, part, err)
		}
		if n, err := m.ReadAt(part, 12); n != 2 || !errors.Is(err, io.EOF) {
			t.Errorf("replaced %v: ReadAt at the end: %d, %v", replaced, n, err)
		}
		must(t, m.Close())
		must(t, m.Close())
	}
}

func TestOSErrorsHaveNoFile(t *testing.T) {
	f, err := vfs.OS.Create(filepath.Join(t.TempDir(), "none", "file"))
	if err == nil || f != nil {
		t.Errorf("got %v, %v: want nil and an error", f, err)
	}
}

func TestOSUpdateRuns(t *testing.T) {
	want := errors.New("from inside")
	if err := vfs.OS.Update("x", func() error { return want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}
