// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/speed"
)

// Subject is what systems are measured on.
type Subject struct {
	Name      string
	Documents int
	Queries   []eval.Query              // in the order in which they are run
	Qrels     map[string]eval.Judgments // by query id; those of other queries do not count
	// Text gives a short text of a document, such as its title, for pictures; "" where there is none. May be nil.
	Text func(id string) string
}

// Plan says how systems are measured.
type Plan struct {
	Measures      []eval.Measure // none: [DefaultMeasures]
	Main          eval.Measure   // that comparisons are made by; zero: the first nDCG of the measures, or the first of them
	Level         int            // lowest grade that is relevant; 0: [DefaultLevel] of the subject
	Candidates    int            // length of first-stage lists; 0: 100, or the deepest depth
	Depths        []int          // of reranking; none: all candidates
	ExcludeSameID bool           // leave out the document with the query's id
	Baseline      string         // name of the run that others are compared with; "": the first
	Seed          uint64         // of significance tests
	Progress      func(system string, done, total int)
}

// Collection is what was measured on one subject: the data of tables, pictures and reports.
type Collection struct {
	Name          string            `json:"name"`
	Queries       int               `json:"queries"`
	Documents     int               `json:"documents"`
	Level         int               `json:"relevance_level"`
	ExcludeSameID bool              `json:"exclude_same_id"`
	NoRelevant    int               `json:"queries_without_relevant"` // they count 0
	Candidates    int               `json:"candidates"`
	Main          eval.Measure      `json:"main_measure"`
	Baseline      string            `json:"baseline"`
	Runs          []*Result         `json:"runs"`
	Verdicts      []*Verdict        `json:"verdicts,omitempty"`
	PeakMemory    int64             `json:"peak_memory_bytes,omitempty"` // of the process so far; 0 where the system does not say
	Measures      []eval.Measure    `json:"-"`                           // in the order asked for
	QueryIDs      []string          `json:"-"`                           // sorted: the order of the values of results
	Texts         map[string]string `json:"-"`                           // of queries, by id

	subject *Subject
}

// Result is one run: a system at one depth.
type Result struct {
	Name     string                   `json:"name"`
	Mode     string                   `json:"mode"`
	Model    string                   `json:"model"`
	Reranker string                   `json:"reranker"`         // as asked for, without the depth of the first stage; off without
	Models   []string                 `json:"models,omitempty"` // of the rerankers
	Fused    bool                     `json:"fused,omitempty"`  // the first stage orders by the sum of standardised scores
	Depth    int                      `json:"depth"`            // of the first stage; 0 without reranking
	Measures map[eval.Measure]float64 `json:"measures"`
	// TieAware has the expectation over the orders of equal scores, for measures whose cut-off goes through such ties
	// in some queries, and Tied the number of those.
	TieAware map[eval.Measure]float64 `json:"tie_aware,omitempty"`
	Tied     map[eval.Measure]int     `json:"tied_queries,omitempty"`
	Latency  *Latencies               `json:"latency_ms,omitempty"` // absent where no time is known
	Scored   float64                  `json:"documents_scored"`     // by rerankers, mean over queries
	Tokens   float64                  `json:"tokens_scored"`        // mean over queries
	Unjudged int                      `json:"queries_unjudged,omitempty"`
	Missing  int                      `json:"queries_missing,omitempty"` // judged queries without a list: they count 0
	Versus   *Versus                  `json:"versus,omitempty"`          // the baseline; absent for itself

	Values map[eval.Measure][]float64 `json:"-"` // per query, in the order of Collection.QueryIDs
	Costs  []Cost                     `json:"-"` // per query, in that order
	Found  []int                      `json:"-"` // candidates of each query, in that order
	Run    *eval.Run                  `json:"-"`
	Seen   []Observed                 `json:"-"` // by its system, in the order in which queries were run; shared by its depths
	system string
}

// DefaultMeasures are measured if nothing else is asked for.
func DefaultMeasures() []eval.Measure {
	return []eval.Measure{
		{Kind: eval.KindNDCG, Cut: 10},
		{Kind: eval.KindP, Cut: 3},
		{Kind: eval.KindP, Cut: 10},
		{Kind: eval.KindMRR, Cut: 10},
		{Kind: eval.KindMAP},
		{Kind: eval.KindSuccess, Cut: 1},
		{Kind: eval.KindSuccess, Cut: 5},
		{Kind: eval.KindRecall, Cut: 20},
		{Kind: eval.KindRecall, Cut: 100},
	}
}

// DefaultLevel is the lowest grade that is relevant in a collection: 2 for TREC's Deep Learning tracks, whose grade 1 means on
// the topic without an answer, else 1.
func DefaultLevel(collection string) int {
	if strings.HasPrefix(strings.ToLower(collection), "trec-dl") {
		return 2
	}
	return 1
}

