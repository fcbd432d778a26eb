// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"context"
	"errors"
	"math"
)

// Check reads all columns and verifies what Eval relies on and more: checksums, order, ranges, moments. The error is the
// first trouble, a *segment.CorruptionError, or that of ctx.
func (c *Columns) Check(ctx context.Context) error {
	if err := c.data.VerifyAll(); err != nil {
		return err
	}
	for i := range c.records {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := c.field(i)
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fieldData) check() error {
	if f.distinct > 0 {
		if err := f.checkStrings(); err != nil {
			return err
		}
	}
	ints, err := f.array(f.layout.intValues, f.ints, 8)
	if err != nil {
		return err
	}
	order := func(i, j int) int { return cmp.Compare(int64At(ints, i), int64At(ints, j)) }
	if err := f.checkPairs(f.layout.intDocs, f.ints, order); err != nil {
		return err
	}
	floats, err := f.array(f.layout.floatValues, f.floats, 8)
	if err != nil {
		return err
	}
	for i := range int(f.floats) {
		if x := float64At(floats, i); math.IsInf(x, 0) || number(x).kind != isFloat { // NaN is a float that equals nothing
			return f.corrupt(f.layout.floatValues, errors.New("a value is infinite or a whole number"))
		} else if x != x {
			return f.corrupt(f.layout.floatValues, errors.New("a value is NaN"))
		}
	}
	order = func(i, j int) int { return cmp.Compare(float64At(floats, i), float64At(floats, j)) }
	if err := f.checkPairs(f.layout.floatDocs, f.floats, order); err != nil {
		return err
	}
	isTrue := func(i int) int {
		if i >= int(f.falses) {
			return 1
		}
		return 0
	}
	return f.checkPairs(f.layout.boolDocs, f.bools, func(i, j int) int { return isTrue(i) - isTrue(j) })
}

// checkPairs verifies that pairs ascend by value and then document. order compares the values of two pairs.
func (f *fieldData) checkPairs(docsAt uint64, n uint32, order func(i, j int) int) error {
	docs, err := f.array(docsAt, n, 4)
	if err != nil {
		return err
	}
	for i := range int(n) {
		doc := le.Uint32(docs[4*i:])
		if int(doc) >= f.docs {
			return f.corrupt(docsAt+4*uint64(i), errors.New("a document lies outside of the segment"))
		}
		if i == 0 {
			continue
		}
		if c := order(i-1, i); c > 0 || c == 0 && le.Uint32(docs[4*(i-1):]) >= doc {
			return f.corrupt(docsAt+4*uint64(i), errors.New("values or documents are out of order"))
		}
	}
	return nil
}

func (f *fieldData) checkStrings() error {
	d, err := f.dictionary()
	if err != nil {
		return err
	}
	n := int(f.distinct)
	if le.Uint64(d.ends) != 0 || le.Uint64(d.ends[8*n:]) != f.textLen || le.Uint32(d.starts) != 0 || le.Uint32(d.starts[4*n:]) != f.strings {
		return f.corrupt(f.layout.starts, errors.New("the table of strings does not cover text and pairs"))
	}
	var moments []byte
	if f.hasDates {
		if moments, err = f.array(f.layout.moments, f.distinct, 8); err != nil {
			return err
		}
	}
	last := ""
	value := make([]int, f.strings) // which string a pair has
	for k := range n {
		s, err := d.at(k)
		if err != nil {
			return err
		}
		if k > 0 && last >= s {
			return f.corrupt(f.layout.ends+8*uint64(k), errors.New("the strings are out of order"))
		}
		last = s
		want := int64(noMoment)
		if when, ok := parsePeriod(s); ok {
			want = when.start
		}
		if moments == nil && want != noMoment || moments != nil && int64At(moments, k) != want {
			return f.corrupt(f.layout.moments+8*uint64(k), errors.New("a string's time is not the one that it names"))
		}
		from, to, err := d.pairs(k, k+1)
		if err != nil {
			return err
		}
		if from == to {
			return f.corrupt(f.layout.starts+4*uint64(k), errors.New("a string has no documents"))
		}
		for i := from; i < to; i++ {
			value[i] = k
		}
	}
	return f.checkPairs(f.layout.stringDocs, f.strings, func(i, j int) int { return cmp.Compare(value[i], value[j]) })
}
