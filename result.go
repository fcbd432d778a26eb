// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"slices"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/rank"
)

// Result is what a search found.
type Result struct {
	Query    string `json:"query"`
	Mode     Mode   `json:"mode"`
	Hits     []Hit  `json:"hits"`
	Timing   Timing `json:"timing_ms"`
	Reranked int    `json:"reranked"`           // candidates that a cross-encoder read
	Reranker string `json:"reranker,omitempty"` // the last one
	// WordsWeight is what a point of BM25 adds in fused reranking to what vectors found, or would add; see [Evidence].
	WordsWeight float64 `json:"-"`
	// Reading is what each stage of reranking did.
	Reading []Reading `json:"reading,omitempty"`
	// Precision is what the encoders computed in.
	Precision Precisions `json:"precision"`
	// QueryTruncated is how many of the query's tokens did not fit, in the
	// encoder that left out most.
	QueryTruncated int `json:"query_truncated_tokens,omitempty"`
	// Warnings say what is likely a mistake in the filter.
	Warnings []string `json:"warnings,omitempty"`
	// Explanation is how candidates were found, if [Explain] asked for it.
	Explanation *Explanation `json:"explanation,omitempty"`
}

// Reading is one stage of reranking.
type Reading struct {
	Model        string  `json:"model"`
	Read         int     `json:"read"`   // candidates
	Tokens       int     `json:"tokens"` // of all pairs together, as the model runs them
	Milliseconds float64 `json:"ms"`
	Calibrated   bool    `json:"calibrated,omitempty"` // probabilities are those of a calibration, not the sigmoid
	// WordsWeight is what a point of BM25 added to fused scores; 0 where words had no part.
	WordsWeight float64 `json:"words_weight,omitempty"`
}

// Precisions is what each encoder computed in: never [encoder.Auto].
type Precisions struct {
	Retriever encoder.Precision `json:"retriever,omitempty"` // if vectors were searched
	Reranker  encoder.Precision `json:"reranker,omitempty"`  // if there was reranking
}

// Hit is a passage found.
type Hit struct {
	Rank            int             `json:"rank"` // from 1
	ID              string          `json:"id"`
	Title           string          `json:"title,omitempty"`
	Text            string          `json:"text"`
	Context         string          `json:"-"`     // what the encoders read: headings and text
	Document        string          `json:"-"`     // the id of the passage's document
	Span            [2]int          `json:"-"`     // the text's bytes in its document's, half open
	Score           float32         `json:"score"` // what the order goes by
	ScoreKind       rank.ScoreKind  `json:"score_kind"`
	Retrieval       Retrieval       `json:"retrieval"`
	Logit           *float32        `json:"logit,omitempty"`
	Probability     *float64        `json:"probability,omitempty"` // of being relevant if the model is calibrated, else what its activation gives
	RankBefore      int             `json:"rank_before,omitempty"` // by retrieval, if reranked
	TruncatedTokens int             `json:"truncated_tokens"`      // of the passage, that the last encoder left out
	Source          *Source         `json:"source,omitempty"`
	Meta            Meta            `json:"meta,omitempty"` // of the document: not to be changed
	Snippet         *Snippet        `json:"snippet,omitempty"`
	Explanation     *HitExplanation `json:"explanation,omitempty"`
}

// candidate is a hit on its way.
type candidate struct {
	Hit
	ref index.Ref
}

// Retrieval is what the first stage said of a hit: the lists it was in.
type Retrieval struct {
	Dense   *Found `json:"dense,omitempty"`   // by vectors
	Lexical *Found `json:"lexical,omitempty"` // by words, BM25
}

// Found is a score and the rank it gave.
type Found struct {
	Score float32 `json:"score"`
	Rank  int     `json:"rank,omitempty"` // from 1; 0 of a score that was computed for what another list found
}

// Source is where a passage stands.
type Source struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`     // from 1
	EndLine   int    `json:"end_line"`       // inclusive
	Page      int    `json:"page,omitempty"` // from 1; 0 where there are no pages
}

// Timing is the wall-clock time of a search's stages, in milliseconds.
type Timing struct {
	Encode   float64 `json:"encode"` // the query
	Retrieve float64 `json:"retrieve"`
	Rerank   float64 `json:"rerank"`
	Total    float64 `json:"total"`
}

// milliseconds since start.
func milliseconds(start time.Time) float64 {
	return float64(time.Since(start)) / float64(time.Millisecond)
}

// Words is what its score by words adds to the fused score of a hit that vectors found; 0 if that was not asked for.
func (r *Result) Words(h *Hit) float32 {
	if l := h.Retrieval.Lexical; l != nil && l.Rank == 0 {
		return float32(r.WordsWeight) * l.Score
	}
	return 0
}

// Order returns the ids of hits, best first.
func (r *Result) Order() []string {
	ids := make([]string, len(r.Hits))
	for i, h := range r.Hits {
		ids[i] = h.ID
	}
	return slices.Clip(ids)
}
