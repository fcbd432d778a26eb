// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/encoder"
)

// Scores are what a reranker says of texts.
type Scores struct {
	Logits []float32 // one a text, in order, finite
	Tokens []int     // of each pair, as the model runs it
}

// Reranker scores texts for a query. A text's logit must not depend on the texts beside it.
type Reranker interface {
	Name() string
	Score(ctx context.Context, query string, texts []string) (Scores, error)
}

// Cross is a cross-encoder with one label as reranker.
func Cross(c *encoder.CrossEncoder) Reranker { return CrossBy(c, c.Predict) }

// CrossBy is Cross with another way of predicting, as of a server that batches.
func CrossBy(c *encoder.CrossEncoder, predict func(context.Context, []encoder.Pair) (*encoder.Scores, error)) Reranker {
	return cross{c, predict}
}

type cross struct {
	*encoder.CrossEncoder
	predict func(context.Context, []encoder.Pair) (*encoder.Scores, error)
}

func (c cross) Name() string { return c.Model().Name }

func (c cross) Score(ctx context.Context, query string, texts []string) (Scores, error) {
	if n := c.Labels(); n != 1 {
		return Scores{}, fmt.Errorf("model %s has %d labels; a reranker has one", c.Name(), n)
	}
	s, err := c.predict(ctx, encoder.Pairs(query, texts))
	if err != nil {
		return Scores{}, err
	}
	return Scores{Logits: s.Logits, Tokens: s.Tokens}, nil
}
