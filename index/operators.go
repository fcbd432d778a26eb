// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"

	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/bitset"
)

// Operators narrows a selection, nil for all live passages, to those that have what a query demands with + and nothing
// of what it forbids with -, so that a search by vectors keeps to them as well. Without operators it returns only.
func (s *Snapshot) Operators(ctx context.Context, q analysis.Query, only *Selection) (*Selection, error) {
	if err := s.owns(only); err != nil {
		return nil, err
	}
	var musts, nots analysis.Query
	for _, c := range q.Clauses {
		switch c.Occur {
		case analysis.Must:
			musts.Clauses = append(musts.Clauses, c)
		case analysis.MustNot:
			c.Occur = analysis.Should
			nots.Clauses = append(nots.Clauses, c)
		}
	}
	if len(musts.Clauses) > 0 {
		rows, err := s.having(ctx, musts, only)
		if err != nil {
			return nil, err
		}
		only = s.selection(only, func(i int, allowed *bitset.Set) { allowed.And(rows[i]) })
	}
	if len(nots.Clauses) > 0 {
		rows, err := s.having(ctx, nots, only)
		if err != nil {
			return nil, err
		}
		only = s.selection(only, func(i int, allowed *bitset.Set) { allowed.AndNot(rows[i]) })
	}
	return only, nil
}

// having is the rows of every segment that a search by words finds at all.
func (s *Snapshot) having(ctx context.Context, q analysis.Query, only *Selection) ([]*bitset.Set, error) {
	hits, _, err := s.Lexical(ctx, q, s.Rows(), LexicalParams{Params: lexical.DefaultParams(), Only: only})
	if err != nil {
		return nil, err
	}
	rows := make([]*bitset.Set, len(s.parts))
	for i, p := range s.parts {
		rows[i] = bitset.New(p.record.Rows)
	}
	for _, h := range hits {
		rows[h.Ref.segment].Add(h.Ref.row)
	}
	return rows, nil
}

// selection is a changed copy of a selection. It does not count documents: a part of one's passages may be left.
func (s *Snapshot) selection(only *Selection, change func(i int, allowed *bitset.Set)) *Selection {
	out := &Selection{of: s.state}
	for i, p := range s.parts {
		allowed, _ := s.allowed(i, only)
		rows := bitset.Full(p.record.Rows)
		if allowed != nil {
			rows = allowed.Clone()
		}
		change(i, rows)
		out.rows = append(out.rows, rows)
		out.Count += rows.Count()
	}
	if only != nil {
		out.Docs = only.Docs
	}
	return out
}

// Words returns the BM25 scores of some passages, in order; 0 of one that has none of the query's words.
func (s *Snapshot) Words(ctx context.Context, q analysis.Query, p lexical.Params, refs []Ref) ([]float32, error) {
	at := make(map[Ref]int, len(refs))
	rows := make([][]int, len(s.parts))
	for i, r := range refs {
		if _, err := s.part(r); err != nil {
			return nil, err
		}
		at[r] = i
		rows[r.segment] = append(rows[r.segment], r.row)
	}
	only := &Selection{of: s.state}
	for i, p := range s.parts {
		set := bitset.New(p.record.Rows)
		for _, row := range rows[i] {
			set.Add(row)
		}
		only.rows = append(only.rows, set)
	}
	only.Count = len(at)
	hits, _, err := s.Lexical(ctx, q, max(len(refs), 1), LexicalParams{Params: p, Only: only})
	if err != nil {
		return nil, err
	}
	scores := make([]float32, len(refs))
	for _, h := range hits {
		scores[at[h.Ref]] = h.Score
	}
	return scores, nil
}
