// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/rank"
)

// The values of [Rerank] that are not models.
const (
	Auto = "auto" // the engine's own cross-encoder, in the way that suits it
	Off  = "off"  // retrieval alone
)

// The defaults of a search.
const (
	defaultTopK       = 10
	defaultCandidates = 100
)

// SearchOption sets how one search works.
type SearchOption func(*searchOptions)

type searchOptions struct {
	topK, candidates int
	rerank           string
}

// TopK is the number of hits, 10 if not set.
func TopK(k int) SearchOption { return func(o *searchOptions) { o.topK = k } }

// Candidates is the number of passages retrieved and reranked, 100 if not set;
// never fewer than [TopK]. More candidates miss less and take longer.
func Candidates(n int) SearchOption { return func(o *searchOptions) { o.candidates = n } }

// Rerank is [Auto], [Off] or the name of a cross-encoder, whose logit then
// gives the order.
func Rerank(model string) SearchOption { return func(o *searchOptions) { o.rerank = model } }

func (o *searchOptions) check() error {
	switch {
	case o.topK < 1:
		return fmt.Errorf("the number of hits is %d; it must be at least 1", o.topK)
	case o.candidates < 1:
		return fmt.Errorf("the number of candidates is %d; it must be at least 1", o.candidates)
	case o.rerank == "":
		return errors.New("the reranker's name is empty; use auto, off or a model")
	}
	o.candidates = max(o.candidates, o.topK)
	return nil
}

// Result is what a search found.
type Result struct {
	Query    string `json:"query"`
	Hits     []Hit  `json:"hits"`
	Timing   Timing `json:"timing_ms"`
	Reranked int    `json:"reranked"` // candidates that the cross-encoder read
	Reranker string `json:"reranker,omitempty"`
	// Precision is what the encoders computed in.
	Precision Precisions `json:"precision"`
	// QueryTruncated is how many of the query's tokens did not fit, in the
	// encoder that left out most.
	QueryTruncated int `json:"query_truncated_tokens,omitempty"`
}

// Precisions is what each encoder computed in: never [encoder.Auto].
type Precisions struct {
	Retriever encoder.Precision `json:"retriever"`
	Reranker  encoder.Precision `json:"reranker,omitempty"` // if there was reranking
}

// Hit is a passage found.
type Hit struct {
	Rank            int            `json:"rank"` // from 1
	ID              string         `json:"id"`
	Title           string         `json:"title,omitempty"`
	Text            string         `json:"text"`
	Score           float32        `json:"score"` // what the order goes by
	ScoreKind       rank.ScoreKind `json:"score_kind"`
	Retrieval       Retrieval      `json:"retrieval"`
	Logit           *float32       `json:"logit,omitempty"`
	Probability     *float64       `json:"probability,omitempty"` // the logit's sigmoid
	RankBefore      int            `json:"rank_before,omitempty"` // by retrieval, if reranked
	TruncatedTokens int            `json:"truncated_tokens"`      // of the passage, that the last encoder left out
	Source          *Source        `json:"source,omitempty"`
}

// Retrieval is what the first stage said of a hit.
type Retrieval struct {
	Dense *Found `json:"dense,omitempty"` // by vectors
}

// Found is a score and the rank it gave.
type Found struct {
	Score float32 `json:"score"`
	Rank  int     `json:"rank"` // from 1
}

// Source is where a passage stands.
type Source struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"` // from 1
	EndLine   int    `json:"end_line"`   // inclusive
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

