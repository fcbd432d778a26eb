// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !race

package tokenizer

import (
	"strings"
	"testing"
)

// TestAllocations: the fast path may not allocate. The pool can lose its content to the garbage collector, hence
// the room for less than one allocation a call on average. Under the race detector pools lose it on purpose, and this is
// not built.
func TestAllocations(t *testing.T) {
	tok := baseTokenizer(t)
	text := strings.Repeat("Retrieval, then reranking: naïve “quoted” 中文 [SEP] antidisestablishmentarianism ", 20)
	ids, tokens := tok.AppendIDs(nil, text), tok.AppendTokens(nil, text)
	tok.Count(text)
	if n := testing.AllocsPerRun(200, func() {
		ids = tok.AppendIDs(ids[:0], text)
		tokens = tok.AppendTokens(tokens[:0], text)
		tok.Count(text)
	}); n >= 1 {
		t.Errorf("%v allocations a call", n)
	}
}
