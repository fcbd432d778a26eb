// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package term

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// Clean makes text safe for a person to look at: control characters become visible symbols (ESC becomes ␛),
// and so do the characters that reorder a line (bidirectional embeddings, overrides and isolates).
// Line breaks stay, a tab becomes a space. It does so on every output, for what is piped into a
// file or a pager ends on a terminal too; see Exact for what programs read.
func (o *Output) Clean(text string) string { return strings.Map(visible, text) }

// Exact is text for a program, as it is; a terminal gets it cleaned.
func (o *Output) Exact(text string) string {
	if o.Terminal {
		return o.Clean(text)
	}
	return text
}

// visible maps a character to what a terminal may be given for it.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\t', r == '\u2028', r == '\u2029': // line and paragraph separator
		return ' '
	case r < 0x20:
		return 0x2400 + r // control pictures
	case r == 0x7f:
		return '\u2421'
	case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return unicode.ReplacementChar
	}
	return r
}

// Line puts text on one line: runs of white space become one space. It is cleaned for the output.
func (o *Output) Line(text string) string {
	return o.Clean(strings.Join(strings.Fields(text), " "))
}

// Width is the number of terminal columns that text takes; text must hold no control characters.
func Width(text string) int { return displaywidth.String(text) }

// Truncate cuts text to at most width columns, the last one an ellipsis if anything was cut.
func Truncate(text string, width int) string {
	if width < 1 {
		return ""
	}
	if Width(text) <= width {
		return text
	}
	return strings.TrimRight(displaywidth.TruncateString(text, width-1, ""), " ") + "…"
}

// Wrap breaks text into lines of at most width columns, between words where possible. Line breaks
// of the text stay. A character wider than width gets a line of its own.
func Wrap(text string, width int) []string {
	width = max(width, 1)
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines = append(lines, wrapParagraph(paragraph, width)...)
	}
	return lines
}

func wrapParagraph(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		w := Width(word)
		if line != "" && used+1+w <= width {
			line, used = line+" "+word, used+1+w
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for w > width { // a word of its own lines
			head := displaywidth.TruncateString(word, width, "")
			if head == "" {
				g := displaywidth.StringGraphemes(word)
				g.Next()
				head = g.Value()
			}
			if head == word {
				break
			}
			lines = append(lines, head)
			word = word[len(head):]
			w = Width(word)
		}
		line, used = word, w
	}
	return append(lines, line)
}
