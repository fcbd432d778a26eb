// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"

	"github.com/winnow-search/winnow/index/lexical/analysis"
)

// maxTerm is the greatest length of a term in bytes. Longer ones are cut, in documents and in queries alike.
const maxTerm = 4096

func cutTerm(term string) string { return term[:min(len(term), maxTerm)] }

// vocab numbers terms in the order in which they come, and holds for each what a Builder needs at every occurrence. A look-up
// touches one slot and one term; the garbage collector has nothing to follow.
type vocab struct {
	seed  maphash.Seed
	key   uint64
	slots []uint64 // hash<<32 | id+1; 0 is free
	terms []term
	text  []byte
	full  bool // the text is at its end; nothing more is kept

	probes []probe // of ids
}

// probe is a term on its way to its number.
type probe struct{ first, hash, slot uint64 }

// term is 40 bytes.
type term struct {
	tail   chain
	row    uint32 // the last row, plus one; 0: none
	last   uint32 // the last position
	start  uint64 // of the first eight bytes, filled up with zeros
	offset uint32 // of the rest in text
	length uint16
	inText bool // the last position is one of the text
}

func newVocab() *vocab {
	seed := maphash.MakeSeed()
	return &vocab{seed: seed, key: maphash.String(seed, "key"), slots: make([]uint64, 1<<12)}
}

func (v *vocab) len() int { return len(v.terms) }

// appendTerm appends the bytes of a term.
func (v *vocab) appendTerm(dst []byte, id uint32) []byte {
	t := &v.terms[id]
	n := int(t.length)
	var start [8]byte
	binary.LittleEndian.PutUint64(start[:], t.start)
	dst = append(dst, start[:min(n, 8)]...)
	if n > 8 {
		dst = append(dst, v.text[t.offset:][:n-8]...)
	}
	return dst
}

// start is the first eight bytes of a term as a number, filled up with zeros.
func start(term string) uint64 {
	n := len(term)
	switch {
	case n >= 8:
		return uint64(term[0]) | uint64(term[1])<<8 | uint64(term[2])<<16 | uint64(term[3])<<24 |
			uint64(term[4])<<32 | uint64(term[5])<<40 | uint64(term[6])<<48 | uint64(term[7])<<56
	case n >= 4: // two loads that overlap
		low := uint64(term[0]) | uint64(term[1])<<8 | uint64(term[2])<<16 | uint64(term[3])<<24
		high := uint64(term[n-4]) | uint64(term[n-3])<<8 | uint64(term[n-2])<<16 | uint64(term[n-1])<<24
		return low | high<<(8*(n-4)&63)
	case n > 0:
		return uint64(term[0]) | uint64(term[n/2])<<(8*(n/2)&63) | uint64(term[n-1])<<(8*(n-1)&63)
	}
	return 0
}

// ids appends the numbers of tokens' terms. Table and terms are larger than the caches, and one look-up after the other would wait
// for memory each time: step by step for all tokens, the processor has many loads under way at once.
func (v *vocab) ids(dst []uint32, tokens []analysis.Token) []uint32 {
	v.probes = v.probes[:0]
	for i := range tokens {
		s := cutTerm(tokens[i].Term)
		first := start(s)
		v.probes = append(v.probes, probe{first: first, hash: v.hash(first, s)})
	}
	mask := uint64(len(v.slots) - 1)
	for i := range v.probes {
		p := &v.probes[i]
		p.slot = v.slots[p.hash&mask]
	}
	for i := range v.probes {
		p, s := &v.probes[i], cutTerm(tokens[i].Term)
		id := uint32(p.slot) - 1
		if p.slot>>32 != p.hash>>32 || p.slot == 0 || !v.is(id, p.first, s) {
			id = v.id(p.first, p.hash, s)
		}
		dst = append(dst, id)
	}
	return dst
}

// is says whether a term, given with its start, has a number.
func (v *vocab) is(id uint32, first uint64, s string) bool {
	t := &v.terms[id]
	return t.start == first && int(t.length) == len(s) && (len(s) <= 8 || string(v.text[t.offset:][:len(s)-8]) == s[8:])
}

// id returns the number of a term, which has at most maxTerm bytes, with its start and its hash; a new one if it has none.
func (v *vocab) id(first, hash uint64, s string) uint32 {
	mask := uint64(len(v.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		slot := v.slots[i]
		if slot == 0 {
			return v.insert(hash, first, s)
		}
		if slot>>32 == hash>>32 {
			if id := uint32(slot) - 1; v.is(id, first, s) {
				return id
			}
		}
	}
}

// hash depends on a seed, so that no document can be made to fill one place of the table.
func (v *vocab) hash(first uint64, s string) uint64 {
	if len(s) > 8 {
		return maphash.String(v.seed, s)
	}
	high, low := bits.Mul64(first^v.key, 0x9e3779b97f4a7c15^uint64(len(s)))
	high, low = bits.Mul64(high^low, v.key|1)
	return high ^ low
}

func (v *vocab) insert(hash, first uint64, s string) uint32 {
	id := uint32(len(v.terms))
	t := term{start: first, length: uint16(len(s)), offset: uint32(len(v.text))}
	if len(s) > 8 {
		if len(v.text)+len(s) > math.MaxUint32 {
			v.full = true
			return 0
		}
		v.text = append(v.text, s[8:]...)
	}
	v.terms = append(v.terms, t)
	if 2*len(v.terms) > len(v.slots) {
		v.slots = make([]uint64, 2*len(v.slots))
		var b []byte
		for old := range id {
			b = v.appendTerm(b[:0], old)
			v.place(v.hash(v.terms[old].start, string(b)), old)
		}
	}
	v.place(hash, id)
	return id
}

func (v *vocab) place(hash uint64, id uint32) {
	mask := uint64(len(v.slots) - 1)
	i := hash & mask
	for v.slots[i] != 0 {
		i = (i + 1) & mask
	}
	v.slots[i] = hash>>32<<32 | uint64(id+1)
}

// sorted returns the ids in the order of their terms' bytes.
func (v *vocab) sorted() []uint32 {
	ids := make([]uint32, v.len())
	for i := range ids {
		ids[i] = uint32(i)
	}
	slices.SortFunc(ids, func(a, b uint32) int {
		x, y := &v.terms[a], &v.terms[b]
		if x.start != y.start {
			if bits.ReverseBytes64(x.start) < bits.ReverseBytes64(y.start) {
				return -1
			}
			return 1
		}
		if x.length <= 8 || y.length <= 8 {
			return int(x.length) - int(y.length) // zeros at the end of one are bytes of the other
		}
		return bytes.Compare(v.text[x.offset:][:x.length-8], v.text[y.offset:][:y.length-8])
	})
	return ids
}
