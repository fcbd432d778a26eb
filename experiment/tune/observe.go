// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/rank"
)

// Passage is one that was found.
type Passage struct {
	ID, Document string // a document's passages share its id
	Text         string // what a cross-encoder reads
	Score        float32
	Words        float32 // what a score by words adds in fused reranking, see rank.Item
}

// Found is what one search finds, best first, and how long it takes.
type Found struct {
	Passages         []Passage
	Encode, Retrieve time.Duration
}

// Source searches. Settings have mode, candidates, ef and probes, and the space's parameters of BM25; there is no reranking,
// and fusion is the default.
type Source interface {
	Find(ctx context.Context, query string, s winnow.Settings) (Found, error)
}

// Read is what a cross-encoder says of texts.
type Read struct {
	Logits  []float32 // one a text, in order, finite
	Tokens  []int     // of each pair, at least 1
	Elapsed time.Duration
}

// Scorer reads texts. A text's logit must not depend on the texts beside it.
type Scorer interface {
	Score(ctx context.Context, query string, texts []string) (Read, error)
}

// Subject is what settings are measured on.
type Subject struct {
	Name          string
	Queries       []eval.Query // all with judgments
	Qrels         map[string]eval.Judgments
	Level         int  // lowest grade that is relevant; 0: 1
	ExcludeSameID bool // leave out the document that has the query's id
}

// Observations are all that settings are computed from.
type Observations struct {
	space   Space
	queries []*observed
	by      map[string]*observed // by subject and query id
}

// observed is all that was seen of one query.
type observed struct {
	subject, id string
	judgments   eval.Judgments
	level       int
	excluded    string // id of a document
	passages    []passage
	at          map[string]int // place in passages, by id
	single      bool           // no two passages are of one document
	lists       map[listKey]*list
	readings    map[readingKey]*reading
}

type passage struct {
	id, document, text string
	has                bool // the text was not dropped
}

// listKey names a search. For fused lists only the time is kept.
type listKey struct {
	precision          encoder.Precision
	mode               winnow.Mode
	length, ef, probes int
}

type list struct {
	items            []rank.Item // without Previous
	encode, retrieve time.Duration
}

type readingKey struct {
	precision encoder.Precision
	reranker  int
}

// reading is what a cross-encoder has read for a query.
type reading struct {
	seen  map[string]logit // by passage id
	steps []step
}

type logit struct {
	value  float32
	tokens int
}

// step is how long the first so many of the reference list took.
type step struct {
	depth, tokens int
	elapsed       time.Duration
}

// NewObservations prepares for a space. Shown is how many results count for the measure: settings that retrieve no more than
// that are tried, too; 0 if all results count.
func NewObservations(space Space, shown int) (*Observations, error) {
	if shown > 0 && len(space.Candidates) > 0 {
		space.Candidates = append(slices.Clone(space.Candidates), max(shown, 10))
	}
	if err := space.check(); err != nil {
		return nil, err
	}
	return &Observations{space: space, by: map[string]*observed{}}, nil
}

// Settings is the number of settings of the grid.
func (o *Observations) Settings() int { return len(o.space.grid()) }

// Queries is the number of queries that were observed.
func (o *Observations) Queries() int { return len(o.queries) }

