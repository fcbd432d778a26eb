// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package safetensors

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps the first size bytes of f for reading. The returned function ends the mapping.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	data, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("mapping %s (%d bytes) into memory: %w", f.Name(), size, err)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// releasePages lets go of the memory that pages of a mapping take. They come
// back from the file, or the system's cache of it, when they are read again.
func releasePages(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := unix.Madvise(data, unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("releasing mapped pages: %w", err)
	}
	return nil
}
