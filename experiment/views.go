// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/rank"
)

// Distribution is the scores that one stage gave to candidates, apart by relevance.
type Distribution struct {
	Title    string // what gave the scores: a mode, or a model
	Kind     rank.ScoreKind
	Relevant []float64 // of documents of the collection's level or above
	Other    []float64 // of documents judged below, and of those without a judgment
}

// Distributions are those of a run's first stage and, if it reranks, of the first reranker's logits, down to its depth.
func (c *Collection) Distributions(r *Result) []Distribution {
	first := Distribution{Title: r.Mode, Kind: Kind(r)}
	logits := Distribution{Kind: rank.Logit}
	if r.Depth > 0 {
		logits.Title = r.Models[0]
	}
	for i := range r.Seen {
		o := &r.Seen[i]
		for j, candidate := range o.Candidates {
			c.put(&first, o.Query, candidate.ID, candidate.Score)
			if j < min(r.Depth, len(o.Logits)) {
				c.put(&logits, o.Query, candidate.ID, o.Logits[j])
			}
		}
	}
	if r.Depth == 0 {
		return []Distribution{first}
	}
	return []Distribution{first, logits}
}

// Kind is that of the scores of a run's first stage; "" if it is not known.
func Kind(r *Result) rank.ScoreKind {
	for i := range r.Seen {
		if r.Seen[i].Kind != "" {
			return r.Seen[i].Kind
		}
	}
	return ""
}

func (c *Collection) put(d *Distribution, query, id string, score float32) {
	if grade, ok := c.grade(query, id); ok && grade >= c.Level {
		d.Relevant = append(d.Relevant, float64(score))
	} else {
		d.Other = append(d.Other, float64(score))
	}
}

// Shift is how a query's list changes from the first stage to a run.
type Shift struct {
	Query, Text string
	From, To    string  // names of the runs
	Before      float64 // main measure
	After       float64
	Items       []ShiftItem
}

// ShiftItem is a document of a [Shift].
type ShiftItem struct {
	ID, Text string
	Before   int // rank from 1 by the first stage
	After    int // rank from 1 in the run
	Grade    int // -1 without judgment
}

// Shift returns the documents that are among the first top of a query before or after reranking. The run must rerank.
func (c *Collection) Shift(r *Result, query string, top int) (*Shift, error) {
	at, judged := slices.BinarySearch(c.QueryIDs, query)
	i := slices.IndexFunc(r.Seen, func(o Observed) bool { return o.Query == query })
	switch {
	case !judged || i < 0:
		return nil, fmt.Errorf("query %q was not run on %s: take the id of one of its %d queries", query, c.Name, len(c.QueryIDs))
	case r.Depth == 0:
		return nil, fmt.Errorf("run %s reranks nothing: there is no shift to show", r.Name)
	}
	before, _, err := r.Seen[i].At(0, false)
	if err != nil {
		return nil, err
	}
	if before, err = eval.Order(before); err != nil { // equal scores as in runs and measures
		return nil, err
	}
	after := map[string]int{}
	for n, s := range r.Run.Lists[query] {
		after[s.ID] = n + 1
	}
	out := &Shift{Query: query, Text: c.Texts[query], From: r.Mode, To: r.Name, After: r.Values[c.Main][at]}
	m := c.Main
	if withLevel := m; m.Level == 0 {
		if withLevel.Level = c.Level; withLevel.Validate() == nil {
			m = withLevel // the level of measures that state none
		}
	}
	out.Before = m.Of(before, c.subject.Qrels[query])
	for n, s := range before {
		if n >= top && after[s.ID] > top {
			continue
		}
		grade, ok := c.grade(query, s.ID)
		if !ok {
			grade = -1
		}
		item := ShiftItem{ID: s.ID, Before: n + 1, After: after[s.ID], Grade: max(grade, -1)}
		if c.subject.Text != nil {
			item.Text = c.subject.Text(s.ID)
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// Curve is the quality of a system over what it takes, one point a depth, the first stage in front if it was measured.
type Curve struct {
	Name   string
	Points []CurvePoint
}

// CurvePoint is a run of a [Curve].
type CurvePoint struct {
	Run       *Result
	Depth     int
	Total     float64 // ms a query, mean; 0 where the time of retrieval is not known
	Rerank    float64 // ms a query, mean
	Value     float64
	Low, High float64 // 95 % bootstrap interval of the mean of Value
}

// Curves has a curve for every system of which times are known. seed is that of the intervals.
func (c *Collection) Curves(m eval.Measure, seed uint64) []Curve {
	var out []Curve
	point := func(r *Result) CurvePoint {
		p := CurvePoint{Run: r, Depth: r.Depth, Value: r.Measures[m]}
		if r.Latency != nil {
			p.Rerank = r.Latency.Rerank.Mean
			if r.Latency.Total != nil {
				p.Total = r.Latency.Total.Mean
			}
		}
		p.Low, p.High = interval(r.Values[m], seed)
		return p
	}
	done, drawn := map[string]bool{}, map[*Result]bool{}
	for _, r := range c.Runs {
		if r.Depth == 0 || done[r.system] {
			continue
		}
		done[r.system] = true
		curve := Curve{Name: r.system}
		if first := c.firstStage(r); first != nil {
			curve.Points = append(curve.Points, point(first))
			drawn[first] = true
		}
		for _, other := range c.Runs {
			if other.system == r.system {
				curve.Points = append(curve.Points, point(other))
			}
		}
		slices.SortStableFunc(curve.Points, func(a, b CurvePoint) int { return a.Depth - b.Depth })
		out = append(out, curve)
	}
	for _, r := range c.Runs {
		if r.Depth == 0 && !drawn[r] && r.Latency != nil {
			out = append(out, Curve{Name: r.Name, Points: []CurvePoint{point(r)}})
		}
	}
	return out
}

// SameSystem says whether two runs are depths of one system.
func (c *Collection) SameSystem(a, b string) bool {
	x, y := c.find(a), c.find(b)
	return x != nil && y != nil && x.system == y.system
}

// Differences are the changes of the main measure from one run to another, in the order of QueryIDs.
func (c *Collection) Differences(before, after *Result) []float64 {
	out := make([]float64, len(c.QueryIDs))
	for i := range out {
		out[i] = after.Values[c.Main][i] - before.Values[c.Main][i]
	}
	return out
}

// Find returns the run of a name.
func (c *Collection) Find(name string) (*Result, error) {
	if r := c.find(name); r != nil {
		return r, nil
	}
	return nil, UnknownRun(name, c.names())
}
