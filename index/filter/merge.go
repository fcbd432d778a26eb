// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

// Part is the columns of a segment, and which documents to keep: nil is all.
type Part struct {
	Columns *Columns
	Keep    *bitset.Set // length Columns.Len()
}

// Merge writes the columns of the kept documents of all parts, in order, numbered anew from 0: the same bytes that a Builder
// writes that was given these documents. It holds one field in memory at a time, and four bytes a document. If ctx ends, its
// error is returned.
func Merge(ctx context.Context, w segment.SectionWriter, parts []Part) error {
	numbers := make([][]uint32, len(parts)) // new numbers by old; gone for those that are not kept
	total := uint64(0)
	for i, p := range parts {
		if p.Keep != nil && p.Keep.Len() != p.Columns.docs {
			return fmt.Errorf("merge columns: part %d has %d documents, but its set of documents to keep is of length %d", i+1, p.Columns.docs, p.Keep.Len())
		}
		numbers[i] = make([]uint32, p.Columns.docs)
		for d := range numbers[i] {
			numbers[i][d] = gone
			if p.Keep == nil || p.Keep.Contains(d) {
				numbers[i][d] = uint32(total)
				total++
			}
		}
	}
	if total >= gone {
		return fmt.Errorf("merge columns: %d documents: a segment holds fewer than %d", total, uint32(gone))
	}
	out, err := newWriter(w, int(total))
	if err != nil {
		return err
	}
	columns := make([]*Columns, len(parts))
	for i, p := range parts {
		columns[i] = p.Columns
	}
	for _, name := range slices.Sorted(maps.Keys(names(columns))) {
		var all collected
		for i, p := range parts {
			if f, ok := p.Columns.find(name); ok {
				if err := f.collect(ctx, &all, numbers[i]); err != nil {
					return fmt.Errorf("merge columns: %w", err)
				}
			}
		}
		c := all.column(name)
		if c.empty() {
			continue
		}
		if err := out.field(c); err != nil {
			return err
		}
	}
	return out.finish(w)
}

// Fit reports whether one segment can hold the fields of several.
func Fit(parts []*Columns) bool {
	total := 0
	for _, c := range parts {
		total += len(c.records)
	}
	return total <= maxFields || len(names(parts)) <= maxFields
}

// names are the fields of all parts.
func names(parts []*Columns) map[string]bool {
	all := map[string]bool{}
	for _, c := range parts {
		for _, r := range c.records {
			all[r.name] = true
		}
	}
	return all
}

// stopped is the context's error after each so many strings.
func stopped(ctx context.Context, strings int) error {
	if strings%4096 != 0 {
		return nil
	}
	return ctx.Err()
}

// gone marks a document that is not kept.
const gone = math.MaxUint32

// collect adds the values of kept documents to all.
func (f *fieldData) collect(ctx context.Context, all *collected, numbers []uint32) error {
	d, err := f.dictionary()
	if err != nil {
		return err
	}
	for k := range int(f.distinct) {
		if err := stopped(ctx, k); err != nil {
			return err
		}
		s, err := d.at(k)
		if err != nil {
			return err
		}
		from, to, err := d.pairs(k, k+1)
		if err != nil {
			return err
		}
		id, known := all.ids[s]
		err = f.kept(f.layout.stringDocs+4*uint64(from), to-from, numbers, func(_ int, doc uint32) {
			if !known { // a string enters with its first document that is kept
				if all.ids == nil {
					all.ids = map[string]uint32{}
				}
				id, known = uint32(len(all.ids)), true
				all.ids[strings.Clone(s)] = id
			}
			all.strings = append(all.strings, pair[uint32]{id, doc})
		})
		if err != nil {
			return err
		}
	}
	ints, err := f.array(f.layout.intValues, f.ints, 8)
	if err == nil {
		err = f.kept(f.layout.intDocs, f.ints, numbers, func(i int, doc uint32) {
			all.ints = append(all.ints, pair[int64]{int64At(ints, i), doc})
		})
	}
	if err != nil {
		return err
	}
	floats, err := f.array(f.layout.floatValues, f.floats, 8)
	if err == nil {
		err = f.kept(f.layout.floatDocs, f.floats, numbers, func(i int, doc uint32) {
			all.floats = append(all.floats, pair[float64]{float64At(floats, i), doc})
		})
	}
	if err != nil {
		return err
	}
	return f.kept(f.layout.boolDocs, f.bools, numbers, func(i int, doc uint32) {
		all.bools = append(all.bools, pair[bool]{i >= int(f.falses), doc})
	})
}

// kept calls take for the index and new number of every kept document of an array.
func (f *fieldData) kept(at uint64, n uint32, numbers []uint32, take func(i int, doc uint32)) error {
	docs, err := f.array(at, n, 4)
	if err != nil {
		return err
	}
	for i := range int(n) {
		d := le.Uint32(docs[4*i:])
		if uint64(d) >= uint64(len(numbers)) {
			return f.corrupt(at+4*uint64(i), fmt.Errorf("document %d lies outside of the segment's %d", d, len(numbers)))
		}
		if doc := numbers[d]; doc != gone {
			take(i, doc)
		}
	}
	return nil
}
