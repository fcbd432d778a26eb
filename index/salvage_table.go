// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/index/segment"
)

// restoreTable puts a table made from the blocks in the place of one that is damaged, if all blocks are whole and hold as many
// documents as there are.
func (d *docStore) restoreTable() {
	if d.table.VerifyAll() == nil || d.blocks.VerifyAll() != nil {
		return
	}
	unpacker, err := spread()
	if err != nil {
		return
	}
	var table []byte
	docs := 0
	for at := 0; at < d.blocks.Len(); {
		packed := frameLength(d.blocks.Bytes()[at:])
		if packed == 0 {
			return
		}
		raw, err := unpacker.DecodeAll(d.blocks.Bytes()[at:at+packed], nil)
		if err != nil || len(raw) > maxBlockBytes {
			return
		}
		records := recordsIn(raw)
		if len(records) == 0 {
			return
		}
		table = appendBlockEntry(table, blockEntry{at, packed, len(raw), docs})
		at, docs = at+packed, docs+len(records)
	}
	if docs == d.docs {
		d.table = segment.FromBytes(sectionTable, table)
	}
}

// frameLength is the length of the zstd frame that b begins with, 0 if there is none. After the header come blocks of a 3-byte
// header each: whether it is the last, its kind, its size (RFC 8878, section 3.1.1).
func frameLength(b []byte) int {
	const repeated, reserved = 1, 3 // kinds
	var header zstd.Header
	if err := header.Decode(b); err != nil || header.Skippable {
		return 0
	}
	at := header.HeaderSize
	for last := false; !last; {
		if len(b)-at < 3 {
			return 0
		}
		h := uint32(b[at]) | uint32(b[at+1])<<8 | uint32(b[at+2])<<16
		size := int(h >> 3)
		switch h >> 1 & 3 {
		case repeated:
			size = 1
		case reserved:
			return 0
		}
		last = h&1 != 0
		at += 3 + size
	}
	if header.HasCheckSum {
		at += 4
	}
	if at > len(b) {
		return 0
	}
	return at
}

// appendBlockEntry encodes a line of the table.
func appendBlockEntry(b []byte, e blockEntry) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(e.offset))
	for _, n := range []int{e.packed, e.raw, e.first, 0} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}
