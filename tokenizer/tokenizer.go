// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

// Tokenizer turns text into ids. It does not change once made and is safe for concurrent use.
type Tokenizer struct {
	vocab    *vocab
	unk      int32
	maxChars int // words of more characters are unknown
	size     int // ids are below

	steps []step
	split bool // BertPreTokenizer; without it text between added tokens is one word
	fold  *folder
	ascii [256]byte // the normalised byte of an ASCII letter or digit, 0 for everything else
	kinds [256]kind // of ASCII; kindSlow for the bytes of other characters

	raw        *addedSet // added tokens that match in the source
	normalized *addedSet // those that match in normalised text
	added      map[string]int32
	addedName  map[int32]string

	single, pair template
}

// Token is one token and the half-open byte range [Start, End) of the source it came from. Ranges are
// in order; they lie between characters; several tokens can share one range where a single
// character became several.
type Token struct {
	ID         int32
	Start, End int32
}

// VocabSize returns the number of rows an embedding table needs: the highest id plus one, added tokens
// included.
func (t *Tokenizer) VocabSize() int { return t.size }

// Token returns the name of an id, "##" included for continuations.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if name, ok := t.addedName[id]; ok {
		return name, true
	}
	name := t.vocab.name(id)
	return string(name), name != nil
}

// ID returns the id of a token's name.
func (t *Tokenizer) ID(token string) (int32, bool) {
	if id, ok := t.added[token]; ok {
		return id, true
	}
	return t.vocab.id(token)
}

// Unknown returns the id given to words that the vocabulary cannot spell.
func (t *Tokenizer) Unknown() int32 { return t.unk }

// AppendIDs appends the ids of text to dst, without the template's special tokens. Added tokens written
// out in the text ("[SEP]") become their ids, as in the reference; text from outside that must not be
// able to do that can be cleared of them beforehand. Beyond growing dst it does not allocate, except for
// rare text that needs the general path. It is meant for texts below 2 GiB.
func (t *Tokenizer) AppendIDs(dst []int32, text string) []int32 {
	s := scratchPool.Get().(*scratch)
	s.ids, s.offsets = dst, false
	s.run(t, text)
	dst = s.ids
	s.ids = nil
	s.release()
	return dst
}

// AppendTokens appends the tokens of text to dst: the ids of [Tokenizer.AppendIDs] with byte offsets.
func (t *Tokenizer) AppendTokens(dst []Token, text string) []Token {
	s := scratchPool.Get().(*scratch)
	s.tokens, s.offsets = dst, true
	s.run(t, text)
	dst = s.tokens
	s.tokens = nil
	s.release()
	return dst
}

// Count returns the number of tokens of text, without the template's special tokens.
func (t *Tokenizer) Count(text string) int {
	s := scratchPool.Get().(*scratch)
	s.ids, s.offsets = s.counted[:0], false
	s.run(t, text)
	n := len(s.ids)
	s.counted, s.ids = s.ids, nil
	s.release()
	return n
}

// run tokenises text: added tokens first, then what lies between them.
func (s *scratch) run(t *Tokenizer, text string) {
	if t.raw == nil {
		s.between(t, text, 0)
		return
	}
	m := matcher{set: t.raw, text: text}
	for m.next() {
		if m.from < m.start {
			s.between(t, text[m.from:m.start], m.from)
		}
		s.emit(m.token.id, int32(m.start), int32(m.stop))
		m.from = m.stop
	}
	if m.from < len(text) {
		s.between(t, text[m.from:], m.from)
	}
}

// between tokenises text without raw added tokens, by the fast path where it applies.
func (s *scratch) between(t *Tokenizer, text string, base int) {
	if t.split && t.normalized == nil && s.scan(t, text, base) {
		return
	}
	s.general(t, text, base)
}
