// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

const (
	shortSlots = 1 << 15 // powers of two; both tables together hold a few MB when full
	longSlots  = 1 << 14
	shortWord  = 16 // bytes that fit two registers
	longWord   = 48 // longer words are rare, and would let hostile text fill the memory
)

// cache remembers the terms of words as they are written. It has a fixed number of slots, two for each hash; a newer word
// takes the place of an older one. A slot is one pointer, read and written atomically, so readers never wait.
//
// Nearly every word has at most shortWord bytes. Such words are compared as two numbers inside the entry: following a
// pointer to the text of each would cost more than all the rest of the analysis.
type cache struct {
	seed  maphash.Seed
	short [shortSlots]atomic.Pointer[shortEntry]
	long  [longSlots]atomic.Pointer[longEntry]
}

// shortEntry and longEntry hold a word and its term; an empty term is a stop word.
type shortEntry struct {
	key  key
	term string
}

type longEntry struct{ word, term string }

func newCache() *cache { return &cache{seed: maphash.MakeSeed()} }

// term returns what is remembered of a word, or else creates and remembers it.
func (c *cache) term(word string, create func(word string) string) string {
	switch {
	case len(word) <= shortWord:
		k := keyOf(word)
		slot := k.hash() % shortSlots
		e := c.short[slot].Load()
		if e != nil && e.key == k {
			return e.term
		}
		other := c.short[slot^1].Load()
		if other != nil && other.key == k {
			return other.term
		}
		if e != nil && other == nil {
			slot ^= 1
		}
		e = &shortEntry{k, create(word)}
		c.short[slot].Store(e)
		return e.term
	case len(word) <= longWord:
		slot := maphash.String(c.seed, word) % longSlots
		e := c.long[slot].Load()
		if e != nil && e.word == word {
			return e.term
		}
		other := c.long[slot^1].Load()
		if other != nil && other.word == word {
			return other.term
		}
		if e != nil && other == nil {
			slot ^= 1
		}
		// The text that the word is part of may be large, and is not ours to keep.
		e = &longEntry{string([]byte(word)), create(word)}
		c.long[slot].Store(e)
		return e.term
	}
	return create(word)
}

// key is a word of at most shortWord bytes: words are equal if and only if their keys are.
type key struct {
	first, last uint64 // the first and the last eight bytes, which may overlap
	length      int
}

func keyOf(s string) key {
	n := len(s)
	switch {
	case n >= 8:
		return key{load64(s), load64(s[n-8:]), n}
	case n >= 4:
		return key{uint64(load32(s)), uint64(load32(s[n-4:])), n}
	case n > 0:
		return key{uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16, 0, n}
	}
	return key{}
}

// hash mixes by the high and low halves of a product, with odd constants whose bits look random (the golden ratio's and the
// square root of two's). Words that collide only cost each other the place.
func (k key) hash() uint64 {
	high, low := bits.Mul64(k.first^0x9E3779B97F4A7C15, k.last^uint64(k.length)^0x6A09E667F3BCC909)
	return high ^ low
}

func load64(s string) uint64 { return uint64(load32(s)) | uint64(load32(s[4:]))<<32 }

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
