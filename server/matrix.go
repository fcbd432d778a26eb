// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/rank"
	"github.com/winnow-search/winnow/server/api"
)

// The bounds of a matrix: a cross-encoder reads every pair, within one request.
const (
	mostRows  = 32
	mostCells = 2048
)

// matrix scores every query with every text, or with what the queries find.
func (c *call) matrix(r *api.Matrix) (*api.Relevance, error) {
	switch {
	case len(r.Queries) == 0 || len(r.Queries) > mostRows:
		return nil, bad("queries", "there are %d queries; want 1 to %d", len(r.Queries), mostRows)
	case len(r.Texts) > 0 && (r.TopK != 0 || r.Filter != ""):
		return nil, bad("texts", "texts are given, and top_k or filter, which are about hits: leave out one or the other")
	case r.TopK < 0:
		return nil, bad("top_k", "field top_k: %d; it must be at least 1", r.TopK)
	}
	for i, q := range r.Queries {
		if strings.TrimSpace(q) == "" {
			return nil, bad("queries", "query %d is empty", i)
		}
		c.logText("query", q)
	}
	if len(r.Texts) > 0 {
		return c.ofTexts(r)
	}
	return c.ofHits(r)
}

// ofTexts scores texts with the server's models: no index is needed.
func (c *call) ofTexts(r *api.Matrix) (*api.Relevance, error) {
	out := &api.Relevance{Queries: r.Queries, Passages: make([]api.Scored, len(r.Texts))}
	for i, text := range r.Texts {
		if strings.TrimSpace(text) == "" {
			return nil, bad("texts", "text %d is empty", i)
		}
		out.Passages[i].Text = text
	}
	var bi *encoder.BiEncoder
	if c.options.Models.Retriever != "" {
		b, err := c.models.requestedBi("")
		if err != nil {
			return nil, err
		}
		bi = b.BiEncoder
	}
	return out, c.score(out, bi, r.Texts)
}

// ofHits scores the best hits of all queries, each once, with the models of the collection.
func (c *call) ofHits(r *api.Matrix) (*api.Relevance, error) {
	out := &api.Relevance{Queries: r.Queries, Passages: []api.Scored{}}
	request := winnow.Request{TopK: cmp.Or(r.TopK, 5), Filter: r.Filter}
	if request.TopK*len(r.Queries) > mostCells {
		return nil, bad("top_k", "top_k is %d with %d queries; at most %d hits together", request.TopK, len(r.Queries), mostCells)
	}
	err := c.searching(r.Collection, c.options.Settings, &request, func(e *winnow.Engine, opts []winnow.SearchOption) error {
		var texts []string
		seen := map[string]bool{}
		for _, q := range r.Queries {
			found, err := e.Search(c.ctx(), q, opts...)
			if err != nil {
				return err
			}
			c.searched(found)
			for _, h := range found.Hits {
				if !seen[h.ID] {
					seen[h.ID] = true
					texts = append(texts, h.Context)
					out.Passages = append(out.Passages, api.Scored{ID: h.ID, Title: h.Title, Text: h.Text, Source: h.Source})
				}
			}
			if err := pairs(len(r.Queries), len(texts)); err != nil {
				return err
			}
		}
		return c.score(out, e.Retriever(), texts)
	})
	return out, err
}

// score fills in the scores of texts. bi may be nil.
func (c *call) score(out *api.Relevance, bi *encoder.BiEncoder, texts []string) (err error) {
	if err := pairs(len(out.Queries), len(texts)); err != nil || len(texts) == 0 {
		return err
	}
	if bi != nil {
		if out.Bi, err = c.byVectors(bi, out, texts); err != nil {
			return err
		}
	}
	if c.options.Models.Reranker != "" {
		out.Cross, err = c.byPairs(out, texts)
	}
	return err
}

// pairs refuses too many.
func pairs(queries, texts int) error {
	if n := queries * texts; n > mostCells {
		return bad("", "%d queries and %d texts make %d pairs; at most %d", queries, texts, n, mostCells)
	}
	return nil
}

// byVectors compares vectors. What did not fit of texts is noted in of.
func (c *call) byVectors(b *encoder.BiEncoder, of *api.Relevance, texts []string) (*api.Scores, error) {
	q, err := c.models.Encode(c.ctx(), b, of.Queries, encoder.Query)
	if err != nil {
		return nil, err
	}
	d, err := c.models.Encode(c.ctx(), b, texts, encoder.Document)
	if err != nil {
		return nil, err
	}
	for i := range of.Queries {
		c.tokens, c.truncated = c.tokens+q.Tokens[i], c.truncated+q.Truncated[i]
	}
	for i := range texts {
		of.Passages[i].Truncated = d.Truncated[i]
		c.tokens, c.truncated = c.tokens+d.Tokens[i], c.truncated+d.Truncated[i]
	}
	out := &api.Scores{Model: b.Model().Name, Kind: rank.ScoreKind(b.Similarity()), Scores: make([][]float32, len(of.Queries))}
	for i := range out.Scores {
		out.Scores[i] = make([]float32, len(texts))
		for j := range texts {
			out.Scores[i][j] = b.Similarity().Compare(q.Vector(i), d.Vector(j))
		}
	}
	return out, nil
}

// byPairs lets the server's cross-encoder read every query with every text. What did not fit of texts is noted in of.
func (c *call) byPairs(of *api.Relevance, texts []string) (*api.Scores, error) {
	x, err := c.models.requestedCross("")
	if err != nil {
		return nil, err
	}
	out := &api.Scores{Model: x.name, Kind: rank.Logit, Calibrated: x.calibrated}
	for _, query := range of.Queries {
		if c.ctx().Err() != nil {
			return nil, context.Cause(c.ctx())
		}
		ranked, err := c.rank(x, query, texts)
		if err != nil {
			return nil, err
		}
		logits, probabilities := make([]float32, len(texts)), make([]float64, len(texts))
		for _, r := range ranked {
			logits[r.Index], probabilities[r.Index] = r.Logit, r.RelevanceScore
			of.Passages[r.Index].Truncated = max(of.Passages[r.Index].Truncated, r.Truncated)
		}
		out.Scores, out.Probabilities = append(out.Scores, logits), append(out.Probabilities, probabilities)
	}
	return out, nil
}
