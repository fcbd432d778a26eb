// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/rank"
)

// Unlimited as a number of candidates takes whole lists.
const Unlimited = 1 << 30

// System is a retriever and what reranks its candidates.
type System struct {
	Name        string // of its runs, without the depth; "" makes one of Mode and Reranker
	Retriever   Retriever
	Mode, Model string // of the retriever, as reports show them
	Reranker    string // what was asked for: auto, or models with depths; "" or off without stages
	Stages      []Stage
	Candidates  int   // length of first-stage lists, if not that of all systems
	Depths      []int // depths of the first stage, if not those of all systems
	External    bool  // the first stage is a file: its times are not known
}

// Stage is one reading of candidates.
type Stage struct {
	Reranker Reranker
	Depth    int  // how many it reads, the best of the order before. Of the first stage it is a depth of the sweep; 0: all
	Fuse     bool // order by logit, score before and words together, see rank.Rerank
}

// Observed is all that was seen of one query by one system: enough for every depth up to the deepest one.
type Observed struct {
	Query            string      // its id
	Candidates       []Candidate // as retrieved, best first; texts only if asked for
	Kind             rank.ScoreKind
	Logits           []float32 // of the first candidates, by the first stage
	Encode, Retrieve time.Duration
	Steps            []Step // by rising depth; none without reranking

	fuse bool // of the first stage, when later stages read its order
}

// Step is a depth of the first stage that was stopped at.
type Step struct {
	Depth   int           // asked for; there may be fewer candidates
	Elapsed time.Duration // of the first stage from its beginning up to here
	Tokens  int           // of the first stage up to here
	Later   []Reading     // by the stages after the first one
}

// Reading is what a later stage read: the best of the order before it.
type Reading struct {
	Logits  []float32 // in that order
	Elapsed time.Duration
	Tokens  int
	Fuse    bool
}

// ObserveOptions set how queries are run.
type ObserveOptions struct {
	Candidates    int   // length of first-stage lists; 0: 100
	Depths        []int // of the first stage, where times are taken; none: all candidates
	ExcludeSameID bool  // leave out the document that has the query's id
	KeepTexts     bool  // keep the candidates' texts, which may take much memory
	Progress      func(done, total int)
}

const defaultCandidates = 100

// Observe runs a system over queries, one at a time, after one that is not counted, so that memory is mapped and caches are
// warm. With several depths the first stage reads in as many parts, and later stages read anew for each. When the context ends, or something fails, what was seen
// so far is returned with the error.
func Observe(ctx context.Context, s System, queries []eval.Query, o ObserveOptions) ([]Observed, error) {
	o = s.options(o)
	switch {
	case s.Retriever == nil:
		return nil, errors.New("the system has no retriever")
	case o.Candidates < 0:
		return nil, fmt.Errorf("%d candidates: at least 1", o.Candidates)
	case len(queries) == 0:
		return nil, errors.New("there are no queries to run")
	}
	if r, ok := s.Retriever.(*runFile); ok && r.docs == nil && len(s.Stages) > 0 {
		return nil, fmt.Errorf("run %s has no texts to rerank: give the collection its documents are of", r.run.Tag)
	}
	depths, err := sweep(s, o)
	if err != nil {
		return nil, err
	}
	report := func(n int) {
		if o.Progress != nil {
			o.Progress(n, len(queries))
		}
	}
	report(0)
	if _, err := observe(ctx, &s, queries[0], o, depths[:min(1, len(depths))]); err != nil { // the warm-up
		return nil, fmt.Errorf("query %q: %w", queries[0].ID, err)
	}
	out := make([]Observed, 0, len(queries))
	for i, q := range queries {
		seen, err := observe(ctx, &s, q, o, depths)
		if err != nil {
			return out, fmt.Errorf("query %q: %w", q.ID, err)
		}
		out = append(out, *seen)
		report(i + 1)
	}
	return out, nil
}

// options are those of the system, as far as it has its own.
func (s *System) options(o ObserveOptions) ObserveOptions {
	if s.Candidates > 0 {
		o.Candidates = s.Candidates
	}
	if o.Candidates == 0 {
		o.Candidates = defaultCandidates
	}
	if len(s.Depths) > 0 {
		o.Depths = s.Depths
	}
	return o
}

