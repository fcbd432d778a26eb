// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"context"
	"errors"
	"sort"
	"strings"

	"github.com/winnow-search/winnow/internal/bitset"
)

// Eval returns the documents that the expression is true of, as Expr.Match says; the set's Count is how selective it is. A
// field that no document has matches nothing. The errors are ctx's and *segment.CorruptionError.
//
// Time is that of a binary search for each comparison, plus about a nanosecond for each pair of a value that passes and its
// document, and a pass over a bit a document for each part; like and dates also look at the different strings.
func (c *Columns) Eval(ctx context.Context, e *Expr) (*bitset.Set, error) { return c.eval(ctx, e.root) }

func (c *Columns) eval(ctx context.Context, n node) (*bitset.Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *all:
		return c.join(ctx, n.parts, (*bitset.Set).And)
	case *some:
		return c.join(ctx, n.parts, (*bitset.Set).Or)
	case *not:
		set, err := c.eval(ctx, n.part)
		if err == nil {
			set.Not()
		}
		return set, err
	}
	set := bitset.New(c.docs)
	field, _ := fieldOf(n)
	f, ok := c.find(field)
	if !ok {
		return set, nil
	}
	var err error
	switch n := n.(type) {
	case *exists:
		err = f.addAll(set, everything)
	case *like:
		err = f.addLike(ctx, set, n.glob)
	case *in:
		for _, l := range n.values {
			if err == nil {
				err = f.addPassing(ctx, set, equal, l)
			}
		}
	case *compare:
		if n.op != unequal {
			err = f.addPassing(ctx, set, n.op, n.value)
			break
		}
		same := bitset.New(c.docs)
		if err = f.addPassing(ctx, same, equal, n.value); err == nil {
			err = f.addComparable(ctx, set, n.value)
		}
		set.AndNot(same)
	}
	if err != nil {
		return nil, err
	}
	return set, nil
}

func (c *Columns) join(ctx context.Context, parts []node, with func(*bitset.Set, *bitset.Set)) (*bitset.Set, error) {
	var set *bitset.Set
	for _, p := range parts {
		s, err := c.eval(ctx, p)
		if err != nil {
			return nil, err
		}
		if set == nil {
			set = s
		} else {
			with(set, s)
		}
	}
	return set, nil
}

// addDocs adds the documents of pairs from until before to, of the array of total documents at an offset of the layout.
func (f *fieldData) addDocs(set *bitset.Set, at uint64, from, to uint32) error {
	if from >= to {
		return nil
	}
	b, err := f.array(at+4*uint64(from), to-from, 4)
	if err != nil {
		return err
	}
	// Documents of one value ascend, so the bits of a word are gathered before it is touched.
	words, docs := set.Words(), uint32(f.docs)
	word, bits := uint32(0), uint64(0)
	for ; len(b) >= 4; b = b[4:] {
		d := le.Uint32(b)
		if d >= docs {
			return f.corrupt(at, errors.New("a document lies outside of the segment"))
		}
		if d>>6 != word {
			words[word] |= bits
			word, bits = d>>6, 0
		}
		bits |= 1 << (d & 63)
	}
	if bits != 0 {
		words[word] |= bits
	}
	return nil
}

// which is a choice of types.
type which struct{ strings, numbers, bools bool }

var everything = which{true, true, true}

// addAll adds the documents that have values of some types.
func (f *fieldData) addAll(set *bitset.Set, w which) error {
	var err error
	add := func(yes bool, at uint64, n uint32) {
		if yes && err == nil {
			err = f.addDocs(set, at, 0, n)
		}
	}
	add(w.strings, f.layout.stringDocs, f.strings)
	add(w.numbers, f.layout.intDocs, f.ints)
	add(w.numbers, f.layout.floatDocs, f.floats)
	add(w.bools, f.layout.boolDocs, f.bools)
	return err
}

// addComparable adds the documents with a value that can be compared with the literal.
func (f *fieldData) addComparable(ctx context.Context, set *bitset.Set, l literal) error {
	err := f.addAll(set, which{l.kind == isString, l.kind == isInt || l.kind == isFloat, l.kind == isBool})
	if err == nil && l.period != nil {
		err = f.addDates(ctx, set, func(int64) bool { return true })
	}
	return err
}

