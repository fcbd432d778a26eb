// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"encoding/binary"
	"math/bits"
)

// wordPad is how many bytes a word buffer has beyond its word, so that eight bytes can be read at any place.
const wordPad = 8

// pieceMask keeps the low n bytes of a word of eight.
var pieceMask = [16]uint64{0, 1<<8 - 1, 1<<16 - 1, 1<<24 - 1, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}

// longest finds the longest token that word[at:n] begins with and returns its id and length, or -1.
// word has wordPad readable bytes after n. Only lengths that occur in the vocabulary after the two first
// bytes are tried, from the longest; since tokens and words are both valid UTF-8, a match ends
// between two characters.
func (v *vocab) longest(s *scratch, word []byte, at, n, side int) (int32, int) {
	rest := word[at : n+wordPad]
	size := n - at
	if size >= 2 {
		lengths := v.longer[side][filterIndex(rest[0], rest[1])]
		if size < 63 {
			lengths &= 2<<size - 1
		}
		if lengths >= 1<<9 {
			if id, l := v.longestLong(s, rest, size, side, lengths); id >= 0 {
				return id, l
			}
			lengths &= 1<<9 - 1
		}
		first := binary.LittleEndian.Uint64(rest)
		for lengths != 0 {
			l := bits.Len64(lengths) - 1
			lengths &^= 1 << l
			if id := v.find(first&pieceMask[l&15], l, side, nil); id >= 0 {
				return id, l
			}
		}
	}
	return v.single[side][rest[0]], 1
}

// longestLong tries the lengths above eight bytes.
func (v *vocab) longestLong(s *scratch, rest []byte, size, side int, lengths uint64) (int32, int) {
	top := bits.Len64(lengths) - 1
	if top == 63 {
		top = min(size, v.most[side])
	}
	// states[k] is the hash of the first k whole groups of eight bytes.
	states := s.states[:1]
	for k := 8; k < top; k += 8 {
		states = append(states, hashState(states[len(states)-1], binary.LittleEndian.Uint64(rest[k-8:])))
	}
	s.states = states
	for l := top; l > 8; l-- {
		if lengths>>min(l, 63)&1 == 0 {
			continue
		}
		whole := (l - 1) / 8
		last := binary.LittleEndian.Uint64(rest[whole*8:]) & pieceMask[(l-whole*8)&15]
		if id := v.find(hashState(states[whole], last), l, side, rest); id >= 0 {
			return id, l
		}
	}
	return -1, 0
}
