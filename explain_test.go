// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"math"
	"testing"

	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

// What an explanation of fused reranking says adds up to the score, and does not outlive a stage that goes by the logit.
func TestExplainedRerankAddsUp(t *testing.T) {
	e := withCorpus(t)
	for _, mode := range Modes() {
		some := false
		for _, h := range search(t, e, "How do neural networks learn?", In(mode), Explain()).Hits {
			p := h.Explanation.Rerank
			if p == nil {
				t.Fatalf("%s: %s has no explanation of reranking", mode, h.ID)
			}
			if sum := p.Retrieval + p.Words + p.Logit; math.Abs(sum-float64(h.Score)) > 1e-5 {
				t.Errorf("%s: %s: %v + %v + %v = %v, but the score is %v", mode, h.ID, p.Retrieval, p.Words, p.Logit, sum, h.Score)
			}
			some = some || p.Words != 0
		}
		if some != (mode == Dense) {
			t.Errorf("%s: words have a part: %t", mode, some)
		}
	}
	stages := Cascade(Stage{Model: Auto, Depth: 5}, Stage{Model: builtin.Reranker, Depth: 3})
	for i, h := range search(t, e, "How do neural networks learn?", stages, Explain()).Hits[:5] {
		if told := h.Explanation != nil && h.Explanation.Rerank != nil; told != (i >= 3) || (h.ScoreKind == rank.Fused) != told {
			t.Errorf("hit %d, scored by %s: told %t", i, h.ScoreKind, told)
		}
	}
	if h := search(t, e, "How do neural networks learn?").Hits[0]; h.Explanation != nil {
		t.Errorf("explained without being asked: %+v", h.Explanation)
	}
}