// addPassing adds the documents with a value that passes the comparison; the operator is not unequal.
func (f *fieldData) addPassing(ctx context.Context, set *bitset.Set, op operator, l literal) error {
	switch l.kind {
	case isString:
		return f.addStrings(set, op, l.s)
	case isBool:
		from, to := f.falses, f.bools
		if !l.b {
			from, to = 0, f.falses
		}
		return f.addDocs(set, f.layout.boolDocs, from, to)
	case isInt, isFloat:
		if err := f.addNumbers(set, op, l); err != nil {
			return err
		}
	}
	if l.period == nil {
		return nil
	}
	return f.addDates(ctx, set, func(moment int64) bool { return op.holds(l.period.compare(moment)) })
}

// passing returns the range of n sorted values that pass; order compares a value with the literal.
func passing(op operator, n int, order func(i int) int) (from, to int) {
	atLeast := func() int { return sort.Search(n, func(i int) bool { return order(i) >= 0 }) }
	above := func() int { return sort.Search(n, func(i int) bool { return order(i) > 0 }) }
	switch op {
	case equal:
		return atLeast(), above()
	case less:
		return 0, atLeast()
	case lessEqual:
		return 0, above()
	case greater:
		return above(), n
	}
	return atLeast(), n
}

func (f *fieldData) addNumbers(set *bitset.Set, op operator, l literal) error {
	ints, err := f.array(f.layout.intValues, f.ints, 8)
	if err != nil {
		return err
	}
	from, to := passing(op, int(f.ints), func(i int) int { return compareInt(int64At(ints, i), l) })
	if err := f.addDocs(set, f.layout.intDocs, uint32(from), uint32(to)); err != nil {
		return err
	}
	floats, err := f.array(f.layout.floatValues, f.floats, 8)
	if err != nil {
		return err
	}
	from, to = passing(op, int(f.floats), func(i int) int { return compareFloat(float64At(floats, i), l) })
	return f.addDocs(set, f.layout.floatDocs, uint32(from), uint32(to))
}

func (f *fieldData) addStrings(set *bitset.Set, op operator, s string) error {
	d, err := f.dictionary()
	if err != nil || f.distinct == 0 {
		return err
	}
	from, to := passing(op, int(f.distinct), func(k int) int {
		b, e := d.at(k)
		if e != nil {
			err = e
		}
		return strings.Compare(b, s)
	})
	if err != nil || from >= to {
		return err
	}
	first, last, err := d.pairs(from, to)
	if err != nil {
		return err
	}
	return f.addDocs(set, f.layout.stringDocs, first, last)
}

func (f *fieldData) addLike(ctx context.Context, set *bitset.Set, g glob) error {
	d, err := f.dictionary()
	if err != nil {
		return err
	}
	prefix := g.prefix()
	k := sort.Search(int(f.distinct), func(k int) bool {
		b, e := d.at(k)
		if e != nil {
			err = e
		}
		return b >= prefix
	})
	for ; k < int(f.distinct) && err == nil; k++ {
		if err := stopped(ctx, k); err != nil {
			return err
		}
		var s string
		if s, err = d.at(k); err != nil || !strings.HasPrefix(s, prefix) {
			break
		}
		if g.match(s) {
			err = f.addString(set, &d, k)
		}
	}
	return err
}

// addString adds the documents that have string k.
func (f *fieldData) addString(set *bitset.Set, d *dictionary, k int) error {
	from, to, err := d.pairs(k, k+1)
	if err != nil {
		return err
	}
	return f.addDocs(set, f.layout.stringDocs, from, to)
}

// addDates adds the documents with a string that names a time whose beginning passes.
func (f *fieldData) addDates(ctx context.Context, set *bitset.Set, passes func(moment int64) bool) error {
	if !f.hasDates {
		return nil
	}
	d, err := f.dictionary()
	if err != nil {
		return err
	}
	moments, err := f.array(f.layout.moments, f.distinct, 8)
	if err != nil {
		return err
	}
	for k := range int(f.distinct) {
		if err := stopped(ctx, k); err != nil {
			return err
		}
		if m := int64At(moments, k); m != noMoment && passes(m) {
			if err := f.addString(set, &d, k); err != nil {
				return err
			}
		}
	}
	return nil
}
