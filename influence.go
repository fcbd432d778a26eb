// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/words"

	"github.com/winnow-search/winnow/encoder"
)

// MostLeftOut bounds how many shortened passages [Engine.Influence] lets a cross-encoder read.
const MostLeftOut = 128

// Influence says how a cross-encoder's logit changes when words of a passage are left out. It is no attribution of causes: words work
// together, two that say the same stand in for each other, and a text with a gap is none that the model was trained on.
type Influence struct {
	Query    string  `json:"query"`
	ID       string  `json:"id"`   // of the passage
	Text     string  `json:"text"` // of the passage; its headings, which the model reads before it, always stay
	Reranker string  `json:"reranker"`
	Logit    float32 `json:"logit"` // of the whole passage
	// Each is how many words in a row are left out at a time: 1, or more where the passage has more than [MostLeftOut] of them.
	Each            int       `json:"words_each"`
	Left            []LeftOut `json:"left_out"` // in the order of the text
	TruncatedTokens int       `json:"truncated_tokens"`
}

// LeftOut is a part of a passage without which it was read.
type LeftOut struct {
	Span   [2]int  `json:"span"` // bytes of the passage's text, half open
	Text   string  `json:"text"`
	Change float32 `json:"change"` // the logit without it less that of the whole passage: negative if it speaks for the passage
}

// Influence lets a cross-encoder read a passage as it is and without each of its words, as many times as there are words but at most
// 1 + [MostLeftOut] times. id is that of the passage, or of a document for its first; reranker is as in [Engine.Reranker].
func (e *Engine) Influence(ctx context.Context, query, id, reranker string) (*Influence, error) {
	if strings.TrimSpace(query) == "" {
		return nil, asked(errors.New("the query is empty"))
	}
	if reranker == Off {
		return nil, asked(errors.New("influence is on a cross-encoder's logit: name one, or auto"))
	}
	c, err := e.Reranker(reranker)
	if err != nil {
		return nil, err
	}
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return nil, closedError(err)
	}
	defer snapshot.Release()
	refs, err := snapshot.Find(id)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrUnknownID, id)
	}
	passages, err := snapshot.Passages(ctx, refs[:1]) // of a document its first
	if err != nil {
		return nil, err
	}
	chunk := passages[0].Chunk
	out := &Influence{Query: query, ID: passages[0].ID, Text: chunk.Text, Reranker: c.Model().Name}
	out.Each, out.Left = leftOut(chunk.Text)
	pairs := []encoder.Pair{{Query: query, Document: chunk.Context()}}
	for _, l := range out.Left {
		pairs = append(pairs, encoder.Pair{Query: query, Document: chunk.Prefix + chunk.Text[:l.Span[0]] + chunk.Text[l.Span[1]:]})
	}
	scores, err := e.encoders.Predict(ctx, c, pairs)
	if err != nil {
		return nil, err
	}
	out.Logit, out.TruncatedTokens = scores.Logits[0], scores.Truncated[0]
	for i := range out.Left {
		out.Left[i].Change = scores.Logits[i+1] - out.Logit
	}
	return out, nil
}

// leftOut are the parts of a text to leave out: its words as Unicode has them, each alone or so many in a row that there are at most
// [MostLeftOut] parts.
func leftOut(text string) (each int, parts []LeftOut) {
	spans := wordSpans(text)
	each = max(1, (len(spans)+MostLeftOut-1)/MostLeftOut)
	parts = []LeftOut{}
	for i := 0; i < len(spans); i += each {
		start, end := spans[i][0], spans[min(i+each, len(spans))-1][1]
		parts = append(parts, LeftOut{Span: [2]int{start, end}, Text: text[start:end]})
	}
	return each, parts
}

// wordSpans are the bytes of a text's words: what has a letter or digit.
func wordSpans(text string) (spans [][2]int) {
	for tokens := words.FromString(text); tokens.Next(); {
		if strings.ContainsFunc(tokens.Value(), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			spans = append(spans, [2]int{tokens.Start(), tokens.End()})
		}
	}
	return spans
}
