// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/winnow-search/winnow/internal/vfs"
)

// errMadeAnew is what a writer is told whose index somebody has removed and made anew. The lock is a file of the directory: whoever
// makes the other index gets the lock of that one.
var errMadeAnew = fmt.Errorf("%w, or has made it anew", ErrLocked)

// ownFS is the files of an index. A writer changes them as long as the file at the place of its lock is the one that it holds: names of
// segments and of index.db are those of another index otherwise.
type ownFS struct {
	vfs.FS
	lock string      // its path
	held fs.FileInfo // the writer's lock; nil for readers
}

func (o *ownFS) check() error {
	if o.held == nil {
		return nil
	}
	if now, err := os.Stat(o.lock); err != nil || !os.SameFile(now, o.held) {
		return fmt.Errorf("%w: open %s again", errMadeAnew, filepath.Dir(o.lock))
	}
	return nil
}

// Create implements vfs.FS.
func (o *ownFS) Create(path string) (vfs.File, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return o.FS.Create(path)
}

// Remove implements vfs.FS.
func (o *ownFS) Remove(path string) error {
	if err := o.check(); err != nil {
		return err
	}
	return o.FS.Remove(path)
}

// Rename implements vfs.FS.
func (o *ownFS) Rename(from, to string) error {
	if err := o.check(); err != nil {
		return err
	}
	return o.FS.Rename(from, to)
}

// Update implements vfs.FS.
func (o *ownFS) Update(path string, f func() error) error {
	if err := o.check(); err != nil {
		return err
	}
	return o.FS.Update(path, f)
}
