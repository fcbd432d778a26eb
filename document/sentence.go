// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Range is a part of a text as a half-open byte range on rune boundaries.
type Range struct{ Start, End int }

// Sentences returns where the sentences of a text are, in order, without the white space around them: for showing the one
// sentence of a passage that matters. A sentence ends as it does for Split, and at a blank line.
func Sentences(text string) []Range {
	var out []Range
	scanPlain(text, func(b block) {
		for pos := b.start; pos < b.end; {
			next := nextSentence(text[:b.end], pos)
			part := strings.TrimRightFunc(text[pos:next], unicode.IsSpace)
			start := next - len(strings.TrimLeftFunc(text[pos:next], unicode.IsSpace))
			if end := pos + len(part); start < end {
				out = append(out, Range{start, end})
			}
			pos = next
		}
	})
	return out
}

// These functions cut a range of text into consecutive parts. Each takes the text and where a part begins, and returns
// where it ends, which is where the next begins. They look at every byte a bounded number of times.

// nextLine ends a part after its line break.
func nextLine(text string, pos int) int {
	_, next := lineAt(text, pos)
	return next
}

// nextItem ends a part before the next line that begins a list item.
func nextItem(text string, pos int) int {
	_, pos = lineAt(text, pos)
	for pos < len(text) {
		end, next := lineAt(text, pos)
		if _, rest := cutIndent(text[pos:end]); isListItem(rest) {
			return pos
		}
		pos = next
	}
	return pos
}

// wordRun is the number of bytes of neighbouring words that are counted together: fewer calls, and still a fine grain.
const wordRun = 64

// nextWords ends a part after a run of words, before a word that would make it longer than wordRun.
func nextWords(text string, pos int) int {
	end := nextWord(text, pos)
	for end < len(text) {
		next := nextWord(text, end)
		if next-pos > wordRun {
			break
		}
		end = next
	}
	return end
}

// nextWord ends a part after a word and the white space behind it.
func nextWord(text string, pos int) int {
	i := strings.IndexFunc(text[pos:], unicode.IsSpace)
	if i < 0 {
		return len(text)
	}
	pos += i
	i = strings.IndexFunc(text[pos:], func(r rune) bool { return !unicode.IsSpace(r) })
	if i < 0 {
		return len(text)
	}
	return pos + i
}

// nextSentence ends a part after a sentence and the white space behind it. A sentence ends at a full stop, question or
// exclamation mark and its closing quotes, when white space and no lower-case letter follow; and at a full-width mark,
// which needs no space. It does not end after an initial or one of a few abbreviations. This is a rule for places where
// a long paragraph may be cut, not a claim about grammar.
func nextSentence(text string, pos int) int {
	for i := pos; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		at := i
		i += size
		wide := strings.ContainsRune("。！？｡", r)
		if !wide && !strings.ContainsRune(".!?…", r) {
			continue
		}
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if !strings.ContainsRune(".!?…。！？｡\"')]}»”’」』）*_", r) {
				break
			}
			i += size
		}
		after := i + len(text[i:]) - len(strings.TrimLeftFunc(text[i:], unicode.IsSpace))
		if after == len(text) {
			return after
		}
		if wide {
			return after
		}
		if after == i {
			continue
		}
		follow, _ := utf8.DecodeRuneInString(text[after:])
		if unicode.IsLower(follow) || r == '.' && isAbbreviation(text[pos:at]) {
			continue
		}
		return after
	}
	return len(text)
}

// abbreviations are words after which a full stop seldom ends a sentence, in lower case.
var abbreviations = map[string]bool{
	"al": true, "approx": true, "cf": true, "ch": true, "dr": true, "e.g": true, "eq": true, "etc": true, "fig": true,
	"i.e": true, "jr": true, "mr": true, "mrs": true, "ms": true, "no": true, "nos": true, "pp": true, "prof": true,
	"sec": true, "sr": true, "st": true, "viz": true, "vol": true, "vs": true,
}

// maxAbbreviation is the length in bytes from which on a word is no abbreviation.
const maxAbbreviation = 8

// isAbbreviation reports whether the text before a full stop ends in an initial or a known abbreviation.
func isAbbreviation(before string) bool {
	before = before[max(0, len(before)-maxAbbreviation-1):]
	word := before
	if i := strings.LastIndexFunc(before, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) }); i >= 0 {
		_, size := utf8.DecodeRuneInString(before[i:])
		word = before[i+size:]
	}
	if r, size := utf8.DecodeRuneInString(word); size == len(word) && unicode.IsUpper(r) {
		return true
	}
	return len(word) <= maxAbbreviation && abbreviations[strings.ToLower(word)]
}

// middle returns a place near the middle of text where it may be cut: at the start of a rune, and where possible not
// before a combining mark or joiner. It returns 0 when there is none, that is for one rune.
func middle(text string) int {
	mid := len(text) / 2
	for mid > 0 && !utf8.RuneStart(text[mid]) {
		mid--
	}
	const looks = 16
	cut := mid
	for range looks {
		if cut <= 0 {
			break
		}
		r, _ := utf8.DecodeRuneInString(text[cut:])
		last, size := utf8.DecodeLastRuneInString(text[:cut])
		if !unicode.Is(unicode.M, r) && r != zeroWidthJoiner && last != zeroWidthJoiner {
			return cut
		}
		cut -= size
	}
	if mid == 0 && len(text) > 1 {
		_, size := utf8.DecodeRuneInString(text)
		if size < len(text) {
			return size
		}
	}
	return mid
}

const zeroWidthJoiner = '\u200D'
