// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
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
	if err != nil {
		return nil, errors.Join(err, f.Close())
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

// osMapping is a mapped file. The file stays open for ReadAt.
type osMapping struct {
	file  *os.File
	data  []byte
	unmap func() error
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
		return &osMapping{file: f, data: []byte{}}, nil // systems refuse to map nothing
	}
	data, unmap, err := mapFile(f, int(size))
	if err != nil {
		return nil, &fs.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return &osMapping{f, data, unmap}, nil
}

func (m *osMapping) Bytes() []byte { return m.data }

func (m *osMapping) ReadAt(p []byte, off int64) (int, error) { return m.file.ReadAt(p, off) }

func (m *osMapping) Release() error { return releasePages(m.data) }

func (m *osMapping) Close() error {
	var err error
	if m.unmap != nil {
		if e := m.unmap(); e != nil {
			err = &fs.PathError{Op: "munmap", Path: m.file.Name(), Err: e}
		}
	}
	m.unmap, m.data = nil, nil
	return errors.Join(err, m.file.Close())
}
