// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
)

// scoredPairs are judged pairs with logits, in lists of one length.
type scoredPairs struct {
	logits   []float32
	relevant []bool
	groups   []string // the query, so that no query is on both sides of a fold
}

// pairScorer reads pairs and keeps what is to be reported.
type pairScorer struct {
	cross *encoder.CrossEncoder
	pairs *scoredPairs
	long  *cut
	bar   *evalBar
}

// judgedCollection is a source that was loaded.
type judgedCollection struct {
	path string // as given
	*eval.Collection
	source judgedSource
}

// load reads all sources, before anything is scored, and refuses those whose judgments leave one class.
func (f *calibrateFlags) load(ctx context.Context, paths []string) ([]*judgedCollection, error) {
	return await(ctx, func() ([]*judgedCollection, error) {
		var out []*judgedCollection
		for _, path := range paths {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := loadJudged(path, f.split)
			if err != nil {
				return nil, err
			}
			j := &judgedCollection{path, c, judgedSource{Name: c.Name, Documents: len(c.Docs), Level: f.level}}
			if j.source.Level == 0 {
				j.source.Level = experiment.DefaultLevel(c.Name)
			}
			j.source.Unjudged = f.policy(c.Qrels, j.source.Level)
			relevant, all := 0, 0
			for _, q := range c.Qrels {
				relevant += q.Relevant(j.source.Level)
				all += len(q)
			}
			if relevant == 0 || j.source.Unjudged == unjudgedSkip && relevant == all {
				return nil, j.oneClass(relevant == 0)
			}
			out = append(out, j)
		}
		return out, nil
	})
}

// oneClass is the error of a source without relevant pairs, or without others.
func (j *judgedCollection) oneClass(none bool) error {
	if none {
		return fmt.Errorf("no pair of %s is relevant: the judgments have no grade of %d or above (--relevant)", j.path, max(j.source.Level, 1))
	}
	return fmt.Errorf("every pair of %s is relevant, from grade %d on: --unjudged irrelevant counts candidates without a judgment", j.path, max(j.source.Level, 1))
}

// scorePairs scores the pairs of all sources.
func (a *app) scorePairs(cmd *cobra.Command, f *calibrateFlags, c *encoder.CrossEncoder, sources []*judgedCollection, out *calibrated) (*scoredPairs, error) {
	bar := &evalBar{progress: progress{out: a.stderr}}
	defer bar.clear()
	s := &pairScorer{cross: c, pairs: &scoredPairs{}, long: &out.long, bar: bar}
	for i, j := range sources {
		source := &j.source
		from := len(s.pairs.logits)
		if err := s.collection(cmd.Context(), f, j, i); err != nil {
			return nil, err
		}
		source.Pairs = len(s.pairs.logits) - from
		for _, r := range s.pairs.relevant[from:] {
			if r {
				source.Relevant++
			}
		}
		if source.Relevant == 0 || source.Relevant == source.Pairs {
			return nil, j.oneClass(source.Relevant == 0)
		}
		out.Sources = append(out.Sources, *source)
	}
	return s.pairs, nil
}

// loadJudged reads a folder, or a file of labelled rows.
func loadJudged(name, split string) (*eval.Collection, error) {
	switch info, err := os.Stat(name); {
	case err != nil:
		return nil, fileError(name, err)
	case !info.IsDir():
		return loadRows(name)
	}
	return eval.LoadBEIRSplit(name, split)
}

// add scores texts for a query.
func (s *pairScorer) add(ctx context.Context, group, query string, texts []string, relevant []bool) error {
	scores, err := s.cross.Predict(ctx, encoder.Pairs(query, texts))
	if err != nil {
		return err
	}
	for i, v := range scores.Logits {
		if v-v != 0 {
			return fmt.Errorf("model %s gives %v for the query %q: its weights are damaged or overflow", s.cross.Model().Name, v, query)
		}
		s.long.add(scores.Truncated[i])
		s.pairs.groups = append(s.pairs.groups, group)
	}
	s.pairs.logits, s.pairs.relevant = append(s.pairs.logits, scores.Logits...), append(s.pairs.relevant, relevant...)
	return nil
}

