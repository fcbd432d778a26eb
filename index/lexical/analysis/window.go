// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Window returns the part text[start:end] of at most size bytes that is best to show for spans as Highlight returns them: the
// one with the most different terms; of several, that with the spans closest together, then the first. Around these it begins
// at a sentence or, if that is too far, at a word, and ends at a sentence or a word, without white space at the ends.
// Without spans it is the beginning of the text.
func Window(text string, spans []Span, size int) (start, end int) {
	size = max(size, 0)
	from, to := densest(spans, size)
	start = max(0, min(from, len(text)))
	if room := size - (to - from); room > 0 {
		start = beginning(text, from, room)
	}
	end = ending(text, start, min(to, len(text)), size)
	for start < end {
		r, n := utf8.DecodeRuneInString(text[start:end])
		if !unicode.IsSpace(r) {
			break
		}
		start += n
	}
	return start, start + len(strings.TrimRightFunc(text[start:end], unicode.IsSpace))
}

// densest returns where the shortest group of neighbouring spans begins and ends that has the most different terms of all
// that fit size.
func densest(spans []Span, size int) (from, to int) {
	counts := map[string]int{}
	distinct, best, first := 0, 0, 0
	for last, s := range spans {
		for _, t := range s.Terms {
			if counts[t]++; counts[t] == 1 {
				distinct++
			}
		}
		for first < last && (s.End-spans[first].Start > size || allAgain(spans[first].Terms, counts)) {
			for _, t := range spans[first].Terms {
				if counts[t]--; counts[t] == 0 {
					distinct--
				}
			}
			first++
		}
		if start := spans[first].Start; distinct > best || distinct == best && s.End-start < to-from {
			best, from, to = distinct, start, s.End
		}
	}
	return from, to
}

// allAgain reports whether every one of the terms is counted more than once.
func allAgain(terms []string, counts map[string]int) bool {
	return !slices.ContainsFunc(terms, func(t string) bool { return counts[t] < 2 })
}

// beginning returns where a window begins whose spans begin at from, with room for that many bytes around them: at the
// sentence of the first span, or at a word with a third of the room before the span.
func beginning(text string, from, room int) int {
	lowest := max(0, from-room)
	for i := from; i > lowest; i-- {
		if endsSentence(text[:i]) {
			return i
		}
	}
	if lowest == 0 {
		return 0
	}
	i := from - room/3
	if n := strings.IndexFunc(text[i:from], unicode.IsSpace); n >= 0 {
		return i + n
	}
	for i < from && !utf8.RuneStart(text[i]) { // a long word, or a script without spaces
		i++
	}
	return i
}

// endsSentence reports whether a sentence or line ends s, with the white space behind it.
func endsSentence(s string) bool {
	if strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "。") || strings.HasSuffix(s, "！") || strings.HasSuffix(s, "？") {
		return true
	}
	n := len(s)
	return n >= 2 && (s[n-1] == ' ' || s[n-1] == '\t') && (s[n-2] == '.' || s[n-2] == '!' || s[n-2] == '?')
}

// ending returns where a window from start ends whose spans end at to: after a sentence if that leaves at least half of the
// size, else after a word.
func ending(text string, start, to, size int) int {
	highest := start + size
	if highest >= len(text) {
		return len(text)
	}
	for highest > start && !utf8.RuneStart(text[highest]) {
		highest--
	}
	for i := highest; i > max(to, start+size/2); i-- {
		if endsSentence(text[:i]) {
			return i
		}
	}
	r, _ := utf8.DecodeRuneInString(text[highest:])
	if n := strings.LastIndexFunc(text[start:highest], unicode.IsSpace); !unicode.IsSpace(r) && n > 0 && start+n >= to {
		return start + n
	}
	return highest
}
