// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/rank"
)

// Comparison sets the views of BM25 and the two encoders of the same passages
// side by side.
type Comparison struct {
	Query     string            `json:"query"`
	Retriever string            `json:"retriever"`
	Reranker  string            `json:"reranker"`
	Kind      rank.ScoreKind    `json:"score_kind"`          // of the bi-encoder's scores
	Rows      []ComparedPassage `json:"rows"`                // by the cross-encoder, best first
	Agreement *float64          `json:"agreement,omitempty"` // Kendall's τ-b of the two orders
	Bands     string            `json:"bands,omitempty"`     // what the rows' bands apply to
	// Calibrated says that probabilities and bands are those of a calibration.
	Calibrated bool       `json:"calibrated,omitempty"`
	Timing     Timing     `json:"timing_ms"`
	Precision  Precisions `json:"precision"`
	// QueryTruncated is as in Result.
	QueryTruncated int `json:"query_truncated_tokens,omitempty"`
}

// ComparedPassage is a passage as both encoders see it.
type ComparedPassage struct {
	ID              string  `json:"id"`
	Title           string  `json:"title,omitempty"`
	Text            string  `json:"text"`
	BM25            *Found  `json:"bm25,omitempty"` // among all passages; absent without a word of the query
	Bi              Found   `json:"bi_encoder"`
	Cross           Found   `json:"cross_encoder"` // Score is the logit
	Moved           int     `json:"moved"`         // ranks won (positive) or lost by reranking
	Probability     float64 `json:"probability"`   // as in Hit
	Band            string  `json:"band,omitempty"`
	TruncatedTokens int     `json:"truncated_tokens"` // that the cross-encoder left out
	Source          *Source `json:"source,omitempty"`
}

// Compare scores the nearest passages to a query with both encoders, each for
// itself: what reranking by the logit alone would change; and beside them what
// words alone would have found. Options are those of Search; [TopK] has no
// effect; [Off], modes other than [Dense], [Budget], [Diversity] and several
// stages are refused.
func (e *Engine) Compare(ctx context.Context, query string, opts ...SearchOption) (*Comparison, error) {
	o := newSearchOptions(opts)
	o.topK = 1 // not used: every candidate is shown
	if err := o.check(e); err != nil {
		return nil, asked(err)
	}
	if err := o.comparable(); err != nil {
		return nil, asked(err)
	}
	reranker := o.stages[0].Model
	if reranker == Auto {
		reranker = e.models.Reranker
	}
	r, err := e.Search(ctx, query, append(slices.Clip(opts), TopK(o.candidates), Candidates(o.candidates), Rerank(reranker))...)
	if err != nil {
		return nil, err
	}
	words, err := e.byWordsAlone(ctx, query, opts)
	if err != nil {
		return nil, err
	}
	c := &Comparison{
		Query: query, Retriever: e.models.Retriever, Reranker: reranker,
		Kind: rank.ScoreKind(e.retriever.Similarity()), Rows: []ComparedPassage{}, Timing: r.Timing, Precision: r.Precision,
		QueryTruncated: r.QueryTruncated,
	}
	bands, banded, err := e.Bands(reranker)
	if err != nil {
		return nil, err
	}
	c.Calibrated = len(r.Reading) > 0 && r.Reading[0].Calibrated
	if banded {
		c.Bands = bands.About
	}
	var before, after []float32
	for _, h := range r.Hits {
		row := ComparedPassage{
			ID: h.ID, Title: h.Title, Text: h.Text, BM25: words[h.ID], Bi: *h.Retrieval.Dense, Cross: Found{*h.Logit, h.Rank}, Probability: *h.Probability,
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

// comparable refuses what a comparison does not take.
func (o *searchOptions) comparable() error {
	switch {
	case len(o.stages) == 0:
		return errors.New("a comparison needs a cross-encoder; the reranker is off")
	case o.budget > 0:
		return errors.New("a comparison reads every candidate; it has no budget")
	case o.diversity > 0:
		return errors.New("a comparison shows every candidate; it has no diversity")
	case len(o.stages) > 1:
		return fmt.Errorf("a comparison takes one cross-encoder; there are %d stages", len(o.stages))
	case o.mode != Dense:
		return fmt.Errorf("a comparison takes the nearest passages by vectors; mode %s does not", o.mode)
	}
	return nil
}

// Bands are the names for ranges of a cross-encoder's logits: those of its
// calibration (see [Calibrated]), or the rule of thumb for its family. ok is
// false if there are none. The name is one that [Engine.Reranker] takes.
func (e *Engine) Bands(reranker string) (b rank.Bands, ok bool, err error) {
	c, err := e.Reranker(reranker)
	if err != nil {
		return b, false, err
	}
	m, calibrated, err := e.Calibration(c)
	switch {
	case err != nil:
		return b, false, err
	case calibrated:
		b, ok = rank.CalibratedBands(rank.Logit, m, c.Model().Name)
		return b, ok, nil
	}
	b, ok = rank.BandsFor(rank.Logit, reranker)
	return b, ok, nil
}

// comparedWords is how far down the list of BM25 a compared passage is looked for.
const comparedWords = 1000

// byWordsAlone ranks passages by BM25. Options that are about vectors or reranking have no effect.
func (e *Engine) byWordsAlone(ctx context.Context, query string, opts []SearchOption) (map[string]*Found, error) {
	r, err := e.Search(ctx, query, append(slices.Clip(opts), In(Lexical), TopK(comparedWords), Candidates(comparedWords), Rerank(Off), Diversity(1))...)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*Found, len(r.Hits))
	for i, h := range r.Hits {
		found[h.ID] = &Found{h.Score, i + 1}
	}
	return found, nil
}
