// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package atomicfile writes files that appear whole or not at all, whatever happens in between.
package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Write writes a file and replaces one of that name. Its mode is 0644 for a new file, that of the old one otherwise. The data
// are synced before the name changes, so that a power cut leaves the old file or the new one. A symbolic link stays one: the
// file that it leads to is written, also where that is not there yet.
func Write(path string, data []byte) error {
	return WriteFunc(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFunc is [Write] of what write puts into w, for files that need not be in memory as a whole. After an error
// of write, which is passed on, the old file is as it was.
func WriteFunc(path string, write func(w io.Writer) error) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = write(f)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// mostLinks is how many links may follow each other; systems stop at about as many.
const mostLinks = 40

// target follows symbolic links from a path to where there is a file, or none.
func target(path string) (string, error) {
	for at, n := path, 0; ; n++ {
		info, err := os.Lstat(at)
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			return at, nil //nolint:nilerr // what is wrong with the path is said by writing to it
		}
		if n == mostLinks {
			return "", &os.PathError{Op: "write", Path: path, Err: errors.New("too many symbolic links: do they go in a circle?")}
		}
		to, err := os.Readlink(at)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(at)) // a link's own .. is below the real directory
			if err != nil {
				return "", err
			}
			to = filepath.Join(dir, to)
		}
		at = to
	}
}
