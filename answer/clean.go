// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// controls are the marks by which chat templates separate messages. Some servers read them in the middle of a text, too.
var controls = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<\|[^\s|<>]{1,40}\|>|<｜[^\s｜<>]{1,40}｜>|</?(?:s|bos|eos|start_of_turn|end_of_turn|think|tool_call|tool_response|function_calls)>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS)\]|<</?SYS>>`)
})

// Clean makes retrieved text fit to be read by a language model as data: what a person would not see is taken out (control
// characters, characters that reorder or hide text, tags), the marks of chat templates are broken up by a space, and bytes
// that are not UTF-8 become U+FFFD. Line breaks and tabs stay.
func Clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return controls().ReplaceAllStringFunc(text, func(mark string) string { return mark[:1] + " " + mark[1:] })
}

// hidden reports whether a character shows nothing but may change what is shown or read.
func hidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r == '\u200C', r == '\u200D': // joiners, which some scripts and emoji are written with
		return false
	case r >= 0xE0100 && r <= 0xE01EF: // supplementary variation selectors, which can spell bytes
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf)
}

// line is text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
