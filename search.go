// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/rank"
)

// searching is one search on its way.
type searching struct {
	*searchOptions
	engine   *Engine
	snapshot *index.Snapshot
	result   *Result
	start    time.Time
	only     *index.Selection // what the filter lets through
	text     string           // what the encoders read of the query
	query    []float32        // its vector, if vectors are searched
	words    analysis.Query   // its terms, if words are searched
	found    []candidate      // what became the hits
}

// Search finds the passages that answer a query best, best first: candidates by
// vectors, words or both, reranked by the cross-encoder. Equal scores are
// ordered by the rank before, then by id.
func (e *Engine) Search(ctx context.Context, query string, opts ...SearchOption) (*Result, error) {
	o := newSearchOptions(opts)
	if err := o.check(e); err != nil {
		return nil, asked(err)
	}
	if strings.TrimSpace(query) == "" {
		return nil, asked(errors.New("the query is empty"))
	}
	readers := make([]*encoder.CrossEncoder, len(o.stages))
	for i, stage := range o.stages { // before the clock starts: opening a model is no part of a search
		var err error
		if readers[i], err = e.Reranker(stage.Model); err != nil {
			return nil, err
		}
	}
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return nil, closedError(err)
	}
	defer snapshot.Release()
	s := &searching{searchOptions: &o, engine: e, snapshot: snapshot, text: query, result: &Result{Query: query, Mode: o.mode, Hits: []Hit{}}, start: time.Now()}
	if err := s.run(ctx, readers); err != nil {
		return nil, err
	}
	return s.result, nil
}

// closedError says of a closed index what its models say.
func closedError(err error) error {
	if errors.Is(err, index.ErrClosed) {
		return encoder.ErrClosed
	}
	return err
}

func (s *searching) run(ctx context.Context, readers []*encoder.CrossEncoder) error {
	r := s.result
	if s.explain {
		r.Explanation = &Explanation{}
	}
	if err := s.applyFilter(ctx); err != nil {
		return err
	}
	hits, err := s.retrieve(ctx, len(readers) > 0)
	if err != nil {
		return err
	}
	if err := s.weighWords(ctx, hits); err != nil {
		return err
	}
	if len(hits) > 0 {
		begin := time.Now()
		for i, c := range readers {
			if i == 0 {
				for j := range hits {
					hits[j].RankBefore = hits[j].Rank
				}
			}
			if err := s.read(ctx, hits, s.stages[i], c); err != nil {
				return fmt.Errorf("rerank with %s: %w", c.Model().Name, err)
			}
			r.Timing.Rerank = milliseconds(begin)
		}
	}
	if s.diversity > 0 {
		if hits, err = s.diversify(hits); err != nil {
			return err
		}
	}
	s.found = hits[:min(s.topK, len(hits))]
	for i := range s.found {
		s.found[i].Rank = i + 1
	}
	if err := s.describe(ctx); err != nil {
		return err
	}
	r.Timing.Total = milliseconds(s.start)
	for i := range s.found {
		r.Hits = append(r.Hits, s.found[i].Hit)
	}
	return nil
}

// wordsWeight is what a point of BM25 adds to a fused score when candidates come from so many passages. It was chosen on
// judged collections (docs/benchmarks/quality.md). How rare a term is, a handful of passages does not tell: there words count for little.
func wordsWeight(passages int) float64 { return 0.3 * float64(passages) / float64(passages+100) }

// weighWords adds to what vectors found its score by words, if fused reranking is to weigh it.
func (s *searching) weighWords(ctx context.Context, hits []candidate) error {
	wanted := s.evidence || slices.ContainsFunc(s.stages, s.fuses)
	if !wanted || s.mode != Dense || len(hits) == 0 {
		return nil
	}
	begin := time.Now()
	refs := make([]index.Ref, len(hits))
	for i, h := range hits {
		refs[i] = h.ref
	}
	scores, err := s.snapshot.Words(ctx, analysis.Words(s.text, s.engine.db.Analyzer()), s.bm25, refs)
	for i, score := range scores {
		hits[i].Retrieval.Lexical = &Found{Score: score}
	}
	s.result.WordsWeight = wordsWeight(s.snapshot.Rows())
	s.result.Timing.Retrieve += milliseconds(begin)
	return err
}