// judgedIrrelevant is how many documents a query must have that were judged and are not relevant, in the mean, for candidates
// without a judgment to be skipped.
const judgedIrrelevant = 5

// policy decides what becomes of candidates without a judgment.
func (f *calibrateFlags) policy(qrels map[string]eval.Judgments, level int) string {
	if f.unjudged != unjudgedAuto {
		return f.unjudged
	}
	others := 0
	for _, j := range qrels {
		others += len(j) - j.Relevant(level)
	}
	if others >= judgedIrrelevant*len(qrels) {
		return unjudgedSkip
	}
	return unjudgedIrrelevant
}

// collection scores the candidates and the judged documents of a collection. number tells apart collections of one name.
func (s *pairScorer) collection(ctx context.Context, f *calibrateFlags, j *judgedCollection, number int) error {
	c, source := j.Collection, &j.source
	texts := make(map[string]string, len(c.Docs))
	for i := range c.Docs {
		texts[c.Docs[i].ID] = c.Docs[i].FullText()
	}
	candidates, closeIndex, err := s.retriever(ctx, f, c, source)
	if err != nil {
		return err
	}
	defer closeIndex()
	queries := experiment.Sample(c.Queries, f.sample, uint64(f.seed))
	source.Queries = len(queries)
	for i, q := range queries {
		s.bar.running(c.Name, i, len(queries))
		found, err := candidates(ctx, q)
		if err != nil {
			return err
		}
		ids := f.choose(q.ID, found, c.Qrels[q.ID], source)
		list, relevant := make([]string, len(ids)), make([]bool, len(ids))
		for i, id := range ids {
			list[i], relevant[i] = texts[id], c.Qrels[q.ID][id] >= source.Level
		}
		if err := s.add(ctx, fmt.Sprintf("%s\x00%d\x00%s", c.Name, number, q.ID), q.Text, list, relevant); err != nil {
			return err
		}
	}
	s.bar.clear()
	return nil
}

// choose lists the documents of a query that make pairs: the candidates, none where those without a judgment are skipped, and then
// the judged documents that are not among them.
func (f *calibrateFlags) choose(query string, found []string, j eval.Judgments, source *judgedSource) []string {
	var ids []string
	at := map[string]bool{}
	for _, id := range found {
		at[id] = true
		_, judged := j[id]
		switch {
		case f.excludeSameID && id == query:
		case judged:
			ids = append(ids, id)
		default:
			source.Assumed++
			ids = append(ids, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(j)) {
		if !at[id] && (!f.excludeSameID || id != query) {
			if source.Unjudged == unjudgedIrrelevant {
				source.Below++
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// retriever finds candidates. Where those without a judgment are skipped, the judged documents are all pairs there are, and nothing need be found.
func (s *pairScorer) retriever(ctx context.Context, f *calibrateFlags, c *eval.Collection, source *judgedSource) (find func(context.Context, eval.Query) ([]string, error), stop func(), err error) {
	if source.Unjudged == unjudgedSkip {
		return func(context.Context, eval.Query) ([]string, error) { return nil, nil }, func() {}, nil
	}
	s.bar.begin(c.Name)
	e, _, err := experiment.Build(ctx, c, f.index(s.bar))
	s.bar.clear()
	if err != nil {
		return nil, nil, explainDB(f.cache, err)
	}
	r, err := experiment.Engine(e, winnow.Settings{Mode: winnow.Dense}, false)
	if err != nil {
		_ = e.Close() // the first error is the one to read
		return nil, nil, err
	}
	return func(ctx context.Context, q eval.Query) ([]string, error) {
		list, err := r.Retrieve(ctx, q, f.depth)
		if err != nil {
			return nil, err
		}
		ids := make([]string, len(list.Candidates))
		for i, c := range list.Candidates {
			ids[i] = c.ID
		}
		return ids, nil
	}, func() { _ = e.Close() }, nil
}
