// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

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

// unpacked gives the content of a file that may be compressed with gzip, which its first bytes tell.
func unpacked(r io.Reader) (io.Reader, error) {
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

// opened is a file with its content unpacked.
type opened struct {
	io.Reader
	f *os.File
}

func (o *opened) close() { o.f.Close() }

func open(path string) (*opened, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := unpacked(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &opened{r, f}, nil
}

// openPart opens a part of a collection, with or without .gz at the end of its name. path is the name that exists.
func openPart(path string) (o *opened, found string, err error) {
	for _, name := range []string{path, path + ".gz"} {
		o, err := open(name)
		if !errors.Is(err, os.ErrNotExist) {
			return o, name, err
		}
	}
	_, err = os.Open(path) // for the error, which names the usual file
	return nil, path, err
}
