// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// slowTokenizer is the plainest implementation there is: a map for the vocabulary, every prefix tried, no fast
// path. It shares only the Unicode tables and the normaliser with the real one.
type slowTokenizer struct {
	t     *Tokenizer
	names map[string]int32
	added map[string]int32 // raw, without options
}

func newSlow(t *Tokenizer) *slowTokenizer {
	s := &slowTokenizer{t: t, names: map[string]int32{}, added: t.added}
	for id := range t.VocabSize() {
		if name := t.vocab.name(int32(id)); name != nil {
			s.names[string(name)] = int32(id)
		}
	}
	return s
}

func (s *slowTokenizer) tokens(text string) []Token {
	out := []Token{}
	from := 0
	for i := 0; i < len(text); {
		best := ""
		for content := range s.added {
			if strings.HasPrefix(text[i:], content) && len(content) > len(best) {
				best = content
			}
		}
		if best == "" {
			i++
			continue
		}
		out = s.segment(out, text[from:i], from)
		out = append(out, Token{s.added[best], int32(i), int32(i + len(best))})
		i += len(best)
		from = i
	}
	return s.segment(out, text[from:], from)
}

func (s *slowTokenizer) segment(out []Token, text string, base int) []Token {
	var n normalizer
	n.src.load(text, base)
	n.run(s.t.steps)
	u, b := tables(), &n.src
	from := 0
	for i, r := range b.runes {
		switch {
		case u.space.has(r):
			out = s.word(out, b, from, i)
			from = i + 1
		case u.punct.has(r):
			out = s.word(out, b, from, i)
			out = s.word(out, b, i, i+1)
			from = i + 1
		}
	}
	return s.word(out, b, from, len(b.runes))
}

// word tokenises the characters [from, to).
func (s *slowTokenizer) word(out []Token, b *buffer, from, to int) []Token {
	if from == to {
		return out
	}
	base := len(out)
	if to-from <= s.t.maxChars {
		at := from
		for at < to {
			end := to
			for ; end > at; end-- {
				name := string(b.runes[at:end])
				if at > from {
					name = s.t.vocab.prefix + name
				}
				if id, ok := s.names[name]; ok {
					out = append(out, Token{id, b.start[at], b.end[end-1]})
					break
				}
			}
			if end == at {
				break
			}
			at = end
		}
		if at == to {
			return out
		}
	}
	return append(out[:base], Token{s.t.unk, b.start[from], b.end[to-1]})
}

// boundaries marks the byte offsets between characters, where an invalid piece counts as one.
func boundaries(text string) []bool {
	at := make([]bool, len(text)+1)
	for i := 0; i < len(text); {
		at[i] = true
		_, w := decodeRune(text[i:])
		i += w
	}
	at[len(text)] = true
	return at
}

// naiveReplace follows the definition word by word: at an error, the longest prefix of any valid sequence.
func naiveReplace(text string) (string, int) {
	var b strings.Builder
	count := 0
	for i := 0; i < len(text); {
		r, w := utf8.DecodeRuneInString(text[i:])
		if r != utf8.RuneError || w > 1 {
			b.WriteRune(r)
			i += w
			continue
		}
		count++
		b.WriteRune(utf8.RuneError)
		n := 1
		for k := 2; k <= 3 && i+k <= len(text); k++ {
			if couldContinue(text[i : i+k]) {
				n = k
			}
		}
		i += n
	}
	return b.String(), count
}

// couldContinue reports whether some bytes after s make it one valid character.
func couldContinue(s string) bool {
	for pad := 1; pad <= 2; pad++ {
		for _, last := range []string{"\x80", "\xbf"} {
			if full := s + strings.Repeat(last, pad); utf8.ValidString(full) && utf8.RuneCountInString(full) == 1 {
				return true
			}
		}
	}
	return false
}
