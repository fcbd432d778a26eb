// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive: data, or what is at path.
type entry struct {
	name       string // below the archive's one directory, with slashes
	path       string
	data       []byte
	executable bool
}

// mode is that of the file in the archive, whatever it is on this machine.
func (e *entry) mode() os.FileMode {
	if e.executable {
		return 0o755
	}
	return 0o644
}

// content is the file's bytes.
func (e *entry) content() ([]byte, error) {
	if e.path == "" {
		return e.data, nil
	}
	return os.ReadFile(e.path)
}

// packer is what the two formats have in common.
type packer interface {
	add(name string, e *entry, data []byte) error
	io.Closer
}

// writeArchive writes an archive of one directory, root. Entries are in the order of their names, belong
// to nobody, and have the same time.
func writeArchive(file, root string, entries []entry, at time.Time) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var p packer = newTar(f, at)
	if strings.HasSuffix(file, ".zip") {
		p = &zipPacker{zip.NewWriter(f), at}
	}
	entries = slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for i, e := range entries {
		if i > 0 && entries[i-1].name == e.name {
			return fmt.Errorf("%s is in the archive twice", e.name)
		}
		data, err := e.content()
		if err != nil {
			return err
		}
		if err := p.add(path.Join(root, e.name), &e, data); err != nil {
			return err
		}
	}
	return p.Close()
}

type tarPacker struct {
	tar  *tar.Writer
	gzip *gzip.Writer
	at   time.Time
}

// newTar leaves gzip's header empty: it would say when and where the archive was made.
func newTar(w io.Writer, at time.Time) *tarPacker {
	z := gzip.NewWriter(w)
	return &tarPacker{tar.NewWriter(z), z, at}
}

func (p *tarPacker) add(name string, e *entry, data []byte) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: int64(e.mode()), ModTime: p.at, Format: tar.FormatUSTAR}
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := p.tar.Write(data)
	return err
}

func (p *tarPacker) Close() error { return errors.Join(p.tar.Close(), p.gzip.Close()) }

type zipPacker struct {
	zip *zip.Writer
	at  time.Time
}

func (p *zipPacker) add(name string, e *entry, data []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at}
	h.SetMode(e.mode())
	w, err := p.zip.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (p *zipPacker) Close() error { return p.zip.Close() }

// sumsName is the file of checksums, in the form that sha256sum writes and checks.
const sumsName = "SHA256SUMS"

// writeSums writes the checksums of all files of a directory, in the order of their names.
func writeSums(dir string) error {
	files, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, f := range files {
		sum, err := sumOf(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, f.Name())
	}
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(lines.String()), 0o644)
}

// sumOf is the SHA-256 of a file, in hexadecimal.
func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
