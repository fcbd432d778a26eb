// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/rank"
)

// ErrUnknownID is wrapped by errors about an id that nothing has.
var ErrUnknownID = errors.New("there is no document or passage with this id")

// Similar finds what is like a document, or like one passage of it: the nearest
// passages of other documents, best first. A document of several passages is
// as near to a passage as the nearest of its own is. Of every other document
// the best passage is given. Options are those of Search, but nothing is reranked, nor chosen for diversity.
func (e *Engine) Similar(ctx context.Context, id string, opts ...SearchOption) (*Result, error) {
	if e.retriever == nil {
		return nil, asked(fmt.Errorf("what is similar needs a retriever: %w", e.noVectors("search for its words")))
	}
	o := newSearchOptions(opts)
	o.mode, o.stages = Dense, nil
	if err := o.check(e); err != nil {
		return nil, asked(err)
	}
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return nil, closedError(err)
	}
	defer snapshot.Release()
	own, err := snapshot.Find(id)
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrUnknownID, id)
	}
	passages, err := snapshot.Passages(ctx, own[:1])
	if err != nil {
		return nil, err
	}
	self := passages[0].Document.ID
	whole, err := snapshot.Find(self)
	if err != nil {
		return nil, err
	}
	s := &searching{searchOptions: &o, engine: e, snapshot: snapshot, result: &Result{Query: id, Mode: Dense, Hits: []Hit{}}, start: time.Now()}
	if s.explain {
		s.result.Explanation = &Explanation{}
	}
	if err := s.applyFilter(ctx); err != nil {
		return nil, err
	}
	want := min(o.topK, snapshot.Rows())
	var hits []candidate
	// Passages of the document itself and further ones of documents already found are dropped: ask for more until there are enough different
	// documents, and what a list has not shown cannot be better than the last of them, or all has been seen.
	for ask := want + len(whole); ; ask *= 2 {
		best := map[index.Ref]index.Hit{}
		unseen := float32(math.Inf(-1)) // no score beyond the lists is above it
		for _, ref := range own {
			if s.query, err = snapshot.Vector(ref); err != nil {
				return nil, err
			}
			found, err := s.byVectors(ctx, ask)
			if err != nil {
				return nil, err
			}
			if len(found) >= ask {
				unseen = max(unseen, found[len(found)-1].Score)
			}
			for _, h := range found {
				if old, ok := best[h.Ref]; !ok || h.Score > old.Score {
					best[h.Ref] = h
				}
			}
		}
		if hits, err = s.others(ctx, best, self); err != nil {
			return nil, err
		}
		if math.IsInf(float64(unseen), -1) {
			break
		}
		if len(hits) < want {
			there, err := s.otherDocuments(self)
			if err != nil {
				return nil, err
			}
			want = min(want, there)
		}
		if len(hits) >= want && (want == 0 || hits[want-1].Score >= unseen) {
			break
		}
	}
	for _, h := range hits[:min(o.topK, len(hits))] {
		s.result.Hits = append(s.result.Hits, h.Hit)
	}
	s.result.Timing.Retrieve = milliseconds(s.start)
	s.result.Timing.Total = s.result.Timing.Retrieve
	return s.result, nil
}

// otherDocuments is the number of documents that may be hits: those that the filter lets through, less one.
func (s *searching) otherDocuments(self string) (int, error) {
	if s.only == nil {
		n, err := s.snapshot.Docs()
		return n - 1, err
	}
	passages, err := s.snapshot.Find(self)
	if err != nil || len(passages) == 0 || !s.only.Contains(passages[0]) {
		return s.only.Docs, err
	}
	return s.only.Docs - 1, nil
}

// others makes hits of the best passage of every document but one.
func (s *searching) others(ctx context.Context, found map[index.Ref]index.Hit, self string) ([]candidate, error) {
	refs := make([]index.Ref, 0, len(found))
	for ref := range found {
		refs = append(refs, ref)
	}
	passages, err := s.snapshot.Passages(ctx, refs)
	if err != nil {
		return nil, err
	}
	best := map[string]candidate{}
	for i := range passages {
		doc := passages[i].Document.ID
		if doc == self {
			continue
		}
		h := newHit(&passages[i], refs[i])
		h.Score, h.ScoreKind = found[refs[i]].Score, rank.ScoreKind(s.engine.retriever.Similarity())
		if old, ok := best[doc]; !ok || h.Score > old.Score || h.Score == old.Score && h.ID < old.ID {
			best[doc] = h
		}
	}
	hits := make([]candidate, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b candidate) int {
		return rank.Compare(rank.Item{ID: a.ID, Score: a.Score}, rank.Item{ID: b.ID, Score: b.Score})
	})
	for i := range hits {
		hits[i].Rank = i + 1
		hits[i].Retrieval.Dense = &Found{hits[i].Score, i + 1}
	}
	return hits, nil
}
