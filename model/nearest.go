// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"strings"
)

// Names and lists above these sizes get no hint, so that an error stays cheap on hostile files.
const (
	maxHintName = 256
	maxHintList = 5000
)

// nearest returns the name in known that is closest to name by edit distance, or "" if none is
// closer than replacing half of it. The first of equally close names wins.
func nearest(name string, known []string) string {
	if len(name) > maxHintName || len(known) > maxHintList {
		return ""
	}
	best, limit := "", len(name)/2+1
	for _, k := range known {
		if len(k) > maxHintName {
			continue
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < limit {
			best, limit = k, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace (Levenshtein).
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
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// unknownName phrases an error about a value that winnow does not know, with the nearest known
// value and the whole list.
func unknownName(what, name string, known []string) error {
	hint := ""
	if n := nearest(name, known); n != "" {
		hint = fmt.Sprintf(", nearest is %q", n)
	}
	return fmt.Errorf("%s %s is not supported%s (supported: %s)", what, quoteShort(name), hint, strings.Join(known, ", "))
}

// quoteShort quotes a string from a file, cut to a length fit for a message.
func quoteShort(s string) string {
	const limit = 120
	if len(s) > limit {
		return fmt.Sprintf("%q…", s[:limit])
	}
	return fmt.Sprintf("%q", s)
}
