// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
)

// A result says what each encoder computed in, which is what was asked for or
// stands in for it.
func TestPrecision(t *testing.T) {
	for _, p := range encoder.Precisions() {
		e, err := New(Models(tinyBi, tinyCross), AtPrecision(p))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Add(t.Context(), Document{ID: "a", Text: "One text."}); err != nil {
			t.Fatal(err)
		}
		c, err := e.Reranker(Auto)
		if err != nil {
			t.Fatal(err)
		}
		both := Precisions{e.Retriever().Precision(), c.Precision()}
		if got := search(t, e, "text").Precision; got != both || got.Retriever == encoder.Auto {
			t.Errorf("%s: %+v, the encoders %+v", p, got, both)
		}
		if got := search(t, e, "text", Rerank(Off)).Precision; got != (Precisions{Retriever: both.Retriever}) {
			t.Errorf("%s, without reranking: %+v", p, got)
		}
		comparison, err := e.Compare(t.Context(), "text")
		if err != nil || comparison.Precision != both {
			t.Errorf("%s, compared: %+v, %v", p, comparison, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	var option *encoder.OptionError
	if _, err := New(Models(tinyBi, tinyCross), AtPrecision("fp8")); !errors.As(err, &option) || !strings.Contains(err.Error(), "fp8") {
		t.Errorf("fp8: %v", err)
	}
}

// TestPrecisionOfIndex has an index made in another precision than the default: it is gone on with in that one, and no other
// is mixed in. What int8 is computed in depends on the processor; it need not be known here.
func TestPrecisionOfIndex(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	first, err := Open(dir, Models(tinyBi, tinyCross), AtPrecision(encoder.Int8))
	if err != nil {
		t.Fatal(err)
	}
	made := first.Retriever().Precision()
	if err := errors.Join(first.Add(t.Context(), Document{ID: "a", Text: "cats purr"}), first.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := index.Peek(dir)
	if err != nil || s.VectorPrecision() != string(made) {
		t.Fatalf("%q, %v; want %s", s.Precision, err, made)
	}
	open := func(opts ...Option) error {
		e, err := Open(dir, Models(tinyBi, tinyCross), opts...)
		if err != nil {
			return err
		}
		return errors.Join(e.Add(t.Context(), Document{ID: "b", Text: "dogs bark"}), e.Close())
	}
	for _, opts := range [][]Option{nil, {AtPrecision(encoder.Int8)}, {AtPrecision(made)}} {
		if err := open(opts...); err != nil {
			t.Errorf("the index's own precision: %v", err)
		}
	}
	e, err := Open(dir, Models(tinyBi, tinyCross))
	if err != nil {
		t.Fatal(err)
	}
	reranker, err := e.Reranker(Auto)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Retriever().Precision(); got != made || reranker.Precision() != encoder.FP32 {
		t.Errorf("opened in %s and %s, want %s and fp32", got, reranker.Precision(), made)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	other := encoder.FP32
	if made == encoder.FP32 { // as on processors without any of the instructions
		other = encoder.BF16
		remake(t, dir, string(encoder.Int8))
	}
	var refused *index.PrecisionError
	if err := open(AtPrecision(other)); !errors.As(err, &refused) || refused.Given == refused.Precision || !strings.Contains(err.Error(), "leave the flag out") {
		t.Errorf("another precision: %v", err)
	}
	reader, err := Open(dir, Models(tinyBi, tinyCross), AtPrecision(other), ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if r := search(t, reader, "purr", Rerank(Off)); r.Precision.Retriever != reader.Retriever().Precision() {
		t.Errorf("%+v", r.Precision)
	}
}

// remake makes an empty index as the one in dir, but for its precision, in its place.
func remake(t *testing.T, dir, precision string) {
	s, err := index.Peek(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Precision = precision
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	db, err := index.Create(dir, s, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoVectors says why, and what to do, where vectors are asked for.
func TestNoVectors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "words")
	e, err := Open(dir, Models("", tinyCross))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Add(t.Context(), Document{ID: "a", Text: "cats purr"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Models(tinyBi, tinyCross), ReadOnly()); err == nil || !strings.Contains(err.Error(), "has no vectors") {
		t.Errorf("opened with a retriever: %v", err)
	}
	_, dense := e.Search(t.Context(), "cats", In(Dense), Rerank(Off))
	_, diverse := e.Search(t.Context(), "cats", Diversity(0.5), Rerank(Off))
	_, similar := e.Similar(t.Context(), "a")
	duplicates := e.Duplicates(t.Context(), 0.9, nil, func(Duplicate) error { return nil })
	for what, err := range map[string]error{"dense": dense, "diverse": diverse, "similar": similar, "duplicates": duplicates} {
		if err == nil || !strings.Contains(err.Error(), "index "+dir+" was made without vectors") || !strings.Contains(err.Error(), "-m MODEL") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
