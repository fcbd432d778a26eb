// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import "unicode/utf8"

// general tokenises text the plain way: normalise all of it, find the added tokens that match in
// normalised text, split the rest into words. It serves what the fast path cannot.
func (s *scratch) general(t *Tokenizer, text string, base int) {
	n := &s.norm
	n.src.load(text, base)
	n.run(t.steps)
	runes := n.src.runes
	if t.normalized == nil {
		s.words(t, 0, len(runes))
		return
	}
	// The matcher works on bytes; s.at leads from each byte back to its character.
	s.text, s.at = s.text[:0], s.at[:0]
	for i, r := range runes {
		s.text = utf8.AppendRune(s.text, r)
		for len(s.at) < len(s.text) {
			s.at = append(s.at, int32(i))
		}
	}
	s.at = append(s.at, int32(len(runes)))
	m := matcher{set: t.normalized, text: string(s.text)}
	for m.next() {
		if m.from < m.start {
			s.words(t, int(s.at[m.from]), int(s.at[m.start]))
		}
		first, last := s.at[m.start], s.at[m.stop]-1
		s.emit(m.token.id, n.src.start[first], n.src.end[last])
		m.from = m.stop
	}
	if m.from < len(m.text) {
		s.words(t, int(s.at[m.from]), len(runes))
	}
}

// words splits the normalised characters [from, to) and tokenises each word.
func (s *scratch) words(t *Tokenizer, from, to int) {
	u, src := tables(), &s.norm.src
	for i := from; i < to; i++ {
		r := src.runes[i]
		k := kindWord
		if t.split {
			k = classify(u, r)
		}
		s.take(t, fold(k, r), src.start[i], src.end[i])
	}
	s.flush(t)
}