// complete fills in defaults and checks.
func (p Plan) complete(s *Subject) (Plan, error) {
	if len(p.Measures) == 0 {
		p.Measures = DefaultMeasures()
	}
	if p.Main.Kind == "" {
		p.Main = p.Measures[0]
		if i := slices.IndexFunc(p.Measures, func(m eval.Measure) bool { return m.Kind == eval.KindNDCG }); i >= 0 {
			p.Main = p.Measures[i]
		}
	}
	if !slices.Contains(p.Measures, p.Main) {
		p.Measures = append(slices.Clip(p.Measures), p.Main)
	}
	if p.Level == 0 {
		p.Level = DefaultLevel(s.Name)
	}
	deepest := slices.Max(append([]int{0}, p.Depths...))
	if p.Candidates == 0 {
		p.Candidates = max(defaultCandidates, deepest)
	}
	switch {
	case len(s.Queries) == 0:
		return p, fmt.Errorf("%s has no queries", s.Name)
	case p.Level < 0 || p.Candidates < 0:
		return p, fmt.Errorf("level %d and %d candidates must be at least 1", p.Level, p.Candidates)
	case deepest > p.Candidates:
		return p, fmt.Errorf("depth %d is more than the %d candidates: ask for more candidates", deepest, p.Candidates)
	}
	return p, nil
}

// Run measures systems on a subject, in order. Queries without judgments are not run; judged queries of the subject that are not among
// its queries do not count. When the context ends there is a [*StoppedError]
// and no collection. Judgments and measures that do not fit the runs are a [*winnow.RequestError].
func Run(ctx context.Context, s *Subject, systems []System, p Plan) (*Collection, error) {
	p, err := p.complete(s)
	if err != nil {
		return nil, err
	}
	if len(systems) == 0 {
		return nil, errors.New("there is nothing to measure: name a mode or a run file")
	}
	qrels := make(map[string]eval.Judgments, len(s.Queries))
	c := &Collection{
		Name: s.Name, Documents: s.Documents, Level: p.Level, ExcludeSameID: p.ExcludeSameID, Candidates: p.Candidates, Main: p.Main, Measures: p.Measures,
		Texts: map[string]string{}, subject: s,
	}
	var queries []eval.Query
	for _, q := range s.Queries {
		if j := s.Qrels[q.ID]; j != nil {
			queries = append(queries, q)
			qrels[q.ID], c.Texts[q.ID] = j, q.Text
		}
	}
	if len(queries) == 0 {
		return nil, fmt.Errorf("%s: none of its %d queries has judgments", s.Name, len(s.Queries))
	}
	c.Queries = len(queries)
	if _, err := p.Names(systems); err != nil {
		return nil, err
	}
	for _, system := range systems {
		results, err := c.measure(ctx, system, queries, qrels, p)
		if err != nil {
			return nil, err
		}
		c.Runs = append(c.Runs, results...)
	}
	c.PeakMemory = speed.PeakMemory()
	if err := c.compare(p); err != nil {
		return nil, err
	}
	return c, nil
}

// StoppedError says how far a system was when it ended before all queries were run.
type StoppedError struct {
	Collection, System string
	Done, Total        int // queries
	Err                error
}

// Error names the system, the queries done, and the cause.
func (e *StoppedError) Error() string {
	return fmt.Sprintf("%s, %s, after %d of %d queries: %v", e.Collection, e.System, e.Done, e.Total, e.Err)
}

// Unwrap gives the cause.
func (e *StoppedError) Unwrap() error { return e.Err }

// Names are those of the runs that systems will give, in order. Two runs of one name, a baseline that is not among them and
// depths that cannot be are errors.
func (p Plan) Names(systems []System) ([]string, error) {
	var names []string
	for _, s := range systems {
		depths, err := p.depths(s)
		if err != nil {
			return nil, err
		}
		for _, d := range depths {
			name := s.runName(d)
			if slices.Contains(names, name) {
				return nil, fmt.Errorf("two runs would be called %s: ask for one of them, or give a file another name", name)
			}
			names = append(names, name)
		}
	}
	if p.Baseline != "" && !slices.Contains(names, p.Baseline) {
		return nil, UnknownRun(p.Baseline, names)
	}
	return names, nil
}

// depths are those of a system's runs, 0 without reranking.
func (p Plan) depths(s System) ([]int, error) {
	o := ObserveOptions{Candidates: p.Candidates, Depths: p.Depths}
	if o.Candidates == 0 {
		o.Candidates = max(defaultCandidates, slices.Max(append([]int{0}, p.Depths...)))
	}
	depths, err := sweep(s, s.options(o))
	if err != nil {
		return nil, err
	}
	if len(depths) == 0 {
		return []int{0}, nil
	}
	for _, later := range s.Stages[1:] {
		if later.Depth > depths[0] { // it would read less, and the run's name say otherwise
			return nil, fmt.Errorf("depth %d is less than the %d that a later stage of %s reads: take depths of %d or more, or a smaller one for that stage", depths[0], later.Depth, s.Reranker, later.Depth)
		}
	}
	return depths, nil
}

