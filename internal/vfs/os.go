// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// OS is the file system of the operating system.
var OS FS = osFS{}

type osFS struct{}

func (osFS) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

func (osFS) Open(path string) (Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := newMapping(f)
	closed := f.Close()
	if err != nil { // else what was only read is mapped, however its file was closed
		return nil, errors.Join(err, closed)
	}
	return m, nil
}

func (osFS) Remove(path string) error { return os.Remove(path) }

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (o osFS) MkdirAll(dir string) error {
	made, err := missingDirs(dir)
	if err != nil {
		return err
	}
	for _, d := range made {
		if err := os.Mkdir(d, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := o.SyncDir(filepath.Dir(d)); err != nil {
			return err
		}
	}
	return nil
}

// missingDirs returns dir and the directories above it that do not exist, highest first.
func missingDirs(dir string) ([]string, error) {
	var missing []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err == nil && !info.IsDir() {
			return nil, &fs.PathError{Op: "mkdir", Path: d, Err: errors.New("exists and is not a directory")}
		}
		if err == nil {
			return missing, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			return nil, err
		}
		missing = append([]string{d}, missing...)
	}
}

func (osFS) Update(_ string, f func() error) error { return f() }

// osMapping is a mapped file. The file itself is not kept open: an index has many segments, and systems allow few open files.
type osMapping struct {
	path  string
	file  fs.FileInfo
	data  []byte
	unmap func() error // nil for an empty file
}

func newMapping(f *os.File) (*osMapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	switch {
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: f.Name(), Err: errors.New("not a regular file")}
	case size > math.MaxInt:
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: fmt.Errorf("%d bytes are too many for this machine", size)}
	case size == 0:
		return &osMapping{f.Name(), info, []byte{}, nil}, nil // systems refuse to map nothing
	}
	data, unmap, err := Map(f, int(size))
	if err != nil {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return &osMapping{f.Name(), info, data, unmap}, nil
}

func (m *osMapping) Bytes() []byte { return m.data }

// ReadAt opens the file again. One that is not at its path any more, as another process has removed it, cannot be cut short either: then
// the mapping is read.
func (m *osMapping) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return bytes.NewReader(m.data).ReadAt(p, off)
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !os.SameFile(info, m.file) {
		return bytes.NewReader(m.data).ReadAt(p, off)
	}
	return f.ReadAt(p, off)
}

func (m *osMapping) Release() error { return ReleasePages(m.data) }

func (m *osMapping) Close() error {
	unmap := m.unmap
	m.unmap, m.data = nil, nil
	if unmap == nil {
		return nil
	}
	if err := unmap(); err != nil {
		return &fs.PathError{Op: "munmap", Path: m.path, Err: err}
	}
	return nil
}
