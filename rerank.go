// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/rank"
)

// Without a bound all candidates are read at once. With a budget, firstStep of them show how long one takes, and what is read
// next is what the rest of the time should do for, at most mostStep: the time of a candidate depends on its length.
const (
	firstStep = 4
	mostStep  = 32
)

// step is how many candidates are to be read next, after read of them since begin; 0 when the budget is spent.
func (s *searching) step(read, all int, begin time.Time) int {
	if s.budget == 0 {
		return all
	}
	left := s.budget - time.Since(s.start)
	switch {
	case left <= 0:
		return 0
	case read == 0:
		return min(firstStep, all)
	}
	each := time.Since(begin) / time.Duration(read)
	return min(int(left/max(each, 1)), mostStep, all-read)
}

// read lets a cross-encoder score the best hits and sorts those: by the logit, or by its standardised sum with the score
// before. What it does not read, because the stage's depth or the budget ends, follows in the order it had.
func (s *searching) read(ctx context.Context, hits []candidate, stage Stage, c *encoder.CrossEncoder) error {
	r, begin := s.result, time.Now()
	if stage.Depth > 0 {
		hits = hits[:min(stage.Depth, len(hits))]
	}
	report := Reading{Model: c.Model().Name}
	probabilities, calibrated, err := s.engine.Calibration(c)
	if err != nil {
		return err
	}
	report.Calibrated = calibrated
	logits := make([]float32, 0, len(hits))
	for len(logits) < len(hits) {
		step := s.step(len(logits), len(hits), begin)
		if step == 0 {
			break
		}
		part := hits[len(logits):][:step]
		pairs := make([]encoder.Pair, len(part))
		for i, text := range texts(part) {
			pairs[i] = encoder.Pair{Query: s.text, Document: text}
		}
		scores, err := s.engine.encoders.Predict(ctx, c, pairs)
		if err != nil {
			return err
		}
		for i := range part {
			h := &part[i]
			logit, probability := scores.Logits[i], probabilities.Probability(scores.Logits[i])
			h.Logit, h.Probability, h.TruncatedTokens = &logit, &probability, scores.Truncated[i]
			report.Tokens += scores.Tokens[i]
		}
		logits = append(logits, scores.Logits...)
		r.QueryTruncated = max(r.QueryTruncated, slices.Max(scores.QueryTruncated))
	}
	report.Read = len(logits)
	if err := s.reorder(hits, logits, s.fuses(stage)); err != nil {
		return err
	}
	if s.fuses(stage) && len(r.Reading) == 0 {
		report.WordsWeight = r.WordsWeight
	}
	report.Milliseconds = milliseconds(begin)
	r.Reading = append(r.Reading, report)
	r.Reranked, r.Reranker, r.Precision.Reranker = max(r.Reranked, report.Read), report.Model, c.Precision()
	return nil
}

// fuses says whether a stage orders by more than its logit.
func (s *searching) fuses(stage Stage) bool { return stage.Automatic() && s.engine.models.Fuse }

// reorder puts hits into the order that logits of the first of them give.
func (s *searching) reorder(hits []candidate, logits []float32, fuse bool) error {
	items, at := make([]rank.Item, len(hits)), make(map[string]candidate, len(hits))
	for i, h := range hits {
		items[i] = rank.Item{ID: h.ID, Score: h.Score}
		if len(s.result.Reading) == 0 { // the scores of an earlier stage have words in them
			items[i].Words = s.result.Words(&h.Hit)
		}
	}
	if s.explain {
		if err := explainRerank(hits, items, logits, fuse); err != nil {
			return err
		}
	}
	for _, h := range hits {
		at[h.ID] = h
	}
	items, err := rank.Rerank(items, logits, fuse)
	if err != nil {
		return err
	}
	kind := rank.Logit
	if fuse {
		kind = rank.Fused
	}
	for i, item := range items {
		hits[i] = at[item.ID]
		hits[i].Rank = i + 1
		if i < len(logits) {
			hits[i].Score, hits[i].ScoreKind = item.Score, kind
		}
	}
	return nil
}

// Rank orders texts by how well they answer a query, best first, with a
// cross-encoder that [Engine.Reranker] has given. It runs as it does in a search:
// by way of [Encoders].
func (e *Engine) Rank(ctx context.Context, c *encoder.CrossEncoder, query string, documents []string) ([]encoder.Ranked, error) {
	scores, err := e.encoders.Predict(ctx, c, encoder.Pairs(query, documents))
	if err != nil {
		return nil, err
	}
	return scores.Ranked(), nil
}

// Calibration is the map from a cross-encoder's logits to probabilities: the one
// that [Calibrated] gave, or the sigmoid, which says less than it seems to.
func (e *Engine) Calibration(c *encoder.CrossEncoder) (m calibration.Map, calibrated bool, err error) {
	if len(e.maps) == 0 {
		return calibration.Sigmoid(), false, nil
	}
	fingerprint, err := c.Model().Fingerprint()
	if err != nil {
		return m, false, err
	}
	if m, ok := e.maps[fingerprint]; ok {
		return m, true, nil
	}
	return calibration.Sigmoid(), false, nil
}

// Reranker returns the cross-encoder that [Rerank] with the same name uses. It
// is opened once, here or in the first search, and belongs to the engine.
func (e *Engine) Reranker(name string) (*encoder.CrossEncoder, error) {
	switch name {
	case Auto:
		if name = e.models.Reranker; name == "" {
			return nil, asked(errors.New("there is no cross-encoder: the engine was opened without one"))
		}
	case Off:
		return nil, asked(errors.New("the reranker is off; name a cross-encoder"))
	}
	e.rerankMu.Lock()
	defer e.rerankMu.Unlock()
	if e.closed {
		return nil, encoder.ErrClosed
	}
	if c, ok := e.rerankers[name]; ok {
		return c, nil
	}
	c, err := e.encoders.OpenCross(name, cmp.Or(e.precision, encoder.FP32))
	if err != nil {
		return nil, err
	}
	if c.Labels() != 1 {
		err := asked(fmt.Errorf("model %s has %d labels; a reranker has one", name, c.Labels()))
		return nil, errors.Join(err, e.encoders.Release(c))
	}
	if len(e.maps) > 0 { // the fingerprint takes reading all weights, which is not to come off the budget of a search
		if _, err := c.Model().Fingerprint(); err != nil {
			return nil, errors.Join(err, e.encoders.Release(c))
		}
	}
	e.rerankers[name] = c
	return c, nil
}
