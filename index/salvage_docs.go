// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/klauspost/compress/zstd"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/bitset"
)

// saved is a document read from a damaged segment.
type saved struct {
	*stored
	first int // row, -1 if it is not known
}

// eachLive calls f with the documents whose first row is live; nil is all.
func (p *part) eachLive(ctx context.Context, live *bitset.Set, f func(first int, s *stored)) error {
	r := p.docs.reader()
	for doc := range p.record.Docs {
		if err := canceled(ctx, "repair"); err != nil {
			return err
		}
		s, err := r.read(doc)
		if err != nil {
			return err
		}
		first, err := p.docs.firstRow(doc)
		if err != nil {
			return err
		}
		if live == nil || live.Contains(first) {
			f(first, s)
		}
	}
	return nil
}

// salvage yields the documents that can be read and appends the others to lost, by their ids where the columns have them.
func (d *docStore) salvage(lost *[]string, path string, columns segment.SectionReader) iter.Seq2[int, saved] {
	return func(yield func(int, saved) bool) {
		var ids []string
		if c, err := filter.Open(columns, d.docs); err == nil {
			ids, _ = c.Strings(fieldID) // what is damaged as well gives no names
		}
		r := d.reader()
		firsts := r.salvageRows()
		for doc := range d.docs {
			s, err := r.salvageRecord(doc)
			if err != nil {
				name := ""
				if doc < len(ids) && ids[doc] != "" {
					name = fmt.Sprintf(", %q", ids[doc])
				}
				*lost = append(*lost, fmt.Sprintf("document %d of %s%s: %v", doc, path, name, err))
				continue
			}
			if !yield(doc, saved{s, firsts[doc]}) {
				return
			}
		}
	}
}

func (d *docReader) salvageRecord(doc int) (*stored, error) {
	b, err := d.record(doc)
	if err != nil {
		return nil, err
	}
	return parseRecord(b)
}

// salvageRows returns the first row of each document: from the table of rows or, where that is damaged, from the passages
// of the documents before or after. It is -1 between two documents that cannot be read.
func (d *docReader) salvageRows() []int {
	rows := make([]int, d.docs+1)
	counts := make([]int, d.docs) // passages, -1 if not known
	known := true
	for doc := range rows {
		first, err := d.firstRow(doc)
		if err != nil || first < 0 || first > d.rows || doc == 0 && first != 0 || doc == d.docs && first != d.rows || doc > 0 && rows[doc-1] >= first {
			first, known = -1, false
		}
		rows[doc] = first
	}
	if known {
		return rows
	}
	for doc := range counts {
		counts[doc] = -1
		if s, err := d.salvageRecord(doc); err == nil {
			counts[doc] = len(s.chunks)
		}
	}
	// What the documents say goes before what a table says that is damaged somewhere.
	from := make([]int, d.docs+1)
	for doc := range counts {
		if from[doc+1] = -1; from[doc] >= 0 && counts[doc] > 0 {
			from[doc+1] = from[doc] + counts[doc]
		}
	}
	back := make([]int, d.docs+1)
	back[d.docs] = d.rows
	for doc := d.docs - 1; doc >= 0; doc-- {
		if back[doc] = -1; back[doc+1] >= 0 && counts[doc] > 0 {
			back[doc] = back[doc+1] - counts[doc]
		}
	}
	for doc := range rows {
		switch {
		case from[doc] >= 0 && from[doc] <= d.rows:
			rows[doc] = from[doc]
		case back[doc] >= 0:
			rows[doc] = back[doc]
		}
	}
	return rows
}

// scanDocs yields the documents in a file of which nothing can be believed: it looks for compressed blocks, which are
// recognised by their first bytes, and for records in them. Rows are known when all documents are there.
func scanDocs(b []byte, old segmentRecord) iter.Seq2[int, saved] {
	return func(yield func(int, saved) bool) {
		docs, rows := 0, 0
		for s := range scanRecords(b) {
			docs++
			rows += len(s.chunks)
		}
		whole := docs == old.Docs && rows == old.Rows
		doc, row := 0, 0
		for s := range scanRecords(b) {
			first := -1
			if whole {
				first = row
			}
			if !yield(doc, saved{s, first}) {
				return
			}
			doc++
			row += len(s.chunks)
		}
	}
}

// zstdMagic begins every compressed block.
var zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}

func scanRecords(b []byte) iter.Seq[*stored] {
	return func(yield func(*stored) bool) {
		reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlockBytes), zstd.WithDecoderMaxWindow(maxBlockBytes))
		if err != nil {
			return
		}
		defer reader.Close()
		for {
			at := bytes.Index(b, zstdMagic)
			if at < 0 {
				return
			}
			b = b[at:]
			list := recordsAt(reader, b)
			for _, s := range list {
				if !yield(s) {
					return
				}
			}
			b = b[len(zstdMagic):]
		}
	}
}

// recordsAt unpacks the block that b begins with. A block that is not whole gives nothing: its checksum is gone, so no part
// of it can be believed.
func recordsAt(reader *zstd.Decoder, b []byte) []*stored {
	var header zstd.Header
	if err := header.Decode(b); err != nil || !header.HasFCS || header.FrameContentSize > maxBlockBytes {
		return nil
	}
	if err := reader.Reset(bytes.NewReader(b)); err != nil {
		return nil
	}
	raw := make([]byte, 0, min(header.FrameContentSize, 1<<20))
	buffer := make([]byte, 32<<10)
	for uint64(len(raw)) < header.FrameContentSize {
		n, err := reader.Read(buffer)
		raw = append(raw, buffer[:n]...)
		if err != nil {
			break
		}
	}
	if uint64(len(raw)) < header.FrameContentSize {
		return nil
	}
	return recordsIn(raw[:header.FrameContentSize]) // the next block follows
}

// recordsIn takes an unpacked block apart; nil if anything in it is not as it should be.
func recordsIn(raw []byte) []*stored {
	var list []*stored
	for len(raw) > 0 {
		n, size := binary.Uvarint(raw)
		if size <= 0 || n > uint64(len(raw)-size) {
			return nil
		}
		s, err := parseRecord(raw[size : size+int(n)])
		if err != nil {
			return nil
		}
		list = append(list, s)
		raw = raw[size+int(n):]
	}
	return list
}

// salvageVectors returns a function that gives the stored vectors of a range of rows, or nil where they are damaged.
func salvageVectors(file *segment.File, s *Settings, rows int) func(first, n int) []float32 {
	none := func(int, int) []float32 { return nil }
	if s.Dim == 0 {
		return none
	}
	x, err := vector.Open(file)
	if err != nil || x.Len() != rows || x.Dim() != s.Dim {
		return none
	}
	source := x.Source()
	return func(first, n int) []float32 {
		if first < 0 {
			return nil
		}
		out := make([]float32, 0, n*s.Dim)
		for row := first; row < first+n; row++ {
			v := source.Row(row)
			if v == nil {
				return nil
			}
			out = append(out, v...)
		}
		return out
	}
}
