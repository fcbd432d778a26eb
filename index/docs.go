// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/index/segment"
)

// The sections of a segment that this package writes (docs/format/documents.md).
const (
	sectionHead   = "head"       // JSON: settings and counts
	sectionBlocks = "doc.blocks" // compressed records
	sectionTable  = "doc.table"  // where each block is
	sectionRows   = "doc.rows"   // first row of each document, and the number of rows
	sectionIDs    = "doc.ids"    // hashes of ids, sorted
)

const (
	blockBytes    = 32 << 10 // records are packed up to this before compression: small enough to unpack for one hit
	maxBlockBytes = 1 << 30  // of records in one block; a document is at most that long
	keptBytes     = 1 << 20  // of an unpacked block that is kept; a larger one is a single document
	tableEntry    = 24
	idEntry       = 16
)

// docWriter writes documents one after the other. Compressed blocks go out at once, tables at the end.
type docWriter struct {
	out     io.Writer
	offset  int
	raw     []byte // records of the open block
	first   uint32 // its first document
	record  []byte
	docs    uint32
	rows    uint32
	table   []byte
	starts  []byte // first rows
	ids     []idHash
	squeeze *zstd.Encoder
}

type idHash struct {
	hash uint64
	doc  uint32
}

func newDocWriter(w segment.SectionWriter) (*docWriter, error) {
	out, err := segment.Apart(w, sectionBlocks) // all else can be made anew from it
	if err != nil {
		return nil, err
	}
	squeeze, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, err
	}
	return &docWriter{out: out, squeeze: squeeze}, nil
}

// add appends an encoded record of a document with so many rows.
func (d *docWriter) add(id string, record []byte, rows int) error {
	if len(record) > maxBlockBytes-binary.MaxVarintLen64 {
		return fmt.Errorf("document %q takes %d bytes; at most %d: split it", id, len(record), maxBlockBytes)
	}
	if len(d.raw) > 0 && len(d.raw)+len(record) > blockBytes {
		if err := d.flush(); err != nil {
			return err
		}
	}
	d.raw = binary.AppendUvarint(d.raw, uint64(len(record)))
	d.raw = append(d.raw, record...)
	d.starts = binary.LittleEndian.AppendUint32(d.starts, d.rows)
	d.ids = append(d.ids, idHash{hashID(id), d.docs})
	d.docs++
	d.rows += uint32(rows)
	return nil
}

func (d *docWriter) flush() error {
	if len(d.raw) == 0 {
		return nil
	}
	packed := d.squeeze.EncodeAll(d.raw, d.record[:0])
	d.record = packed
	if _, err := d.out.Write(packed); err != nil {
		return err
	}
	d.table = appendBlockEntry(d.table, blockEntry{d.offset, len(packed), len(d.raw), int(d.first)})
	d.offset += len(packed)
	d.raw, d.first = d.raw[:0], d.docs
	return nil
}

// finish writes what is left and the tables.
func (d *docWriter) finish(w segment.SectionWriter) error {
	if err := d.flush(); err != nil {
		return err
	}
	slices.SortFunc(d.ids, func(a, b idHash) int {
		switch {
		case a.hash != b.hash && a.hash < b.hash:
			return -1
		case a.hash != b.hash:
			return 1
		}
		return int(a.doc) - int(b.doc)
	})
	ids := make([]byte, 0, len(d.ids)*idEntry)
	for _, e := range d.ids {
		ids = binary.LittleEndian.AppendUint64(ids, e.hash)
		ids = binary.LittleEndian.AppendUint64(ids, uint64(e.doc))
	}
	starts := binary.LittleEndian.AppendUint32(d.starts, d.rows)
	for _, s := range []struct {
		name string
		data []byte
	}{{sectionTable, d.table}, {sectionRows, starts}, {sectionIDs, ids}} {
		if err := writeSection(w, s.name, s.data); err != nil {
			return err
		}
	}
	return d.squeeze.Close()
}

