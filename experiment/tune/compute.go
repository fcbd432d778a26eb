// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"fmt"
	"slices"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/speed"
	"github.com/winnow-search/winnow/rank"
)

// order is the list of a first stage, best first.
func (o *observed) order(f first) ([]rank.Item, error) {
	dense, lexical := f.parts(o.more())
	for _, k := range []listKey{dense, lexical} {
		if k.length > 0 && o.lists[k] == nil {
			return nil, fmt.Errorf("%s, query %q: %s search for %d was not observed at precision %s", o.subject, o.id, k.mode, k.length, k.precision)
		}
	}
	switch f.mode {
	case winnow.Dense:
		return o.candidates(o.lists[dense].items, f.candidates), nil
	case winnow.Lexical:
		return o.candidates(o.lists[lexical].items, f.candidates), nil
	}
	fusion := f.fusion()
	fused, err := rank.Fuse([]rank.List{
		{Name: "dense", Weight: fusion.Dense, Items: o.lists[dense].items},
		{Name: "lexical", Weight: fusion.Lexical, Items: o.lists[lexical].items},
	}, fusion.Method, fusion.K)
	if err != nil {
		return nil, fmt.Errorf("%s, query %q: %w", o.subject, o.id, err)
	}
	out := make([]rank.Item, min(len(fused), f.candidates+o.more()))
	for i := range out {
		out[i] = rank.Item{ID: fused[i].ID, Score: fused[i].Score}
	}
	return o.candidates(out, f.candidates), nil
}

// candidates are the first so many of a list, without the document that is left out. It goes after fusion, whose scores depend
// on all that was found.
func (o *observed) candidates(items []rank.Item, n int) []rank.Item {
	if o.excluded != "" {
		items = slices.DeleteFunc(slices.Clone(items), func(i rank.Item) bool { return o.passages[o.at[i.ID]].document == o.excluded })
	}
	return items[:min(len(items), n)]
}

// stage is one stage of reranking by its place in the space.
type stage struct {
	reranker, depth int
	fuse            bool
}

func (s *Space) parse(text string) ([]stage, error) {
	stages, err := winnow.ParseStages(text)
	if err != nil {
		return nil, err
	}
	out := make([]stage, len(stages))
	for i, st := range stages {
		at := slices.IndexFunc(s.Rerankers, func(r Reranker) bool { return slices.Contains(r.names(), st.Model) })
		if at < 0 {
			return nil, fmt.Errorf("reranker %q is not one of the space", st.Model)
		}
		out[i] = stage{at, st.Depth, st.Model == s.Rerankers[at].Fused}
	}
	return out, nil
}

// run is the order that stages make of a first stage's, and the time that they take.
func (o *observed) run(f first, items []rank.Item, stages []stage) ([]rank.Item, time.Duration, error) {
	var took time.Duration
	for _, st := range stages {
		r := o.readings[readingKey{f.precision, st.reranker}]
		if r == nil {
			return nil, 0, fmt.Errorf("%s, query %q was not read at precision %s", o.subject, o.id, f.precision)
		}
		logits := make([]float32, min(st.depth, len(items)))
		tokens := 0
		for i := range logits {
			l, ok := r.seen[items[i].ID]
			if !ok {
				return nil, 0, fmt.Errorf("%s, query %q: passage %q was not read", o.subject, o.id, items[i].ID)
			}
			logits[i] = l.value
			tokens += l.tokens
		}
		took += r.time(len(logits), tokens)
		var err error
		if items, err = rank.Rerank(items, logits, st.fuse); err != nil {
			return nil, 0, fmt.Errorf("%s, query %q: %w", o.subject, o.id, err)
		}
	}
	return items, took, nil
}

// time estimates how long so many passages of so many tokens take: as many of the reference list did, times the ratio of
// their tokens. Between two steps the time per token of the deeper one counts.
func (r *reading) time(passages, tokens int) time.Duration {
	if passages == 0 || len(r.steps) == 0 {
		return 0
	}
	at := slices.IndexFunc(r.steps, func(s step) bool { return s.depth >= passages })
	if at < 0 {
		at = len(r.steps) - 1
	}
	s := r.steps[at]
	return time.Duration(float64(s.elapsed) * float64(tokens) / float64(max(s.tokens, 1)))
}

// row is a setting with its value and its time for every query.
type row struct {
	way
	order  int // of the grid: simple settings come first
	values []float64
	times  []float64 // ms
}

// compute is the rows of several ways to rerank one first stage.
func (o *Observations) compute(f first, stages []string, m eval.Measure) ([]*row, error) {
	rows := make([]*row, len(stages))
	parsed := make([][]stage, len(stages))
	for i, text := range stages {
		rows[i] = &row{way: way{f, text}, values: make([]float64, len(o.queries)), times: make([]float64, len(o.queries))}
		var err error
		if parsed[i], err = o.space.parse(text); err != nil {
			return nil, err
		}
	}
	for q, seen := range o.queries {
		items, err := seen.order(f)
		if err != nil {
			return nil, err
		}
		spent := seen.lists[f.key(seen.more())]
		if spent == nil {
			return nil, fmt.Errorf("%s, query %q: %s search for %d was not timed", seen.subject, seen.id, f.mode, f.candidates)
		}
		for i, r := range rows {
			need := len(items)
			if m.Cut > 0 && seen.single { // what no stage reads and no measure sees needs no sorting
				need = min(need, m.Cut)
				for _, st := range parsed[i] {
					need = min(max(need, st.depth), len(items))
				}
			}
			out, took, err := seen.run(f, items[:need], parsed[i])
			if err != nil {
				return nil, err
			}
			r.values[q] = seen.measure(out, m)
			r.times[q] = speed.Milliseconds(spent.encode + spent.retrieve + took)
		}
	}
	return rows, nil
}

// measure is the value of a list. A document stands where its best passage stands, and no two are tied: the order is that
// which a search shows.
func (o *observed) measure(items []rank.Item, m eval.Measure) float64 {
	documents := make([]string, len(items))
	for i, item := range items {
		documents[i] = o.passages[o.at[item.ID]].document
	}
	return Value(documents, o.judgments, m, o.level)
}

// Value measures documents in an order. A document that comes again does not count. level is the lowest grade that is
// relevant, for a measure that has none of its own; 0: 1.
func Value(documents []string, j eval.Judgments, m eval.Measure, level int) float64 {
	seen := make(map[string]bool, len(documents))
	list := make([]eval.Scored, 0, len(documents))
	for _, id := range documents {
		if !seen[id] {
			seen[id] = true
			list = append(list, eval.Scored{ID: id, Score: -float64(len(list))})
		}
	}
	switch m.Kind {
	case eval.KindNDCG, eval.KindJudged, eval.KindERR:
	default:
		if m.Level == 0 {
			m.Level = level
		}
	}
	return m.Of(list, j)
}