// applyFilter evaluates the filter, if there is one.
func (s *searching) applyFilter(ctx context.Context) error {
	if s.filter == "" {
		return nil
	}
	expr, err := filter.Parse(s.filter)
	if err != nil {
		return asked(err)
	}
	s.result.Warnings = expr.Warnings(s.snapshot.Fields())
	if s.only, err = s.snapshot.Filter(ctx, expr); err != nil {
		return err
	}
	if s.only.Docs == 0 { // not if documents have a format of their own
		for _, f := range expr.Equals("format") {
			if !document.Format(f).Known() {
				s.result.Warnings = append(s.result.Warnings, fmt.Sprintf("no document has the format %q: it is that of the text, %q, %q, %q or %q; ext is that of the file", f, document.Plain, document.Markdown, document.Code, document.Pages))
			}
		}
	}
	if s.explain {
		s.result.Explanation.Filter = &FilterPlan{Expression: expr.String(), Documents: s.only.Docs, Passages: s.only.Count}
	}
	return nil
}

// tieLimit bounds how far beyond the number asked for equal scores are followed.
const tieLimit = 1024

// untied asks for the k best and for as many more as share the last one's score, so that ids, and not the order of
// adding, decide between them.
func untied(k int, ask func(n int) ([]index.Hit, error)) ([]index.Hit, error) {
	k = min(k, math.MaxInt32) // no index has more passages
	for n := k + 1; ; n *= 2 {
		found, err := ask(n)
		if err != nil {
			return nil, err
		}
		end := min(k, len(found))
		for end < len(found) && found[end].Score == found[end-1].Score {
			end++
		}
		if end < n || n > k+tieLimit {
			return found[:end], nil
		}
	}
}

// retrieve returns the candidates as hits, best first.
func (s *searching) retrieve(ctx context.Context, reranked bool) ([]candidate, error) {
	e, r := s.engine, s.result
	var dense, lexical []index.Hit
	var err error
	if s.mode != Dense {
		if s.words, err = analysis.ParseQuery(r.Query, e.db.Analyzer()); err != nil {
			return nil, asked(err)
		}
		s.text = analysis.Plain(r.Query)
	}
	byVectors := s.mode != Lexical && strings.TrimSpace(s.text) != "" // of "-word" nothing is left to look for
	if byVectors {
		begin := time.Now()
		q, err := e.encoders.Encode(ctx, e.retriever, []string{s.text}, encoder.Query)
		if err != nil {
			return nil, err
		}
		r.QueryTruncated, r.Precision.Retriever = q.Truncated[0], e.retriever.Precision()
		r.Timing.Encode = milliseconds(begin)
		s.query = q.Vector(0)
	}
	length := s.candidates
	if s.mode == Hybrid {
		length = max(length, FusionDepth)
	}
	begin := time.Now()
	if byVectors {
		if dense, err = s.byVectors(ctx, length); err != nil {
			return nil, err
		}
	}
	if s.mode != Dense {
		if lexical, err = s.byWords(ctx, length); err != nil {
			return nil, err
		}
	}
	// Only what is shown or read again is needed as text.
	wanted := s.candidates
	if !reranked && s.diversity == 0 {
		wanted = s.topK
	}
	hits, err := s.join(ctx, dense, lexical, wanted)
	if err != nil {
		return nil, err
	}
	r.Timing.Retrieve = milliseconds(begin)
	return hits, nil
}

// byVectors returns the nearest passages.
func (s *searching) byVectors(ctx context.Context, k int) ([]index.Hit, error) {
	only, err := s.snapshot.Operators(ctx, s.words, s.only)
	if err != nil {
		return nil, err
	}
	p := index.DenseParams{Only: only}
	p.Ef, p.Probes, p.Exact, p.Threads = s.ef, s.probes, s.exact, s.engine.threads
	return untied(k, func(n int) ([]index.Hit, error) {
		hits, plans, err := s.snapshot.Dense(ctx, s.query, n, p)
		if s.explain {
			s.result.Explanation.Dense = plans
		}
		return hits, err
	})
}

