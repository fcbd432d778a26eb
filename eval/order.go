// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// OrderTREC returns ids in the order in which trec_eval reads a run: score from high to low, compared as float32, and ties
// by id from high to low, byte by byte. Ranks stated in a run do not count there. Neither argument is changed. Lists of
// different lengths, a NaN score and an id that comes twice are errors.
func OrderTREC(ids []string, scores []float32) ([]string, error) {
	if len(ids) != len(scores) {
		return nil, fmt.Errorf("order: %d ids but %d scores: give one score per id", len(ids), len(scores))
	}
	order := make([]int, len(ids))
	seen := make(map[string]int, len(ids))
	for i, id := range ids {
		if scores[i] != scores[i] {
			return nil, fmt.Errorf("order: position %d (id %q): score is NaN", i+1, id)
		}
		if first, ok := seen[id]; ok {
			return nil, fmt.Errorf("order: id %q is at positions %d and %d: ids must differ", id, first, i+1)
		}
		seen[id] = i + 1
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(ids[b], ids[a]))
	})
	ranked := make([]string, len(ids))
	for i, at := range order {
		ranked[i] = ids[at]
	}
	return ranked, nil
}
