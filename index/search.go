// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/bitset"
)

// Hit is a passage found.
type Hit struct {
	Ref   Ref
	Score float32 // higher is better
}

// Selection is the passages that a filter lets through, of one snapshot. nil lets all through.
type Selection struct {
	of    *state
	rows  []*bitset.Set // per segment, deleted rows left out
	Count int           // passages
	Docs  int           // documents
}

// Contains reports whether a passage is in the selection, which is of the passage's snapshot.
func (s *Selection) Contains(r Ref) bool { return s.rows[r.segment].Contains(r.row) }

// Filter evaluates a filter. Deleted documents never match.
func (s *Snapshot) Filter(ctx context.Context, e *filter.Expr) (*Selection, error) {
	sel := &Selection{of: s.state}
	for i, p := range s.parts {
		if err := canceled(ctx, "filter"); err != nil {
			return nil, err
		}
		docs, err := p.columns.Eval(ctx, e)
		if err != nil {
			return nil, err
		}
		rows := bitset.New(p.record.Rows)
		for doc := range docs.All() {
			first, err := p.docs.firstRow(doc)
			if err != nil {
				return nil, err
			}
			end, err := p.docs.firstRow(doc + 1)
			if err != nil {
				return nil, err
			}
			if end <= first {
				return nil, p.docs.rowStarts.Corrupt(4*doc, fmt.Errorf("document %d begins with row %d, the next with %d", doc, first, end))
			}
			if s.live[i] != nil && !s.live[i].Contains(first) {
				continue
			}
			rows.AddRange(first, end)
			sel.Docs++
		}
		sel.Count += rows.Count()
		sel.rows = append(sel.rows, rows)
	}
	return sel, nil
}

// Fields are the metadata fields that filters can use, sorted by name.
func (s *Snapshot) Fields() []filter.Field {
	lists := make([][]filter.Field, len(s.parts))
	for i, p := range s.parts {
		lists[i] = p.columns.Fields()
	}
	return filter.MergeFields(lists...)
}

// owns returns an error for a selection of another state of the index: its rows are not those of this one.
func (s *Snapshot) owns(sel *Selection) error {
	if sel != nil && sel.of != s.state {
		return errors.New("the selection is of another snapshot of the index: filter this one")
	}
	return nil
}

// allowed is the set of rows of a segment that a search may return, nil for all, and how many they are.
func (s *Snapshot) allowed(i int, sel *Selection) (*bitset.Set, int) {
	if sel != nil {
		return sel.rows[i], sel.rows[i].Count()
	}
	return s.live[i], s.liveRows[i]
}

// Plan is how one segment's vectors were searched.
type Plan string

// The plans.
const (
	PlanNone      Plan = "none"      // nothing in the segment is allowed
	PlanExact     Plan = "exact"     // every allowed vector was compared
	PlanIndex     Plan = "index"     // graph, lists or flat codes, nothing is filtered
	PlanFiltered  Plan = "filtered"  // graph, lists or flat codes, collecting what is allowed
	PlanPost      Plan = "post"      // graph or lists without filter, what is not allowed dropped, more asked for until there are enough
	PlanExhausted Plan = "exhausted" // one of the last two found too few: exact after all
)

// SegmentPlan explains the search of one segment.
type SegmentPlan struct {
	Segment string `json:"segment"`
	Plan    Plan   `json:"plan"`
	Index   string `json:"index"`   // what the segment's vectors are kept in
	Rows    int    `json:"rows"`    // vectors
	Allowed int    `json:"allowed"` // of them, neither deleted nor filtered out
	Scored  int    `json:"scored"`  // vectors compared with the query
}

// DenseParams set how vectors are searched.
type DenseParams struct {
	vector.Params            // Allowed is set by the search
	Only          *Selection // nil: all live passages
}

// Dense returns the k passages with the nearest vectors, best first; equal scores in the order of adding. With an exact
// index it finds the k best; with any other, k whenever there are k.
func (s *Snapshot) Dense(ctx context.Context, query []float32, k int, d DenseParams) ([]Hit, []SegmentPlan, error) {
	if k < 1 {
		return nil, nil, fmt.Errorf("k of %d: ask for one result at least", k)
	}
	if err := s.owns(d.Only); err != nil {
		return nil, nil, err
	}
	var all []Hit
	var plans []SegmentPlan
	for i, p := range s.parts {
		if p.vectors == nil {
			return nil, nil, errors.New("the index has no vectors: search it by words (--mode lexical)")
		}
		allowed, count := s.allowed(i, d.Only)
		hits, plan, err := densePart(ctx, p, query, k, d.Params, allowed, count)
		if err != nil {
			return nil, nil, err
		}
		plans = append(plans, plan)
		for _, h := range hits {
			all = append(all, Hit{Ref{i, h.Row}, h.Score})
		}
	}
	sortHits(all)
	return all[:min(k, len(all))], plans, nil
}

// sortHits orders by score, then by the order of adding.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(b.Score, a.Score); c != 0 {
			return c
		}
		return compareRefs(a.Ref, b.Ref)
	})
}

