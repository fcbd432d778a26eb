// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	xlanguage "golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// fold returns the form of a word in which spellings of the same word are equal: NFKC, full case folding, NFKC again (folding
// can leave a letter and its accent apart), invisible characters removed, ’ as '.
func (l language) fold(word string) string {
	if isASCII(word) && l.code != "tr" {
		return strings.ToLower(word)
	}
	word = norm.NFKC.String(strings.ToValidUTF8(word, ""))
	if l.code == "tr" {
		word = cases.Lower(xlanguage.Turkish).String(word)
	} else {
		word = cases.Fold().String(word)
	}
	return norm.NFKC.String(strings.Map(visible, word))
}

// visible drops format characters and variation selectors, and makes apostrophes equal. It also finishes the folding of
// Cherokee, where package cases exchanges the two forms of a letter: Unicode folds to the older, upper-case one.
func visible(r rune) rune {
	switch {
	case 'ꭰ' <= r && r <= 'ꮿ':
		return r - 'ꭰ' + 'Ꭰ'
	case 'ᏸ' <= r && r <= 'ᏽ':
		return r - 'ᏸ' + 'Ᏸ'
	case r == '’' || r == '‘' || r == 'ʼ':
		return '\''
	case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r):
		return -1
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cut returns the beginning of s of at most n bytes that does not end inside a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
