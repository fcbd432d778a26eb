// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The layout, specified in docs/format/segment.md. All numbers are little-endian.
const (
	magic   = "winnowsg"
	version = 1 // the newest format this package knows, and the one it writes

	blockSize  = 4096 // bytes a checksum
	align      = 64   // of the start of every section
	headerSize = 64
	entrySize  = 48 // of the section table
	footerSize = 64
	maxName    = 32 // bytes of a section's name

	// The last bytes of a file of any version: uint32 version, magic, and 12 bytes of the version's own.
	trailerSize = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// entry is one line of the section table: length bytes at off.
type entry struct {
	name        string
	off, length int64
}

// footer is the fixed end of a file.
type footer struct {
	dataLen  int64 // bytes covered by blocks: header, sections, padding
	blocks   int64
	sections int64
	blockCRC uint32 // of the block table
	tableCRC uint32 // of the section table
	size     int64  // of the whole file
}

func appendHeader(b []byte) []byte {
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, blockSize)
	return append(b, make([]byte, headerSize-len(magic)-8)...)
}

func (e entry) append(b []byte) []byte {
	b = append(b, e.name...)
	b = append(b, make([]byte, maxName-len(e.name))...)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.off))
	return binary.LittleEndian.AppendUint64(b, uint64(e.length))
}

func (f footer) append(b []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.dataLen))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.blocks))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.sections))
	b = binary.LittleEndian.AppendUint32(b, f.blockCRC)
	b = binary.LittleEndian.AppendUint32(b, f.tableCRC)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.size))
	b = binary.LittleEndian.AppendUint32(b, blockSize)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = append(b, magic...)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(b, checksum(b[start:]))
}

// decodeFooter reads the footer's fields; the caller has checked its checksum.
func decodeFooter(b []byte) footer {
	return footer{
		dataLen:  int64(binary.LittleEndian.Uint64(b)),
		blocks:   int64(binary.LittleEndian.Uint32(b[8:])),
		sections: int64(binary.LittleEndian.Uint32(b[12:])),
		blockCRC: binary.LittleEndian.Uint32(b[16:]),
		tableCRC: binary.LittleEndian.Uint32(b[20:]),
		size:     int64(binary.LittleEndian.Uint64(b[24:])),
	}
}

// decodeEntries reads the section table: sections one after another from the header to dataLen, each at the next multiple of
// 64 or, where one has its blocks for itself, of 4096, each name once. The offset of an error is counted from the start of the table.
func decodeEntries(b []byte, dataLen int64) ([]entry, int64, error) {
	entries := make([]entry, 0, len(b)/entrySize)
	seen := make(map[string]bool, len(b)/entrySize)
	next := int64(headerSize)
	for at := int64(0); int(at) < len(b); at += entrySize {
		raw := b[at : at+entrySize]
		name := string(bytes.TrimRight(raw[:maxName], "\x00"))
		e := entry{
			name,
			int64(binary.LittleEndian.Uint64(raw[maxName:])),
			int64(binary.LittleEndian.Uint64(raw[maxName+8:])),
		}
		switch err := checkName(name); {
		case err != nil:
			return nil, at, err
		case seen[name]:
			return nil, at, fmt.Errorf("section %q is listed twice", name)
		case e.off != next && e.off != alignBlock(next):
			return nil, at + maxName, fmt.Errorf("section %q starts at %d, want %d or %d", name, e.off, next, alignBlock(next))
		case e.length < 0 || e.length > dataLen-e.off:
			return nil, at + maxName + 8, fmt.Errorf("section %q has %d bytes, more than the file holds", name, e.length)
		}
		seen[name] = true
		entries = append(entries, e)
		next = alignUp(e.off + e.length)
	}
	if next != dataLen {
		return nil, 0, fmt.Errorf("sections end at %d, want %d", next, dataLen)
	}
	return entries, 0, nil
}

// checkName accepts 1 to 32 bytes of printable ASCII without spaces and quotes, so that names read well in messages.
func checkName(name string) error {
	if len(name) == 0 || len(name) > maxName {
		return fmt.Errorf("section name %q: want 1 to %d bytes", name, maxName)
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == '"' {
			return fmt.Errorf("section name %q: want printable ASCII without spaces and quotes", name)
		}
	}
	return nil
}

// alignUp is the next multiple of 64 that is not below n.
func alignUp(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// alignBlock is the next start of a block that is not below n.
func alignBlock(n int64) int64 { return (n + blockSize - 1) &^ (blockSize - 1) }

// blocksOf is the number of blocks that n bytes take.
func blocksOf(n int64) int64 { return (n + blockSize - 1) / blockSize }
