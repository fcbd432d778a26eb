// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
)

// entry is what the dictionary says of a term.
type entry struct {
	df                        uint32
	postings, positions       uint64 // offsets in their sections
	postingsLen, positionsLen uint64
	kept                      *kept // what a small index keeps about it, if anything
}

// decoder reads terms of the dictionary one after another.
type decoder struct {
	x     *Index
	data  []byte // the rest of the block
	index int    // number of the next term
	end   int    // number of the first term of the next block
	term  []byte // the present term
	entry entry
	err   error
}

var (
	errTermEntry = errors.New("the entry of a term is cut off or too large")
	errTermRange = errors.New("the postings of a term leave their section")
)

// open goes to the start of a block below x.dictionary.
func (d *decoder) open(block int) error {
	x := d.x
	offsets := x.blocks.Bytes()[8*x.dictionary:]
	from, to := int(binary.LittleEndian.Uint32(offsets[4*block:])), x.terms.Len()
	if block+1 < x.dictionary {
		to = int(binary.LittleEndian.Uint32(offsets[4*block+4:]))
	}
	if from > to || to > x.terms.Len() || to-from < 16 {
		return x.blocks.Corrupt(8*x.dictionary+4*block, fmt.Errorf("block %d of the dictionary is from byte %d to %d", block, from, to))
	}
	if err := x.terms.Verify(from, to-from); err != nil {
		return err
	}
	d.data = x.terms.Bytes()[from:to]
	d.index, d.end = block*termBlock, min((block+1)*termBlock, x.count)
	d.term = d.term[:0]
	d.entry = entry{
		postings:  binary.LittleEndian.Uint64(d.data),
		positions: binary.LittleEndian.Uint64(d.data[8:]),
	}
	d.data = d.data[16:]
	return nil
}

// next reads a term of the block. It returns false at its end and on damage, which is then in d.err.
func (d *decoder) next() bool {
	if d.index == d.end || d.err != nil {
		return false
	}
	at := d.x.terms.Len() - cap(d.data) // d.data is a part of the section, so its capacity tells where
	shared, ok0 := d.uvarint(uint64(len(d.term)))
	fresh, ok1 := d.uvarint(uint64(min(maxTerm, len(d.data))))
	if !ok0 || !ok1 || fresh > uint64(len(d.data)) || shared+fresh > maxTerm {
		return d.corrupt(at, errTermEntry)
	}
	d.term = append(d.term[:shared], d.data[:fresh]...)
	d.data = d.data[fresh:]
	df, ok0 := d.uvarint(uint64(d.x.rows))
	postings, ok1 := d.uvarint(1 << 32)
	positions, ok2 := d.uvarint(1 << 32)
	if !ok0 || !ok1 || !ok2 || df == 0 {
		return d.corrupt(at, errTermEntry)
	}
	e := &d.entry
	e.postings += e.postingsLen
	e.positions += e.positionsLen
	e.df, e.postingsLen, e.positionsLen = uint32(df), postings, positions
	size := uint64(d.x.postings.Len() - packSlack)
	if e.postings > size || postings > size-e.postings || df > positions ||
		e.positions > uint64(d.x.positions.Len()) || positions > uint64(d.x.positions.Len())-e.positions {
		return d.corrupt(at, errTermRange)
	}
	d.index++
	return true
}

func (d *decoder) corrupt(at int, err error) bool {
	d.err = d.x.terms.Corrupt(at, err)
	return false
}

func (d *decoder) uvarint(limit uint64) (uint64, bool) {
	v, n := binary.Uvarint(d.data)
	if n <= 0 || v > limit {
		return 0, false
	}
	d.data = d.data[n:]
	return v, true
}

// lookup finds a term; df is 0 if there is none.
func (x *Index) lookup(term string) (entry, error) {
	key := []byte(cutTerm(term))
	p := prefix(key)
	b := x.blocks.Bytes()
	// The term is in the last block whose first term is not above it. Blocks of a smaller prefix begin below it, those of
	// a greater one above; among blocks of its own prefix the first terms decide.
	first := sort.Search(x.dictionary, func(i int) bool { return binary.LittleEndian.Uint64(b[8*i:]) >= p })
	equal := sort.Search(x.dictionary-first, func(i int) bool { return binary.LittleEndian.Uint64(b[8*(first+i):]) > p })
	d := decoder{x: x}
	above := sort.Search(equal, func(i int) bool {
		if d.err == nil {
			d.err = d.open(first + i)
		}
		return d.err != nil || !d.next() || bytes.Compare(d.term, key) > 0
	})
	if d.err != nil {
		return entry{}, d.err
	}
	block := first + above - 1
	if block < 0 {
		return entry{}, nil
	}
	if err := d.open(block); err != nil {
		return entry{}, err
	}
	for d.next() {
		switch c := bytes.Compare(d.term, key); {
		case c == 0:
			return d.entry, nil
		case c > 0:
			return entry{}, nil
		}
	}
	return entry{}, d.err
}

// dictionaryReader walks all terms in order.
type dictionaryReader struct {
	decoder
	block int
}

func (x *Index) dictionaryReader() *dictionaryReader {
	return &dictionaryReader{decoder: decoder{x: x}}
}

// next goes to the next term; false at the end and on damage.
func (r *dictionaryReader) next() bool {
	if r.err == nil && r.index == r.end && r.block < r.x.dictionary {
		r.err = r.open(r.block)
		r.block++
	}
	return r.decoder.next()
}
