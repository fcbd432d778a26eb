// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/tokenizer"
)

// prose is what texts are made from, word by word.
//
//go:embed words.txt
var prose string

// maker makes texts of exact numbers of tokens. Words between spaces are
// tokenised each for itself, so that their tokens can be counted ahead.
type maker struct {
	words  []word
	single []string // words of one token
	next   int      // word to begin the next text with
}

type word struct {
	text   string
	tokens int
}

func newMaker(t *tokenizer.Tokenizer) (*maker, error) {
	m := &maker{}
	var ids []int32
	count := func(text string) int {
		ids = t.AppendIDs(ids[:0], text)
		return len(ids)
	}
	for text := range strings.FieldsSeq(prose) {
		w := word{text, count(text)}
		m.words = append(m.words, w)
		if w.tokens == 1 {
			m.single = append(m.single, text)
		}
	}
	for _, sign := range []string{".", "a", "1"} { // for vocabularies of hardly more than letters
		if len(m.single) == 0 && count(sign) == 1 {
			m.single = append(m.single, sign)
		}
	}
	if len(m.single) == 0 {
		return nil, fmt.Errorf("the tokenizer makes no text of a given number of tokens: it gives %d for %q", count("."), ".")
	}
	return m, nil
}

// text returns a text of n tokens, special ones not included, and another one
// at each call.
func (m *maker) text(n int) string {
	var b strings.Builder
	add := func(text string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	for at := m.next; n > 0; at++ {
		w := m.words[at%len(m.words)]
		if w.tokens == 0 {
			continue
		}
		if w.tokens > n {
			w = word{m.single[at%len(m.single)], 1}
		}
		add(w.text)
		n -= w.tokens
	}
	m.next = (m.next + 13) % len(m.words)
	return b.String()
}

// texts returns count texts of n tokens.
func (m *maker) texts(count, n int) []string {
	list := make([]string, count)
	for i := range list {
		list[i] = m.text(n)
	}
	return list
}
