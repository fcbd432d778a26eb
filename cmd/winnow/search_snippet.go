// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"unicode"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

func isSeparator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

// snippetOf is what to show of a hit, and the words in it to set off.
func snippetOf(h *winnow.Hit) (text string, terms map[string]bool) {
	terms = map[string]bool{}
	if h.Snippet == nil {
		return h.Text, terms
	}
	for _, span := range h.Snippet.Terms {
		for _, w := range strings.FieldsFunc(strings.ToLower(h.Text[span[0]:span[1]]), isSeparator) {
			terms[w] = true
		}
	}
	text = h.Text[h.Snippet.Start:h.Snippet.End]
	if h.Snippet.Start > 0 {
		text = "… " + text
	}
	if h.Snippet.End < len(strings.TrimRightFunc(h.Text, unicode.IsSpace)) {
		text += " …"
	}
	return text, terms
}

// snippet is the part of a text of at most so many lines that holds most different words of the
// query, the first such part. Ellipses show what is left out.
func snippet(text string, terms map[string]bool, width, lines int) []string {
	width = max(width, 20)
	all := term.Wrap(text, width-term.Width(" …"))
	if len(all) <= lines {
		return all
	}
	best, most := 0, -1
	for start := 0; start+lines <= len(all); start++ {
		found := map[string]bool{}
		for _, w := range strings.FieldsFunc(strings.ToLower(strings.Join(all[start:start+lines], " ")), isSeparator) {
			if terms[w] {
				found[w] = true
			}
		}
		if len(found) > most {
			best, most = start, len(found)
		}
	}
	part := append([]string(nil), all[best:best+lines]...)
	if best > 0 {
		part[0] = "… " + part[0]
	}
	if best+lines < len(all) {
		part[lines-1] += " …"
	}
	return part
}

// emphasize sets off the query's words in a line.
func emphasize(o *term.Output, line string, terms map[string]bool) string {
	if !o.Color {
		return line
	}
	var b strings.Builder
	for line != "" {
		n := strings.IndexFunc(line, func(r rune) bool { return !isSeparator(r) })
		if n < 0 {
			n = len(line)
		}
		b.WriteString(line[:n])
		line = line[n:]
		if n = strings.IndexFunc(line, isSeparator); n < 0 {
			n = len(line)
		}
		word := line[:n]
		if terms[strings.ToLower(word)] {
			word = o.Paint(term.Bold, word)
		}
		b.WriteString(word)
		line = line[n:]
	}
	return b.String()
}
