// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/server/api"
)

// The bounds of an evaluation: it runs within one request.
const (
	mostQueries = 10_000
	mostDepths  = 16
	// mostResults are those of all queries and runs together: they are in memory until all is measured.
	mostResults = 5_000_000
)

func (c *call) eval(r *api.Eval) (out *experiment.Collection, err error) {
	s, p, err := plan(r)
	if err != nil {
		return nil, err
	}
	in, err := c.collections.find(r.Collection)
	if err != nil {
		return nil, err
	}
	s.Name = in.name
	err = in.read(func(e *winnow.Engine) error {
		systems, err := c.systems(e, r)
		if err != nil {
			return err
		}
		if s.Documents, err = experiment.Documents(e); err != nil {
			return err
		}
		runs, err := p.Names(systems)
		if err != nil {
			return bad("", "%w", err)
		}
		if n := len(s.Queries) * p.Candidates * len(runs); n > mostResults {
			return bad("", "%d judged queries with %d candidates in %d runs are %d results; at most %d: ask for fewer candidates, modes, ways of reranking, depths or queries",
				len(s.Queries), p.Candidates, len(runs), n, mostResults)
		}
		out, err = experiment.Run(c.ctx(), s, systems, p)
		return err
	})
	return out, err
}

// queued is a cross-encoder that reads by way of its queue, beside what other requests ask of it.
func (c *call) queued(x *encoder.CrossEncoder) experiment.Reranker {
	return experiment.CrossBy(x, func(ctx context.Context, pairs []encoder.Pair) (*encoder.Scores, error) {
		return c.models.Predict(ctx, x, pairs)
	})
}

// plan reads queries, judgments and measures.
func plan(r *api.Eval) (*experiment.Subject, experiment.Plan, error) {
	p := experiment.Plan{Level: cmp.Or(r.Level, 1), Candidates: cmp.Or(r.Candidates, 100), Depths: r.Depths}
	s := &experiment.Subject{Qrels: map[string]eval.Judgments{}}
	switch {
	case len(r.Queries) == 0 || len(r.Queries) > mostQueries:
		return nil, p, bad("queries", "there are %d queries; want 1 to %d", len(r.Queries), mostQueries)
	case p.Candidates < 1 || p.Candidates > mostCandidates:
		return nil, p, bad("candidates", "candidates is %d; want 1 to %d", r.Candidates, mostCandidates)
	case p.Level < 1:
		return nil, p, bad("relevance_level", "relevance_level is %d; want 1 at least", r.Level)
	case len(r.Depths) > mostDepths || slices.ContainsFunc(r.Depths, func(d int) bool { return d < 1 || d > mostCandidates }):
		return nil, p, bad("depths", "depths are %v; want at most %d from 1 to %d", r.Depths, mostDepths, mostCandidates)
	}
	if r.Measures != "" {
		var err error
		if p.Measures, err = eval.ParseMeasures(r.Measures); err != nil {
			return nil, p, bad("measures", "field measures: %w", err)
		}
	}
	seen := map[string]bool{}
	for i, q := range r.Queries {
		var err error
		switch {
		case q.ID == "":
			err = fmt.Errorf("query %d has no id", i)
		case seen[q.ID]:
			err = fmt.Errorf("query %d: another has the id %.80q, too", i, q.ID)
		case strings.TrimSpace(q.Text) == "":
			err = fmt.Errorf("query %.80q is empty", q.ID)
		}
		if err != nil {
			return nil, p, bad("queries", "%w", err)
		}
		seen[q.ID] = true
		if j, ok := r.Judgments[q.ID]; ok {
			s.Queries, s.Qrels[q.ID] = append(s.Queries, eval.Query{ID: q.ID, Text: q.Text}), j
		}
	}
	if len(s.Queries) == 0 {
		return nil, p, bad("judgments", "no query has judgments: their ids must be the same")
	}
	return s, p, nil
}

// systems are what is measured: every mode with every way of reranking.
func (c *call) systems(e *winnow.Engine, r *api.Eval) ([]experiment.System, error) {
	modes, rerank := r.Modes, r.Rerank
	if len(modes) == 0 {
		modes = []winnow.Mode{winnow.Dense, winnow.Hybrid, winnow.Lexical}
		if e.Retriever() == nil {
			modes = []winnow.Mode{winnow.Lexical}
		}
	}
	if len(rerank) == 0 {
		if rerank = []string{winnow.Off}; c.options.Models.Reranker != "" {
			rerank = append(rerank, winnow.Auto)
		}
	}
	if len(modes) > 3 || len(rerank) > mostDepths {
		return nil, bad("", "there are %d modes and %d ways of reranking; at most 3 and %d", len(modes), len(rerank), mostDepths)
	}
	ways, fused := make([][]winnow.Stage, len(rerank)), false
	for i, text := range rerank {
		stages, err := winnow.ParseStages(text)
		if err != nil {
			return nil, bad("rerank", "field rerank: %w", err)
		}
		ways[i] = stages
		fused = fused || c.options.Models.Fuse && slices.ContainsFunc(stages, winnow.Stage.Automatic)
	}
	var out []experiment.System
	for _, mode := range modes {
		if !slices.Contains(winnow.Modes(), mode) {
			return nil, bad("modes", "unknown mode %.80q; use dense, lexical or hybrid", mode)
		}
		if mode != winnow.Lexical && e.Retriever() == nil {
			return nil, bad("modes", "mode %s: the collection has no vectors; use lexical", mode)
		}
		settings := c.options.Settings
		settings.Mode = mode
		retriever, err := experiment.Engine(e, settings, fused)
		if err != nil {
			return nil, err
		}
		for i, text := range rerank {
			stages := slices.Clone(ways[i])
			s := experiment.System{Retriever: retriever, Mode: string(mode), Reranker: text}
			for i, stage := range stages {
				x, err := e.Reranker(stage.Model)
				if err != nil {
					return nil, err
				}
				depth := stage.Depth
				if i == 0 && depth > 0 {
					s.Depths, depth = []int{depth}, 0
				}
				s.Stages = append(s.Stages, experiment.Stage{Reranker: c.queued(x), Depth: depth, Fuse: stage.Automatic() && c.options.Models.Fuse})
			}
			if len(stages) > 0 {
				stages[0].Depth = 0
				s.Reranker = winnow.FormatStages(stages)
			}
			out = append(out, s)
		}
	}
	return out, nil
}
