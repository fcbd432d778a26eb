// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// ReplaceInvalid replaces every maximal invalid piece of UTF-8 with U+FFFD and returns how many
// there were (Unicode standard, section 3.9, "substitution of maximal subparts"; Python's
// errors="replace"). Valid text is returned as it is, without copying. Note that
// strings.ToValidUTF8 differs: it makes one replacement of a whole run of invalid bytes.
func ReplaceInvalid(text string) (string, int) {
	if utf8.ValidString(text) {
		return text, 0
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	count := 0
	for i := 0; i < len(text); {
		r, w := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && w == 1 {
			count++
			w = invalidWidth(text[i:])
			b.WriteRune(utf8.RuneError)
		} else {
			b.WriteString(text[i : i+w])
		}
		i += w
	}
	return b.String(), count
}

// decodeRune returns the first code point of s, which is not empty, and its width in bytes. A maximal
// invalid piece decodes as U+FFFD.
func decodeRune(s string) (rune, int) {
	r, w := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && w == 1 {
		w = invalidWidth(s)
	}
	return r, w
}

// invalidWidth is the length of the maximal invalid piece that s begins with: the longest prefix
// that some valid sequence also begins with, at least one byte.
func invalidWidth(s string) int {
	lead := s[0]
	need, lo, hi := 0, byte(0x80), byte(0xBF)
	switch {
	case lead >= 0xC2 && lead <= 0xDF:
		need = 1
	case lead >= 0xE0 && lead <= 0xEF:
		need = 2
		switch lead {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		}
	case lead >= 0xF0 && lead <= 0xF4:
		need = 3
		switch lead {
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
	}
	w := 1
	for w <= need && w < len(s) && s[w] >= lo && s[w] <= hi {
		lo, hi = 0x80, 0xBF
		w++
	}
	return w
}