// measure gives the results of a system, one for each depth.
func (c *Collection) measure(ctx context.Context, s System, queries []eval.Query, qrels map[string]eval.Judgments, p Plan) ([]*Result, error) {
	o := ObserveOptions{Candidates: p.Candidates, Depths: p.Depths, ExcludeSameID: p.ExcludeSameID}
	name := s.name()
	if p.Progress != nil {
		o.Progress = func(done, total int) { p.Progress(name, done, total) }
	}
	seen, err := Observe(ctx, s, queries, o)
	if err != nil {
		return nil, &StoppedError{c.Name, name, len(seen), len(queries), err}
	}
	depths, err := p.depths(s)
	if err != nil {
		return nil, err
	}
	results := make([]*Result, len(depths))
	for i, depth := range depths {
		if results[i], err = c.result(s, seen, depth, qrels, p); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.Name, name, err)
		}
	}
	return results, nil
}

// result is that of a system at one depth.
func (c *Collection) result(s System, seen []Observed, depth int, qrels map[string]eval.Judgments, p Plan) (*Result, error) {
	r := &Result{
		Name: s.runName(depth), Mode: s.Mode, Model: s.Model, Reranker: s.reranker(), Depth: depth,
		TieAware: map[eval.Measure]float64{}, Tied: map[eval.Measure]int{}, Seen: seen, system: s.name(),
	}
	fuse := len(s.Stages) > 0 && s.Stages[0].Fuse
	r.Fused = fuse
	for _, stage := range s.Stages {
		r.Models = append(r.Models, stage.Reranker.Name())
	}
	r.Run = &eval.Run{Tag: strings.Join(strings.Fields(r.Name), "_"), Lists: map[string][]eval.Scored{}}
	costs, found := map[string]Cost{}, map[string]int{}
	for i := range seen {
		list, cost, err := seen[i].At(depth, fuse)
		if err != nil {
			return nil, err
		}
		costs[seen[i].Query], found[seen[i].Query] = cost, len(list)
		if len(list) == 0 {
			continue // as a run file has it
		}
		if err := r.Run.Add(seen[i].Query, list); err != nil {
			return nil, err
		}
	}
	if len(r.Run.Lists) == 0 {
		return nil, &winnow.RequestError{Err: errors.New("not one of the queries has candidates: are the run and the queries of the same collection?")}
	}
	report, err := eval.Evaluate(r.Run, qrels, eval.Options{Measures: p.Measures, ExcludeSameID: p.ExcludeSameID, Level: p.Level})
	if err != nil { // the run is a good one: measures and judgments do not fit together
		return nil, &winnow.RequestError{Err: err}
	}
	r.Measures, r.Values, r.Unjudged, r.Missing = report.Means, report.Values, report.Unjudged, report.Missing
	for m, n := range report.Tied {
		if n > 0 {
			r.Tied[m], r.TieAware[m] = n, report.TieAware[m]
		}
	}
	c.QueryIDs, c.NoRelevant = report.Queries, report.NoRelevant
	for _, id := range c.QueryIDs {
		cost := costs[id]
		r.Costs, r.Found = append(r.Costs, cost), append(r.Found, found[id])
		r.Scored += float64(cost.Scored) / float64(len(c.QueryIDs))
		r.Tokens += float64(cost.Tokens) / float64(len(c.QueryIDs))
	}
	if !s.External || depth > 0 {
		r.Latency = newLatencies(r.Costs, s.External)
	}
	return r, nil
}

// reranker is how reports name the stages.
func (s *System) reranker() string {
	if len(s.Stages) == 0 {
		return winnow.Off
	}
	return s.Reranker
}

// name is that of the system's runs without the depth.
func (s *System) name() string {
	switch {
	case s.Name != "":
		return s.Name
	case len(s.Stages) == 0:
		return s.Mode
	}
	return s.Mode + "+" + s.Reranker
}

// runName is that of a run: the mode, and after a plus the stages with their depths, as in dense+auto@20.
func (s *System) runName(depth int) string {
	if depth == 0 || len(s.Stages) == 0 {
		return s.name()
	}
	first, rest, _ := strings.Cut(s.name(), ",")
	name := fmt.Sprintf("%s@%d", first, depth)
	if rest != "" {
		name += "," + rest
	}
	return name
}

// find returns the result of a name; nil if there is none.
func (c *Collection) find(name string) *Result {
	for _, r := range c.Runs {
		if r.Name == name {
			return r
		}
	}
	return nil
}
