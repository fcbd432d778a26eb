// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package bitset is a dense set of row numbers: one bit a row, as searches need it. What is kept on disk and is sparse, such
// as tombstones, is a roaring bitmap instead.
package bitset

import (
	"iter"
	"math/bits"
)

// Set holds numbers from 0 to Len()-1. A number outside is never contained; adding one does nothing. The zero value is the
// empty set of length 0. Reading is safe from several goroutines, changing is not.
type Set struct {
	words []uint64
	n     int
}

// New returns an empty set of length n.
func New(n int) *Set { return &Set{make([]uint64, (max(n, 0)+63)/64), max(n, 0)} }

// Full returns the set of all numbers below n.
func Full(n int) *Set {
	s := New(n)
	s.AddRange(0, n)
	return s
}

// Len is the number of bits, not of members.
func (s *Set) Len() int { return s.n }

// Count is the number of members.
func (s *Set) Count() int {
	count := 0
	for _, w := range s.words {
		count += bits.OnesCount64(w)
	}
	return count
}

// Contains reports whether i is a member.
func (s *Set) Contains(i int) bool {
	return uint(i) < uint(s.n) && s.words[uint(i)>>6]>>(uint(i)&63)&1 != 0
}

// Add makes i a member.
func (s *Set) Add(i int) {
	if uint(i) < uint(s.n) {
		s.words[uint(i)>>6] |= 1 << (uint(i) & 63)
	}
}

// Remove takes i out.
func (s *Set) Remove(i int) {
	if uint(i) < uint(s.n) {
		s.words[uint(i)>>6] &^= 1 << (uint(i) & 63)
	}
}

// AddRange makes all numbers from from to below to members.
func (s *Set) AddRange(from, to int) {
	from, to = max(from, 0), min(to, s.n)
	for i := from; i < to; {
		if i&63 == 0 && i+64 <= to {
			s.words[i>>6] = ^uint64(0)
			i += 64
			continue
		}
		s.Add(i)
		i++
	}
}

// And keeps what is also in o.
func (s *Set) And(o *Set) {
	for i := range s.words {
		if i < len(o.words) {
			s.words[i] &= o.words[i]
		} else {
			s.words[i] = 0
		}
	}
}

// AndNot takes out what is in o.
func (s *Set) AndNot(o *Set) {
	for i := range min(len(s.words), len(o.words)) {
		s.words[i] &^= o.words[i]
	}
}

// Or adds what is in o and below Len.
func (s *Set) Or(o *Set) {
	for i := range min(len(s.words), len(o.words)) {
		s.words[i] |= o.words[i]
	}
	s.trim()
}

// Not turns the set into its complement.
func (s *Set) Not() {
	for i := range s.words {
		s.words[i] = ^s.words[i]
	}
	s.trim()
}

// trim clears the bits beyond the length.
func (s *Set) trim() {
	if rest := s.n & 63; rest != 0 {
		s.words[len(s.words)-1] &= 1<<rest - 1
	}
}

// Clone returns a copy.
func (s *Set) Clone() *Set { return &Set{append([]uint64(nil), s.words...), s.n} }

// Words gives the bits, 64 in a word, lowest first; shared, bits beyond the length are 0.
func (s *Set) Words() []uint64 { return s.words }

// All yields the members in rising order.
func (s *Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(i<<6 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}
