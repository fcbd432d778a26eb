// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/index/segment"
)

// restoreTable puts a table made from the blocks in the place of one that is damaged. Blocks that follow each other without a gap are
// numbered together: from the front, from the back, or by a whole entry of the damaged table. What cannot be numbered has no block then.
func (d *docStore) restoreTable() {
	if d.table.VerifyAll() == nil {
		return
	}
	unpacker, err := spread()
	if err != nil {
		return
	}
	known := map[int]int{} // the first documents of blocks, by their offsets
	for i := range d.table.Len() / tableEntry {
		if e, err := d.entry(i); err == nil {
			known[e.offset] = e.first
		}
	}
	runs := []blockRun{{}} // the first begins at the front
	for at := 0; at < d.blocks.Len(); {
		packed, raw, n := d.frame(unpacker, at)
		if n == 0 { // on to what may be the next one
			if last := &runs[len(runs)-1]; len(last.blocks) > 0 || len(runs) == 1 {
				runs = append(runs, blockRun{first: -1})
			}
			next := bytes.Index(d.blocks.Bytes()[at+1:], zstdMagic)
			if next < 0 {
				break
			}
			at += 1 + next
			continue
		}
		run := &runs[len(runs)-1]
		if first, ok := known[at]; ok && run.first < 0 {
			run.first = first - run.docs
		}
		run.blocks = append(run.blocks, blockEntry{at, packed, raw, run.docs})
		run.docs += n
		at += packed
	}
	last := &runs[len(runs)-1]
	if len(runs) == 1 && last.docs != d.docs {
		return
	}
	if n := len(last.blocks); last.first < 0 && n > 0 && last.blocks[n-1].offset+last.blocks[n-1].packed == d.blocks.Len() {
		last.first = d.docs - last.docs
	}
	var table []byte
	end := 0 // documents up to here
	for _, run := range runs {
		if run.first < end || run.first+run.docs > d.docs {
			continue
		}
		for _, e := range run.blocks {
			e.first += run.first
			table = appendBlockEntry(table, e)
		}
		end = run.first + run.docs
	}
	if len(table) > 0 {
		d.table = segment.FromBytes(sectionTable, table)
	}
}

// blockRun is whole blocks of documents one after the other.
type blockRun struct {
	blocks []blockEntry // with numbers of documents counted from the run's first
	docs   int
	first  int // number of its first document, -1 if it is not known
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
