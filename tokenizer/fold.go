// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import "sync/atomic"

// kind says what a code point, after normalisation, does to the word being read.
type kind uint8

const (
	kindWord  kind = iota // belongs to the word
	kindDrop              // vanishes
	kindSpace             // ends the word
	kindPunct             // ends the word and is one by itself
	kindMulti             // becomes several characters
	kindSlow              // depends on its neighbours: the general path has to run
)

// folded is a kind in the low 4 bits and above it the code point after normalisation; for kindMulti
// above it are the count (8 bits) and the place in foldBlock.multi.
type folded uint32

func fold(k kind, r rune) folded { return folded(k) | folded(r)<<4 }
func (f folded) kind() kind      { return kind(f & 15) }
func (f folded) rune() rune      { return rune(f >> 4) }

// foldBlock holds 256 neighbouring code points.
type foldBlock struct {
	of    [256]folded
	multi []folded
}

func (b *foldBlock) parts(f folded) []folded {
	n, at := f>>4&255, f>>12
	return b.multi[at : at+n]
}

// folder caches the result of the normaliser and pre-tokeniser for single code points. Blocks are made
// when text first needs them, so that opening a model stays quick; two goroutines may make the same
// block at once, and either result serves.
type folder struct {
	steps  []step
	blocks [0x110000 / 256]atomic.Pointer[foldBlock]
}

// block returns the block of r, which is a valid code point.
func (f *folder) block(r rune) *foldBlock {
	p := &f.blocks[r>>8]
	if b := p.Load(); b != nil {
		return b
	}
	b := f.makeBlock(r &^ 255)
	p.Store(b)
	return b
}

func (f *folder) makeBlock(base rune) *foldBlock {
	u := tables()
	ordered := false // whether combining marks are reordered
	for _, s := range f.steps {
		ordered = ordered || s == stepNFD
	}
	b := new(foldBlock)
	var n normalizer
	for i := range b.of {
		n.src.reset()
		n.src.push(base+rune(i), 0, 0)
		n.run(f.steps)
		b.of[i] = b.foldRunes(u, n.src.runes, ordered)
	}
	return b
}

// foldRunes packs the normalised form of one code point.
func (b *foldBlock) foldRunes(u *unicodeTables, runes []rune, ordered bool) folded {
	if len(runes) == 0 {
		return fold(kindDrop, 0)
	}
	at := len(b.multi)
	for _, r := range runes {
		if ordered && u.class(r) != 0 {
			b.multi = b.multi[:at]
			return fold(kindSlow, 0)
		}
		b.multi = append(b.multi, fold(classify(u, r), r))
	}
	parts := b.multi[at:]
	// ' ', c, ' ' around an ideograph is c standing alone.
	if len(parts) == 3 && parts[0].kind() == kindSpace && parts[1].kind() != kindSpace && parts[2].kind() == kindSpace {
		parts = []folded{fold(kindPunct, parts[1].rune())}
	}
	if len(parts) == 1 {
		one := parts[0]
		b.multi = b.multi[:at]
		return one
	}
	return folded(kindMulti) | folded(len(parts))<<4 | folded(at)<<12
}

// classify is BertPreTokenizer's view of a normalised character.
func classify(u *unicodeTables, r rune) kind {
	switch {
	case u.space.has(r):
		return kindSpace
	case u.punct.has(r):
		return kindPunct
	}
	return kindWord
}
