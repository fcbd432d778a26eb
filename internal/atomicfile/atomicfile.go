// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package atomicfile writes files that appear whole or not at all, whatever happens in between.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write writes a file and replaces one of that name. Its mode is 0644 for a new file, that of the old one otherwise. The data
// are synced before the name changes, so that a power cut leaves the old file or the new one.
func Write(path string, data []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
