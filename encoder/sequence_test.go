// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Sequences of several callers, run together in any order, give the bits that Encode and Predict give.
func TestSequencesGiveTheSameBits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := randomTexts(r, 60)
	for _, name := range []string{"bi-mean", "bi-cls", "bi-prompts-excluded", "bi-dense"} {
		b := bi(t, name)
		var list []Sequence
		var want [][]float32
		for i, text := range texts {
			opts := []EncodeOption{As([]Kind{Query, Document}[i%2]), Dimensions([]int{0, 5}[i/2%2])}
			if i%5 == 0 {
				opts = append(opts, Unnormalized())
			}
			s, err := b.Sequence(text, opts...)
			if err != nil {
				t.Fatal(err)
			}
			e, err := b.Encode(t.Context(), []string{text}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			if s.Len() != e.Tokens[0] || s.Truncated != e.Truncated[0] {
				t.Fatalf("%s: %d tokens, %d cut; want %d, %d", name, s.Len(), s.Truncated, e.Tokens[0], e.Truncated[0])
			}
			list, want = append(list, s), append(want, e.Vector(0))
		}
		got, err := b.Run(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if bits(got[i]) != bits(want[i]) {
				t.Fatalf("%s: text %d differs", name, i)
			}
		}
	}
	c := cross(t, "cross-identity")
	list := c.Sequences("stone bridge", texts)
	got, err := c.Run(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		s, err := c.Predict(t.Context(), []Pair{{"stone bridge", text}})
		if err != nil {
			t.Fatal(err)
		}
		if bits(got[i]) != bits(s.Logits) || list[i].Truncated != s.Truncated[0] {
			t.Fatalf("pair %d differs", i)
		}
	}
}

func TestTokenVectors(t *testing.T) {
	for _, name := range []string{"bi-mean", "bi-cls"} {
		b := bi(t, name)
		s, err := b.Sequence("water under the bridge")
		if err != nil {
			t.Fatal(err)
		}
		states, err := b.RunTokens(t.Context(), []Sequence{s, s})
		if err != nil {
			t.Fatal(err)
		}
		if len(states) != 2 || len(states[0]) != s.Len() || len(states[0][0]) != b.Model().Config.Hidden {
			t.Fatalf("%s: states of another shape", name)
		}
		v, err := b.Run(t.Context(), []Sequence{s})
		if err != nil {
			t.Fatal(err)
		}
		if name == "bi-cls" && !b.Model().Normalize && bits(states[0][0]) != bits(v[0]) {
			t.Error("the first token's state is not the text's vector")
		}
		if bits(states[0][2]) != bits(states[1][2]) || bits(states[0][1]) == bits(states[0][2]) {
			t.Errorf("%s: states are not those of their tokens", name)
		}
	}
}

func TestSequenceKeepsTheEnd(t *testing.T) {
	b := bi(t, "bi-mean", MaxTokens(6))
	text := "stone eight water silver paper bridge north"
	ids := b.Model().Tokenizer.AppendIDs(nil, text)
	s, err := b.Sequence(text, KeepEnd())
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 6 || s.Truncated != len(ids)-4 || !slices.Equal(s.IDs[1:5], ids[len(ids)-4:]) {
		t.Errorf("got %v with %d cut of %v", s.IDs, s.Truncated, ids)
	}
	e, err := b.Encode(t.Context(), []string{text}, KeepEnd())
	if err != nil || e.Truncated[0] != s.Truncated {
		t.Errorf("Encode cut %v, %v", e, err)
	}
	same, err := b.SequenceOf(s.IDs)
	if err != nil || !slices.Equal(same.IDs, s.IDs) {
		t.Errorf("special tokens there: %v, %v", same.IDs, err)
	}
	if same, err = b.SequenceOf(s.IDs[1:5]); err != nil || !slices.Equal(same.IDs, s.IDs) {
		t.Errorf("special tokens not there: %v, %v", same.IDs, err)
	}
	_, err = b.SequenceOf([]int32{1 << 30})
	wantError(t, err, "has the id 1073741824", "ids from 0")

	c := cross(t, "cross-identity", MaxTokens(9))
	list := c.Sequences("north", []string{text, "stone"}, KeepDocumentEnd(), DocumentTokens(4))
	doc := c.Model().Tokenizer.AppendIDs(nil, text)
	if got := list[0]; got.Len() > 9 || got.Truncated == 0 || !slices.Contains(got.IDs, doc[len(doc)-1]) || slices.Contains(got.IDs, doc[0]) {
		t.Errorf("got %v with %d cut of %v", got.IDs, got.Truncated, doc)
	}
	if list[1].Truncated != 0 {
		t.Errorf("a short document was cut by %d", list[1].Truncated)
	}
	if single := c.SequenceOf(strings.Repeat("stone ", 50)); single.Len() != 9 || single.Truncated == 0 {
		t.Errorf("one text alone: %d tokens, %d cut", single.Len(), single.Truncated)
	}
}