// Observe runs the queries of a subject at a precision: in every mode, and with every reranker, whose scorers are given in
// the order of the space. Queries run one at a time, after one that is not counted. Errors name subject and query.
func (o *Observations) Observe(ctx context.Context, s Subject, p encoder.Precision, source Source, scorers []Scorer, progress func(done, total int)) error {
	switch {
	case len(scorers) != len(o.space.Rerankers):
		return fmt.Errorf("%d scorers for %d rerankers", len(scorers), len(o.space.Rerankers))
	case !slices.Contains(o.space.Precisions, p):
		return fmt.Errorf("precision %q is not one of those to try", p)
	case len(s.Queries) == 0:
		return fmt.Errorf("%s has no judged queries", s.Name)
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	progress(0, len(s.Queries))
	for i := -1; i < len(s.Queries); i++ {
		q := s.Queries[max(i, 0)]
		seen := o.query(&s, q, i >= 0)
		if err := o.observe(ctx, seen, q.Text, p, source, scorers); err != nil {
			return fmt.Errorf("%s, query %q: %w", s.Name, q.ID, err)
		}
		if i >= 0 {
			progress(i+1, len(s.Queries))
		}
	}
	return nil
}

// query is what is known of a query, kept unless it is only for warming up.
func (o *Observations) query(s *Subject, q eval.Query, keep bool) *observed {
	key := s.Name + "\x00" + q.ID
	if seen := o.by[key]; seen != nil && keep {
		return seen
	}
	seen := &observed{
		subject: s.Name, id: q.ID, judgments: s.Qrels[q.ID], level: s.Level,
		at: map[string]int{}, lists: map[listKey]*list{}, readings: map[readingKey]*reading{},
	}
	if s.ExcludeSameID {
		seen.excluded = q.ID
	}
	if keep {
		o.by[key] = seen
		o.queries = append(o.queries, seen)
	}
	return seen
}

// more is how many passages are asked for beyond the candidates: one where a document is left out, as `winnow eval` does.
func (o *observed) more() int {
	if o.excluded != "" {
		return 1
	}
	return 0
}

// searches are those that the space is made of, each once, for so many more passages.
func (s *Space) searches(p encoder.Precision, more int) []listKey {
	var out []listKey
	add := func(k listKey) {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	for _, f := range s.firsts([]int{weightSteps / 2}) {
		if f.precision != p {
			continue
		}
		dense, lexical := f.parts(more)
		for _, k := range []listKey{dense, lexical, f.key(more)} {
			if k.length > 0 {
				add(k)
			}
		}
	}
	return out
}

// key is the search whose time a first stage takes.
func (f first) key(more int) listKey {
	return listKey{f.precision, f.mode, f.candidates + more, f.ef, f.probes}
}

// parts are the searches whose lists a first stage is made of; one without a length is not part of it.
func (f first) parts(more int) (dense, lexical listKey) {
	length := f.candidates + more
	if f.mode == winnow.Hybrid {
		length = max(length, winnow.FusionDepth)
	}
	if f.mode != winnow.Lexical {
		dense = listKey{f.precision, winnow.Dense, length, f.ef, f.probes}
	}
	if f.mode != winnow.Dense {
		lexical = listKey{precision: f.precision, mode: winnow.Lexical, length: length}
	}
	return dense, lexical
}

func (o *Observations) observe(ctx context.Context, seen *observed, text string, p encoder.Precision, source Source, scorers []Scorer) error {
	for _, k := range o.space.searches(p, seen.more()) {
		found, err := source.Find(ctx, text, winnow.Settings{Mode: k.mode, Candidates: k.length, Ef: k.ef, Probes: k.probes, BM25Settings: o.space.BM25Settings})
		if err != nil {
			return err
		}
		l := &list{encode: found.Encode, retrieve: found.Retrieve}
		for _, f := range found.Passages {
			at, ok := seen.at[f.ID]
			if !ok {
				at = len(seen.passages)
				seen.at[f.ID] = at
				seen.passages = append(seen.passages, passage{id: f.ID, document: f.Document})
			}
			seen.passages[at].text, seen.passages[at].has = f.Text, true // also of a passage known from another precision
			if k.mode != winnow.Hybrid {
				l.items = append(l.items, rank.Item{ID: f.ID, Score: f.Score, Words: f.Words})
			}
		}
		seen.lists[k] = l
	}
	if len(scorers) == 0 {
		seen.forget()
		return ctx.Err()
	}
	reference, rest, err := o.wanted(seen, p)
	if err != nil {
		return err
	}
	for i, s := range scorers {
		r, err := o.read(ctx, seen, text, s, reference, rest)
		if err != nil {
			return fmt.Errorf("reranker %s: %w", o.space.Rerankers[i].Name, err)
		}
		seen.readings[readingKey{p, i}] = r
	}
	seen.forget()
	return ctx.Err()
}

// forget drops texts, which take much memory.
func (o *observed) forget() {
	documents := make(map[string]bool, len(o.passages))
	for i := range o.passages {
		o.passages[i].text, o.passages[i].has = "", false
		documents[o.passages[i].document] = true
	}
	o.single = len(documents) == len(o.passages)
}

// wanted are the passages that settings may read: the list of the last first stage in order, and what else others have.
func (o *Observations) wanted(seen *observed, p encoder.Precision) (reference, rest []string, err error) {
	var all []int
	for w := 1; w < weightSteps; w++ {
		all = append(all, w)
	}
	deepest := slices.Max(o.space.Depths)
	known := map[string]bool{}
	var lists [][]rank.Item
	for _, f := range o.space.firsts(all) {
		if f.precision != p {
			continue
		}
		items, err := seen.order(f)
		if err != nil {
			return nil, nil, err
		}
		items = items[:min(len(items), deepest)]
		lists = append(lists, items)
		if len(items) > len(reference) {
			reference = reference[:0]
			for _, item := range items {
				reference = append(reference, item.ID)
			}
		}
	}
	for _, id := range reference {
		known[id] = true
	}
	for _, items := range lists {
		for _, item := range items {
			if !known[item.ID] {
				known[item.ID] = true
				rest = append(rest, item.ID)
			}
		}
	}
	return reference, rest, nil
}

// read lets a cross-encoder read the reference list in steps, whose times are kept, and then the rest.
func (o *Observations) read(ctx context.Context, seen *observed, query string, s Scorer, reference, rest []string) (*reading, error) {
	r := &reading{seen: map[string]logit{}}
	score := func(ids []string) (Read, error) {
		if len(ids) == 0 {
			return Read{}, nil
		}
		texts := make([]string, len(ids))
		for i, id := range ids {
			p := &seen.passages[seen.at[id]]
			if !p.has {
				return Read{}, fmt.Errorf("passage %q has no text to read", id)
			}
			texts[i] = p.text
		}
		got, err := s.Score(ctx, query, texts)
		switch {
		case err != nil:
			return got, err
		case len(got.Logits) != len(ids) || len(got.Tokens) != len(ids):
			return got, fmt.Errorf("%d logits and %d numbers of tokens for %d texts", len(got.Logits), len(got.Tokens), len(ids))
		}
		for i, id := range ids {
			if v := float64(got.Logits[i]); math.IsNaN(v) || math.IsInf(v, 0) {
				return got, errors.New("a logit is not a finite number")
			}
			r.seen[id] = logit{got.Logits[i], max(got.Tokens[i], 1)}
		}
		return got, nil
	}
	var at step
	for _, depth := range o.space.Depths {
		to := min(depth, len(reference))
		if to > at.depth {
			got, err := score(reference[at.depth:to])
			if err != nil {
				return nil, err
			}
			for _, n := range got.Tokens {
				at.tokens += max(n, 1)
			}
			at.elapsed += got.Elapsed
			at.depth = to
			r.steps = append(r.steps, at)
		}
	}
	_, err := score(rest)
	return r, err
}
