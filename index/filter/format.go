// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The sections of a segment that hold columns; docs/format/columns.md specifies every byte.
const (
	sectionFields = "col.fields"
	sectionData   = "col.data"
)

const (
	formatVersion = 1
	headerSize    = 16
	recordSize    = 64
	maxFields     = 1 << 16 // different fields of a segment
)

var le = binary.LittleEndian

// record describes the columns of one field. Every value is stored as a pair with its document; pairs are sorted by value,
// then document.
type record struct {
	name     string
	distinct uint32 // different strings
	strings  uint32 // pairs with strings
	ints     uint32
	floats   uint32
	bools    uint32
	falses   uint32 // how many of bools are false; they come first
	hasDates bool   // some string names a time: there is a table of moments
	textLen  uint64 // bytes of the different strings
	off, len uint64 // in the data section
}

const flagDates = 1

// layout gives where the arrays of a field begin, from the beginning of the field's data. All begin at multiples of 8.
type layout struct {
	starts      uint64 // distinct+1 × uint32: the first pair of each string; absent if there are no strings, as the next three
	ends        uint64 // distinct+1 × uint64: where each string begins in the text
	text        uint64
	moments     uint64 // distinct × int64; absent without hasDates
	stringDocs  uint64 // uint32 each, as the other docs
	intValues   uint64
	intDocs     uint64
	floatValues uint64
	floatDocs   uint64
	boolDocs    uint64
	size        uint64
}

// noMoment is the moment of a string that names no time.
const noMoment = math.MinInt64

func (r *record) layout() layout {
	var l layout
	at := uint64(0)
	place := func(size uint64) uint64 {
		start := at
		at += (size + 7) &^ 7
		return start
	}
	n := uint64(r.distinct)
	if n > 0 {
		l.starts = place(4 * (n + 1))
		l.ends = place(8 * (n + 1))
		l.text = place(r.textLen)
		if r.hasDates {
			l.moments = place(8 * n)
		}
		l.stringDocs = place(4 * uint64(r.strings))
	}
	l.intValues = place(8 * uint64(r.ints))
	l.intDocs = place(4 * uint64(r.ints))
	l.floatValues = place(8 * uint64(r.floats))
	l.floatDocs = place(4 * uint64(r.floats))
	l.boolDocs = place(4 * uint64(r.bools))
	l.size = at
	return l
}

// append writes the record; nameAt is where the name begins among the names.
func (r *record) append(b []byte, nameAt int) []byte {
	flags := uint32(0)
	if r.hasDates {
		flags = flagDates
	}
	for _, x := range [...]uint32{uint32(nameAt), uint32(len(r.name)), r.distinct, r.strings, r.ints, r.floats, r.bools, r.falses, flags, 0} {
		b = le.AppendUint32(b, x)
	}
	for _, x := range [...]uint64{r.textLen, r.off, r.len} {
		b = le.AppendUint64(b, x)
	}
	return b
}

// decodeFields reads the section of fields. dataLen is the length of the data section.
func decodeFields(b []byte, dataLen int) (docs int, records []record, badAt int, err error) {
	if len(b) < headerSize {
		return 0, nil, 0, fmt.Errorf("the section has %d bytes, its header needs %d", len(b), headerSize)
	}
	if v := le.Uint32(b); v != formatVersion {
		return 0, nil, 0, fmt.Errorf("format version %d: this program reads version %d", v, formatVersion)
	}
	docs = int(le.Uint32(b[4:]))
	n, names := uint64(le.Uint32(b[8:])), uint64(le.Uint32(b[12:]))
	if n > maxFields || headerSize+n*recordSize+names != uint64(len(b)) {
		return 0, nil, 8, fmt.Errorf("%d fields with %d bytes of names do not make %d bytes", n, names, len(b))
	}
	text := b[headerSize+n*recordSize:]
	records = make([]record, n)
	end := uint64(0)
	for i := range records {
		at := headerSize + i*recordSize
		r := &records[i]
		nameAt, err := r.decode(b[at : at+recordSize])
		if err != nil {
			return 0, nil, at, err
		}
		nameLen := uint64(le.Uint32(b[at+4:]))
		if nameAt+nameLen > names {
			return 0, nil, at, errors.New("a field's name lies outside of the names")
		}
		r.name = string(text[nameAt : nameAt+nameLen])
		if i > 0 && records[i-1].name >= r.name {
			return 0, nil, at, fmt.Errorf("field %q comes after %q", r.name, records[i-1].name)
		}
		if r.off != end || r.len != r.layout().size || r.len > uint64(dataLen)-end {
			return 0, nil, at, fmt.Errorf("field %q: data at %d of %d bytes does not fit the counts or the section", r.name, r.off, r.len)
		}
		end += r.len
	}
	if end != uint64(dataLen) {
		return 0, nil, 0, fmt.Errorf("the fields describe %d bytes of data, there are %d", end, dataLen)
	}
	return docs, records, 0, nil
}

// decode reads a record but for its name, and checks that its counts agree.
func (r *record) decode(b []byte) (nameAt uint64, err error) {
	u32 := func(i int) uint32 { return le.Uint32(b[4*i:]) }
	flags := u32(8)
	*r = record{
		distinct: u32(2), strings: u32(3), ints: u32(4), floats: u32(5), bools: u32(6), falses: u32(7), hasDates: flags&flagDates != 0,
		textLen: le.Uint64(b[40:]), off: le.Uint64(b[48:]), len: le.Uint64(b[56:]),
	}
	switch {
	case flags&^flagDates != 0 || u32(9) != 0:
		return 0, errors.New("a field has unknown flags")
	case r.distinct > r.strings || (r.distinct == 0) != (r.strings == 0), r.distinct == 0 && (r.textLen != 0 || r.hasDates), r.falses > r.bools,
		r.textLen > math.MaxInt64/2:
		return 0, errors.New("the counts of a field do not agree")
	}
	return uint64(u32(0)), nil
}
