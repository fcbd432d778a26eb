// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"context"
	"io/fs"
	"time"
)

// ReadData is [Read] for a file that somebody sent: name says its kind and gives the ids, and nothing on disk is touched. It is read as
// a file that the user named. LoadOptions.MaxFileSize holds for files of rows, too, also for what they are once unpacked. Documents
// have no metadata "modified".
func ReadData(ctx context.Context, name string, data []byte, o LoadOptions, yield func(Document) error) ([]Problem, error) {
	m := memory{name: name, Reader: bytes.NewReader(data)}
	r := reading{
		disk: disk{open: func(string) (file, error) { return m, nil }}, o: o.withDefaults(), whole: true,
		file: File{Path: name, Size: m.Size(), Named: true},
	}
	return r.read(ctx, yield)
}

// memory is a file that is not on disk, and what is known of it.
type memory struct {
	*bytes.Reader
	name string
}

var (
	_ file        = memory{}
	_ fs.FileInfo = memory{}
)

// Close implements io.Closer.
func (memory) Close() error { return nil }

// Stat is what the file is.
func (m memory) Stat() (fs.FileInfo, error) { return m, nil }

// Name implements fs.FileInfo.
func (m memory) Name() string { return m.name }

// Mode implements fs.FileInfo: a regular file.
func (memory) Mode() fs.FileMode { return 0 }

// ModTime implements fs.FileInfo: nobody knows.
func (memory) ModTime() time.Time { return time.Time{} }

// IsDir implements fs.FileInfo.
func (memory) IsDir() bool { return false }

// Sys implements fs.FileInfo.
func (memory) Sys() any { return nil }
