// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import "io"

// FS is a file system. Paths are those of the operating system. Errors wrap a *fs.PathError (Rename: *os.LinkError), so they
// name the path, and errors.Is works with fs.ErrNotExist and fs.ErrExist. All methods are safe for concurrent use.
//
// Durability is asked for, never assumed: the content of a file survives a power cut after File.Sync, its name in the directory
// after SyncDir. The order that loses nothing is: write, sync the file, sync the directory, and only then name the file in a
// place that readers trust.
type FS interface {
	// Create makes a new file for writing. It is an error (fs.ErrExist) if the path exists: an immutable file is never
	// written twice. Writes are not buffered.
	Create(path string) (File, error)

	// Open maps a file for reading. The mapping does not count as an open file.
	Open(path string) (Mapping, error)

	// Remove deletes a file or an empty directory. On Windows a file that is open or mapped cannot be removed.
	Remove(path string) error

	// Rename gives a file another name, replacing what had it, atomically: after a power cut either the old or the new state
	// is there. It is durable after SyncDir. Both paths are in one directory.
	Rename(from, to string) error

	// List returns the base names in a directory, sorted bytewise. Directories are listed like files.
	List(dir string) ([]string, error)

	// MkdirAll makes a directory and what is missing above it. Unlike other changes of directories it is durable when it
	// returns: every directory made is synced into its parent.
	MkdirAll(dir string) error

	// SyncDir makes created, removed and renamed entries of a directory durable. File systems that cannot sync a directory
	// are taken to need no sync; on Windows it does nothing.
	SyncDir(dir string) error

	// Update runs f, which changes the file at path durably and atomically by itself: at most one commit of a bbolt database.
	// Simulations see it as one step with inner writes of its own. f may be run or not when an error is returned; if it ran,
	// its change may be durable or not, as after a failed commit.
	Update(path string, f func() error) error
}

// File is a new file. After a failed Write or Sync its content is unknown, and a second Sync must not be trusted: systems
// forget the failure once it is reported. Remove such a file.
type File interface {
	io.Writer
	// Sync makes all that was written durable.
	Sync() error
	Close() error
}

// Mapping is a file mapped for reading. It is safe for concurrent use until Close.
type Mapping interface {
	// Bytes is the content; nothing of it may be changed or used after Close. It begins at a page boundary, so a 64-byte
	// aligned offset in the file is a 64-byte aligned address. Its length is that of the file when it was opened. If another
	// program cuts the file short while it is mapped, touching the lost pages is a memory fault (SIGBUS) that ends the
	// program; index files are never changed in place, so only damage from outside can do that.
	Bytes() []byte
	// ReadAt reads from the file instead of the mapping, so that what is read once does not count as resident memory.
	ReadAt(p []byte, off int64) (int, error)
	Close() error
}

// Release gives back the memory that pages of the mapping take; they come back from the file when they are read again. It is
// a hint and does nothing where the system has no such call.
func Release(m Mapping) error {
	if r, ok := m.(interface{ Release() error }); ok {
		return r.Release()
	}
	return nil
}