// sweep is the depths of the first stage, rising; none without reranking.
func sweep(s System, o ObserveOptions) ([]int, error) {
	if len(s.Stages) == 0 {
		return nil, nil
	}
	depths := slices.Clone(o.Depths)
	if d := s.Stages[0].Depth; d > 0 {
		depths = []int{d}
	}
	depths = slices.DeleteFunc(depths, func(d int) bool { return d == 0 }) // the order of retrieval needs no reading
	if len(depths) == 0 {
		depths = []int{o.Candidates}
	}
	slices.Sort(depths)
	depths = slices.Compact(depths)
	for _, d := range depths {
		if d < 0 {
			return nil, fmt.Errorf("depth %d: at least 0", d)
		}
		if d > o.Candidates {
			return nil, fmt.Errorf("depth %d is more than the %d candidates: ask for more candidates", d, o.Candidates)
		}
	}
	return depths, nil
}

// observe runs one query.
func observe(ctx context.Context, s *System, q eval.Query, o ObserveOptions, depths []int) (*Observed, error) {
	ask := o.Candidates
	if o.ExcludeSameID && ask < Unlimited {
		ask++
	}
	found, err := s.Retriever.Retrieve(ctx, q, ask)
	if err != nil {
		return nil, err
	}
	list := found.Candidates
	if o.ExcludeSameID {
		list = slices.DeleteFunc(list, func(c Candidate) bool { return c.ID == q.ID })
	}
	seen := &Observed{Query: q.ID, Candidates: list[:min(len(list), o.Candidates)], Kind: found.Kind, Encode: found.Encode, Retrieve: found.Retrieve}
	if len(depths) > 0 {
		seen.fuse = s.Stages[0].Fuse
	}
	var first Step
	for _, depth := range depths {
		part, err := seen.score(ctx, s.Stages[0].Reranker, q.Text, len(seen.Logits), depth)
		if err != nil {
			return nil, err
		}
		seen.Logits = append(seen.Logits, part.Logits...)
		first.Elapsed += part.Elapsed
		first.Tokens += part.Tokens
		step := Step{Depth: depth, Elapsed: first.Elapsed, Tokens: first.Tokens}
		if err := seen.later(ctx, s, q.Text, &step); err != nil {
			return nil, err
		}
		seen.Steps = append(seen.Steps, step)
	}
	if !o.KeepTexts {
		for i := range seen.Candidates {
			seen.Candidates[i].Text = ""
		}
	}
	return seen, ctx.Err()
}

// score lets a reranker read the candidates at places from (inclusive) to to (exclusive), as far as there are any.
func (o *Observed) score(ctx context.Context, r Reranker, query string, from, to int) (Reading, error) {
	to = min(to, len(o.Candidates))
	if from >= to {
		return Reading{}, nil
	}
	texts := make([]string, to-from)
	for i := range texts {
		texts[i] = o.Candidates[from+i].Text
	}
	return read(ctx, r, query, texts)
}

func read(ctx context.Context, r Reranker, query string, texts []string) (Reading, error) {
	begin := time.Now()
	scores, err := r.Score(ctx, query, texts)
	if err != nil {
		return Reading{}, err
	}
	if len(scores.Logits) != len(texts) {
		return Reading{}, fmt.Errorf("reranker %s gives %d logits for %d texts", r.Name(), len(scores.Logits), len(texts))
	}
	out := Reading{Logits: scores.Logits, Elapsed: time.Since(begin)}
	for _, n := range scores.Tokens {
		out.Tokens += n
	}
	return out, nil
}

// later lets the stages after the first one read the order that the ones before have made at a depth.
func (o *Observed) later(ctx context.Context, s *System, query string, step *Step) error {
	if len(s.Stages) < 2 {
		return nil
	}
	texts := make(map[string]string, len(o.Candidates))
	for _, c := range o.Candidates {
		texts[c.ID] = c.Text
	}
	order, err := o.order(min(step.Depth, len(o.Logits)), o.fuse)
	if err != nil {
		return err
	}
	limit := step.Depth
	for _, stage := range s.Stages[1:] {
		if stage.Depth > 0 {
			limit = min(limit, stage.Depth)
		}
		part := make([]string, min(limit, len(order)))
		for i := range part {
			part[i] = texts[order[i].ID]
		}
		var r Reading
		if len(part) > 0 {
			if r, err = read(ctx, stage.Reranker, query, part); err != nil {
				return err
			}
		}
		r.Fuse = stage.Fuse
		step.Later = append(step.Later, r)
		if order, err = reorder(order, r.Logits, r.Fuse); err != nil {
			return err
		}
	}
	return nil
}
