// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/rank"
)

// budgetStep is how many candidates are read between two looks at the clock: enough to keep a few processors busy.
const budgetStep = 16

// rescore scores hits with the cross-encoder and sorts them: by the logit, or by its standardised sum with the score
// before. With a budget it may get to the first of them only; the others follow in the order they had.
func (s *searching) rescore(ctx context.Context, hits []candidate, c *encoder.CrossEncoder) ([]candidate, error) {
	r, name := s.result, c.Model().Name
	var logits []float32
	step := len(hits)
	if s.budget > 0 {
		step = budgetStep
	}
	for part := range slices.Chunk(hits, step) {
		pairs := make([]encoder.Pair, len(part))
		for i, text := range texts(part) {
			pairs[i] = encoder.Pair{Query: r.Query, Document: text}
		}
		scores, err := c.Predict(ctx, pairs)
		if err != nil {
			return nil, err
		}
		for i := range part {
			h := &part[i]
			logit, probability := scores.Logits[i], scores.Probability(i)[0]
			h.Logit, h.Probability, h.TruncatedTokens, h.RankBefore = &logit, &probability, scores.Truncated[i], h.Rank
		}
		logits = append(logits, scores.Logits...)
		r.QueryTruncated = max(r.QueryTruncated, slices.Max(scores.QueryTruncated))
		if s.budget > 0 && time.Since(s.start) >= s.budget {
			break
		}
	}
	read, rest := hits[:len(logits)], hits[len(logits):]
	scores, kind := logits, rank.Logit
	if s.rerank == Auto && s.engine.models.Fuse {
		before := make([]float32, len(read))
		for i := range read {
			before[i] = read[i].Score
		}
		var err error
		if scores, err = rank.FuseStandardized(before, logits); err != nil {
			return nil, fmt.Errorf("rerank with %s: %w", name, err)
		}
		kind = rank.Fused
	}
	for i := range read {
		read[i].Score, read[i].ScoreKind = scores[i], kind
	}
	if err := order(read); err != nil {
		return nil, fmt.Errorf("rerank with %s: %w", name, err)
	}
	for i := range rest {
		rest[i].RankBefore = rest[i].Rank
	}
	r.Reranked, r.Reranker, r.Precision.Reranker = len(read), name, c.Precision()
	return hits, nil
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
