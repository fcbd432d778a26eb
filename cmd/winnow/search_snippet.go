// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

func isSeparator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

// excerpt is a text on one line, with what to set off in it.
type excerpt struct {
	text     string
	terms    map[string]bool // words, in lower case
	sentence [2]int          // the sentence nearest to the query: bytes of the text, half open; empty if there is none
}

// excerptLine is a line of an excerpt on the screen.
type excerptLine struct {
	text     string
	sentence [2]int // what of it belongs to the sentence: bytes of the text, half open
}

// excerptOf is what to show of a hit. Ellipses show what is left out.
func excerptOf(o *term.Output, h *winnow.Hit) excerpt {
	s := h.Snippet
	if s == nil {
		return excerpt{text: o.Line(h.Text)}
	}
	e := excerpt{terms: map[string]bool{}}
	for _, span := range s.Terms {
		for _, w := range strings.FieldsFunc(strings.ToLower(h.Text[span[0]:span[1]]), isSeparator) {
			e.terms[w] = true
		}
	}
	from, to := s.End, s.End
	if s.Sentence != nil {
		from = min(max(s.Sentence[0], s.Start), s.End)
		to = min(max(s.Sentence[1], from), s.End)
	}
	// Bytes are other ones on the screen, where white space and control characters are replaced: each part is put there by itself.
	if s.Start > 0 {
		e.add(o, "… ", false)
	}
	space := e.add(o, h.Text[s.Start:from], s.Start > 0)
	if from < to {
		space = e.add(o, h.Text[from:to], space)
		e.sentence = [2]int{len(e.text) - len(o.Line(h.Text[from:to])), len(e.text)}
	}
	e.add(o, h.Text[to:s.End], space)
	if s.End < len(strings.TrimRightFunc(h.Text, unicode.IsSpace)) {
		e.add(o, "…", true)
	}
	return e
}

// add puts a part at the end of the text, after a space if one is owed or the part begins with white space. It returns whether one
// is owed to the next part.
func (e *excerpt) add(o *term.Output, part string, space bool) bool {
	line := o.Line(part)
	if line == "" {
		return space || part != ""
	}
	if e.text != "" && (space || strings.TrimLeftFunc(part, unicode.IsSpace) != part) {
		e.text += " "
	}
	e.text += line
	return strings.TrimRightFunc(part, unicode.IsSpace) != part
}

// lines are the part of the text of at most so many lines that shows most lines of the sentence and, of those, most different words
// of the query, the first such part. Ellipses show what is left out.
func (e *excerpt) lines(width, most int) []excerptLine {
	width = max(width, 20)
	all := e.wrap(width - term.Width(" …"))
	if len(all) <= most {
		return all
	}
	best, near, words := 0, -1, -1
	for start := 0; start+most <= len(all); start++ {
		n, found := 0, map[string]bool{}
		for _, l := range all[start : start+most] {
			if l.sentence[0] < l.sentence[1] {
				n++
			}
			for _, w := range strings.FieldsFunc(strings.ToLower(l.text), isSeparator) {
				if e.terms[w] {
					found[w] = true
				}
			}
		}
		if n > near || n == near && len(found) > words {
			best, near, words = start, n, len(found)
		}
	}
	part := slices.Clone(all[best : best+most])
	if best > 0 {
		const left = "… "
		l := &part[0]
		*l = excerptLine{left + l.text, [2]int{len(left) + l.sentence[0], len(left) + l.sentence[1]}}
	}
	if best+most < len(all) {
		part[most-1].text += " …"
	}
	return part
}

// wrap breaks the text into lines.
func (e *excerpt) wrap(width int) []excerptLine {
	var lines []excerptLine
	at := 0
	for _, text := range term.Wrap(e.text, width) {
		at += strings.Index(e.text[at:], text) // single spaces are all that is left out
		clip := func(edge int) int { return min(max(edge-at, 0), len(text)) }
		lines = append(lines, excerptLine{text, [2]int{clip(e.sentence[0]), clip(e.sentence[1])}})
		at += len(text)
	}
	return lines
}

// emphasize sets off the query's words in a line in bold, and the sentence by a line under it: the terminal's own colours stay, so
// that both read well on any background.
func emphasize(o *term.Output, l excerptLine, terms map[string]bool) string {
	if !o.Color {
		return l.text
	}
	return emphasizeWords(o, l.text[:l.sentence[0]], terms, term.Plain) +
		emphasizeWords(o, l.text[l.sentence[0]:l.sentence[1]], terms, term.Underline) +
		emphasizeWords(o, l.text[l.sentence[1]:], terms, term.Plain)
}

// emphasizeWords gives text a style, and words of the query bold as well.
func emphasizeWords(o *term.Output, text string, terms map[string]bool, style term.Style) string {
	var b strings.Builder
	plain := 0 // where what is not written yet begins
	for at := 0; at < len(text); {
		n := strings.IndexFunc(text[at:], func(r rune) bool { return !isSeparator(r) })
		if n < 0 {
			break
		}
		at += n
		if n = strings.IndexFunc(text[at:], isSeparator); n < 0 {
			n = len(text) - at
		}
		if word := text[at : at+n]; terms[strings.ToLower(word)] {
			b.WriteString(o.Paint(style, text[plain:at]) + o.Paint(style.And(term.Bold), word))
			plain = at + n
		}
		at += n
	}
	return b.String() + o.Paint(style, text[plain:])
}
