// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"sync"
	"unicode/utf8"
)

// scratch is the working memory of one call, kept in a pool.
type scratch struct {
	ids     []int32
	tokens  []Token
	offsets bool // fill tokens rather than ids

	word       []byte  // the word being read, normalised, with wordPad bytes to spare
	start, end []int32 // source range of each byte of word, kept only with offsets
	length     int     // bytes of word in use
	chars      int     // characters of the word, counted beyond what is stored

	counted []int32 // reused by Count
	states  []uint64
	norm    normalizer
	text    []byte // normalised text, for added tokens that match in it
	at      []int32
}

var scratchPool = sync.Pool{New: func() any {
	return &scratch{word: make([]byte, 512), states: make([]uint64, 1, 16)}
}}

// maxPooled bounds what one scratch may keep, in bytes of its longest word or characters of its
// longest text, so that one extreme text does not hold memory for good.
const maxPooled = 1 << 18

// release puts s back into the pool.
func (s *scratch) release() {
	if len(s.word) <= maxPooled && cap(s.norm.src.runes) <= maxPooled && cap(s.counted) <= maxPooled {
		scratchPool.Put(s)
	}
}

func (s *scratch) grow() {
	s.word = append(s.word, make([]byte, len(s.word))...)
}

func (s *scratch) emit(id, start, end int32) {
	if s.offsets {
		s.tokens = append(s.tokens, Token{ID: id, Start: start, End: end})
	} else {
		s.ids = append(s.ids, id)
	}
}

// push adds a normalised character to the word. Past the model's limit on characters the word is
// unknown whatever it holds, so only its end is kept up to date.
func (s *scratch) push(t *Tokenizer, r rune, start, end int32) {
	s.chars++
	if s.chars > t.maxChars {
		if s.offsets && s.length > 0 {
			s.end[s.length-1] = end
		}
		if s.length > 0 {
			return
		}
	}
	if s.length+utf8.UTFMax+wordPad > len(s.word) {
		s.grow()
	}
	n := s.length
	if r < utf8.RuneSelf {
		s.word[n] = byte(r)
		s.length++
	} else {
		s.length += utf8.EncodeRune(s.word[n:], r)
	}
	if s.offsets {
		s.start, s.end = s.start[:n], s.end[:n]
		for ; n < s.length; n++ {
			s.start, s.end = append(s.start, start), append(s.end, end)
		}
	}
}

// flush tokenises the word and begins a new one.
func (s *scratch) flush(t *Tokenizer) {
	if s.length == 0 {
		return
	}
	n := s.length
	s.length = 0
	chars := s.chars
	s.chars = 0
	tokens, ids := len(s.tokens), len(s.ids)
	if chars <= t.maxChars {
		for at, side := 0, sideStart; ; side = sideNext {
			id, l := t.vocab.longest(s, s.word, at, n, side)
			if id < 0 {
				break
			}
			if s.offsets {
				s.tokens = append(s.tokens, Token{ID: id, Start: s.start[at], End: s.end[at+l-1]})
			} else {
				s.ids = append(s.ids, id)
			}
			if at += l; at == n {
				return
			}
		}
	}
	s.tokens, s.ids = s.tokens[:tokens], s.ids[:ids]
	var start, end int32
	if s.offsets {
		start, end = s.start[0], s.end[n-1]
	}
	s.emit(t.unk, start, end)
}

// flushASCII tokenises the first n bytes of s.word, which came byte by byte from the source at start.
func (s *scratch) flushASCII(t *Tokenizer, n int, start int32) {
	tokens, ids := len(s.tokens), len(s.ids)
	if n <= t.maxChars {
		for at, side := 0, sideStart; ; side = sideNext {
			id, l := t.vocab.longest(s, s.word, at, n, side)
			if id < 0 {
				break
			}
			if s.offsets {
				s.tokens = append(s.tokens, Token{ID: id, Start: start + int32(at), End: start + int32(at+l)})
			} else {
				s.ids = append(s.ids, id)
			}
			if at += l; at == n {
				return
			}
		}
	}
	s.tokens, s.ids = s.tokens[:tokens], s.ids[:ids]
	s.emit(t.unk, start, start+int32(n))
}

// scan tokenises text, which begins at offset base of the source and holds no added token. It reports
// false, having emitted nothing, if some character's fate depends on its neighbours.
func (s *scratch) scan(t *Tokenizer, text string, base int) bool {
	tokens, ids := len(s.tokens), len(s.ids)
	for i := 0; i < len(text); {
		c := text[i]
		if t.ascii[c] == 0 {
			switch t.kinds[c] {
			case kindSpace, kindDrop:
				i++
				continue
			case kindPunct:
				id := int32(-1)
				if t.maxChars > 0 {
					id = t.vocab.single[sideStart][c]
				}
				if id < 0 {
					id = t.unk
				}
				s.emit(id, int32(base+i), int32(base+i+1))
				i++
				continue
			}
			if i = s.mixed(t, text, i, base); i < 0 {
				s.tokens, s.ids = s.tokens[:tokens], s.ids[:ids]
				return false
			}
			continue
		}
		// A run of ASCII letters and digits.
		begin := i
		word := s.word[:len(s.word)-wordPad]
		run := text[i:]
		if len(run) > len(word) {
			run = run[:len(word)]
		}
		n := 0
		for n < len(run) {
			f := t.ascii[run[n]]
			if f == 0 {
				break
			}
			word[n] = f
			n++
		}
		i += n
		if i == len(text) || t.kinds[text[i]] == kindSpace || t.kinds[text[i]] == kindPunct {
			s.flushASCII(t, n, int32(base+begin))
			continue
		}
		s.resume(n, int32(base+begin))
		if i = s.mixed(t, text, i, base); i < 0 {
			s.tokens, s.ids = s.tokens[:tokens], s.ids[:ids]
			return false
		}
	}
	return true
}

// resume makes the first n bytes of s.word, from the source at start, the word being read.
func (s *scratch) resume(n int, start int32) {
	s.length, s.chars = n, n
	if !s.offsets {
		return
	}
	s.start, s.end = s.start[:0], s.end[:0]
	for k := range int32(n) {
		s.start, s.end = append(s.start, start+k), append(s.end, start+k+1)
	}
}

// mixed reads characters of any kind from text[i:] until no word is open after one of them, and
// returns the place reached, or -1 for a character that needs the general path.
func (s *scratch) mixed(t *Tokenizer, text string, i, base int) int {
	for i < len(text) {
		r, w := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, w = decodeRune(text[i:])
		}
		b := t.fold.block(r)
		f := b.of[r&255]
		start, end := int32(base+i), int32(base+i+w)
		i += w
		switch f.kind() {
		case kindSlow:
			s.length, s.chars = 0, 0
			return -1
		case kindMulti:
			for _, part := range b.parts(f) {
				s.take(t, part, start, end)
			}
		default:
			s.take(t, f, start, end)
		}
		if s.length == 0 {
			return i
		}
	}
	s.flush(t)
	return i
}

// take handles one normalised character.
func (s *scratch) take(t *Tokenizer, f folded, start, end int32) {
	switch f.kind() {
	case kindWord:
		s.push(t, f.rune(), start, end)
	case kindSpace:
		s.flush(t)
	case kindPunct:
		s.flush(t)
		s.push(t, f.rune(), start, end)
		s.flush(t)
	}
}
