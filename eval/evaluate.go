// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Options say what Evaluate does.
type Options struct {
	Measures []Measure
	// ExcludeSameID leaves a document out of a list when its id is the query's: in ArguAna each query is a document of the
	// corpus. BEIR's figures are made so.
	ExcludeSameID bool
	// Level is the lowest grade that counts as relevant, for measures that do not state one; 0 means 1.
	Level int
}

// Report holds the values of a run. Maps are by the measures as they were given.
type Report struct {
	Queries  []string              // judged queries, sorted
	Values   map[Measure][]float64 // per query, in the order of Queries
	Means    map[Measure]float64   // of Values
	TieAware map[Measure]float64   // means of expectations over the orders of ties
	Tied     map[Measure]int       // queries whose value depends on the order of equal scores, see [Measure.Tied]

	Unjudged   int // queries of the run without judgments: left out
	Missing    int // judged queries without a list: they count 0
	NoRelevant int // judged queries without a document of Options.Level: they count 0 (judged@k aside)
	Excluded   int // documents left out by ExcludeSameID
}

// Evaluate measures a run. Means run over all judged queries: one that the run does not have counts 0, as with trec_eval -c
// and BEIR. Lists are put in TREC order first. Without judgments or measures, with an invalid measure, with a list that has a NaN
// score or an id twice, with no judged query in the run, or with grades above the scale of an ERR asked for, there is an error.
func Evaluate(run *Run, qrels map[string]Judgments, o Options) (*Report, error) {
	switch {
	case run == nil || len(qrels) == 0:
		return nil, errors.New("evaluate: give a run and judgments")
	case len(o.Measures) == 0:
		return nil, errors.New("evaluate: give at least one measure")
	case o.Level < 0 || o.Level > MaxLevel:
		return nil, fmt.Errorf("evaluate: relevance level %d is not between 1 and %d", o.Level, MaxLevel)
	}
	measures := make([]Measure, len(o.Measures))
	for i, m := range o.Measures {
		if err := m.Validate(); err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		measures[i] = m.at(o.Level)
	}
	if err := CheckScale(measures, qrels); err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	r := &Report{
		Queries: slices.Sorted(maps.Keys(qrels)),
		Values:  map[Measure][]float64{}, Means: map[Measure]float64{}, TieAware: map[Measure]float64{}, Tied: map[Measure]int{},
	}
	for query := range run.Lists {
		if _, ok := qrels[query]; !ok {
			r.Unjudged++
		}
	}
	if r.Unjudged == len(run.Lists) {
		return nil, errors.New("evaluate: no query of the run has judgments: is the run of another collection?")
	}
	values, aware := make([][]float64, len(measures)), make([][]float64, len(measures))
	for _, query := range r.Queries {
		list, err := r.prepare(query, run.Lists[query], o.ExcludeSameID)
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		v := lookScored(list, qrels[query])
		if v.relevant(o.Level) == 0 {
			r.NoRelevant++
		}
		for i, m := range measures {
			values[i] = append(values[i], m.of(v))
			aware[i] = append(aware[i], m.tieAware(v))
			if m.tied(v) {
				r.Tied[o.Measures[i]]++
			}
		}
	}
	for i, m := range o.Measures {
		r.Values[m], r.Means[m], r.TieAware[m] = values[i], Mean(values[i]), Mean(aware[i])
		r.Tied[m] += 0 // there for every measure
	}
	return r, nil
}

// prepare gives a query's list in order, without the query itself when that is asked for.
func (r *Report) prepare(query string, list []Scored, excludeSame bool) ([]Scored, error) {
	if len(list) == 0 {
		r.Missing++
		return nil, nil
	}
	list, err := Order(list)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", query, err)
	}
	if excludeSame {
		before := len(list)
		list = slices.DeleteFunc(list, func(s Scored) bool { return s.ID == query })
		r.Excluded += before - len(list)
	}
	return list, nil
}

// CheckScale is an error if judgments have a grade above the scale of an ERR among the measures: a value on another scale
// would not be comparable with anything. [Evaluate] checks that, too; this is for finding it before a run is made.
func CheckScale(measures []Measure, qrels map[string]Judgments) error {
	highest := 0
	for _, j := range qrels {
		for _, g := range j {
			highest = max(highest, g)
		}
	}
	for _, m := range measures {
		switch {
		case m.Kind != KindERR || m.top() >= highest:
		case highest > MaxTop:
			return fmt.Errorf("%s: judgments have grade %d, and scales of ERR end at %d", m, highest, MaxTop)
		default:
			return fmt.Errorf("%s: judgments have grade %d, above its scale of %d: state the highest grade, as in ERR(max=%d)@20", m, highest, m.top(), highest)
		}
	}
	return nil
}
