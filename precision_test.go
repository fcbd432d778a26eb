// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
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
