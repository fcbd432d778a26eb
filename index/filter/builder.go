// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/winnow-search/winnow/index/segment"
)

// Builder collects the metadata of the documents of a segment. The zero value is ready. It is not safe for concurrent use.
type Builder struct {
	docs   uint32
	fields map[string]*collected
	cells  []cell
}

// collected is what came for one field, in order of documents.
type collected struct {
	ids     map[string]uint32 // of strings, in order of arrival
	strings []pair[uint32]
	ints    []pair[int64]
	floats  []pair[float64]
	bools   []pair[bool]
}

// pair is a value and the document that has it.
type pair[T any] struct {
	value T
	doc   uint32
}

// Add takes the metadata of the next document; nil is none. It keeps the strings but not the map. After an error, which
// names the field, nothing of the document was taken. Values are those that flatten lists: true, false, strings, numbers,
// times, lists of these, and objects, whose fields get names with dots.
func (b *Builder) Add(meta map[string]any) error {
	if b.docs == math.MaxUint32 {
		return fmt.Errorf("metadata: a segment holds at most %d documents", uint32(math.MaxUint32))
	}
	cells, err := flatten(b.cells[:0], "", meta, 0)
	if err != nil {
		return err
	}
	b.cells = cells
	for _, c := range cells {
		f := b.fields[c.field]
		switch {
		case f == nil && len(b.fields) >= maxFields:
			b.forgetEmpty()
			return fmt.Errorf("metadata: field %q would be number %d: a segment holds at most %d different fields: give what has keys without end, such as ids of users, as a list of strings", c.field, maxFields+1, maxFields)
		case f == nil:
			if b.fields == nil {
				b.fields = map[string]*collected{}
			}
			b.fields[c.field] = &collected{}
		case len(f.strings) >= maxPairs || len(f.ints) >= maxPairs || len(f.floats) >= maxPairs || len(f.bools) >= maxPairs:
			return fmt.Errorf("metadata: field %q has more than %d values", c.field, maxPairs)
		}
	}
	for _, c := range cells {
		b.fields[c.field].add(c.value, b.docs)
	}
	b.docs++
	clear(b.cells)
	return nil
}

// maxPairs leaves room for the values of one more document: its list cannot be longer than memory allows.
const maxPairs = math.MaxUint32 / 2

// forgetEmpty removes fields that were made for a document that was then refused.
func (b *Builder) forgetEmpty() {
	maps.DeleteFunc(b.fields, func(_ string, f *collected) bool {
		return len(f.strings)+len(f.ints)+len(f.floats)+len(f.bools) == 0
	})
}

// Len returns the number of documents added.
func (b *Builder) Len() int { return int(b.docs) }

func (f *collected) add(v scalar, doc uint32) {
	switch v.kind {
	case isString:
		id, ok := f.ids[v.s]
		if !ok {
			if f.ids == nil {
				f.ids = map[string]uint32{}
			}
			id = uint32(len(f.ids))
			f.ids[v.s] = id
		}
		f.strings = append(f.strings, pair[uint32]{id, doc})
	case isInt:
		f.ints = append(f.ints, pair[int64]{v.i, doc})
	case isFloat:
		f.floats = append(f.floats, pair[float64]{v.f, doc})
	case isBool:
		f.bools = append(f.bools, pair[bool]{v.b, doc})
	}
}

// Write writes the sections of the columns. The Builder can be used further.
func (b *Builder) Write(w segment.SectionWriter) error {
	out, err := newWriter(w, int(b.docs))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(b.fields)) {
		c := b.fields[name].column(name)
		if c.empty() { // made for a document that was then refused
			continue
		}
		if err := out.field(c); err != nil {
			return err
		}
	}
	return out.finish(w)
}

// column sorts what was collected.
func (f *collected) column(name string) *column {
	c := &column{name: name, strings: slices.Sorted(maps.Keys(f.ids))}
	order := make([]uint32, len(c.strings)) // by id
	for i, s := range c.strings {
		order[f.ids[s]] = uint32(i)
	}
	c.stringPairs = make([]pair[uint32], len(f.strings))
	for i, p := range f.strings {
		c.stringPairs[i] = pair[uint32]{order[p.value], p.doc}
	}
	c.stringPairs = sortPairs(c.stringPairs)
	c.ints = sortPairs(slices.Clone(f.ints))
	c.floats = sortPairs(slices.Clone(f.floats))
	for _, p := range f.bools {
		if p.value {
			c.trues = append(c.trues, p.doc)
		} else {
			c.falses = append(c.falses, p.doc)
		}
	}
	c.trues, c.falses = slices.Compact(c.trues), slices.Compact(c.falses)
	return c
}

// sortPairs sorts by value, then document, and drops what comes twice. It changes its argument.
func sortPairs[T cmp.Ordered](pairs []pair[T]) []pair[T] {
	slices.SortFunc(pairs, func(a, b pair[T]) int {
		if c := cmp.Compare(a.value, b.value); c != 0 {
			return c
		}
		return cmp.Compare(a.doc, b.doc)
	})
	return slices.Compact(pairs)
}
