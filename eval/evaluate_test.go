// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func measuresOf(t *testing.T, names string) []Measure {
	t.Helper()
	m, err := ParseMeasures(names)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEvaluate(t *testing.T) {
	run := &Run{Lists: map[string][]Scored{
		"q1":  {{"a", 1}, {"b", 2}, {"q1", 3}}, // in the wrong order, on purpose
		"q3":  {{"c", 1}, {"b", 1}, {"a", 0}},
		"q4":  {{"a", 1}},
		"new": {{"a", 1}},
	}}
	qrels := map[string]Judgments{"q1": {"b": 2, "a": 1}, "q2": {"a": 2}, "q3": {"b": 2}, "q4": {"a": 1}}
	measures := measuresOf(t, "P@1 MRR P(rel=1)@1 Rprec")
	p, mrr, p1, rprec := measures[0], measures[1], measures[2], measures[3]
	got, err := Evaluate(run, qrels, Options{Measures: measures, ExcludeSameID: true, Level: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{
		Queries:  []string{"q1", "q2", "q3", "q4"},
		Values:   map[Measure][]float64{p: {1, 0, 0, 0}, mrr: {1, 0, 0.5, 0}, p1: {1, 0, 0, 1}, rprec: {1, 0, 0, 0}},
		Means:    map[Measure]float64{p: 0.25, mrr: 0.375, p1: 0.5, rprec: 0.25},
		TieAware: map[Measure]float64{p: 0.375, mrr: 1.75 / 4, p1: 2.5 / 4, rprec: 0.375},
		Tied:     map[Measure]int{p: 1, mrr: 1, p1: 1, rprec: 1},
		Unjudged: 1, Missing: 1, NoRelevant: 1, Excluded: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	kept, err := Evaluate(run, qrels, Options{Measures: measures, Level: 2})
	if err != nil || kept.Values[p][0] != 0 || kept.Excluded != 0 {
		t.Errorf("with the same id: %+v, %v", kept, err)
	}
	if run.Lists["q1"][0].ID != "a" {
		t.Error("the run was changed")
	}
}

func TestEvaluateErrors(t *testing.T) {
	run := &Run{Lists: map[string][]Scored{"q": {{"a", 1}}}}
	qrels := map[string]Judgments{"q": {"a": 5}}
	m := measuresOf(t, "MAP")
	for want, f := range map[string]func() (*Report, error){
		"give a run and judgments": func() (*Report, error) { return Evaluate(nil, qrels, Options{Measures: m}) },
		"give a run and":           func() (*Report, error) { return Evaluate(run, nil, Options{Measures: m}) },
		"at least one measure":     func() (*Report, error) { return Evaluate(run, qrels, Options{}) },
		"relevance level -1":       func() (*Report, error) { return Evaluate(run, qrels, Options{Measures: m, Level: -1}) },
		"unknown measure":          func() (*Report, error) { return Evaluate(run, qrels, Options{Measures: []Measure{{Kind: "x"}}}) },
		"as in ERR(max=5)@20":      func() (*Report, error) { return Evaluate(run, qrels, Options{Measures: measuresOf(t, "ERR@20")}) },
		"no query of the run":      func() (*Report, error) { return Evaluate(&Run{}, qrels, Options{Measures: m}) },
		"of another collection": func() (*Report, error) {
			return Evaluate(run, map[string]Judgments{"x": {"a": 1}}, Options{Measures: m})
		},
		`query "q": order: id "a" i`: func() (*Report, error) {
			return Evaluate(&Run{Lists: map[string][]Scored{"q": {{"a", 1}, {"a", 2}}}}, qrels, Options{Measures: m})
		},
		"score is NaN": func() (*Report, error) {
			return Evaluate(&Run{Lists: map[string][]Scored{"q": {{"a", math.NaN()}}}}, qrels, Options{Measures: m})
		},
		"scales of ERR end at 10": func() (*Report, error) {
			return Evaluate(run, map[string]Judgments{"q": {"a": 11}}, Options{Measures: measuresOf(t, "ERR")})
		},
	} {
		if r, err := f(); err == nil || r != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Evaluate(run, qrels, Options{Measures: measuresOf(t, "ERR(max=5)@20")}); err != nil {
		t.Errorf("ERR on the scale of the judgments: %v", err)
	}
}
