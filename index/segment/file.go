// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/internal/vfs"
)

// File is an open segment. It is safe for concurrent use; Close must wait for all readers.
type File struct {
	reader
	m      vfs.Mapping
	blocks *blocks
	info   Info
}

// Open maps the segment at path and checks header, footer and tables; damage is a *CorruptionError, a newer format a
// *VersionError, another kind of file wraps ErrForeign. The sections are checked as they are used.
func Open(fs vfs.FS, path string) (*File, error) { return open(fs, path, nil) }

// OpenExpected opens the file that Finish described by want. A file that is too short, too long or another one is a
// *CorruptionError.
func OpenExpected(fs vfs.FS, path string, want Info) (*File, error) { return open(fs, path, &want) }

func open(fs vfs.FS, path string, want *Info) (*File, error) {
	m, err := fs.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a segment: %w", err)
	}
	f, err := parse(fileName(path), m, want)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return f, nil
}

// OpenBytes reads a segment that lies in memory at b, which must stay as it is. Name takes the place of the file name in
// errors.
func OpenBytes(name string, b []byte) (*File, error) {
	if !aligned(b) {
		b = append(alignedBytes(len(b))[:0], b...)
	}
	return parse(name, byteMapping(b), nil)
}

// Close ends the mapping. Sections must not be used afterwards.
func (f *File) Close() error { return f.m.Close() }

// Release gives back the memory that the file's pages take. They come back when they are read.
func (f *File) Release() error { return vfs.Release(f.m) }

// Size is the length of the file.
func (f *File) Size() int64 { return f.info.Size }

// Info is what Finish returned.
func (f *File) Info() Info { return f.info }

// Sections are all sections in the order of the file.
func (f *File) Sections() []*Section { return f.list }

// parse checks everything but the blocks of the sections.
func parse(name string, m vfs.Mapping, want *Info) (*File, error) {
	b := m.Bytes()
	corrupt := func(off int64, format string, args ...any) (*File, error) {
		return nil, &CorruptionError{File: name, Offset: off, Err: fmt.Errorf(format, args...)}
	}
	size := int64(len(b))
	if want != nil && size < want.Size && size < int64(len(magic)+4) && strings.HasPrefix(magic, string(b[:min(len(b), len(magic))])) {
		return corrupt(size, "the file has %d bytes, want %d: truncated", size, want.Size) // too short to say what it is
	}
	if err := checkMagic(name, b); err != nil {
		return nil, err
	}
	if want != nil && size != want.Size {
		return corrupt(min(size, want.Size), "the file has %d bytes, want %d: truncated, or written by something else", size, want.Size)
	}
	if size < headerSize+footerSize {
		return corrupt(size, "the file has %d bytes, want at least %d: truncated", size, headerSize+footerSize)
	}
	tail := b[size-footerSize:]
	if string(tail[footerSize-trailerSize+4:][:len(magic)]) != magic {
		return corrupt(size-trailerSize+4, "no footer at the end of %d bytes: truncated, or something was appended", size)
	}
	sum := binary.LittleEndian.Uint32(tail[footerSize-4:])
	if sum != checksum(tail[:footerSize-4]) {
		return corrupt(size-footerSize, "%w in the footer", ErrChecksum)
	}
	if want != nil && sum != want.Checksum {
		return corrupt(size-4, "checksum %08x, want %08x: a segment, but not the one that the index named", sum, want.Checksum)
	}
	for i, c := range appendHeader(nil) {
		if b[i] != c {
			return corrupt(int64(i), "byte %02x in the header, want %02x", b[i], c)
		}
	}
	ft := decodeFooter(tail)
	tables := size - footerSize
	switch {
	case ft.size != size:
		return corrupt(min(size, max(ft.size, 0)), "the file has %d bytes, the footer says %d", size, uint64(ft.size))
	case !bytes.Equal(ft.append(nil), tail):
		return corrupt(size-footerSize, "the footer has other constants than this version's")
	case ft.dataLen < headerSize || ft.dataLen%align != 0 || ft.dataLen > tables || ft.blocks != blocksOf(ft.dataLen) ||
		ft.dataLen+4*ft.blocks+entrySize*ft.sections != tables:
		return corrupt(size-footerSize, "the footer's sizes do not fit: %d data bytes, %d blocks, %d sections", uint64(ft.dataLen), ft.blocks, ft.sections)
	}
	// A copy, of a thousandth of the file: VerifyAll touches no mapped page, so it outlives a file that is cut short.
	sums, table := bytes.Clone(b[ft.dataLen:ft.dataLen+4*ft.blocks]), b[ft.dataLen+4*ft.blocks:tables]
	if checksum(sums) != ft.blockCRC {
		return corrupt(ft.dataLen, "%w in the table of block checksums", ErrChecksum)
	}
	tableAt := ft.dataLen + 4*ft.blocks
	if checksum(table) != ft.tableCRC {
		return corrupt(tableAt, "%w in the section table", ErrChecksum)
	}
	entries, at, err := decodeEntries(table, ft.dataLen)
	if err != nil {
		return corrupt(tableAt+at, "%w", err)
	}
	f := &File{m: m, info: Info{size, sum}, blocks: newBlocks(b[:ft.dataLen], sums)}
	f.reader = reader{file: name, sections: make(map[string]*Section, len(entries))}
	for _, e := range entries {
		end := e.off + e.length
		s := &Section{data: b[e.off:end:end], name: e.name, off: e.off, file: name}
		f.blocks.add(s)
		f.list = append(f.list, s)
		f.sections[e.name] = s
	}
	return f, nil
}

// checkMagic tells a segment from other files, and newer segments from damaged ones: beginning and end of a file must agree
// on the version.
func checkMagic(name string, b []byte) error {
	const short = "the file has %d bytes, want at least %d: truncated"
	trailerMagic := len(b) >= headerSize+footerSize && string(b[len(b)-trailerSize+4:][:len(magic)]) == magic
	switch {
	case len(b) < len(magic) && magic[:len(b)] == string(b):
		return &CorruptionError{File: name, Offset: int64(len(b)), Err: fmt.Errorf(short, len(b), headerSize+footerSize)}
	case len(b) < len(magic) || string(b[:len(magic)]) != magic:
		if trailerMagic {
			return &CorruptionError{File: name, Err: errors.New("the first bytes of a segment are damaged")}
		}
		return &CorruptionError{File: name, Err: ErrForeign}
	case len(b) < len(magic)+4:
		return &CorruptionError{File: name, Offset: int64(len(b)), Err: fmt.Errorf(short, len(b), headerSize+footerSize)}
	}
	found := binary.LittleEndian.Uint32(b[len(magic):])
	if found <= version {
		return nil // version 0 fails as a damaged header
	}
	if trailerMagic && binary.LittleEndian.Uint32(b[len(b)-trailerSize:]) != found {
		return &CorruptionError{File: name, Offset: int64(len(magic)), Err: fmt.Errorf("beginning and end of the file disagree on the format version (%d here)", found)}
	}
	return &VersionError{File: name, Found: found, Known: version}
}

// byteMapping is a mapping of bytes in memory.
type byteMapping []byte

func (b byteMapping) Bytes() []byte { return b }

func (b byteMapping) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(b).ReadAt(p, off)
}

func (b byteMapping) Close() error { return nil }
