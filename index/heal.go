// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// What a segment file begins and ends with (docs/format/segment.md).
const (
	segHeader = 64
	segFooter = 64
	segBlock  = 4096
	segEntry  = 48
	healName  = "repair.tmp"
)

// healedFile is a damaged segment as far as it can be read.
type healedFile struct {
	segment *segment.File // nil if its tables cannot be put right
	scan    []byte        // the whole file
	err     error         // why segment is nil
}

// openHealed opens a damaged segment. When it cannot be opened as it is, a copy is tried in which the container is put right: a
// header is the same in every file, one damaged byte of a footer or table is found by its checksum, sums of blocks follow
// from the blocks, and where bytes are missing or too many, the first block that does not fit says where.
func (db *DB) openHealed(r segmentRecord) (h healedFile, done func(), err error) {
	path := filepath.Join(db.dir, r.Name)
	want := segment.Info{Size: r.Size, Checksum: r.Checksum}
	mapping, err := db.fs.Open(path)
	if err != nil {
		return healedFile{err: err}, func() {}, nil //nolint:nilerr // that it is gone is for the report
	}
	h.scan = mapping.Bytes()
	var data [][]byte
	ok := false
	if h.segment, h.err = segment.OpenExpected(db.fs, path, want); h.err == nil {
		if data, ok = healPadding(h.scan, h.segment.Sections()); !ok {
			return h, func() { _, _ = h.segment.Close(), mapping.Close() }, nil
		}
		_ = h.segment.Close() // only read
		h.segment = nil
	} else if data, ok = heal(h.scan, r); !ok {
		return h, func() { _ = mapping.Close() }, nil
	}
	healed := filepath.Join(db.dir, healName)
	if err := db.fs.Remove(healed); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, nil, errors.Join(err, mapping.Close())
	}
	if err := writeParts(db.fs, healed, data); err != nil {
		return h, nil, errors.Join(err, mapping.Close())
	}
	done = func() { _, _ = mapping.Close(), db.fs.Remove(healed) }
	file, bad := segment.OpenExpected(db.fs, healed, want)
	if bad == nil {
		h.segment, h.err = file, nil
		remove := done
		done = func() {
			_ = file.Close() // only read
			remove()
		}
	}
	return h, done, nil
}

// healPadding returns the parts of a segment file with zeros between the sections; false if they are there already. Padding shares
// its block with a section, which would be taken for damaged.
func healPadding(b []byte, sections []*segment.Section) (parts [][]byte, ok bool) {
	end := segHeader
	for _, s := range sections {
		start := int(s.Offset())
		if gap := b[end:start]; len(bytes.Trim(gap, "\x00")) > 0 {
			ok = true
		}
		parts = append(parts, make([]byte, start-end), b[start:start+s.Len()])
		end = start + s.Len()
	}
	return append([][]byte{b[:segHeader]}, append(parts, b[end:])...), ok
}

// writeParts writes a file that lives as long as the repair.
func writeParts(files vfs.FS, path string, parts [][]byte) error {
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, e := f.Write(p); e != nil && err == nil {
			err = e
		}
	}
	return errors.Join(err, f.Close())
}

// heal returns the parts of a segment file put right, one after the other.
func heal(b []byte, r segmentRecord) (parts [][]byte, ok bool) {
	if len(b) < segFooter || r.Size < segHeader+segFooter {
		return nil, false
	}
	// The end: behind it may be more, or its checksum may be missing, which the manifest has.
	end := append([]byte(nil), b[len(b)-segFooter:]...)
	switch short := r.Size - int64(len(b)); {
	case short < 0 && healFooter(b[r.Size-segFooter:r.Size], r) != nil:
		b = b[:r.Size]
		end = b[r.Size-segFooter:]
	case short > 0 && short <= 4 && healFooter(end, r) == nil:
		b = append(append([]byte(nil), b...), make([]byte, short)...)
		end = b[len(b)-segFooter:]
	}
	footer := healFooter(end, r)
	if footer == nil {
		return nil, false
	}
	dataLen, blocks, sections := int64(binary.LittleEndian.Uint64(footer)), int64(binary.LittleEndian.Uint32(footer[8:])), int64(binary.LittleEndian.Uint32(footer[12:]))
	tail := 4*blocks + segEntry*sections + segFooter
	if dataLen < segHeader || tail > int64(len(b)) || dataLen+tail != r.Size {
		return nil, false
	}
	data := b[:int64(len(b))-tail]
	rest := b[len(data):]
	sums := append([]byte(nil), rest[:4*blocks]...)
	table := append([]byte(nil), rest[4*blocks:4*blocks+segEntry*sections]...)
	if crc32.Checksum(table, sealTable) != binary.LittleEndian.Uint32(footer[20:]) &&
		healBytes(table, func() bool { return crc32.Checksum(table, sealTable) == binary.LittleEndian.Uint32(footer[20:]) }) < 0 {
		return nil, false
	}
	header := append([]byte("winnowsg"), make([]byte, segHeader-8)...)
	binary.LittleEndian.PutUint32(header[8:], 1)
	binary.LittleEndian.PutUint32(header[12:], segBlock)
	gap := dataLen - int64(len(data))
	if gap != 0 {
		parts = realign(data, sums, gap)
	} else {
		parts = [][]byte{header, data[segHeader:]}
	}
	if crc32.Checksum(sums, sealTable) != binary.LittleEndian.Uint32(footer[16:]) {
		if gap != 0 {
			return nil, false
		}
		sums = sums[:0]
		for at := int64(0); at < dataLen; at += segBlock {
			block := data[at:min(at+segBlock, dataLen)]
			sum := crc32.Checksum(block, sealTable)
			if at == 0 {
				sum = crc32.Update(crc32.Checksum(header, sealTable), sealTable, block[segHeader:])
			}
			sums = binary.LittleEndian.AppendUint32(sums, sum)
		}
		if crc32.Checksum(sums, sealTable) != binary.LittleEndian.Uint32(footer[16:]) {
			return nil, false
		}
	}
	return append(parts, sums, table, footer), true
}

// healFooter returns the footer with the checksum that the manifest has, at most one byte of which is damaged; nil if it
// is none.
func healFooter(b []byte, r segmentRecord) []byte {
	footer := append([]byte(nil), b...)
	binary.LittleEndian.PutUint32(footer[segFooter-4:], r.Checksum)
	fits := func() bool { return crc32.Checksum(footer[:segFooter-4], sealTable) == r.Checksum }
	if !fits() && healBytes(footer[:segFooter-4], fits) < 0 {
		return nil
	}
	return footer
}

// realign inserts zeros, or leaves bytes out, where the blocks begin not to fit their sums.
func realign(data, sums []byte, gap int64) [][]byte {
	at := int64(0)
	for i := 0; 4*i < len(sums) && at+segBlock <= int64(len(data)); i++ {
		if crc32.Checksum(data[at:at+segBlock], sealTable) != binary.LittleEndian.Uint32(sums[4*i:]) {
			break
		}
		at += segBlock
	}
	if gap > 0 {
		return [][]byte{data[:at], make([]byte, gap), data[at:]}
	}
	if at-gap > int64(len(data)) {
		return [][]byte{data[:at], make([]byte, max(0, int64(len(data))+gap-at))}
	}
	return [][]byte{data[:at], data[at-gap:]}
}
