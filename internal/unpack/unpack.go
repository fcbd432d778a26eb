// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package unpack opens files that may be compressed with gzip, which their content tells.
package unpack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/winnow-search/winnow/document"
)

// maxUnpacked bounds what a compressed file may become.
const maxUnpacked = 64 << 30

// Reader gives the content of r, unpacked if its first bytes say that it is compressed. Damage is a document.ErrDamaged, and what
// would become larger than 64 GiB an error.
func Reader(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	start, err := br.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		return br, nil
	}
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, unpackError(err)
	}
	return &unpacking{r: z, left: maxUnpacked}, nil
}

// unpacking names damage as such and ends at a bound.
type unpacking struct {
	r    io.Reader
	left int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.left -= int64(n); u.left < 0 {
		return 0, fmt.Errorf("gzip: more than %d bytes when unpacked: unpack the file and split it", int64(maxUnpacked))
	}
	return n, unpackError(err)
}

func unpackError(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("%w: gzip cannot be unpacked from here: %w", document.ErrDamaged, err)
}

// File is an open file with its content unpacked.
type File struct {
	io.Reader
	f *os.File
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Open opens a file.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := Reader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &File{r, f}, nil
}

// OpenEither opens the file of a name, or of that name with .gz at its end. found is the name that exists.
func OpenEither(path string) (f *File, found string, err error) {
	for _, name := range []string{path, path + ".gz"} {
		f, err := Open(name)
		if !errors.Is(err, os.ErrNotExist) {
			return f, name, err
		}
	}
	_, err = os.Open(path) // for the error, which names the usual file
	return nil, path, err
}
