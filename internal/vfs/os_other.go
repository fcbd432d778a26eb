// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !unix && !windows

package vfs

import (
	"io"
	"os"
	"unsafe"
)

// SyncDir does nothing where it is not known what would.
func (osFS) SyncDir(string) error { return nil }

// Map reads the whole file into memory, aligned to 64 bytes, on systems without memory mapping.
func Map(f *os.File, size int) ([]byte, func() error, error) {
	data := make([]byte, size+63)
	pad := int(-uintptr(unsafe.Pointer(&data[0])) & 63)
	data = data[pad : pad+size]
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, nil, err
	}
	return data, func() error { return nil }, nil
}

// Full is false where it is not known what such an error looks like.
func Full(error) bool { return false }

// ReleasePages does nothing: there are no mapped pages.
func ReleasePages([]byte) error { return nil }
