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
	// Sentence is the sentence nearest to the query by their vectors: bytes of the hit's text. There is none in a text of one
	// sentence, and none where the query has no vector, as in a search by words alone.
	Sentence *[2]int `json:"sentence,omitempty"`
}

// snippetLength is the most bytes of a snippet: three lines of a terminal.
const snippetLength = 280

// maxSentences bounds how many sentences of a hit are encoded: the first ones.
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
		h.Snippet.Start, h.Snippet.End = shown(h.Text, spans, h.Snippet.Sentence)
	}
	return nil
}

// shown is the part of a text to show: what is around the sentence, which is all of a short text, or else around the words.
func shown(text string, words []analysis.Span, sentence *[2]int) (start, end int) {
	if sentence == nil {
		return analysis.Window(text, words, snippetLength)
	}
	if start, end = sentence[0], sentence[1]; end-start <= snippetLength {
		return widen(text, start, end)
	}
	var inside []analysis.Span
	for _, w := range words {
		if w.Start >= start && w.End <= end {
			w.Start, w.End = w.Start-start, w.End-start
			inside = append(inside, w)
		}
	}
	from, to := analysis.Window(text[start:end], inside, snippetLength)
	return start + from, start + to
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

// nearestSentences finds in each hit of several sentences the one whose vector is nearest to the query's. The encoder is called
// once for the sentences of all hits. A hit costs at most maxSentences of them, a short one no more text than snippetLength, and
// one without a choice, or a query without a vector, costs nothing.
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
		sentences := document.Sentences(text)
		if len(sentences) < 2 {
			continue
		}
		for _, r := range sentences[:min(len(sentences), maxSentences)] {
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
