// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
	"unicode/utf8"
)

const (
	bom         = "\uFEFF"
	replacement = "\uFFFD"
)

// cleanText removes a leading byte order mark, turns CRLF into LF and replaces invalid UTF-8. It returns the number of
// invalid bytes. A lone CR is kept: it does not end a line for the tools that show line numbers.
func cleanText(data []byte) (text string, invalid int) {
	s := strings.TrimPrefix(string(data), bom)
	if !utf8.ValidString(s) {
		s, invalid = replaceInvalid(s)
	}
	if strings.Contains(s, "\r\n") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return s, invalid
}

// replaceInvalid puts one U+FFFD in place of each maximal subpart of an ill-formed sequence (The Unicode Standard, section
// 3.9, table 3-8), which is what Python's errors="replace" does. Go's own decoder would give one per byte. It returns the
// number of bytes replaced.
func replaceInvalid(s string) (string, int) {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	invalid, kept := 0, 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || size > 1 {
			i += size
			continue
		}
		n := illFormedPrefix(s[i:])
		b.WriteString(s[kept:i])
		b.WriteString(replacement)
		invalid += n
		i += n
		kept = i
	}
	b.WriteString(s[kept:])
	return b.String(), invalid
}

// illFormedPrefix returns the length of the maximal subpart at the start of s, which is not well-formed there. The ranges
// of the second byte are those of table 3-7 of the Unicode Standard.
func illFormedPrefix(s string) int {
	lo, hi := byte(0x80), byte(0xBF)
	var need int
	switch c := s[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		switch c {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		switch c {
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
	default:
		return 1
	}
	n := 1
	for n <= need && n < len(s) && s[n] >= lo && s[n] <= hi {
		lo, hi = 0x80, 0xBF
		n++
	}
	return n
}
