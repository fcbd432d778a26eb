// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package bitset

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAgainstMap runs random operations on a Set and on a map beside it.
func TestAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		number := rapid.IntRange(-3, n+3)
		s, o := New(n), New(rapid.IntRange(0, 250).Draw(t, "other"))
		want, other := map[int]bool{}, map[int]bool{}
		for range rapid.IntRange(0, 40).Draw(t, "operations") {
			i, j := number.Draw(t, "i"), number.Draw(t, "j")
			switch rapid.IntRange(0, 8).Draw(t, "operation") {
			case 0, 1:
				s.Add(i)
				if i >= 0 && i < n {
					want[i] = true
				}
			case 2:
				s.Remove(i)
				delete(want, i)
			case 3:
				s.AddRange(i, j)
				for x := max(i, 0); x < min(j, n); x++ {
					want[x] = true
				}
			case 4:
				s.Not()
				for x := range n {
					want[x] = !want[x]
				}
			case 5:
				o.Add(i)
				if i >= 0 && i < o.Len() {
					other[i] = true
				}
			case 6:
				s.And(o)
				for x := range n {
					want[x] = want[x] && other[x]
				}
			case 7:
				s.AndNot(o)
				for x := range n {
					want[x] = want[x] && !other[x]
				}
			case 8:
				s.Or(o)
				for x := range n {
					want[x] = want[x] || other[x]
				}
			}
		}
		var members []int
		for x := -3; x < n+70; x++ {
			if s.Contains(x) != want[x] {
				t.Fatalf("contains %d: %v", x, s.Contains(x))
			}
			if want[x] {
				members = append(members, x)
			}
		}
		if got := slices.Collect(s.Clone().All()); !slices.Equal(got, members) || s.Count() != len(members) {
			t.Fatalf("members %v, count %d, want %v", got, s.Count(), members)
		}
	})
}

func TestFull(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1000} {
		if s := Full(n); s.Count() != n || s.Contains(n) || s.Len() != n {
			t.Errorf("Full(%d) has %d members", n, s.Count())
		}
	}
}
