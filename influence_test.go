// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
)

// What is left out is read as searches read passages: with the headings, and scored as Predict scores the shortened text.
func TestInfluence(t *testing.T) {
	e := withCorpus(t)
	const query = "How do neural networks learn?"
	hit := search(t, e, query).Hits[0]
	in, err := e.Influence(t.Context(), query, hit.ID, Auto)
	if err != nil {
		t.Fatal(err)
	}
	if in.Logit != *hit.Logit || in.ID != hit.ID || in.Text != hit.Text || in.Each != 1 {
		t.Errorf("logit %v of %q, each %d; the hit's is %v", in.Logit, in.ID, in.Each, *hit.Logit)
	}
	c, err := e.Reranker(Auto)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, l := range in.Left {
		words = append(words, l.Text)
	}
	if got, want := strings.Join(words, " "), strings.Join(strings.FieldsFunc(hit.Text, func(r rune) bool { return strings.ContainsRune(" .,;:()-", r) }), " "); got != want {
		t.Errorf("left out: %q, want %q", got, want)
	}
	last := in.Left[len(in.Left)-1]
	context := strings.TrimSuffix(hit.Context, hit.Text) + hit.Text[:last.Span[0]] + hit.Text[last.Span[1]:]
	scores, err := c.Predict(t.Context(), []encoder.Pair{{Query: query, Document: context}})
	if err != nil {
		t.Fatal(err)
	}
	if want := scores.Logits[0] - in.Logit; last.Change != want {
		t.Errorf("without %q the logit changes by %v, want %v", last.Text, last.Change, want)
	}
	if _, err := e.Influence(t.Context(), query, "nothing", Auto); !errors.Is(err, ErrUnknownID) {
		t.Errorf("unknown id: %v", err)
	}
	for _, bad := range [][2]string{{" ", Auto}, {query, Off}} {
		if _, err := e.Influence(t.Context(), bad[0], hit.ID, bad[1]); !asksForWhatCannotBe(err) {
			t.Errorf("%q by %s: %v", bad[0], bad[1], err)
		}
	}
}

func asksForWhatCannotBe(err error) bool {
	_, ok := errors.AsType[*RequestError](err)
	return ok
}

func TestPartsToLeaveOut(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		" — … 🍮 ":                  "",
		"Crème brûlée, don't; 3.5": "Crème|brûlée|don't|3.5",
		"風呂に入る。":                   "風|呂|に|入|る",
	} {
		each, parts := leftOut(text)
		var got []string
		for _, p := range parts {
			if p.Text != text[p.Span[0]:p.Span[1]] {
				t.Errorf("%q is not at %v", p.Text, p.Span)
			}
			got = append(got, p.Text)
		}
		if s := strings.Join(got, "|"); s != want || each != 1 {
			t.Errorf("%q: %q, each %d", text, s, each)
		}
	}
	text := strings.Repeat("word ", 2*MostLeftOut+1)
	each, parts := leftOut(text)
	if last := parts[len(parts)-1]; each != 3 || len(parts) > MostLeftOut || parts[0].Text != "word word word" || last.Span[1] != len(text)-1 {
		t.Errorf("%d parts of %d words, from %q to %v", len(parts), each, parts[0].Text, last.Span)
	}
}
