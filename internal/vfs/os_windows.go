// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// SyncDir does nothing: NTFS journals its directories and offers no sync of one.
func (osFS) SyncDir(string) error { return nil }

// Map maps the first size bytes of f for reading. The returned function ends the mapping.
func Map(f *os.File, size int) ([]byte, func() error, error) {
	n := uint64(size)
	h, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, uint32(n>>32), uint32(n), nil)
	if err != nil {
		return nil, nil, err
	}
	// The view keeps the mapping object alive.
	defer windows.CloseHandle(h)
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, nil, err
	}
	// The address is not in Go memory; reading it through a pointer to the variable keeps vet content.
	data := unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size)
	return data, func() error { return windows.UnmapViewOfFile(addr) }, nil
}

// Full reports whether an error says that a disk has no room left, or none for its user.
func Full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// ReleasePages does nothing: the system takes pages back as it needs them.
func ReleasePages([]byte) error { return nil }
