// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"unsafe"

	"github.com/winnow-search/winnow/index/segment"
)

// Columns are the metadata of the documents of one segment. They are safe for concurrent use.
type Columns struct {
	docs    int
	records []record // sorted by name
	data    *segment.Section
}

// Open reads the table of fields; the values stay in the segment until they are asked for. docs is the number of documents
// of the segment. Errors are *segment.CorruptionError.
func Open(r segment.SectionReader, docs int) (*Columns, error) {
	fields, err := r.Section(sectionFields)
	if err != nil {
		return nil, err
	}
	data, err := r.Section(sectionData)
	if err != nil {
		return nil, err
	}
	if err := fields.VerifyAll(); err != nil {
		return nil, err
	}
	have, records, at, err := decodeFields(fields.Bytes(), data.Len())
	if err != nil {
		return nil, fields.Corrupt(at, err)
	}
	if have != docs {
		return nil, fields.Corrupt(4, fmt.Errorf("the columns are of %d documents, the segment has %d", have, docs))
	}
	return &Columns{docs: docs, records: records, data: data}, nil
}

// Len returns the number of documents.
func (c *Columns) Len() int { return c.docs }

// Field is what the documents have in one field. A value that a document has twice counts once.
type Field struct {
	Name     string
	Strings  int  // values that are strings
	Distinct int  // different strings; after MergeFields the largest number of a segment
	Numbers  int  // values that are numbers
	Bools    int  // values that are true or false
	Dates    bool // some string is a date
}

// Fields returns all fields, sorted by name.
func (c *Columns) Fields() []Field {
	fields := make([]Field, len(c.records))
	for i, r := range c.records {
		fields[i] = Field{r.name, int(r.strings), int(r.distinct), int(r.ints) + int(r.floats), int(r.bools), r.hasDates}
	}
	return fields
}

// find returns the data of a field, or ok false.
func (c *Columns) find(name string) (f fieldData, ok bool) {
	i := sort.Search(len(c.records), func(i int) bool { return c.records[i].name >= name })
	if i == len(c.records) || c.records[i].name != name {
		return fieldData{}, false
	}
	return c.field(i), true
}

func (c *Columns) field(i int) fieldData {
	r := &c.records[i]
	return fieldData{record: r, layout: r.layout(), docs: c.docs, section: c.data}
}

// fieldData reads the arrays of one field.
type fieldData struct {
	*record
	layout  layout
	docs    int
	section *segment.Section
}

// array returns n elements of size bytes that begin at an offset of the layout, verified.
func (f *fieldData) array(at uint64, n uint32, size int) ([]byte, error) {
	off := int(f.off + at)
	if err := f.section.Verify(off, int(n)*size); err != nil {
		return nil, err
	}
	return f.section.Bytes()[off : off+int(n)*size], nil
}

// corrupt is an error about the array that begins at an offset of the layout.
func (f *fieldData) corrupt(at uint64, err error) error {
	return f.section.Corrupt(int(f.off+at), fmt.Errorf("field %q: %w", f.name, err))
}

// dictionary is the different strings of a field.
type dictionary struct {
	f      *fieldData
	starts []byte
	ends   []byte
	text   []byte
}

func (f *fieldData) dictionary() (d dictionary, err error) {
	d.f = f
	if f.distinct == 0 {
		return d, nil
	}
	if d.starts, err = f.array(f.layout.starts, f.distinct+1, 4); err != nil {
		return d, err
	}
	if d.ends, err = f.array(f.layout.ends, f.distinct+1, 8); err != nil {
		return d, err
	}
	off := int(f.off + f.layout.text)
	if err = f.section.Verify(off, int(f.textLen)); err != nil {
		return d, err
	}
	d.text = f.section.Bytes()[off : off+int(f.textLen)]
	return d, nil
}

// at returns string k. Its bytes are those of the segment: who keeps it clones it.
func (d *dictionary) at(k int) (string, error) {
	from, to := le.Uint64(d.ends[8*k:]), le.Uint64(d.ends[8*k+8:])
	if from > to || to > uint64(len(d.text)) {
		return "", d.f.corrupt(d.f.layout.ends, errors.New("a string lies outside of the text"))
	}
	s := d.text[from:to]
	return unsafe.String(unsafe.SliceData(s), len(s)), nil
}

// pairs returns which pairs have the strings from k until before end.
func (d *dictionary) pairs(k, end int) (from, to uint32, err error) {
	from, to = le.Uint32(d.starts[4*k:]), le.Uint32(d.starts[4*end:])
	if from > to || to > d.f.strings {
		return 0, 0, d.f.corrupt(d.f.layout.starts, errors.New("the pairs of a string are out of order"))
	}
	return from, to, nil
}

func int64At(b []byte, i int) int64     { return int64(le.Uint64(b[8*i:])) }
func float64At(b []byte, i int) float64 { return math.Float64frombits(le.Uint64(b[8*i:])) }
