// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// citationWords may stand before a number in a citation, in lower case.
var citationWords = []string{"passage", "passages", "source", "sources", "document", "documents", "doc", "docs", "citation", "citations", "ref", "refs", "and"}

// citation reads what is between the brackets of a citation: numbers and ranges of numbers, with separators and a few words
// between them.
type citation struct {
	text    string
	whole   bool // else more may follow
	numbers []int
}

// read reports whether the text is a citation or, if it is not whole, may be the beginning of one.
func (c *citation) read() bool {
	for {
		c.text = strings.TrimLeftFunc(c.text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("^#,;:&、，；", r) })
		switch {
		case c.text == "":
			return !c.whole || len(c.numbers) > 0
		case isDigit(firstRune(c.text)):
			if !c.interval() {
				return false
			}
		case firstRune(c.text) == '†': // what follows is a place in the passage
			return len(c.numbers) > 0
		default:
			if !c.word() {
				return false
			}
		}
	}
}

// word reads one of the known words.
func (c *citation) word() bool {
	n := strings.IndexFunc(c.text, func(r rune) bool { return !unicode.IsLetter(r) })
	if n < 0 {
		n = len(c.text)
	}
	word := strings.ToLower(c.text[:n])
	if n == 0 || !slices.ContainsFunc(citationWords, func(known string) bool {
		return word == known || n == len(c.text) && !c.whole && strings.HasPrefix(known, word)
	}) {
		return false
	}
	c.text = c.text[n:]
	return true
}

// interval reads a number, or two with a dash between them, which stand for all from one to the other.
func (c *citation) interval() bool {
	from := c.number()
	to := from
	rest := strings.TrimLeft(c.text, " ")
	if dash := firstRune(rest); dash == '-' || dash == '–' || dash == '—' {
		rest = strings.TrimLeft(rest[utf8.RuneLen(dash):], " ")
		switch {
		case rest == "":
			c.text = ""
			return !c.whole
		case !isDigit(firstRune(rest)):
			return false
		}
		c.text = rest
		to = c.number()
	}
	if from > to || to-from > maxRange {
		c.add(from)
		c.add(to)
		return true
	}
	for n := from; n <= to; n++ {
		c.add(n)
	}
	return true
}

func (c *citation) add(n int) {
	if !slices.Contains(c.numbers, n) {
		c.numbers = append(c.numbers, n)
	}
}

// number reads digits. A number too large to be one counts as the largest.
func (c *citation) number() (n int) {
	for isDigit(firstRune(c.text)) {
		r, size := utf8.DecodeRuneInString(c.text)
		n = min(n*10+digit(r), math.MaxInt32)
		c.text = c.text[size:]
	}
	return n
}

func firstRune(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// isDigit reports whether a character is a digit, of either width.
func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= '０' && r <= '９' }

func digit(r rune) int {
	if r >= '０' {
		return int(r - '０')
	}
	return int(r - '0')
}
