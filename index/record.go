// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/winnow-search/winnow/document"
)

// Entry is a document to add: itself, the passages it was cut into, and their vectors.
type Entry struct {
	Document document.Document
	// Chunks are the passages, each with Text equal to Document.Text[Start:End]. A document without passages cannot be
	// found and is refused.
	Chunks []document.Chunk
	// Truncated is, for each passage, how many of its tokens the encoder left out; nil when there are none.
	Truncated []int
	// Vectors are len(Chunks) vectors of the index's dimension, one after the other; nil in an index without vectors.
	Vectors []float32
}

// stored is a document as a segment keeps it.
type stored struct {
	doc       document.Document
	chunks    []document.Chunk
	truncated []int
}

// recordVersion is the first byte of every document record.
const recordVersion = 1

var errRecord = errors.New("malformed document record")

// appendRecord encodes a document: strings and numbers one after the other, each string with its length before it
// (docs/format/documents.md). JSON would be read five times slower, and a search reads a hundred records.
func appendRecord(b []byte, e *Entry) ([]byte, error) {
	meta := []byte{}
	if len(e.Document.Meta) > 0 {
		var err error
		if meta, err = json.Marshal(e.Document.Meta); err != nil {
			return nil, fmt.Errorf("document %q: metadata: %w", e.Document.ID, err)
		}
	}
	b = append(b, recordVersion)
	for _, s := range []string{e.Document.ID, e.Document.Title, string(e.Document.Format), e.Document.Source.Path, string(meta), e.Document.Text} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(e.Document.Source.Line))
	b = binary.AppendUvarint(b, uint64(e.Document.InvalidBytes))
	b = binary.AppendUvarint(b, uint64(len(e.Chunks)))
	for i, c := range e.Chunks {
		truncated := 0
		if e.Truncated != nil {
			truncated = e.Truncated[i]
		}
		for _, n := range []int{c.Start, c.End, c.StartLine, c.EndLine, c.Page, c.Tokens, truncated, len(c.Heading)} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = appendString(b, c.Prefix)
		for _, h := range c.Heading {
			b = appendString(b, h)
		}
	}
	return b, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// recordReader takes a record apart. The first problem sticks.
type recordReader struct {
	b      []byte
	failed bool
}

// maxNumber bounds the numbers of a record.
const maxNumber = 1 << 40

func (r *recordReader) number() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > maxNumber {
		r.failed = true
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *recordReader) text() string {
	n := r.number()
	if r.failed || n > len(r.b) {
		r.failed = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

// parseRecord decodes a record. Nothing in it is believed: counts are bounded by the bytes there are, ranges by the text.
func parseRecord(b []byte) (*stored, error) {
	if len(b) == 0 || b[0] != recordVersion {
		return nil, fmt.Errorf("%w: version byte", errRecord)
	}
	r := &recordReader{b: b[1:]}
	s := &stored{}
	s.doc.ID, s.doc.Title = r.text(), r.text()
	s.doc.Format = document.Format(r.text())
	s.doc.Source.Path = r.text()
	meta := r.text()
	s.doc.Text = r.text()
	s.doc.Source.Line = r.number()
	s.doc.InvalidBytes = r.number()
	count := r.number()
	const leastChunk = 9 // bytes of an encoded chunk
	if r.failed || count > len(r.b)/leastChunk {
		return nil, fmt.Errorf("%w: lengths", errRecord)
	}
	if meta != "" {
		m, err := parseMeta(meta)
		if err != nil {
			return nil, fmt.Errorf("%w: metadata: %w", errRecord, err)
		}
		s.doc.Meta = m
	}
	s.chunks, s.truncated = make([]document.Chunk, count), make([]int, count)
	for i := range s.chunks {
		c := &s.chunks[i]
		for _, n := range []*int{&c.Start, &c.End, &c.StartLine, &c.EndLine, &c.Page, &c.Tokens, &s.truncated[i]} {
			*n = r.number()
		}
		headings := r.number()
		c.Prefix = r.text()
		if r.failed || headings > len(r.b) || c.Start > c.End || c.End > len(s.doc.Text) {
			return nil, fmt.Errorf("%w: passage %d", errRecord, i+1)
		}
		for range headings {
			c.Heading = append(c.Heading, r.text())
		}
		c.Text = s.doc.Text[c.Start:c.End]
	}
	if r.failed || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: end", errRecord)
	}
	return s, nil
}

// parseMeta keeps numbers as they were written.
func parseMeta(s string) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the object")
	}
	return m, nil
}