// Search finds the passages that answer a query best, best first: candidates
// by vectors, reranked by the cross-encoder. Equal scores are ordered by the
// rank before, then by id.
func (e *Engine) Search(ctx context.Context, query string, opts ...SearchOption) (*Result, error) {
	o := searchOptions{topK: defaultTopK, candidates: defaultCandidates, rerank: Auto}
	for _, set := range opts {
		set(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if strings.TrimSpace(query) == "" {
		return nil, errors.New("the query is empty")
	}
	var c *encoder.CrossEncoder
	if o.rerank != Off { // before the clock starts: opening a model is no part of a search
		var err error
		if c, err = e.Reranker(o.rerank); err != nil {
			return nil, err
		}
	}
	r := &Result{Query: query, Hits: []Hit{}, Precision: Precisions{Retriever: e.retriever.Precision()}}
	start := time.Now()
	found, passages, err := e.retrieve(ctx, r, o.candidates)
	if err != nil {
		return nil, err
	}
	if c != nil && len(found) > 0 {
		begin := time.Now()
		if err := e.rerank(ctx, r, found, passages, c, o.rerank == Auto && e.models.Fuse); err != nil {
			return nil, err
		}
		r.Timing.Rerank = milliseconds(begin)
	}
	r.Hits = found[:min(o.topK, len(found))]
	r.Timing.Total = milliseconds(start)
	return r, nil
}

// retrieve returns the nearest passages as hits, and the passages themselves.
func (e *Engine) retrieve(ctx context.Context, r *Result, candidates int) ([]Hit, []passage, error) {
	begin := time.Now()
	q, err := e.retriever.Encode(ctx, []string{r.Query}, encoder.As(encoder.Query))
	if err != nil {
		return nil, nil, err
	}
	r.QueryTruncated = q.Truncated[0]
	r.Timing.Encode = milliseconds(begin)
	begin = time.Now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	rows, scores, err := e.nearest(ctx, q.Vector(0), candidates)
	if err != nil {
		return nil, nil, err
	}
	r.Timing.Retrieve = milliseconds(begin)
	hits, passages := make([]Hit, len(rows)), make([]passage, len(rows))
	for i, row := range rows {
		p := e.passages[row]
		passages[i] = p
		hits[i] = Hit{
			Rank: i + 1, ID: p.id, Title: p.title, Text: p.text, Score: scores[i],
			ScoreKind: rank.ScoreKind(e.retriever.Similarity()), Retrieval: Retrieval{&Found{scores[i], i + 1}},
			TruncatedTokens: p.truncated, Source: p.source,
		}
	}
	return hits, passages, nil
}

// nearest returns the rows of the k nearest passages with their scores. Equal
// scores are ordered by id, so that the order of adding does not matter: while
// the last score within k may go on beyond, more rows are asked for.
func (e *Engine) nearest(ctx context.Context, query []float32, k int) (rows []int, scores []float32, err error) {
	k = min(k, len(e.passages))
	if k == 0 {
		return nil, nil, ctx.Err()
	}
	var found []vector.Hit
	for ask := k + 1; ; ask *= 2 {
		if found, err = e.vectors.Search(ctx, query, ask); err != nil {
			return nil, nil, err
		}
		if len(found) < ask || found[ask-1].Score != found[k-1].Score {
			break
		}
	}
	items, rowOf := make([]rank.Item, len(found)), make(map[string]int, len(found))
	for i, h := range found {
		items[i] = rank.Item{ID: e.passages[h.Row].id, Score: h.Score}
		rowOf[items[i].ID] = h.Row
	}
	if err := rank.Validate(items); err != nil {
		return nil, nil, fmt.Errorf("retrieve with %s: %w", e.models.Retriever, err)
	}
	rank.Sort(items)
	for _, item := range items[:k] {
		rows, scores = append(rows, rowOf[item.ID]), append(scores, item.Score)
	}
	return rows, scores, nil
}

// rerank scores hits, whose passages are given in the same order, and sorts
// them: by the logit, or by its standardised sum with the score before.
func (e *Engine) rerank(ctx context.Context, r *Result, hits []Hit, passages []passage, c *encoder.CrossEncoder, fuse bool) error {
	name := c.Model().Name
	pairs := make([]encoder.Pair, len(hits))
	for i, p := range passages {
		pairs[i] = encoder.Pair{Query: r.Query, Document: p.context}
	}
	scores, err := c.Predict(ctx, pairs)
	if err != nil {
		return err
	}
	order := scores.Logits
	kind := rank.Logit
	if fuse {
		before := make([]float32, len(hits))
		for i := range hits {
			before[i] = hits[i].Score
		}
		kind = rank.Fused
		if order, err = rank.FuseStandardized(before, scores.Logits); err != nil {
			return fmt.Errorf("rerank with %s: %w", name, err)
		}
	}
	items, byID := make([]rank.Item, len(hits)), make(map[string]Hit, len(hits))
	for i, h := range hits {
		logit, probability := scores.Logits[i], scores.Probability(i)[0]
		h.Score, h.ScoreKind, h.RankBefore = order[i], kind, h.Rank
		h.Logit, h.Probability, h.TruncatedTokens = &logit, &probability, scores.Truncated[i]
		items[i] = rank.Item{ID: h.ID, Score: h.Score, Previous: h.Rank}
		byID[h.ID] = h
	}
	if err := rank.Validate(items); err != nil {
		return fmt.Errorf("rerank with %s: %w", name, err)
	}
	rank.Sort(items)
	for i, item := range items {
		hits[i] = byID[item.ID]
		hits[i].Rank = i + 1
	}
	r.Reranked, r.Reranker, r.Precision.Reranker = len(hits), name, c.Precision()
	r.QueryTruncated = max(r.QueryTruncated, slices.Max(scores.QueryTruncated))
	return nil
}

// Reranker returns the cross-encoder that [Rerank] with the same name uses. It
// is opened once, here or in the first search, and belongs to the engine.
func (e *Engine) Reranker(name string) (*encoder.CrossEncoder, error) {
	switch name {
	case Auto:
		name = e.models.Reranker
	case Off:
		return nil, errors.New("the reranker is off; name a cross-encoder")
	}
	e.rerankMu.Lock()
	defer e.rerankMu.Unlock()
	if e.closed {
		return nil, encoder.ErrClosed
	}
	if c, ok := e.rerankers[name]; ok {
		return c, nil
	}
	c, err := encoder.OpenCross(name, e.encoderOptions()...)
	if err != nil {
		return nil, err
	}
	if c.Labels() != 1 {
		err := fmt.Errorf("model %s has %d labels; a reranker has one", name, c.Labels())
		return nil, errors.Join(err, c.Close())
	}
	e.rerankers[name] = c
	return c, nil
}

// Order returns the ids of hits, best first.
func (r *Result) Order() []string {
	ids := make([]string, len(r.Hits))
	for i, h := range r.Hits {
		ids[i] = h.ID
	}
	return slices.Clip(ids)
}
