// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !unix && !windows

package safetensors

import (
	"fmt"
	"io"
	"os"
)

// mapFile reads the whole file, on systems without memory mapping.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return data, func() error { return nil }, nil
}

// releasePages does nothing: there are no mapped pages.
func releasePages([]byte) error { return nil }
