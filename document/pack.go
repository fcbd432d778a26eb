// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"sort"
	"strings"
)

// place adds a piece to the passage being packed, and first ends that passage when the piece would lift it above the target.
func (s *splitter) place(p piece) {
	if n := len(s.pieces); n > 0 && s.commentBetween(s.pieces[n-1].end, p.start) {
		s.endChunk()
		s.reset()
	}
	if len(s.pieces) > 0 && s.cost+p.cost > s.target {
		s.endChunk()
		if s.carry && s.cost+p.cost > s.max {
			s.reset() // the repeated text would not fit beside this piece
		}
	}
	s.pieces = append(s.pieces, p)
	s.cost += p.cost
	s.carry = false
}

// commentBetween reports whether a comment was left out between two places: it would become part of a passage that spans both.
func (s *splitter) commentBetween(from, to int) bool {
	return from < to && strings.Contains(s.text[from:to], "<!--")
}

func (s *splitter) reset() {
	s.pieces, s.cost, s.carry = s.pieces[:0], 0, false
}

// endChunk emits the passage being packed and keeps its end for the next one if there is an overlap.
func (s *splitter) endChunk() {
	if len(s.pieces) == 0 || s.carry {
		return
	}
	s.emit(s.pieces)
	last := s.out[len(s.out)-1]
	s.reset()
	if s.o.Overlap > 0 {
		if p, ok := s.tail(last); ok {
			s.pieces, s.cost, s.carry = append(s.pieces, p), p.cost, true
		}
	}
}

// endSection emits what is left. A passage below a quarter of the target joins the one before it when both fit together.
func (s *splitter) endSection() {
	s.endChunk()
	s.reset()
	n := len(s.out)
	if s.o.Overlap > 0 || n-s.firstChunk < 2 {
		return
	}
	last, prev := s.out[n-1], s.out[n-2]
	if last.Tokens >= s.target/4 || prev.Tokens+last.Tokens > s.max || s.commentBetween(prev.End, last.Start) {
		return
	}
	if p, ok := s.measure(prev.Start, last.End); ok {
		s.out[n-2].End, s.out[n-2].Text, s.out[n-2].Tokens = last.End, s.text[prev.Start:last.End], p.tokens
		s.out = s.out[:n-1]
	}
}

// emit appends the passage made of pieces. Counts of parts need not add up to the count of the whole for every tokenizer:
// one more count makes sure of the maximum, and halves a passage above it.
func (s *splitter) emit(pieces []piece) {
	start, end := pieces[0].start, pieces[len(pieces)-1].end
	n := pieces[0].tokens
	if len(pieces) > 1 {
		whole, ok := s.measure(start, end)
		if !ok {
			s.emit(pieces[:len(pieces)/2])
			s.emit(pieces[len(pieces)/2:])
			return
		}
		n = whole.tokens
	}
	s.out = append(s.out, Chunk{
		Text: s.text[start:end], Prefix: s.prefix, Heading: s.heading, Start: start, End: end, Tokens: n,
	})
}

// tail returns the last whole sentences of a chunk that take at most the overlap, or its last words when the last
// sentence is longer than that.
func (s *splitter) tail(c Chunk) (piece, bool) {
	// Only the end of the chunk can be repeated, which bounds the work.
	from := max(c.Start, c.End-s.o.Overlap*maxTokenBytes)
	if from > c.Start {
		i := strings.IndexAny(s.text[from:c.End], " \t\n")
		if i < 0 {
			return piece{}, false
		}
		from += i
	}
	for _, next := range []func(string, int) int{nextSentence, nextWord} {
		starts := s.starts(from, c, next)
		i := sort.Search(len(starts), func(i int) bool {
			p, ok := s.measure(starts[i], c.End)
			return ok && p.cost <= s.o.Overlap
		})
		if i < len(starts) {
			return s.measure(starts[i], c.End)
		}
	}
	return piece{}, false
}

// starts returns where sentences or words begin in [from, end of c), except at the start of c itself.
func (s *splitter) starts(from int, c Chunk, next func(string, int) int) []int {
	var starts []int
	for pos := from; pos < c.End; pos = next(s.text[:c.End], pos) {
		if pos > from {
			starts = append(starts, pos)
		}
	}
	return starts
}

// number sets the line numbers. Starts and ends never go back, so each line break is looked at twice.
func (s *splitter) number() {
	line, pos := 1, 0
	lastLine, last := 1, 0
	for i := range s.out {
		c := &s.out[i]
		line += strings.Count(s.text[pos:c.Start], "\n")
		pos = c.Start
		lastLine += strings.Count(s.text[last:c.End], "\n")
		last = c.End
		c.StartLine, c.EndLine = line, lastLine
	}
}

// numberPages sets the page numbers: pages are separated by form feeds. Starts never go back.
func (s *splitter) numberPages() {
	page, pos := 1, 0
	for i := range s.out {
		c := &s.out[i]
		page += strings.Count(s.text[pos:c.Start], "\f")
		c.Page, pos = page, c.Start
	}
}
