// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import "strings"

// nearest returns the known name with the smallest edit distance to name, letter case aside, or "" when none is near: more
// than a third of the letters would have to change.
func nearest(name string, known []string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	best, bestDistance := "", 0
	for _, k := range known {
		d := editDistance(strings.ToLower(name), k)
		if 3*d > max(len(name), len(k)) {
			continue
		}
		if best == "" || d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
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
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
