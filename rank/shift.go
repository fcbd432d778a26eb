// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import "fmt"

// Shift is how one result moved between two rankings.
type Shift struct {
	ID     string
	Before int // 1-based rank in the first list, 0 when absent
	After  int // 1-based rank in the second list, 0 when absent
	Moved  int // Before - After: ranks gained (positive) or lost (negative); 0 when absent from either list
}

// Shifts compares two rankings, best first. The result has the second list's ids in its order, then those only in the
// first list, in that one's order. An id that a list holds twice is an error.
func Shifts(before, after []string) ([]Shift, error) {
	was, err := positions("before", before)
	if err != nil {
		return nil, err
	}
	is, err := positions("after", after)
	if err != nil {
		return nil, err
	}
	shifts := make([]Shift, 0, len(after))
	for i, id := range after {
		s := Shift{ID: id, Before: was[id], After: i + 1}
		if s.Before > 0 {
			s.Moved = s.Before - s.After
		}
		shifts = append(shifts, s)
	}
	for i, id := range before {
		if is[id] == 0 {
			shifts = append(shifts, Shift{ID: id, Before: i + 1})
		}
	}
	return shifts, nil
}

// positions maps ids to 1-based ranks.
func positions(name string, ids []string) (map[string]int, error) {
	pos := make(map[string]int, len(ids))
	for i, id := range ids {
		if first, ok := pos[id]; ok {
			return nil, fmt.Errorf("rank shift: list %q has id %q at ranks %d and %d: ids must differ", name, id, first, i+1)
		}
		pos[id] = i + 1
	}
	return pos, nil
}
