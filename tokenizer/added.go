// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// addedToken is a token found as a whole before text is split into words.
type addedToken struct {
	id         int32
	content    string // what to look for: for normalised matching, the normalised content
	singleWord bool
	lstrip     bool
	rstrip     bool
}

// addedSet finds the leftmost match, and of several there the longest.
type addedSet struct {
	tokens  map[string]*addedToken
	lengths [256][]int // of the contents with this first byte, longest first
	firsts  []byte     // the first bytes that occur
}

// newAddedSet returns nil for no tokens. Contents are distinct and not empty.
func newAddedSet(tokens []addedToken) *addedSet {
	if len(tokens) == 0 {
		return nil
	}
	s := &addedSet{tokens: make(map[string]*addedToken, len(tokens))}
	for i := range tokens {
		content := tokens[i].content
		s.tokens[content] = &tokens[i]
		c := content[0]
		if s.lengths[c] == nil {
			s.firsts = append(s.firsts, c)
		}
		if !slices.Contains(s.lengths[c], len(content)) {
			s.lengths[c] = append(s.lengths[c], len(content))
		}
	}
	for _, c := range s.firsts {
		slices.Sort(s.lengths[c])
		slices.Reverse(s.lengths[c])
	}
	return s
}

// find returns the first match at or after from, and its place; nil if there is none.
func (s *addedSet) find(text string, from int) (*addedToken, int) {
	for i := from; i < len(text); i++ {
		if len(s.firsts) == 1 {
			k := strings.IndexByte(text[i:], s.firsts[0])
			if k < 0 {
				return nil, 0
			}
			i += k
		}
		for _, n := range s.lengths[text[i]] {
			if n <= len(text)-i {
				if t := s.tokens[text[i:i+n]]; t != nil {
					return t, i
				}
			}
		}
	}
	return nil, 0
}

// matcher walks over the added tokens in text. Between two calls of next the caller sets from to the
// place its own output has reached.
type matcher struct {
	set  *addedSet
	text string
	from int // output reaches to here
	pos  int // search goes on here: the end of the last match without stripped space

	token       *addedToken
	start, stop int // of the match, with the space it strips
}

// next finds the next match that counts. As in the reference, a match refused by single_word still uses
// up its text, and space taken by one token's rstrip is not seen by the next one's search.
func (m *matcher) next() bool {
	for {
		t, at := m.set.find(m.text, m.pos)
		if t == nil {
			return false
		}
		m.token, m.start, m.stop = t, at, at+len(t.content)
		m.pos = m.stop
		if t.singleWord && (wordBefore(m.text[:m.start]) || wordAfter(m.text[m.stop:])) {
			continue
		}
		if t.lstrip {
			m.start = max(spaceBefore(m.text[:m.start]), m.from)
		}
		if t.rstrip {
			m.stop += spaceAfter(m.text[m.stop:])
		}
		m.stop = max(m.stop, m.start) // space already taken; the reference fails here
		return true
	}
}

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && tables().word.has(r)
}

func wordAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && tables().word.has(r)
}

// spaceBefore returns where the white space at the end of s begins.
func spaceBefore(s string) int {
	for s != "" {
		r, w := utf8.DecodeLastRuneInString(s)
		if !tables().space.has(r) {
			break
		}
		s = s[:len(s)-w]
	}
	return len(s)
}

// spaceAfter returns the length of the white space at the beginning of s.
func spaceAfter(s string) int {
	n := 0
	for n < len(s) {
		r, w := utf8.DecodeRuneInString(s[n:])
		if !tables().space.has(r) {
			break
		}
		n += w
	}
	return n
}
