// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package answer

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow/document"
)

// Sentence is a sentence of an answer.
type Sentence struct {
	Text      string `json:"text"`      // without citations
	Citations []int  `json:"citations"` // numbers of passages that were sent, each once, in order
	// Invalid are cited numbers that no passage sent has.
	Invalid []int `json:"invalid_citations,omitempty"`
}

// Sentences are the sentences of the answer as far as it is settled, with what each cites. A citation belongs to the
// sentence before it, also behind the full stop; at the beginning of a line to the one after it.
func (r *Reader) Sentences() []Sentence {
	plain := r.Plain()
	ranges := sentences(plain)
	out := make([]Sentence, len(ranges))
	for i, s := range ranges {
		out[i] = Sentence{Text: line(plain[s.Start:s.End]), Citations: []int{}}
	}
	if len(out) == 0 {
		return out
	}
	for _, m := range r.marks {
		n, _ := slices.BinarySearchFunc(ranges, m.At, func(s document.Range, at int) int {
			if s.Start < at {
				return -1
			}
			return 1
		})
		n-- // the last that begins before the mark
		before := plain[strings.LastIndexByte(plain[:m.At], '\n')+1:m.At] + " "
		if begins := bullet.FindString(before) == before; begins || n < 0 {
			n++
		}
		s := &out[min(n, len(out)-1)]
		list := &s.Citations
		if !m.Sent {
			list = &s.Invalid
		}
		if !slices.Contains(*list, m.Number) {
			*list = append(*list, m.Number)
		}
	}
	for i := range out {
		slices.Sort(out[i].Citations)
	}
	return out
}

// bullet is what begins an item of a list, a heading or a quotation in Markdown.
var bullet = regexp.MustCompile(`^[ \t]*(?:[-*+•][ \t]+|#{1,6}[ \t]+|>[ \t]*|\d{1,3}[.)][ \t]+)*`)

// sentences are the ranges of sentences of a text in which a line break ends one, without the marks of lists.
func sentences(text string) (out []document.Range) {
	at := 0
	for l := range strings.Lines(text) {
		from := at + len(bullet.FindString(l))
		for _, s := range document.Sentences(text[from : at+len(l)]) {
			s.Start, s.End = s.Start+from, s.End+from
			if strings.ContainsFunc(text[s.Start:s.End], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
				out = append(out, s)
			}
		}
		at += len(l)
	}
	return out
}

// Quote is a sentence of a passage.
type Quote struct {
	Text   string // on one line
	Number int    // of the passage
}

// The shortest sentence that says something, and the longest that is still one, in words.
const (
	shortest = 3
	longest  = 120
)

// Extract cuts passages into the sentences that an answer can be put together from, in order, each text once. Questions, headings,
// tables and code are left out, unless there is nothing else. What in a passage looks like a citation is dropped: it would pass for one
// of the answer's.
func Extract(passages []Passage) []Quote {
	var good, rest []Quote
	seen := map[string]bool{}
	for _, p := range passages {
		text := uncited(Clean(p.Text))
		for _, s := range quotable(text) {
			q := Quote{quoted(text[s.Start:s.End]), p.Number}
			key := strings.ToLower(q.Text)
			if q.Text == "" || seen[key] {
				continue
			}
			seen[key] = true
			words := len(strings.Fields(q.Text))
			if words < shortest || words > longest || strings.HasSuffix(strings.TrimRight(q.Text, `"'”’)»*_`), "?") || strings.HasPrefix(q.Text, "|") {
				rest = append(rest, q)
				continue
			}
			good = append(good, q)
		}
	}
	if len(good)+len(rest) == 0 { // code, for one
		for _, p := range passages {
			text := Clean(p.Text)
			for _, s := range document.Sentences(text) {
				if q := quoted(text[s.Start:s.End]); q != "" {
					rest = append(rest, Quote{q, p.Number})
				}
			}
		}
	}
	if len(good) == 0 {
		return rest
	}
	return good
}

// uncited is a text without what a [Reader] would take for citations in it. What is left together is read again: it may be another.
func uncited(text string) string {
	for {
		r := readAll(text)
		if len(r.marks) == 0 {
			return text
		}
		text = r.Plain()
	}
}

// quoted is a sentence of a passage on one line, without citations. Code or a bracket that does not end would hide the citation that
// the answer puts behind it: such marks are dropped.
func quoted(sentence string) string {
	text := line(uncited(line(sentence)))
	const after = "】 x"
	for _, mark := range []string{"`", "[", "【"} {
		if readAll(text+" [1]"+after).Plain() != text+after {
			text = line(uncited(strings.ReplaceAll(text, mark, "")))
		}
	}
	return text
}

// readAll reads an answer to no passages that is all there.
func readAll(text string) *Reader {
	r := NewReader(0)
	r.at = inText // a thought at its beginning is text, too
	r.Write(text)
	r.Close()
	return r
}

// quotable are the sentences of a passage. Unlike in an answer, a line may end within a sentence; headings, the marks of
// lists and code blocks are not part of any.
func quotable(text string) (out []document.Range) {
	code, start, at := false, -1, 0
	flush := func(end int) {
		if start >= 0 {
			for _, s := range document.Sentences(text[start:end]) {
				out = append(out, document.Range{Start: s.Start + start, End: s.End + start})
			}
		}
		start = -1
	}
	for l := range strings.Lines(text) {
		body := strings.TrimSpace(l)
		mark := bullet.FindString(l)
		switch {
		case strings.HasPrefix(body, "```"), strings.HasPrefix(body, "~~~"):
			flush(at)
			code = !code
		case code, body == "", strings.HasPrefix(body, "#"), strings.HasPrefix(body, "|"):
			flush(at)
		case strings.TrimSpace(mark) != "":
			flush(at)
			start = at + len(mark)
		case start < 0:
			start = at
		}
		at += len(l)
	}
	flush(len(text))
	return out
}
