// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"

	"github.com/winnow-search/winnow/rank"
)

// Comparison sets the two encoders' views of the same passages side by side.
type Comparison struct {
	Query     string            `json:"query"`
	Retriever string            `json:"retriever"`
	Reranker  string            `json:"reranker"`
	Kind      rank.ScoreKind    `json:"score_kind"`          // of the bi-encoder's scores
	Rows      []ComparedPassage `json:"rows"`                // by the cross-encoder, best first
	Agreement *float64          `json:"agreement,omitempty"` // Kendall's τ-b of the two orders
	Bands     string            `json:"bands,omitempty"`     // what the rows' bands apply to
	Timing    Timing            `json:"timing_ms"`
	Precision Precisions        `json:"precision"`
	// QueryTruncated is as in Result.
	QueryTruncated int `json:"query_truncated_tokens,omitempty"`
}

// ComparedPassage is a passage as both encoders see it.
type ComparedPassage struct {
	ID              string  `json:"id"`
	Title           string  `json:"title,omitempty"`
	Text            string  `json:"text"`
	Bi              Found   `json:"bi_encoder"`
	Cross           Found   `json:"cross_encoder"` // Score is the logit
	Moved           int     `json:"moved"`         // ranks won (positive) or lost by reranking
	Band            string  `json:"band,omitempty"`
	TruncatedTokens int     `json:"truncated_tokens"` // that the cross-encoder left out
	Source          *Source `json:"source,omitempty"`
}

// Compare scores the nearest passages to a query with both encoders, each for
// itself: what reranking by the logit alone would change. Options are those of
// Search; [TopK] has no effect and [Off] is refused.
func (e *Engine) Compare(ctx context.Context, query string, opts ...SearchOption) (*Comparison, error) {
	o := searchOptions{candidates: defaultCandidates, rerank: Auto}
	for _, set := range opts {
		set(&o)
	}
	o.topK = 1 // not used: every candidate is shown
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.rerank == Auto {
		o.rerank = e.models.Reranker
	}
	if o.rerank == Off {
		return nil, errors.New("a comparison needs a cross-encoder; the reranker is off")
	}
	r, err := e.Search(ctx, query, TopK(o.candidates), Candidates(o.candidates), Rerank(o.rerank))
	if err != nil {
		return nil, err
	}
	c := &Comparison{
		Query: query, Retriever: e.models.Retriever, Reranker: o.rerank,
		Kind: rank.ScoreKind(e.retriever.Similarity()), Rows: []ComparedPassage{}, Timing: r.Timing, Precision: r.Precision,
		QueryTruncated: r.QueryTruncated,
	}
	bands, banded := rank.BandsFor(rank.Logit, o.rerank)
	if banded {
		c.Bands = bands.About
	}
	var before, after []float32
	for _, h := range r.Hits {
		row := ComparedPassage{
			ID: h.ID, Title: h.Title, Text: h.Text, Bi: *h.Retrieval.Dense, Cross: Found{*h.Logit, h.Rank},
			Moved: h.RankBefore - h.Rank, TruncatedTokens: h.TruncatedTokens, Source: h.Source,
		}
		if banded {
			row.Band = bands.Name(*h.Logit)
		}
		c.Rows = append(c.Rows, row)
		before, after = append(before, h.Retrieval.Dense.Score), append(after, *h.Logit)
	}
	switch tau, err := rank.KendallTau(before, after); {
	case err == nil:
		c.Agreement = &tau
	case !errors.Is(err, rank.ErrUndefined):
		return nil, err
	}
	return c, nil
}
