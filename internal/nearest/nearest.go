// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package nearest finds the known name that somebody may have meant, for the
// error about one that is not known.
package nearest

import "strings"

// Names and lists above these sizes get no hint, so that an error about a
// hostile file stays cheap.
const (
	longest = 256
	most    = 5000
)

// Name returns the known name closest to name by edit distance, letter case
// aside, or else one that name is the beginning of. It returns "" if about half
// of the name would have to change. The first of equally close names wins.
func Name(name string, known []string) string {
	if name == "" || len(name) > longest || len(known) > most {
		return ""
	}
	name = strings.ToLower(name)
	best, limit := "", max(2, (len(name)+2)/2)
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		if d := distance(name, strings.ToLower(k)); d < limit {
			best, limit = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(strings.ToLower(k), name) {
			return k
		}
	}
	return ""
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour (optimal string alignment; Damerau 1964).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
