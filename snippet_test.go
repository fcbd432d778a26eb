// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
)

// recorded keeps what each call of the bi-encoder was given.
type recorded struct {
	Encoders

	calls [][]string
}

func (c *recorded) Encode(ctx context.Context, b *encoder.BiEncoder, texts []string, kind encoder.Kind) (*encoder.Embeddings, error) {
	c.calls = append(c.calls, texts)
	return c.Encoders.Encode(ctx, b, texts, kind)
}

// Short hits have a nearest sentence, too, where there is a choice; all hits of a search are one call of the encoder, of a bounded number of sentences.
func TestSentencesOfShortAndLongHits(t *testing.T) {
	e, err := New(builtin.Models())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	const short = "\nLunch is at noon. To reset your password, open Settings. The garden has roses."
	plain := "password " + strings.Repeat("somewhere ", 35) + "reset"
	if err := e.Add(t.Context(),
		Document{ID: "short", Text: short},
		Document{ID: "one", Text: "You can reset a password in Settings"},
		Document{ID: "tiny", Text: "A. " + strings.Repeat("So it is. ", 26)},
		Document{ID: "long", Text: strings.Repeat("The weather was fine and nobody had anything to complain about. ", 6) + "A forgotten password can be reset. Then it rained."},
		Document{ID: "plain", Text: plain},
	); err != nil {
		t.Fatal(err)
	}
	through := &recorded{Encoders: e.encoders}
	e.encoders = through
	r := search(t, e, "how do I reset a password?", Snippets(), In(Dense), Rerank(Off))
	sentences := map[string]string{}
	for _, h := range r.Hits {
		s := h.Snippet
		if s.End-s.Start > snippetLength || s.Start < 0 || s.End > len(h.Text) {
			t.Errorf("%s: %d to %d of %d bytes are shown", h.ID, s.Start, s.End, len(h.Text))
		}
		if s.Sentence != nil {
			sentences[h.ID] = h.Text[s.Sentence[0]:s.Sentence[1]]
		}
		if h.ID == "short" && h.Text[s.Start:s.End] != strings.TrimSpace(short) {
			t.Errorf("of a short text is shown %q", h.Text[s.Start:s.End])
		}
	}
	if len(r.Hits) != 5 || len(sentences) != 3 || sentences["short"] != "To reset your password, open Settings." || sentences["long"] != "A forgotten password can be reset." || sentences["tiny"] == "" {
		t.Errorf("%d hits, nearest sentences %q", len(r.Hits), sentences)
	}
	if len(through.calls) != 2 { // the query, the sentences
		t.Fatalf("%d calls of the encoder: %q", len(through.calls), through.calls)
	}
	if got, want := len(through.calls[1]), 3+maxSentences+8; got != want {
		t.Errorf("%d sentences were encoded, want %d: %q", got, want, through.calls[1])
	}

	// Without a vector of the query nothing is encoded, and no sentence is the nearest.
	through.calls = nil
	r = search(t, e, "reset password", Snippets(), In(Lexical), Rerank(Off))
	for _, h := range r.Hits {
		if h.Snippet == nil || len(h.Snippet.Terms) == 0 || h.Snippet.Sentence != nil {
			t.Errorf("%s by words: %+v", h.ID, h.Snippet)
		}
	}
	if len(r.Hits) != 4 || len(through.calls) != 0 {
		t.Errorf("%d hits by words, encoded: %q", len(r.Hits), through.calls)
	}
}

// A sentence that is too long to show, such as code or a table, is shown where the words of the query are.
func TestSnippetOfALongSentence(t *testing.T) {
	e, err := New(builtin.Models())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	var rows strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rows, "reset password link %d, ", i)
	}
	text := "Lunch is at noon. " + rows.String() + "and so on until the quokka is told. Roses are red."
	if err := e.Add(t.Context(), Document{ID: "a", Text: text}); err != nil {
		t.Fatal(err)
	}
	h := search(t, e, "reset the password of a quokka", Snippets(), In(Hybrid), Rerank(Off)).Hits[0]
	s := h.Snippet
	if s.Sentence == nil || s.Sentence[1]-s.Sentence[0] <= snippetLength {
		t.Fatalf("the nearest sentence: %+v", s)
	}
	if shown := h.Text[s.Start:s.End]; len(shown) > snippetLength || !strings.Contains(shown, "quokka") || s.Start < s.Sentence[0] || s.End > s.Sentence[1] {
		t.Errorf("%d bytes are shown: %q", len(shown), shown)
	}
}
