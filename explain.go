// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/rank"
)

// Explanation says how a search found its candidates.
type Explanation struct {
	Filter  *FilterPlan         `json:"filter,omitempty"`
	Dense   []index.SegmentPlan `json:"dense,omitempty"`   // how each segment's vectors were searched
	Lexical *LexicalPlan        `json:"lexical,omitempty"` // how words were searched
	Fusion  *Fusion             `json:"fusion,omitempty"`
}

// FilterPlan says what a filter let through.
type FilterPlan struct {
	Expression string `json:"expression"` // in canonical form
	Documents  int    `json:"documents"`
	Passages   int    `json:"passages"`
}

// LexicalPlan says what was looked for and how much was looked at.
type LexicalPlan struct {
	Query  string `json:"query"`  // the terms, with operators
	Rows   int    `json:"rows"`   // passages in all segments
	Scored int    `json:"scored"` // postings whose contribution was computed; pruning skips the rest
	Blocks int    `json:"blocks"` // blocks of postings decoded
}

// HitExplanation says how a hit's score came about.
type HitExplanation struct {
	BM25   *lexical.Explanation `json:"bm25,omitempty"`
	Fusion []Contribution       `json:"fusion,omitempty"`
	Rerank *FusedRerank         `json:"rerank,omitempty"` // absent where the order goes by the logit alone
}

// FusedRerank is what fused reranking adds up to a hit's score. Retrieval and Logit are in standard deviations from the mean of the
// passages that were read; see [rank.Rerank].
type FusedRerank struct {
	Retrieval float64 `json:"retrieval"`
	Words     float64 `json:"words"`
	Logit     float64 `json:"logit"`
}

// explainRerank tells each of the hits that were read, in the order in which they were, what its fused score is made of. Without fuse the
// order goes by the logit, and what an earlier stage told holds no longer.
func explainRerank(hits []candidate, items []rank.Item, logits []float32, fuse bool) error {
	if !fuse || len(logits) == 0 {
		for i := range logits {
			if e := hits[i].Explanation; e != nil {
				e.Rerank = nil
			}
		}
		return nil
	}
	before := make([]float32, len(logits))
	for i := range logits {
		before[i] = items[i].Score
	}
	retrieval, err := rank.Standardize(before)
	if err != nil {
		return err
	}
	logit, err := rank.Standardize(logits)
	if err != nil {
		return err
	}
	for i := range logits {
		if hits[i].Explanation == nil {
			hits[i].Explanation = &HitExplanation{}
		}
		hits[i].Explanation.Rerank = &FusedRerank{retrieval[i], float64(items[i].Words), rank.LogitWeight * logit[i]}
	}
	return nil
}

// Contribution is what one list gave to a fused score.
type Contribution struct {
	List  Mode    `json:"list"`
	Rank  int     `json:"rank,omitempty"` // in the list; 0 if it is not in it
	Score float32 `json:"score"`
	Adds  float64 `json:"adds"` // to the fused score, the list's weight included
}

// contributions of the lists to a fused score.
func contributions(item rank.FusedItem) []Contribution {
	var out []Contribution
	for _, c := range item.From {
		out = append(out, Contribution{[]Mode{Dense, Lexical}[c.List], c.Rank, c.Score, c.Value})
	}
	return out
}

// byWords returns the passages with the highest BM25 score.
func (s *searching) byWords(ctx context.Context, k int) ([]index.Hit, error) {
	p := index.LexicalParams{Params: s.bm25, Only: s.only}
	return untied(k, func(n int) ([]index.Hit, error) {
		hits, stats, err := s.snapshot.Lexical(ctx, s.words, n, p)
		if s.explain {
			s.result.Explanation.Lexical = &LexicalPlan{s.words.String(), stats.Rows, stats.Scored, stats.Blocks}
		}
		return hits, err
	})
}

// describe adds explanations and snippets to the hits of the result.
func (s *searching) describe(ctx context.Context) error {
	if s.explain && s.mode != Dense {
		p := index.LexicalParams{Params: s.bm25, Only: s.only}
		for i := range s.found {
			h := &s.found[i]
			e, err := s.snapshot.Explain(ctx, s.words, p, h.ref)
			if err != nil {
				return err
			}
			if h.Explanation == nil {
				h.Explanation = &HitExplanation{}
			}
			h.Explanation.BM25 = &e
		}
	}
	if s.snippets {
		return s.addSnippets(ctx)
	}
	return nil
}
