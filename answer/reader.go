// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unknown stands in an answer where it cited a passage that was not sent.
const Unknown = "[?]"

// maxMarker is the most bytes of a citation. What is longer is text.
const maxMarker = 256

// maxRange is the most numbers that a range like [1-9] stands for. Of a longer one the ends are taken.
const maxRange = 99

// Mark is a citation's place.
type Mark struct {
	At     int // bytes of the answer without citations
	Number int // of the passage, from 1
	Sent   bool
}

// Reader reads an answer as it is written, in pieces cut anywhere, and checks its citations. It takes [1], [1, 2], [1-3],
// [^1], [passage 1], [passage 1: Title], [1, p. 3], \[1\], ［1］, 【1】 and 【1†…】 for citations, outside of code between backticks,
// and writes each as [1][2]; a number that no passage sent has becomes [Unknown]. Characters that show nothing are dropped. Pieces cut otherwise give the same.
type Reader struct {
	sent    int
	pending string
	text    strings.Builder
	plain   []byte
	marks   []Mark
	fence   int // backticks that opened the code we are in; 0 outside
	run     int // backticks just read
	at      place
}

// NewReader reads an answer to so many passages, numbered from 1.
func NewReader(sent int) *Reader { return &Reader{sent: sent} }

// Write takes the next piece and returns the text of the answer that is settled by it, which may be none.
func (r *Reader) Write(piece string) string { return r.read(piece, false) }

// Close ends the answer and returns what of its text was left.
func (r *Reader) Close() string { return r.read("", true) }

// Text is the answer with its checked citations, as far as it is settled.
func (r *Reader) Text() string { return r.text.String() }

// Plain is the answer without citations and without the spaces before them.
func (r *Reader) Plain() string { return string(r.plain) }

// Marks are the citations, in order.
func (r *Reader) Marks() []Mark { return slices.Clip(r.marks) }

// The marks of a thought that some models write before an answer, and what may stand around them.
const (
	thinkOpen, thinkClose = "<think>", "</think>"
	blank                 = " \t\n"
)

// place is how far the beginning of an answer has been read.
type place int

const (
	inStart place = iota
	inThought
	afterThought
	inText
)

func (r *Reader) read(piece string, last bool) string {
	before := r.text.Len()
	visible, rest := show(r.pending+piece, last)
	visible = r.skipThought(visible, last)
	if r.at == inText {
		visible = r.scan(visible, last)
	}
	r.pending = visible + rest
	return r.text.String()[before:]
}

// show drops what shows nothing. rest is the beginning of a character that is not all there.
func show(text string, last bool) (visible, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		if c == utf8.RuneError && size == 1 && !last && !utf8.FullRuneInString(text[i:]) {
			return b.String(), text[i:]
		}
		if !hidden(c) {
			b.WriteRune(c)
		}
		i += size
	}
	return b.String(), ""
}

// skipThought drops a thought at the beginning of an answer. What it returns is text only if that is where we are.
func (r *Reader) skipThought(text string, last bool) string {
	if r.at == inStart {
		body := strings.TrimLeft(text, blank)
		switch {
		case strings.HasPrefix(body, thinkOpen):
			r.at, text = inThought, body[len(thinkOpen):]
		case last || !strings.HasPrefix(thinkOpen, body):
			r.at = inText
		}
	}
	if r.at == inThought {
		_, after, ended := strings.Cut(text, thinkClose)
		if !ended {
			return text[max(0, len(text)-len(thinkClose)+1):] // what may be the beginning of its end
		}
		r.at, text = afterThought, after
	}
	if r.at == afterThought {
		if text = strings.TrimLeft(text, blank); text != "" {
			r.at = inText
		}
	}
	return text
}

// scan takes text up to where it is not settled, and returns what is left.
func (r *Reader) scan(text string, last bool) (rest string) {
	for text != "" {
		if r.run > 0 && text[0] != '`' { // the run of backticks is at its end
			switch r.fence {
			case 0:
				r.fence = r.run
			case r.run:
				r.fence = 0
			}
			r.run = 0
		}
		n := strings.IndexAny(text, "`\n\\"+openings)
		if n < 0 {
			n = len(text)
		}
		r.emit(text[:n])
		text = text[n:]
		switch {
		case text == "":
		case text[0] == '`':
			run := len(text) - len(strings.TrimLeft(text, "`"))
			r.run += run
			r.emit(text[:run])
			text = text[run:]
		case text[0] == '\n':
			if r.fence > 0 && r.fence < 3 { // code within a line ends with it
				r.fence = 0
			}
			r.emit(text[:1])
			text = text[1:]
		case text == `\` && !last: // a bracket may follow
			return text
		case text[0] == '\\' && !strings.HasPrefix(text, `\[`):
			r.emit(text[:1])
			text = text[1:]
		default:
			numbers, size, more := marker(text)
			_, bracket := utf8.DecodeRuneInString(text)
			switch {
			case r.fence > 0:
				size = 0
			case more && !last:
				return text
			}
			if size == 0 {
				r.emit(text[:bracket])
				text = text[bracket:]
				continue
			}
			r.cite(numbers)
			text = text[size:]
		}
	}
	return ""
}

func (r *Reader) emit(text string) {
	r.text.WriteString(text)
	r.plain = append(r.plain, text...)
}

// cite writes a citation.
func (r *Reader) cite(numbers []int) {
	r.plain = bytes.TrimRight(r.plain, " ")
	unknown := false
	for _, n := range numbers {
		sent := n >= 1 && n <= r.sent
		r.marks = append(r.marks, Mark{len(r.plain), n, sent})
		if sent {
			r.text.WriteString("[" + strconv.Itoa(n) + "]")
		}
		unknown = unknown || !sent
	}
	if unknown {
		r.text.WriteString(Unknown)
	}
}

// marker reads a citation at the beginning of a text: its numbers, each once, and its length in bytes, 0 if there is none. more says that
// it may be one when more of the text is there.
func marker(text string) (numbers []int, size int, more bool) {
	var body, closing string
	for _, b := range brackets {
		if rest, found := strings.CutPrefix(text, b.opening); found {
			body, closing = rest, b.closing
		}
	}
	head := body[:min(len(body), maxMarker+len(closing))]
	end := strings.Index(head, closing)
	inside := head
	switch {
	case end >= 0:
		inside = body[:end]
	case len(closing) == len(`\]`):
		inside = strings.TrimSuffix(head, `\`) // half of what closes it
	}
	if len(inside) > maxMarker {
		return nil, 0, false
	}
	l := citation{text: inside, whole: end >= 0}
	if !l.read() {
		return nil, 0, false
	}
	if end < 0 {
		return nil, 0, true
	}
	return l.numbers, len(text) - len(body) + end + len(closing), false
}
