// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// Scored is a document of a run. trec_eval compares scores as float32, and so does this package: scores that are equal as
// float32 are tied.
type Scored struct {
	ID    string
	Score float64
}

// tied reports whether trec_eval takes two scores for equal.
func tied(a, b Scored) bool { return float32(a.Score) == float32(b.Score) }

// compareTREC is the order in which trec_eval reads a run.
func compareTREC(a, b Scored) int {
	return cmp.Or(cmp.Compare(float32(b.Score), float32(a.Score)), cmp.Compare(b.ID, a.ID))
}

// Order returns a list in the order in which trec_eval reads a run: score from high to low, compared as float32, and ties
// by id from high to low, byte by byte. The argument is not changed, scores stay as they are. A NaN score and an id that
// comes twice are errors.
func Order(list []Scored) ([]Scored, error) {
	seen := make(map[string]int, len(list))
	for i, s := range list {
		if s.Score != s.Score {
			return nil, fmt.Errorf("order: position %d (id %q): score is NaN", i+1, s.ID)
		}
		if first, ok := seen[s.ID]; ok {
			return nil, fmt.Errorf("order: id %q is at positions %d and %d: ids must differ", s.ID, first, i+1)
		}
		seen[s.ID] = i + 1
	}
	list = slices.Clone(list)
	slices.SortFunc(list, compareTREC)
	return list, nil
}

// OrderTREC is [Order] for ids and scores in lists of their own, which must have one length.
func OrderTREC(ids []string, scores []float32) ([]string, error) {
	if len(ids) != len(scores) {
		return nil, fmt.Errorf("order: %d ids but %d scores: give one score per id", len(ids), len(scores))
	}
	list := make([]Scored, len(ids))
	for i, id := range ids {
		list[i] = Scored{id, float64(scores[i])}
	}
	list, err := Order(list)
	if err != nil {
		return nil, err
	}
	ranked := make([]string, len(list))
	for i, s := range list {
		ranked[i] = s.ID
	}
	return ranked, nil
}
