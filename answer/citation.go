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

// placeWords may stand behind a number, before a place in the passage, as in [2, p. 3]; several numbers may follow those in the plural.
var placeWords = []string{"p", "page", "line", "section", "chapter", "paragraph", "pp", "pages", "lines", "sections", "chapters", "paragraphs"}

// brackets are what citations stand between. Models that write Markdown escape them at times.
var brackets = []struct{ opening, closing string }{{"[", "]"}, {`\[`, `\]`}, {"【", "】"}, {"［", "］"}}

// openings are the characters that brackets begin with, but for the backslash.
const openings = "[【［"

// citation reads what is between the brackets of a citation: numbers and ranges of numbers, with separators and a few words
// between them, and what says more of a passage behind its number.
type citation struct {
	text    string
	whole   bool // else more may follow
	named   bool // there was a word for passages
	numbers []int
}

// read reports whether the text is a citation or, if it is not whole, may be the beginning of one.
func (c *citation) read() bool {
	for {
		before := len(c.text)
		c.text = strings.TrimLeftFunc(c.text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("^#,;:&、，；", r) })
		apart := len(c.text) < before
		switch {
		case c.text == "":
			return !c.whole || len(c.numbers) > 0
		case isDigit(firstRune(c.text)):
			if !c.interval() {
				return false
			}
			if title := strings.TrimLeft(c.text, " "); c.named && (firstRune(title) == ':' || firstRune(title) == '：') {
				if strings.ContainsAny(title, openings) { // of other citations
					return false
				}
				c.skipTitle()
			}
		case firstRune(c.text) == '†': // what follows is a place in the passage
			return len(c.numbers) > 0
		case apart && len(c.numbers) > 0 && c.place(): // says nothing of other passages
		default:
			if !c.word() {
				return false
			}
		}
	}
}

// word reads one of the known words.
func (c *citation) word() bool {
	word := c.oneOf(citationWords)
	if word == "" {
		return false
	}
	c.named = c.named || word != "and"
	c.text = c.text[len(word):]
	return true
}

// oneOf is the known word that the text begins with, or at its end may begin with, in lower case; "" if there is none.
func (c *citation) oneOf(words []string) string {
	n := strings.IndexFunc(c.text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) })
	if n < 0 {
		n = len(c.text)
	}
	word := strings.ToLower(c.text[:n])
	if !slices.ContainsFunc(words, func(known string) bool {
		return word == known || n == len(c.text) && !c.whole && strings.HasPrefix(known, word)
	}) {
		return ""
	}
	return word
}

// skipTitle goes on behind the title of a passage: where a semicolon and a word bring the next one.
func (c *citation) skipTitle() {
	for found := true; found; {
		_, c.text, found = strings.Cut(c.text, ";")
		next := citation{text: strings.TrimLeft(c.text, " "), whole: c.whole}
		if next.word() && isDigit(firstRune(strings.TrimLeft(next.text, " "))) {
			return
		}
	}
}

// place reads where in a passage something is said. It changes nothing if there is no place.
func (c *citation) place() bool {
	word := c.oneOf(placeWords)
	if word == "" {
		return false
	}
	at := citation{text: strings.TrimLeft(c.text[len(word):], ". "), whole: c.whole}
	for {
		switch {
		case at.text == "" && !c.whole: // the number is still to come
		case !isDigit(firstRune(at.text)), !at.interval():
			return false
		}
		c.text = at.text
		rest, more := strings.CutPrefix(strings.TrimLeft(at.text, " "), ",")
		rest = strings.TrimLeft(rest, " ")
		if !more || !isDigit(firstRune(rest)) || word != "pp" && !strings.HasSuffix(word, "s") {
			return true
		}
		at.text = rest
	}
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
