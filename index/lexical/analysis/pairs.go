// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"unicode"
	"unicode/utf8"
)

// unspacedScripts are written without spaces between words. Cutting them into words takes a dictionary; pairs of characters
// find the same places without one.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// unspaced reports whether r is a letter or number of a script without spaces.
func unspaced(r rune) bool {
	switch {
	case r < 0x0E00: // the first Thai character
		return false
	case r == 'ー' || r == 'ｰ': // the sign that lengthens vowels, common to two scripts
		return true
	case 0xAC00 <= r && r <= 0xD7A3: // Hangul has spaces
		return false
	}
	return unicode.In(r, unspacedScripts...) && unicode.In(r, unicode.L, unicode.Nl)
}

// pairs takes the run of characters without spaces that begins at byte i, and returns its end. A character has the accents
// and vowel signs behind it.
func (s *scanner) pairs(i int) int {
	before := i // where the character before the present one begins
	count := 0
	for start := i; i < len(s.text); start = i {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if !unspaced(r) {
			break
		}
		for i += size; i < len(s.text); i += size {
			r, size = utf8.DecodeRuneInString(s.text[i:])
			if kindOf(r, size) != isMark {
				break
			}
		}
		if count++; count > 1 { // letters, so that they are no identifiers, and far, so that they are folded
			s.take(before, i, letter|far)
		}
		before = start
	}
	if count == 1 {
		s.take(before, i, letter|far)
	}
	return i
}
