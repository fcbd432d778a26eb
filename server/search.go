// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"maps"
	"slices"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/api"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *call) search(r *api.Search) (out *winnow.Result, err error) {
	c.logText("query", r.Query)
	err = c.searching(r.Collection, c.options.Settings, &r.Request, func(e *winnow.Engine, opts []winnow.SearchOption) error {
		out, err = e.Search(c.ctx(), r.Query, opts...)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.searched(out)
	return out, nil
}

func (c *call) compare(r *api.Search) (out *winnow.Comparison, err error) {
	c.logText("query", r.Query)
	if r.Candidates == 0 {
		r.Candidates = 20 // each is shown
	}
	err = c.searching(r.Collection, winnow.Settings{}, &r.Request, func(e *winnow.Engine, opts []winnow.SearchOption) error {
		out, err = e.Compare(c.ctx(), r.Query, opts...)
		return err
	})
	return out, err
}

func (c *call) similar(r *api.Similar) (out *winnow.Result, err error) {
	request := winnow.Request{TopK: r.TopK, Filter: r.Filter}
	err = c.searching(r.Collection, winnow.Settings{}, &request, func(e *winnow.Engine, opts []winnow.SearchOption) error {
		out, err = e.Similar(c.ctx(), r.ID, opts...)
		return err
	})
	return out, err
}

func (c *call) influence(r *api.Influence) (out *winnow.Influence, err error) {
	c.logText("query", r.Query)
	in, err := c.collections.find(r.Collection)
	if err != nil {
		return nil, err
	}
	err = in.read(func(e *winnow.Engine) error {
		out, err = e.Influence(c.ctx(), r.Query, r.ID, cmp.Or(r.Reranker, winnow.Auto))
		return err
	})
	return out, err
}

// The most that a request may ask for, so that one of them cannot take all memory.
const (
	mostTopK       = 1000
	mostCandidates = 10000
	mostWidth      = 4 * mostCandidates // ef and probes: a search keeps so many in memory, and wider than the candidates by some times finds all of them
)

// searching calls f with the engine of a collection and the options of a request. base is what holds where the request says nothing.
func (c *call) searching(name string, base winnow.Settings, r *winnow.Request, f func(*winnow.Engine, []winnow.SearchOption) error) error {
	switch {
	case r.TopK > mostTopK:
		return bad("top_k", "field top_k: %d; at most %d", r.TopK, mostTopK)
	case r.Candidates > mostCandidates:
		return bad("candidates", "field candidates: %d; at most %d", r.Candidates, mostCandidates)
	case r.Ef > mostWidth:
		return bad("ef", "field ef: %d; at most %d (exact compares every vector)", r.Ef, mostWidth)
	case r.Probes > mostWidth:
		return bad("probes", "field probes: %d; at most %d (exact compares every vector)", r.Probes, mostWidth)
	}
	opts, err := r.Options(base)
	if err != nil {
		return err
	}
	in, err := c.collections.find(name)
	if err != nil {
		return err
	}
	return in.read(func(e *winnow.Engine) error { return f(e, opts) })
}

// searched counts what a search did that has just ended.
func (c *call) searched(r *winnow.Result) {
	c.spans(r.Timing.Total, searchStages(r.Timing)...)
	c.countSearch(r)
}

// countSearch counts what a search did.
func (c *call) countSearch(r *winnow.Result) {
	c.metrics.search(r.Timing)
	for _, h := range r.Hits {
		c.truncated += h.TruncatedTokens
	}
	c.truncated += r.QueryTruncated
	for _, stage := range r.Reading {
		c.tokens += stage.Tokens
	}
}
