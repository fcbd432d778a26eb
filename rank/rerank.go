// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import "fmt"

// LogitWeight is what a standardised logit weighs in fused reranking, where the standardised score of retrieval has 1. Chosen on
// judged collections (docs/benchmarks/quality.md).
const LogitWeight = 0.5

// Rerank returns candidates in the order that a cross-encoder gives them. candidates are best first by the order before, and
// logits are those of the first of them, all or fewer. What was read is sorted by its logit, or with fuse by
//
//	score of retrieval + words + LogitWeight·logit
//
// with score and logit standardised ([FuseStandardized]), and has that as score; equal scores go by the order before. The rest follows
// as it was. Previous of every item is its place before, from 1; Words are used up. NaN, infinities and too many logits are errors.
func Rerank(candidates []Item, logits []float32, fuse bool) ([]Item, error) {
	if len(logits) > len(candidates) {
		return nil, fmt.Errorf("%d logits for %d candidates", len(logits), len(candidates))
	}
	out := make([]Item, len(candidates))
	before, words := make([]float32, len(logits)), make([]float32, len(logits))
	for i, c := range candidates {
		out[i] = Item{ID: c.ID, Score: c.Score, Previous: i + 1}
		if i < len(logits) {
			before[i], words[i] = c.Score, c.Words
		}
	}
	scores := logits
	if fuse && len(logits) > 0 {
		var err error
		if scores, err = FuseStandardized(
			Evidence{Name: "retrieval", Weight: 1, Scores: before}, Evidence{Name: "words", Weight: 1, Scores: words, AsIs: true},
			Evidence{Name: "logits", Weight: LogitWeight, Scores: logits}); err != nil {
			return nil, err
		}
	}
	read := out[:len(logits)]
	for i := range read {
		read[i].Score = scores[i]
	}
	if err := Validate(read); err != nil {
		return nil, err
	}
	Sort(read)
	return out, nil
}