// densePart searches one segment, in the way that its filter's selectivity suggests.
//
// Comparing every allowed vector costs count comparisons. Walking a graph for ef results costs about ef·M comparisons
// when all rows are allowed and, as only one in rows/count of those met is, about ef·M·rows/count with a filter. The
// first is cheaper when count² < ef·M·rows, be it that few rows are allowed or that many are asked for. A filter that lets most
// rows through costs less after a walk; a scan or lists leave rows out at no cost.
func densePart(ctx context.Context, p *part, query []float32, k int, v vector.Params, allowed *bitset.Set, count int) ([]vector.Hit, SegmentPlan, error) {
	rows := p.record.Rows
	plan := SegmentPlan{Segment: p.record.Name, Index: p.vectors.Spec().String(), Rows: rows, Allowed: count}
	if count == 0 {
		plan.Plan = PlanNone
		return nil, plan, ctx.Err()
	}
	k = min(k, count)
	search := func(n int, how vector.Params) ([]vector.Hit, error) {
		hits, stats, err := p.vectors.Search(ctx, query, n, how)
		plan.Scored += stats.Scored
		return hits, err
	}
	v.Allowed = allowed
	graph := v
	switch {
	case v.Exact || p.vectors.Spec().Kind == vector.KindFlat && p.vectors.Spec().Encoding == vector.Float32:
		plan.Plan = PlanExact
		v.Exact = true
		hits, err := search(k, v)
		return hits, plan, err
	case float64(count)*float64(count) < walkCost*float64(max(v.Ef, k))*float64(rows):
		plan.Plan = PlanExact
		v.Exact = true
		hits, err := search(k, v)
		return hits, plan, err
	case count == rows:
		plan.Plan, graph.Allowed = PlanIndex, nil
	case count > rows/2 && p.vectors.Spec().Kind == vector.KindHNSW:
		plan.Plan, graph.Allowed = PlanPost, nil
		hits, err := postFilter(search, graph, allowed, k, rows, count)
		if err != nil || len(hits) == k {
			return hits, plan, err
		}
	default:
		plan.Plan = PlanFiltered
	}
	if plan.Plan != PlanPost {
		hits, err := search(k, graph)
		if err != nil || len(hits) == k {
			return hits, plan, err
		}
	}
	plan.Plan = PlanExhausted
	v.Exact = true
	hits, err := search(k, v)
	return hits, plan, err
}

// walkCost is the comparisons of a graph walk for each result it keeps: about a node's links.
const walkCost = 32

// postFilter asks a graph without filter for as many more hits as the filter is expected to drop, and for twice as many
// until enough are left. It gives up, with too few, when to compare all that is allowed takes less time.
func postFilter(search func(int, vector.Params) ([]vector.Hit, error), v vector.Params, allowed *bitset.Set, k, rows, count int) ([]vector.Hit, error) {
	for ask := int(math.Ceil(1.2*float64(k)*float64(rows)/float64(count))) + 1; walkCost*ask < count; ask *= 2 {
		w := v
		if v.Ef > 0 { // else it is chosen by what is asked for
			w.Ef = max(v.Ef, ask)
		}
		hits, err := search(ask, w)
		if err != nil {
			return nil, err
		}
		hits = slices.DeleteFunc(hits, func(h vector.Hit) bool { return !allowed.Contains(h.Row) })
		if len(hits) >= k {
			return hits[:k], nil
		}
	}
	return nil, nil
}

// LexicalParams set how words are searched.
type LexicalParams struct {
	lexical.Params
	Only *Selection // nil: all live passages
}

func (s *Snapshot) lexicalParts(sel *Selection) []lexical.Part {
	parts := make([]lexical.Part, len(s.parts))
	for i, p := range s.parts {
		parts[i].Index = p.lexical
		parts[i].Allowed, _ = s.allowed(i, sel)
	}
	return parts
}

// Lexical returns the k passages with the highest BM25 score, best first; equal scores in the order of adding. Passages
// without any term of the query are never among them.
func (s *Snapshot) Lexical(ctx context.Context, q analysis.Query, k int, l LexicalParams) ([]Hit, lexical.Stats, error) {
	if err := s.owns(l.Only); err != nil {
		return nil, lexical.Stats{}, err
	}
	found, stats, err := lexical.Search(ctx, s.lexicalParts(l.Only), q, l.Params, k)
	if err != nil {
		return nil, stats, err
	}
	hits := make([]Hit, len(found))
	for i, h := range found {
		hits[i] = Hit{Ref{h.Part, h.Row}, h.Score}
	}
	return hits, stats, nil
}

// Explain says how a passage's BM25 score comes about.
func (s *Snapshot) Explain(ctx context.Context, q analysis.Query, l LexicalParams, r Ref) (lexical.Explanation, error) {
	if err := s.owns(l.Only); err != nil {
		return lexical.Explanation{}, err
	}
	return lexical.Explain(ctx, s.lexicalParts(l.Only), q, l.Params, r.segment, r.row)
}

// Vector is the stored vector of a passage: normalised if the metric is cosine.
func (s *Snapshot) Vector(r Ref) ([]float32, error) {
	p, err := s.part(r)
	if err != nil {
		return nil, err
	}
	if p.vectors == nil {
		return nil, errors.New("the index has no vectors")
	}
	return p.vector(r.row)
}
