// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SyncDir syncs the directory itself. EINVAL and ENOTSUP are the answers of file systems that have no such thing.
func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Map maps the first size bytes of f for reading. The returned function ends the mapping.
func Map(f *os.File, size int) ([]byte, func() error, error) {
	data, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// Full reports whether an error says that a disk has no room left, or none for its user.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// ReleasePages lets go of the memory that pages of a mapping take. They come back from the file, or the system's cache of it, when they are
// read again.
func ReleasePages(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := unix.Madvise(data, unix.MADV_DONTNEED); err != nil {
		return &fs.PathError{Op: "madvise", Path: "mapped file", Err: err}
	}
	return nil
}
