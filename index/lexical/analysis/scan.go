// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// Classes of ASCII bytes.
const (
	letter  = 1 << iota // a to z
	upper               // A to Z
	digit               // 0 to 9
	under               // _
	far                 // not ASCII
	inWord  = letter | upper | digit | under
	content = letter | upper | digit // what makes a segment a word
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z':
			t[c] = letter
		case 'A' <= c && c <= 'Z':
			t[c] = upper
		case '0' <= c && c <= '9':
			t[c] = digit
		case c == '_':
			t[c] = under
		case c >= utf8.RuneSelf:
			t[c] = far
		}
	}
	return t
}()

// scanner finds the words of one text.
type scanner struct {
	a        *Analyzer
	text     string
	out      []Token
	position int
	segments *words.Iterator[string] // made when the first word that is not ASCII comes
}

// run goes from word to word. Words of ASCII letters between ASCII characters are cut here, by the rules of UAX #29
// restricted to ASCII; everything else goes through the tables of Unicode.
func (s *scanner) run() {
	text := s.text
	for i := 0; i < len(text); {
		switch c := class[text[i]]; {
		case c&inWord != 0:
			end, kinds, ok := s.asciiWord(i)
			if !ok {
				i = s.segment(i)
				continue
			}
			if kinds&content != 0 {
				s.word(i, end, kinds)
			}
			i = end
		case c == far:
			i = s.segment(i)
		default:
			i++
		}
	}
}

// asciiWord returns the end of the word that begins at i and the classes of its bytes. ok is false if a character that is
// not ASCII may belong to it.
func (s *scanner) asciiWord(i int) (end int, kinds uint8, ok bool) {
	text := s.text
	for {
		var last uint8
		for i < len(text) && class[text[i]]&inWord != 0 {
			last = class[text[i]]
			kinds |= last
			i++
		}
		if i == len(text) {
			return i, kinds, true
		}
		c := text[i]
		var joins uint8 // the class that must stand on both sides of c
		switch {
		case c == '\'' && !s.a.lang.elide:
			joins = letter | upper
		case c == '.' || c == ',':
			joins = digit
		case c >= utf8.RuneSelf:
			return i, kinds, endsWord(text[i:])
		}
		if last&joins == 0 || i+1 == len(text) {
			return i, kinds, true
		}
		switch next := class[text[i+1]]; {
		case next == far:
			return i, kinds, false
		case next&joins == 0:
			return i, kinds, true
		}
		i++
	}
}

// endsWord reports whether s begins with a character that surely ends a word of ASCII: the common marks of typeset text.
func endsWord(s string) bool {
	if len(s) >= 3 && s[0] == 0xE2 && s[1] == 0x80 {
		switch s[2] {
		case 0x93, 0x94, 0x9C, 0x9D, 0xA2, 0xA6: // – — “ ” • …
			return true
		}
	}
	return len(s) >= 2 && s[0] == 0xC2 && s[1] == 0xA0 // no-break space
}

// segment takes the segment of UAX #29 that begins at byte i, and the rest of the run if it begins one without spaces. It
// returns where the next begins.
func (s *scanner) segment(i int) int {
	if r, _ := utf8.DecodeRuneInString(s.text[i:]); unspaced(r) {
		return s.pairs(i)
	}
	if s.segments == nil {
		s.segments = words.FromString("")
	}
	s.segments.SetText(s.text[i:])
	if !s.segments.Next() {
		return len(s.text)
	}
	return s.split(i, i+s.segments.End())
}

// split cuts a segment at the marks that UAX #29 leaves inside words and this package does not, and takes the words. It
// returns end, or where a run without spaces that began in the segment ends behind it.
func (s *scanner) split(start, end int) int {
	text := s.text
	begin := start
	var before kind // of the last character that is not an accent
	var have bool   // a letter or number since begin
	flush := func(to int) {
		if have {
			s.trimmed(begin, to)
		}
		have = false
	}
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:end])
		if unspaced(r) {
			flush(i)
			i = s.pairs(i)
			begin, before = i, isOther
			continue
		}
		k := kindOf(r, size)
		switch {
		case k == isMark:
			i += size
			continue
		case k == isOther && !(have && s.joins(r, before, text[i+size:end])):
			flush(i)
			begin = i + size
		case k == isLetter || k == isDigit || k == isNumber:
			have = true
		}
		before = k
		i += size
	}
	flush(end)
	return max(begin, end)
}

// joins reports whether r belongs to the word between a character of kind before and the text after.
func (s *scanner) joins(r rune, before kind, after string) bool {
	var want kind
	switch {
	case (r == '\'' || r == '’' || r == '‘') && !s.a.lang.elide:
		want = isLetter
	case r == '.' || r == ',':
		want = isDigit
	default:
		return false
	}
	if before != want {
		return false
	}
	for len(after) > 0 {
		r, size := utf8.DecodeRuneInString(after)
		if unspaced(r) {
			return false
		}
		if k := kindOf(r, size); k != isMark {
			return k == want
		}
		after = after[size:]
	}
	return false
}

// trimmed takes the word in text[start:end] without the underscores at its ends.
func (s *scanner) trimmed(start, end int) {
	word := s.text[start:end]
	for {
		r, size := utf8.DecodeRuneInString(word)
		if k := kindOf(r, size); k != isConnector && k != isMark {
			break
		}
		word = word[size:]
		start += size
	}
	for {
		r, size := utf8.DecodeLastRuneInString(word)
		if kindOf(r, size) != isConnector {
			break
		}
		word = word[:len(word)-size]
	}
	s.take(start, start+len(word), letter|upper|digit|under|far)
}

// word takes an ASCII word, without the underscores at its ends.
func (s *scanner) word(start, end int, kinds uint8) {
	if kinds&under != 0 {
		for s.text[start] == '_' {
			start++
		}
		for s.text[end-1] == '_' {
			end--
		}
	}
	s.take(start, end, kinds)
}

// take appends the token of one word. kinds are classes that its bytes may have; the characters ' . and , between them have none.
func (s *scanner) take(start, end int, kinds uint8) {
	if ascii := kinds &^ far; s.a.options.Code && ascii != letter && ascii != digit && ascii != upper {
		s.identifier(start, end)
		return
	}
	term := s.text[start:end]
	if !s.a.plain || kinds&(upper|far) != 0 || len(term) > MaxWord {
		term = s.a.term(term)
	}
	if term != "" {
		s.out = append(s.out, Token{term, s.position, start, end})
	}
	s.position++
}

// kind is what a character means for the cutting of words.
type kind uint8

const (
	isOther     kind = iota // punctuation, symbols, spaces, invalid bytes
	isLetter                // any letter
	isDigit                 // a decimal digit
	isNumber                // other numbers: ½, Ⅷ
	isConnector             // _ and its kin
	isMark                  // accents and invisible characters, which belong to what stands before
)

func kindOf(r rune, size int) kind {
	switch {
	case r < utf8.RuneSelf:
		switch c := class[r]; {
		case c&(letter|upper) != 0:
			return isLetter
		case c == digit:
			return isDigit
		case c == under:
			return isConnector
		}
		return isOther
	case r == utf8.RuneError && size <= 1:
		return isOther
	case unicode.IsLetter(r):
		return isLetter
	case unicode.IsDigit(r):
		return isDigit
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Mc, r), unicode.Is(unicode.Me, r), unicode.Is(unicode.Cf, r):
		return isMark
	case unicode.IsNumber(r):
		return isNumber
	case unicode.Is(unicode.Pc, r):
		return isConnector
	}
	return isOther
}
