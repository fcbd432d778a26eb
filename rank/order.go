// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

var (
	negInf = math.Inf(-1)
	posInf = math.Inf(1)
)

// ErrNotFinite is wrapped by errors about a score that is NaN or infinite.
var ErrNotFinite = errors.New("score is not a finite number")

// Item is one scored candidate.
type Item struct {
	ID    string
	Score float32 // raw: logits, not their sigmoids, which run into 1 and make ties
	// Previous is the 1-based rank before this scoring, which breaks ties. 0 means that there was none, and is the worst.
	Previous int
	// Words is what a score by words, of which Score knows nothing, adds in fused reranking; see [Rerank].
	Words float32
}

// Compare is the order of winnow's results: higher score first; then the better previous rank; then the smaller id, byte
// by byte. NaN comes after every number, and -0 equals +0. The result is negative when a comes before b. For items with
// different ids it is never 0, so the order is total and a sorted list does not depend on how it came.
func Compare(a, b Item) int {
	if c := compareScores(a.Score, b.Score); c != 0 {
		return c
	}
	if c := comparePrevious(a.Previous, b.Previous); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}

// compareScores puts higher scores first and NaN last.
func compareScores(a, b float32) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	case a == b:
		return 0
	}
	aNaN, bNaN := a != a, b != b
	switch {
	case aNaN && bNaN:
		return 0
	case aNaN:
		return 1
	}
	return -1
}

// comparePrevious puts smaller ranks first and missing ones last.
func comparePrevious(a, b int) int {
	switch {
	case a == b, a <= 0 && b <= 0:
		return 0
	case a <= 0:
		return 1
	case b <= 0:
		return -1
	}
	return cmp.Compare(a, b)
}

// Sort sorts items by Compare, in place.
func Sort(items []Item) { slices.SortFunc(items, Compare) }

// Validate returns an error for the first item whose score is NaN or infinite (wrapping ErrNotFinite) or whose id came
// before. Positions in the error are 1-based.
func Validate(items []Item) error {
	seen := make(map[string]int, len(items))
	for i, it := range items {
		if !finite(it.Score) {
			return fmt.Errorf("item %d (id %q): %w: %v", i+1, it.ID, ErrNotFinite, it.Score)
		}
		if first, ok := seen[it.ID]; ok {
			return fmt.Errorf("item %d: id %q was already used by item %d: ids must differ", i+1, it.ID, first)
		}
		seen[it.ID] = i + 1
	}
	return nil
}

func finite(x float32) bool { return x-x == 0 }
