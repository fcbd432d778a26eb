// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/winnow-search/winnow/index/segment"
)

// The sections, in the order in which they are written.
const (
	sectionPositions = "lex.positions"
	sectionPostings  = "lex.postings"
	sectionTerms     = "lex.terms"
	sectionBlocks    = "lex.blocks"
	sectionRows      = "lex.rows"
	sectionHead      = "lex.head"
)

const (
	formatVersion = 1
	headSize      = 64
	termBlock     = 16    // terms in a block of the dictionary
	longRow       = 65535 // stands for a length that is in the list of long rows
	longRowSize   = 12
)

// output writes the sections from postings that come term by term in order. Positions are written as they come; postings
// and dictionary, which are smaller, wait in memory for their turn.
type output struct {
	encoder
	w            segment.SectionWriter
	total, title []uint32
	positionsOut *bufio.Writer
	positionsLen uint64
	postings     pages
	terms        pages
	prefixes     []uint64 // by dictionary block
	offsets      []uint32
	previous     []byte
	entry        []byte
	count        int
	pairs        uint64
}

func newOutput(w segment.SectionWriter, total, title []uint32) (*output, error) {
	section, err := w.Section(sectionPositions)
	if err != nil {
		return nil, err
	}
	o := &output{w: w, total: total, title: title, positionsOut: bufio.NewWriterSize(section, 1<<18)}
	tokens := uint64(0)
	for _, n := range total {
		tokens += uint64(n)
	}
	o.lengths, o.scale = total, nominalScale(len(total), tokens)
	return o, nil
}

// finish ends a term; one without postings leaves no trace.
func (o *output) finish(term []byte) error {
	if o.df == 0 {
		return nil
	}
	if err := o.encoder.finish(); err != nil {
		return fmt.Errorf("term %q: %w", term, err)
	}
	shared := 0
	o.entry = o.entry[:0]
	if o.count%termBlock == 0 {
		if o.terms.size > math.MaxUint32 {
			return errors.New("the term dictionary passes 4 GiB: build smaller segments")
		}
		o.prefixes = append(o.prefixes, prefix(term))
		o.offsets = append(o.offsets, uint32(o.terms.size))
		o.entry = binary.LittleEndian.AppendUint64(o.entry, o.postings.size)
		o.entry = binary.LittleEndian.AppendUint64(o.entry, o.positionsLen)
	} else {
		for shared < min(len(term), len(o.previous)) && term[shared] == o.previous[shared] {
			shared++
		}
	}
	o.previous = append(o.previous[:0], term...)
	o.entry = binary.AppendUvarint(o.entry, uint64(shared))
	o.entry = binary.AppendUvarint(o.entry, uint64(len(term)-shared))
	o.entry = append(o.entry, term[shared:]...)
	o.entry = binary.AppendUvarint(o.entry, uint64(o.df))
	o.entry = binary.AppendUvarint(o.entry, uint64(len(o.table)+len(o.data)))
	o.entry = binary.AppendUvarint(o.entry, uint64(len(o.positions)))
	o.terms.write(o.entry)
	o.postings.write(o.table)
	o.postings.write(o.data)
	o.positionsLen += uint64(len(o.positions))
	o.count++
	o.pairs += uint64(o.df)
	_, err := o.positionsOut.Write(o.positions)
	return err
}

// prefix is the first eight bytes of a term as a number of the same order, filled up with zeros.
func prefix(term []byte) uint64 {
	var p [8]byte
	copy(p[:], term)
	return binary.BigEndian.Uint64(p[:])
}

// close writes what is still in memory.
func (o *output) close() error {
	if err := o.positionsOut.Flush(); err != nil {
		return err
	}
	var slack [packSlack]byte
	o.postings.write(slack[:])
	if err := o.section(sectionPostings, o.postings.parts...); err != nil {
		return err
	}
	if err := o.section(sectionTerms, o.terms.parts...); err != nil {
		return err
	}
	blocks := make([]byte, 0, 12*len(o.prefixes))
	for _, p := range o.prefixes {
		blocks = binary.LittleEndian.AppendUint64(blocks, p)
	}
	for _, off := range o.offsets {
		blocks = binary.LittleEndian.AppendUint32(blocks, off)
	}
	if err := o.section(sectionBlocks, blocks); err != nil {
		return err
	}
	head, rows := o.rowsAndHead()
	if err := o.section(sectionRows, rows); err != nil {
		return err
	}
	return o.section(sectionHead, head)
}

// rowsAndHead makes the sections of the lengths and of the totals.
func (o *output) rowsAndHead() (head, rows []byte) {
	var long []byte
	var tokens, tokensOfTitle uint64
	greatest, longs := uint32(0), uint32(0)
	for i, n := range o.total {
		tokens += uint64(n)
		tokensOfTitle += uint64(o.title[i])
		greatest = max(greatest, n)
		if n >= longRow {
			long = binary.LittleEndian.AppendUint32(long, uint32(i))
			long = binary.LittleEndian.AppendUint32(long, n)
			long = binary.LittleEndian.AppendUint32(long, o.title[i])
			longs++
		}
		rows = binary.LittleEndian.AppendUint16(rows, uint16(min(n, longRow)))
	}
	if tokensOfTitle > 0 {
		for _, n := range o.title {
			rows = binary.LittleEndian.AppendUint16(rows, uint16(min(n, longRow)))
		}
	}
	rows = append(rows, long...)
	head = binary.LittleEndian.AppendUint32(head, formatVersion)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(o.total)))
	head = binary.LittleEndian.AppendUint32(head, uint32(o.count))
	head = binary.LittleEndian.AppendUint32(head, greatest)
	head = binary.LittleEndian.AppendUint64(head, tokens)
	head = binary.LittleEndian.AppendUint64(head, tokensOfTitle)
	head = binary.LittleEndian.AppendUint64(head, o.pairs)
	head = binary.LittleEndian.AppendUint64(head, o.postings.size-packSlack)
	head = binary.LittleEndian.AppendUint64(head, o.positionsLen)
	head = binary.LittleEndian.AppendUint32(head, uint32(o.terms.size))
	head = binary.LittleEndian.AppendUint32(head, longs)
	return head, rows
}

func (o *output) section(name string, parts ...[]byte) error {
	w, err := o.w.Section(name)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := writeAll(w, p); err != nil {
			return err
		}
	}
	return nil
}

func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// pages is a long byte string in memory that is never copied to grow.
type pages struct {
	parts [][]byte
	size  uint64
}

func (p *pages) write(b []byte) {
	p.size += uint64(len(b))
	for len(b) > 0 {
		if n := len(p.parts); n == 0 || len(p.parts[n-1]) == cap(p.parts[n-1]) {
			p.parts = append(p.parts, make([]byte, 0, 1<<16<<min(n, 4)))
		}
		last := &p.parts[len(p.parts)-1]
		n := min(len(b), cap(*last)-len(*last))
		*last = append(*last, b[:n]...)
		b = b[n:]
	}
}
