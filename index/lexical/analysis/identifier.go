// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"unicode"
	"unicode/utf8"
)

// identifier takes a word as a whole and, if it has several, its parts. The parts have positions of their own, so that the
// phrase "http request" is found in parseHTTPRequest; the whole shares the position of the first.
func (s *scanner) identifier(start, end int) {
	first := s.position
	if term := s.a.term(s.text[start:end]); term != "" {
		s.out = append(s.out, Token{term, first, start, end})
	}
	n := 0
	for i := start; i < end; {
		from, to := nextPart(s.text, i, end)
		i = to
		if from == to || from == start && to == end {
			continue
		}
		if term := s.a.term(s.text[from:to]); term != "" {
			s.out = append(s.out, Token{term, first + n, from, to})
		}
		n++
	}
	s.position += max(n, 1)
}

// nextPart returns the first part of an identifier in text[i:end]. Parts end between lower and upper case, before the last of
// several upper-case letters that a lower-case one follows (HTTP|Request), between letters and digits, and at underscores.
func nextPart(text string, i, end int) (from, to int) {
	const none, lower, capital, number = 0, 1, 2, 3
	sort := func(r rune, size int) int {
		switch k := kindOf(r, size); {
		case k == isDigit || k == isNumber:
			return number
		case k != isLetter:
			return none
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			return capital
		}
		return lower
	}
	from, to = i, i
	was, capitals, lastCapital := none, 0, i
	for to < end {
		r, size := utf8.DecodeRuneInString(text[to:end])
		now := sort(r, size)
		switch {
		case to > from && kindOf(r, size) == isMark:
			now = was // an accent belongs to its letter
		case now == none && r != '\'' && r != '’' && r != '‘' && r != '.' && r != ',':
			if was != none {
				return from, to
			}
			from = to + size // leading underscores
		case was == none || now == none:
			if now == none {
				now = was // what joins letters or digits inside a word
			}
		case was == number != (now == number), was == lower && now == capital:
			return from, to
		case was == capital && now == lower && capitals > 1:
			return from, lastCapital
		}
		if now == capital {
			lastCapital = to
			capitals++
		}
		was = now
		to += size
	}
	return from, to
}
