// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"slices"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/kernel"
)

// Snippet is the part of a hit's text that says best why it is there.
type Snippet struct {
	Start int      `json:"start"` // bytes of the hit's text, half open
	End   int      `json:"end"`
	Terms [][2]int `json:"terms,omitempty"` // what the query's words matched: bytes of the hit's text, half open
	// Sentence is the sentence nearest to the query by their vectors, if the engine has any: bytes of the hit's text.
	Sentence *[2]int `json:"sentence,omitempty"`
}

// snippetLength is the most bytes of a snippet: three lines of a terminal.
const snippetLength = 280

// maxSentences bounds how many sentences of a hit are encoded.
const maxSentences = 24

// addSnippets gives every hit its snippet.
func (s *searching) addSnippets(ctx context.Context) error {
	if len(s.words.Clauses) == 0 {
		var err error
		if s.words, err = analysis.ParseQuery(s.result.Query, s.engine.db.Analyzer()); err != nil {
			return err
		}
	}
	if err := s.nearestSentences(ctx); err != nil {
		return err
	}
	a := s.engine.db.Analyzer()
	for i := range s.found {
		h := &s.found[i]
		if h.Snippet == nil {
			h.Snippet = &Snippet{}
		}
		spans := a.Highlight(h.Text, s.words)
		for _, span := range spans {
			h.Snippet.Terms = append(h.Snippet.Terms, [2]int{span.Start, span.End})
		}
		if n := h.Snippet.Sentence; n != nil {
			h.Snippet.Start, h.Snippet.End = widen(h.Text, n[0], n[1])
			continue
		}
		h.Snippet.Start, h.Snippet.End = analysis.Window(h.Text, spans, snippetLength)
	}
	return nil
}

// widen grows a range by the sentences after it, then those before, as long as it stays short.
func widen(text string, start, end int) (int, int) {
	sentences := document.Sentences(text)
	for _, r := range sentences {
		if r.Start >= end && r.End-start <= snippetLength {
			end = r.End
		}
	}
	for _, r := range slices.Backward(sentences) {
		if r.End <= start && end-r.Start <= snippetLength {
			start = r.Start
		}
	}
	return start, end
}

// nearestSentences finds in each hit of several sentences the one whose vector is nearest to the query's.
func (s *searching) nearestSentences(ctx context.Context) error {
	e := s.engine
	if s.query == nil {
		return nil
	}
	var texts []string
	var owner []int
	var ranges []document.Range
	for i := range s.found {
		text := s.found[i].Text
		if len(text) <= snippetLength {
			continue
		}
		for n, r := range document.Sentences(text) {
			if n == maxSentences {
				break
			}
			texts, owner, ranges = append(texts, text[r.Start:r.End]), append(owner, i), append(ranges, r)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	v, err := e.encoders.Encode(ctx, e.retriever, texts, encoder.Document)
	if err != nil {
		return err
	}
	best := map[int]float32{}
	for i := range texts {
		score := kernel.Dot(s.query, v.Vector(i)) / max(kernel.Norm(v.Vector(i)), 1e-12) // a cosine, but for the query's length
		h := &s.found[owner[i]]
		if old, ok := best[owner[i]]; !ok || score > old {
			best[owner[i]] = score
			if h.Snippet == nil {
				h.Snippet = &Snippet{}
			}
			h.Snippet.Sentence = &[2]int{ranges[i].Start, ranges[i].End}
		}
	}
	return nil
}
