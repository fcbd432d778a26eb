// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"slices"
	"strings"
	"unicode"
)

// maxTokenBytes is how many bytes one token may stand for when a passage's size is judged. Running text has four to six
// bytes a token; the bound matters for text that tokenizers shrink, such as long runs of blanks, or base64 lines that
// become one unknown token. It also bounds the length of every text given to the counter.
const maxTokenBytes = 16

// Split cuts a document into passages. It cuts at headings first, then between paragraphs, then between sentences (list
// items in lists, lines in code and tables), then between words, and inside a word only when the word alone is too long;
// never inside a rune. Fenced code and tables are kept whole when they fit. Neighbouring paragraphs under the same heading
// are merged up to the target size. A heading's own line is not part of a passage's text but of its Prefix; a heading with
// nothing under it becomes text under its parent. Front matter, HTML comments and thematic breaks are left out. In source code
// the lines between two blank ones are kept whole when they fit, and the heading path is the declarations around a passage.
//
// Passages come in the order of the text. The result depends on the arguments only. Time is linear in the length of the
// text; each byte is counted a small, fixed number of times, in pieces of at most 16 bytes a token of the maximum size.
// A nil counter means Words; options out of range are moved into it (see ChunkOptions.Validate).
func Split(d Document, c Counter, o ChunkOptions) []Chunk {
	if c == nil {
		c = Words
	}
	s := splitter{text: d.Text, title: strings.Join(strings.Fields(d.Title), " "), count: c.Count, o: o.clamped(), section: -1}
	switch d.Format {
	case Markdown:
		scanMarkdown(d.Text, s.block)
	case Code:
		s.code(0, len(d.Text), 0)
	default:
		scanPlain(d.Text, s.block)
	}
	s.dropPending(1)
	s.endSection()
	s.number()
	if d.Format == Pages {
		s.numberPages()
	}
	return s.out
}

// piece is a byte range that is not cut further.
type piece struct {
	start, end int
	tokens     int
	cost       int // tokens, or more when the bytes are many
}

// open is an entry of the stack of headings.
type openHeading struct {
	level int
	title string
	id    int
	block block
}

type splitter struct {
	text  string
	title string
	count func(string) int
	o     ChunkOptions

	stack   []openHeading
	ids     int
	pending bool // the innermost heading has nothing under it yet

	section     int // id of the section being packed
	heading     []string
	prefix      string
	target, max int // what the prefix leaves of the sizes
	firstChunk  int // index of the section's first chunk

	pieces []piece
	cost   int
	carry  bool // pieces hold only text repeated from the last chunk

	out []Chunk
}

// block takes in the next block of the text.
func (s *splitter) block(b block) {
	if b.kind == heading {
		s.dropPending(b.level)
		for len(s.stack) > 0 && s.stack[len(s.stack)-1].level >= b.level {
			s.stack = s.stack[:len(s.stack)-1]
		}
		s.ids++
		s.stack = append(s.stack, openHeading{b.level, b.title, s.ids, b})
		s.pending = true
		return
	}
	s.pending = false
	s.enter()
	s.add(b.kind, b.start, b.end)
}

// dropPending turns the innermost heading into text under its parent when it has no text and a heading of the given
// level leaves it without children.
func (s *splitter) dropPending(level int) {
	if !s.pending {
		return
	}
	last := s.stack[len(s.stack)-1]
	if last.level < level {
		return
	}
	s.pending = false
	s.stack = s.stack[:len(s.stack)-1]
	if last.title == "" {
		return
	}
	s.enter()
	s.add(paragraph, last.block.start, last.block.end)
}

// enter makes the innermost heading the section being packed.
func (s *splitter) enter() {
	id := 0
	if n := len(s.stack); n > 0 {
		id = s.stack[n-1].id
	}
	if id == s.section {
		return
	}
	s.endSection()
	s.section, s.firstChunk = id, len(s.out)
	s.heading = nil
	for _, h := range s.stack {
		if h.title != "" {
			s.heading = append(s.heading, h.title)
		}
	}
	s.setPrefix()
}

// setPrefix chooses the longest inner part of the heading path that takes at most a quarter of the maximum.
func (s *splitter) setPrefix() {
	path := s.heading
	if s.title != "" && (len(path) == 0 || path[0] != s.title) {
		path = slices.Concat([]string{s.title}, path)
	}
	s.prefix, s.target, s.max = "", s.o.Target, s.o.Max
	for ; len(path) > 0; path = path[1:] {
		prefix := strings.Join(path, " > ") + "\n"
		if len(prefix) > s.o.Max/4*maxTokenBytes {
			continue
		}
		if n := s.count(prefix); n <= s.o.Max/4 {
			s.prefix, s.max = prefix, s.o.Max-n
			s.target = min(s.target, s.max)
			return
		}
	}
}

// measure returns a range's size. One too long to fit whatever its tokens is not counted: ok is false.
func (s *splitter) measure(start, end int) (p piece, ok bool) {
	byBytes := (end - start) / maxTokenBytes
	if byBytes > s.max {
		return piece{start: start, end: end}, false
	}
	n := max(s.count(s.text[start:end]), 0)
	return piece{start, end, n, max(n, byBytes)}, n <= s.max
}

// add packs a block, cutting it as its kind allows when it does not fit.
func (s *splitter) add(kind blockKind, start, end int) {
	switch kind {
	case verbatim:
		s.descend(start, end, nextLine, nextWords, nextWord)
	case list:
		s.descend(start, end, nextItem, nextSentence, nextWords, nextWord)
	default:
		s.descend(start, end, nextSentence, nextWords, nextWord)
	}
}

// descend places a range if it fits, else cuts it with the first of the ways and goes on with the others; inside a word
// when there is none left.
func (s *splitter) descend(start, end int, ways ...func(string, int) int) {
	start, end = s.trim(start, end)
	if start == end {
		return
	}
	if p, ok := s.measure(start, end); ok {
		s.place(p)
		return
	}
	if len(ways) == 0 {
		s.halve(start, end)
		return
	}
	for pos := start; pos < end; {
		next := ways[0](s.text[:end], pos)
		s.descend(pos, next, ways[1:]...)
		pos = next
	}
}

// halve cuts a word that is too long until its parts are at most the target size.
func (s *splitter) halve(start, end int) {
	if end-start <= s.target*maxTokenBytes {
		n := max(s.count(s.text[start:end]), 0)
		if n <= s.target {
			s.place(piece{start, end, n, max(n, (end-start)/maxTokenBytes)})
			return
		}
	}
	mid := start + middle(s.text[start:end])
	if mid == start || mid == end {
		s.place(piece{start, end, s.max, s.max}) // one rune, which no cut makes smaller
		return
	}
	s.halve(start, mid)
	s.halve(mid, end)
}

// trim moves a range past blank lines at its start and white space at its end. Indentation of the first line stays.
func (s *splitter) trim(start, end int) (int, int) {
	part := strings.TrimRightFunc(s.text[start:end], unicode.IsSpace)
	end = start + len(part)
	blanks := len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	if i := strings.LastIndexByte(part[:blanks], '\n'); i >= 0 {
		start += i + 1
	}
	return start, end
}