func writeSection(w segment.SectionWriter, name string, data []byte) error {
	out, err := w.Section(name)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

// hashID is FNV-1a of an id: stable, and good enough where every hit is compared with the id itself.
func hashID(id string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // a hash does not fail
	return h.Sum64()
}

// docStore reads the documents of a segment.
type docStore struct {
	docs, rows               int
	blocks, table, rowStarts *segment.Section
	ids                      *segment.Section
	readers                  atomic.Pointer[sync.Pool] // of *docReader, so that searches do not wait for each other
}

// docReader reads documents for one goroutine. It keeps the block that was unpacked last: neighbours are often asked for
// together.
type docReader struct {
	*docStore
	block int // that raw holds, -1 for none
	raw   []byte
}

// spread unpacks blocks, as many at once as there are processors.
var spread = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlockBytes), zstd.WithDecoderMaxWindow(maxBlockBytes))
})

// openDocs checks the sizes of the sections against the counts of the head.
func openDocs(r segment.SectionReader, docs, rows int) (*docStore, error) {
	d := &docStore{docs: docs, rows: rows}
	d.forget()
	for _, s := range []struct {
		name string
		to   **segment.Section
		size int // -1: any
	}{{sectionBlocks, &d.blocks, -1}, {sectionTable, &d.table, -1}, {sectionRows, &d.rowStarts, 4 * (docs + 1)}, {sectionIDs, &d.ids, idEntry * docs}} {
		section, err := r.Section(s.name)
		if err != nil {
			return nil, err
		}
		if s.size >= 0 && section.Len() != s.size {
			return nil, section.Corrupt(0, fmt.Errorf("%d bytes, expected %d for %d documents", section.Len(), s.size, docs))
		}
		*s.to = section
	}
	if d.table.Len()%tableEntry != 0 {
		return nil, d.table.Corrupt(0, errors.New("not a whole number of entries"))
	}
	return d, nil
}

// forget frees the blocks that were unpacked last.
func (d *docStore) forget() {
	d.readers.Store(&sync.Pool{New: func() any { return d.reader() }})
}

// reader is a new reader, for a pass over many documents. A single one is read with one of the pool.
func (d *docStore) reader() *docReader { return &docReader{docStore: d, block: -1} }

// firstRow is the first row of a document; of the document after the last, the number of rows.
func (d *docStore) firstRow(doc int) (int, error) {
	if doc < 0 || doc > d.docs {
		return 0, d.rowStarts.Corrupt(0, fmt.Errorf("document %d of %d", doc, d.docs))
	}
	if err := d.rowStarts.Verify(4*doc, 4); err != nil {
		return 0, err
	}
	row := int(binary.LittleEndian.Uint32(d.rowStarts.Bytes()[4*doc:]))
	if row > d.rows || (row == d.rows) != (doc == d.docs) {
		return 0, d.rowStarts.Corrupt(4*doc, fmt.Errorf("document %d of %d begins with row %d of %d", doc, d.docs, row, d.rows))
	}
	return row, nil
}

// docOf is the document that a row belongs to.
func (d *docStore) docOf(row int) (doc, first int, err error) {
	if row < 0 || row >= d.rows {
		return 0, 0, d.rowStarts.Corrupt(0, fmt.Errorf("row %d of %d", row, d.rows))
	}
	after := sort.Search(d.docs, func(i int) bool {
		start, e := d.firstRow(i)
		if e != nil && err == nil {
			err = e
		}
		return start > row
	})
	if err != nil {
		return 0, 0, err
	}
	if after == 0 {
		return 0, 0, d.rowStarts.Corrupt(0, errors.New("the first document does not begin with row 0"))
	}
	first, err = d.firstRow(after - 1)
	return after - 1, first, err
}

// blockEntry is one line of the table.
type blockEntry struct {
	offset, packed, raw, first int
}

func (d *docStore) entry(i int) (blockEntry, error) {
	if err := d.table.Verify(i*tableEntry, tableEntry); err != nil {
		return blockEntry{}, err
	}
	b := d.table.Bytes()[i*tableEntry:]
	offset := binary.LittleEndian.Uint64(b)
	e := blockEntry{0, int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:])), int(binary.LittleEndian.Uint32(b[16:]))}
	if offset > uint64(d.blocks.Len()) || e.packed > d.blocks.Len()-int(offset) || e.raw > maxBlockBytes || e.first >= d.docs {
		return blockEntry{}, d.table.Corrupt(i*tableEntry, errors.New("block outside of its section"))
	}
	e.offset = int(offset)
	return e, nil
}

