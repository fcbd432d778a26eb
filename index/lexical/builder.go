// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

// maxRows is the limit of rows in a segment; so row numbers and sums of two stay inside 32 bits.
const maxRows = math.MaxInt32

// The errors of a Builder that took too much. Write what there is and begin another segment.
var (
	errTooManyRows = fmt.Errorf("a segment holds at most %d rows: write this one and begin another", maxRows)
	errArenaFull   = errors.New("postings pass 4 GiB: write this segment and begin another")
	errPosition    = errors.New("positions of tokens must not fall within a field")
)

// Builder collects rows in order and writes their index. It is not safe for concurrent use. Memory is about 45 bytes a
// different term and 2 to 3 bytes a token.
type Builder struct {
	analyzer      *analysis.Analyzer
	vocab         *vocab
	arena         arena
	total, title  []uint32 // tokens by row: both fields, title
	tokens        []analysis.Token
	titleTokens   []analysis.Token
	ids           []uint32 // of a field's terms
	tokensOfTitle uint64
	tokensOfAll   uint64
	err           error
}

// NewBuilder returns an empty Builder whose Add uses the analyzer; nil if only AddTokens will be called.
func NewBuilder(a *analysis.Analyzer) *Builder { return &Builder{analyzer: a, vocab: newVocab()} }

// Rows is the number of rows added so far.
func (b *Builder) Rows() int { return len(b.total) }

// Terms is the number of different terms so far.
func (b *Builder) Terms() int { return b.vocab.len() }

// Add analyses and appends the next row. An error, which only an enormous segment causes, is kept and returned by Write.
func (b *Builder) Add(title, text string) {
	b.titleTokens, b.tokens = b.titleTokens[:0], b.tokens[:0]
	if title != "" {
		b.titleTokens = b.analyzer.Append(b.titleTokens, title)
	}
	b.tokens = b.analyzer.Append(b.tokens, text)
	b.add(b.titleTokens, b.tokens)
	clear(b.titleTokens) // terms may share the texts' memory
	clear(b.tokens)
}

// AddTokens appends the next row from tokens that are already analysed. The length of a field is the number of its tokens;
// positions within a field rise or stay. The tokens may be reused after the call.
func (b *Builder) AddTokens(title, text []analysis.Token) error {
	b.add(title, text)
	return b.err
}

func (b *Builder) add(title, text []analysis.Token) {
	if b.err != nil {
		return
	}
	if len(b.total) >= maxRows || len(title)+len(text) > maxRows {
		b.err = errTooManyRows
		return
	}
	row := uint32(len(b.total))
	b.field(row, title, false)
	b.field(row, text, true)
	b.total = append(b.total, uint32(len(title)+len(text)))
	b.title = append(b.title, uint32(len(title)))
	b.tokensOfTitle += uint64(len(title))
	b.tokensOfAll += uint64(len(title) + len(text))
}

// The kinds of an entry in a term's chain. An entry is a uvarint value<<2 | kind, after the last two kinds another: the position.
const (
	entrySame  = iota // same row and field; value: position less the last one
	entryText         // same row, but now the text; value: position
	entryTitle        // another row, its title; value: row less the last row plus one
	entryRow          // another row, its text
)

func (b *Builder) field(row uint32, tokens []analysis.Token, text bool) {
	before := 0
	b.ids = b.vocab.ids(b.ids[:0], tokens)
	for i := range tokens {
		position := tokens[i].Position
		if position < before || position > maxRows {
			b.err = errPosition
			return
		}
		before = position
		t := &b.vocab.terms[b.ids[i]]
		at := uint32(position)
		switch {
		case t.row != row+1:
			kind := uint64(entryTitle)
			if text {
				kind = entryRow
			}
			b.arena.append(&t.tail, uint64(row-t.row)<<2|kind)
			b.arena.append(&t.tail, uint64(at))
			t.row = row + 1
		case t.inText == text:
			b.arena.append(&t.tail, uint64(at-t.last)<<2)
		default:
			b.arena.append(&t.tail, uint64(at)<<2|entryText)
		}
		t.last, t.inText = at, text
		if b.arena.full || b.vocab.full {
			b.err = errArenaFull
			return
		}
	}
}

// Write writes the sections of the index. The Builder stays as it is. The bytes depend on the rows only.
func (b *Builder) Write(w segment.SectionWriter) error {
	if b.err != nil {
		return fmt.Errorf("build lexical index: %w", b.err)
	}
	out, err := newOutput(w, b.total, b.title)
	if err != nil {
		return err
	}
	var term []byte
	for _, id := range b.vocab.sorted() {
		out.start()
		b.postings(out, b.vocab.terms[id].tail)
		term = b.vocab.appendTerm(term[:0], id)
		if err := out.finish(term); err != nil {
			return err
		}
	}
	return out.close()
}

// postings gives the postings of a term, which are in a chain of the arena.
func (b *Builder) postings(out *output, c chain) {
	r := reader{arena: &b.arena, chain: c}
	r.open()
	var row, next, freq, title uint32
	text := false
	for !r.done() {
		v := r.uvarint()
		delta := uint32(v >> 2)
		switch kind := v & 3; kind {
		case entryText:
			text = true
		case entryTitle, entryRow:
			if freq > 0 {
				out.add(row, freq, title)
			}
			out.begin()
			row, freq, title, text = next+delta, 0, 0, kind == entryRow
			next = row + 1
			delta = uint32(r.uvarint())
		}
		freq++
		if !text {
			title++
		}
		if delta < 0x80 {
			out.positions = append(out.positions, byte(delta))
		} else {
			out.positions = binary.AppendUvarint(out.positions, uint64(delta))
		}
	}
	out.add(row, freq, title)
}
