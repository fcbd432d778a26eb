// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/speed"
)

// Engine searches with an engine.
func Engine(e *winnow.Engine) Source { return engine{e} }

type engine struct{ *winnow.Engine }

func (e engine) Find(ctx context.Context, query string, s winnow.Settings) (Found, error) {
	s.Rerank, s.Budget = winnow.Off, 0
	opts, err := s.Options()
	if err != nil {
		return Found{}, err
	}
	res, err := e.Search(ctx, query, append(opts, winnow.TopK(s.Candidates), winnow.Evidence())...)
	if err != nil {
		return Found{}, err
	}
	out := Found{Encode: speed.Duration(res.Timing.Encode), Retrieve: speed.Duration(res.Timing.Retrieve), Passages: make([]Passage, len(res.Hits))}
	for i := range res.Hits {
		h := &res.Hits[i]
		out.Passages[i] = Passage{ID: h.ID, Document: h.Document, Text: h.Context, Score: h.Score, Words: res.Words(h)}
	}
	return out, nil
}

// Run searches as a setting says, with reranking, and returns documents, best first, and the time of the whole search. The
// engine must be at the setting's precision.
func Run(ctx context.Context, e *winnow.Engine, query string, s Setting) (documents []string, took time.Duration, err error) {
	opts, err := s.Options()
	if err != nil {
		return nil, 0, err
	}
	res, err := e.Search(ctx, query, append(opts, winnow.TopK(s.Candidates))...)
	if err != nil {
		return nil, 0, err
	}
	for i := range res.Hits {
		documents = append(documents, res.Hits[i].Document)
	}
	return documents, speed.Duration(res.Timing.Total), nil
}

// Cross reads with a cross-encoder of one label.
func Cross(c *encoder.CrossEncoder) Scorer { return cross{experiment.Cross(c)} }

type cross struct{ reranker experiment.Reranker }

func (c cross) Score(ctx context.Context, query string, texts []string) (Read, error) {
	begin := time.Now()
	s, err := c.reranker.Score(ctx, query, texts)
	if err != nil {
		return Read{}, err
	}
	return Read{Logits: s.Logits, Tokens: s.Tokens, Elapsed: time.Since(begin)}, nil
}