// unpack decompresses a block.
func (d *docReader) unpack(i int, e blockEntry) ([]byte, error) {
	if d.block == i {
		return d.raw, nil
	}
	if err := d.blocks.Verify(e.offset, e.packed); err != nil {
		return nil, err
	}
	packed := d.blocks.Bytes()[e.offset : e.offset+e.packed]
	var header zstd.Header
	if err := header.Decode(packed); err != nil || !header.HasFCS || header.FrameContentSize != uint64(e.raw) {
		return nil, d.blocks.Corrupt(e.offset, errors.New("not a compressed block of the length in the table"))
	}
	unpacker, err := spread()
	if err != nil {
		return nil, err
	}
	d.block = -1
	raw, err := unpacker.DecodeAll(packed, d.raw[:0])
	if err != nil || len(raw) != e.raw {
		return nil, d.blocks.Corrupt(e.offset, fmt.Errorf("%d bytes unpacked, expected %d: %w", len(raw), e.raw, errors.Join(err, errRecord)))
	}
	d.raw, d.block = raw, i
	return raw, nil
}

// record returns a document's record, valid until the next is read.
func (d *docReader) record(doc int) ([]byte, error) {
	count := d.table.Len() / tableEntry
	var err error
	after := sort.Search(count, func(i int) bool {
		e, bad := d.entry(i)
		if bad != nil && err == nil {
			err = bad
		}
		return e.first > doc
	})
	if err != nil {
		return nil, err
	}
	if doc < 0 || doc >= d.docs || after == 0 {
		return nil, d.table.Corrupt(0, fmt.Errorf("no block has document %d", doc))
	}
	e, err := d.entry(after - 1)
	if err != nil {
		return nil, err
	}
	raw, err := d.unpack(after-1, e)
	if err != nil {
		return nil, err
	}
	for i := e.first; ; i++ {
		n, size := binary.Uvarint(raw)
		if size <= 0 || n > uint64(len(raw)-size) {
			return nil, d.blocks.Corrupt(e.offset, fmt.Errorf("document %d: %w", doc, errRecord))
		}
		if i == doc {
			return raw[size : size+int(n)], nil
		}
		raw = raw[size+int(n):]
	}
}

// read decodes a document.
func (d *docStore) read(doc int) (*stored, error) {
	pool := d.readers.Load()
	r := pool.Get().(*docReader) //nolint:forcetypeassert // the pool has nothing else
	s, err := r.read(doc)
	if cap(r.raw) <= keptBytes {
		pool.Put(r)
	}
	return s, err
}

// read decodes a document.
func (d *docReader) read(doc int) (*stored, error) {
	b, err := d.record(doc)
	if err != nil {
		return nil, err
	}
	s, err := parseRecord(b)
	if err != nil {
		return nil, d.blocks.Corrupt(0, fmt.Errorf("document %d: %w", doc, err))
	}
	first, err := d.firstRow(doc)
	if err != nil {
		return nil, err
	}
	next, err := d.firstRow(doc + 1)
	if err != nil {
		return nil, err
	}
	if next-first != len(s.chunks) {
		return nil, d.rowStarts.Corrupt(4*doc, fmt.Errorf("document %d has %d passages and %d rows", doc, len(s.chunks), next-first))
	}
	return s, nil
}

// find yields the documents that may have an id: those with its hash.
func (d *docStore) find(id string) (docs []int, err error) {
	want := hashID(id)
	at := func(i int) uint64 {
		if e := d.ids.Verify(i*idEntry, idEntry); e != nil && err == nil {
			err = e
		}
		return binary.LittleEndian.Uint64(d.ids.Bytes()[i*idEntry:])
	}
	for i := sort.Search(d.docs, func(i int) bool { return at(i) >= want }); err == nil && i < d.docs && at(i) == want; i++ {
		doc := binary.LittleEndian.Uint64(d.ids.Bytes()[i*idEntry+8:])
		if doc >= uint64(d.docs) {
			return nil, d.ids.Corrupt(i*idEntry, fmt.Errorf("document %d of %d", doc, d.docs))
		}
		docs = append(docs, int(doc))
	}
	return docs, err
}