// join makes hits of one list, or of two fused, with at least as many as wanted.
func (s *searching) join(ctx context.Context, dense, lexical []index.Hit, wanted int) ([]candidate, error) {
	switch s.mode {
	case Dense:
		hits, err := s.hits(ctx, dense, wanted, nil)
		for i := range hits {
			h := &hits[i]
			h.ScoreKind, h.Retrieval.Dense = rank.ScoreKind(s.engine.retriever.Similarity()), &Found{h.Score, i + 1}
		}
		return hits, err
	case Lexical:
		hits, err := s.hits(ctx, lexical, wanted, nil)
		for i := range hits {
			h := &hits[i]
			h.ScoreKind, h.Retrieval.Lexical = rank.BM25, &Found{h.Score, i + 1}
		}
		return hits, err
	}
	fused, from, err := s.fuse(dense, lexical)
	if err != nil {
		return nil, err
	}
	denseRank, lexicalRank := places(dense), places(lexical)
	hits, err := s.hits(ctx, fused, wanted, from)
	for i := range hits {
		h := &hits[i]
		h.ScoreKind = rank.Fused
		if n, ok := denseRank[h.ref]; ok {
			h.Retrieval.Dense = &Found{dense[n].Score, n + 1}
		}
		if n, ok := lexicalRank[h.ref]; ok {
			h.Retrieval.Lexical = &Found{lexical[n].Score, n + 1}
		}
		if s.explain {
			h.Explanation = &HitExplanation{Fusion: contributions(from[h.ref])}
		}
	}
	return hits, err
}

// places says where in a list each passage is, from 0.
func places(list []index.Hit) map[index.Ref]int {
	m := make(map[index.Ref]int, len(list))
	for i, h := range list {
		m[h.Ref] = i
	}
	return m
}

// hits reads the passages of the first so many of a sorted list and of those that share the last one's score, and orders
// equal scores by the better rank before, if they come from a fusion, and by id.
func (s *searching) hits(ctx context.Context, list []index.Hit, wanted int, from map[index.Ref]rank.FusedItem) ([]candidate, error) {
	end := min(wanted, len(list))
	for end > 0 && end < len(list) && list[end].Score == list[end-1].Score {
		end++
	}
	list = list[:end]
	refs := make([]index.Ref, len(list))
	for i, h := range list {
		refs[i] = h.Ref
	}
	passages, err := s.snapshot.Passages(ctx, refs)
	if err != nil {
		return nil, err
	}
	items, at := make([]rank.Item, len(list)), make(map[string]int, len(list))
	for i, h := range list {
		items[i] = rank.Item{ID: passages[i].ID, Score: h.Score, Previous: from[h.Ref].Previous}
		at[passages[i].ID] = i
	}
	if err := rank.Validate(items); err != nil {
		return nil, fmt.Errorf("retrieve: %w", err)
	}
	rank.Sort(items)
	out := make([]candidate, min(wanted, len(items)))
	for i := range out {
		n := at[items[i].ID]
		out[i] = newHit(&passages[n], refs[n])
		out[i].Rank, out[i].Score = i+1, list[n].Score
	}
	return out, nil
}

// newHit is a hit with what its passage says.
func newHit(p *index.Passage, ref index.Ref) candidate {
	h := candidate{
		Hit: Hit{ID: p.ID, Document: p.Document.ID, Title: p.Document.Title, Text: p.Chunk.Text, Span: [2]int{p.Chunk.Start, p.Chunk.End}, Context: p.Chunk.Context(), TruncatedTokens: p.Truncated, Meta: p.Document.Meta},
		ref: ref,
	}
	if n := len(p.Chunk.Heading); n > 0 {
		h.Title = p.Chunk.Heading[n-1]
	}
	if src := p.Document.Source; src.Path != "" {
		h.Source = &Source{Path: src.Path, StartLine: p.Chunk.StartLine, EndLine: p.Chunk.EndLine, Page: p.Chunk.Page}
		if src.Line > 0 { // a row: the chunk's lines are those of its text, not of the file
			h.Source.StartLine, h.Source.EndLine = src.Line, src.Line
		}
	}
	return h
}

// texts are what the encoders read of hits.
func texts(hits []candidate) []string {
	out := make([]string, len(hits))
	for i := range hits {
		out[i] = hits[i].Context
	}
	return slices.Clip(out)
}
