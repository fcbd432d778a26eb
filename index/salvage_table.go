// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/index/segment"
)

// restoreTable puts a table made from the blocks in the place of one that is damaged. Where blocks are damaged too, those before the first
// of them are numbered from the front, those behind the last from the back; the documents between have no block in the table then.
func (d *docStore) restoreTable() {
	if d.table.VerifyAll() == nil {
		return
	}
	unpacker, err := spread()
	if err != nil {
		return
	}
	front, back, gap := []blockEntry{}, []blockEntry{}, false
	docs, behind := 0, 0 // in them
	for at := 0; at < d.blocks.Len(); {
		packed, raw, n := d.frame(unpacker, at)
		switch {
		case n == 0: // on to what may be the next one
			gap, back, behind = true, back[:0], 0
			next := bytes.Index(d.blocks.Bytes()[at+1:], zstdMagic)
			if next < 0 {
				next = d.blocks.Len()
			}
			at += 1 + next
			continue
		case gap:
			back = append(back, blockEntry{at, packed, raw, behind})
			behind += n
		default:
			front = append(front, blockEntry{at, packed, raw, docs})
			docs += n
		}
		at += packed
	}
	if docs+behind > d.docs || !gap && docs != d.docs {
		return
	}
	var table []byte
	for _, e := range front {
		table = appendBlockEntry(table, e)
	}
	for _, e := range back {
		e.first += d.docs - behind
		table = appendBlockEntry(table, e)
	}
	d.table = segment.FromBytes(sectionTable, table)
}

// frame is the length of the whole block at an offset, packed and not, and the number of its documents; 0 if there is none.
func (d *docStore) frame(unpacker *zstd.Decoder, at int) (packed, length, docs int) {
	packed = frameLength(d.blocks.Bytes()[at:])
	if packed == 0 || d.blocks.Verify(at, packed) != nil {
		return 0, 0, 0
	}
	raw, err := unpacker.DecodeAll(d.blocks.Bytes()[at:at+packed], nil)
	if err != nil || len(raw) > maxBlockBytes {
		return 0, 0, 0
	}
	return packed, len(raw), len(recordsIn(raw))
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
