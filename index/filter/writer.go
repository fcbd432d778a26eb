// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"bufio"
	"fmt"
	"math"

	"github.com/winnow-search/winnow/index/segment"
)

// column is all that is stored of one field, in the order of the format.
type column struct {
	name          string
	strings       []string       // different, sorted
	stringPairs   []pair[uint32] // values are indexes of strings
	ints          []pair[int64]
	floats        []pair[float64]
	falses, trues []uint32
}

func (c *column) empty() bool {
	return len(c.stringPairs)+len(c.ints)+len(c.floats)+len(c.falses)+len(c.trues) == 0
}

// writer writes columns to the data section and remembers their records for the section of fields.
type writer struct {
	docs    int
	out     *bufio.Writer
	at      uint64
	records []record
	scratch [8]byte
	err     error
}

func newWriter(w segment.SectionWriter, docs int) (*writer, error) {
	out, err := w.Section(sectionData)
	if err != nil {
		return nil, fmt.Errorf("write columns: %w", err)
	}
	return &writer{docs: docs, out: bufio.NewWriterSize(out, 1<<16)}, nil
}

// field writes the data of one field. Fields come sorted by name.
func (w *writer) field(c *column) error {
	if n := max(len(c.stringPairs), len(c.ints), len(c.floats), len(c.falses)+len(c.trues)); n > math.MaxUint32 {
		return fmt.Errorf("write columns: field %q has %d values: at most %d can be stored", c.name, n, uint32(math.MaxUint32))
	}
	if len(w.records) == maxFields {
		return fmt.Errorf("write columns: field %q is number %d: a segment holds at most %d different fields: give what has keys without end, such as ids of users, as a list of strings", c.name, maxFields+1, maxFields)
	}
	r := record{
		name: c.name, distinct: uint32(len(c.strings)), strings: uint32(len(c.stringPairs)), ints: uint32(len(c.ints)), floats: uint32(len(c.floats)),
		bools: uint32(len(c.falses) + len(c.trues)), falses: uint32(len(c.falses)), off: w.at,
	}
	moments := make([]int64, len(c.strings))
	for i, s := range c.strings {
		moments[i] = noMoment
		if when, ok := parsePeriod(s); ok {
			moments[i], r.hasDates = when.start, true
		}
		r.textLen += uint64(len(s))
	}
	r.len = r.layout().size
	if len(c.strings) > 0 {
		w.stringTables(c)
		for _, m := range moments {
			if r.hasDates {
				w.u64(uint64(m))
			}
		}
		writeDocs(w, c.stringPairs)
	}
	for _, p := range c.ints {
		w.u64(uint64(p.value))
	}
	writeDocs(w, c.ints)
	for _, p := range c.floats {
		w.u64(math.Float64bits(p.value))
	}
	writeDocs(w, c.floats)
	for _, docs := range [][]uint32{c.falses, c.trues} {
		for _, d := range docs {
			w.u32(d)
		}
	}
	w.pad()
	w.records = append(w.records, r)
	if w.err != nil {
		return fmt.Errorf("write columns: field %q: %w", c.name, w.err)
	}
	return nil
}

// stringTables writes starts, ends and text.
func (w *writer) stringTables(c *column) {
	i := 0
	for k := range c.strings {
		w.u32(uint32(i))
		for i < len(c.stringPairs) && c.stringPairs[i].value == uint32(k) {
			i++
		}
	}
	w.u32(uint32(i))
	w.pad()
	at := 0
	for _, s := range c.strings {
		w.u64(uint64(at))
		at += len(s)
	}
	w.u64(uint64(at))
	for _, s := range c.strings {
		n, err := w.out.WriteString(s)
		w.keep(n, err)
	}
	w.pad()
}

func writeDocs[T any](w *writer, pairs []pair[T]) {
	for _, p := range pairs {
		w.u32(p.doc)
	}
	w.pad()
}

// finish writes the section of fields.
func (w *writer) finish(to segment.SectionWriter) error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write columns: %w", err)
	}
	var names []byte
	for _, r := range w.records {
		names = append(names, r.name...)
	}
	b := make([]byte, 0, headerSize+recordSize*len(w.records)+len(names))
	for _, x := range [...]uint32{formatVersion, uint32(w.docs), uint32(len(w.records)), uint32(len(names))} {
		b = le.AppendUint32(b, x)
	}
	nameAt := 0
	for i := range w.records {
		b = w.records[i].append(b, nameAt)
		nameAt += len(w.records[i].name)
	}
	b = append(b, names...)
	out, err := to.Section(sectionFields)
	if err == nil {
		_, err = out.Write(b)
	}
	if err != nil {
		return fmt.Errorf("write columns: %w", err)
	}
	return nil
}

func (w *writer) u32(x uint32) {
	le.PutUint32(w.scratch[:], x)
	w.bytes(w.scratch[:4])
}

func (w *writer) u64(x uint64) {
	le.PutUint64(w.scratch[:], x)
	w.bytes(w.scratch[:8])
}

func (w *writer) bytes(b []byte) {
	n, err := w.out.Write(b)
	w.keep(n, err)
}

// pad writes zeros up to the next multiple of 8.
func (w *writer) pad() {
	var zeros [8]byte
	w.bytes(zeros[:-w.at&7])
}

// keep counts what was written and keeps the first error.
func (w *writer) keep(n int, err error) {
	w.at += uint64(n)
	if w.err == nil {
		w.err = err
	}
}
