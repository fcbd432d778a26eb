// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	"fmt"
	"slices"
)

// checkName returns an error for a name that is not known, with the nearest known one.
func checkName(what, name string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	if len(name) > 60 {
		name = name[:60]
	}
	if len(known) == 1 {
		return fmt.Errorf("unknown %s %q; only %q is supported", what, name, known[0])
	}
	best, least := "", 1<<30
	for _, k := range known {
		if d := editDistance(name, k); d < least {
			best, least = k, d
		}
	}
	return fmt.Errorf("unknown %s %q; the nearest supported one is %q", what, name, best)
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
