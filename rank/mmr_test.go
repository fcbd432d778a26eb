// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMMR(t *testing.T) {
	items := []Item{{"a", 10, 0, 0}, {"copy of a", 9, 0, 0}, {"b", 5, 0, 0}, {"c", 0, 0, 0}}
	similarity := func(i, j int) float64 {
		if i+j == 1 { // a and its copy
			return 1
		}
		return 0.125
	}
	got, err := MMR(items, 3, 0.25, similarity)
	if err != nil {
		t.Fatal(err)
	}
	want := []Diverse{{items[0], 0, 1, 0, 0.25}, {items[2], 2, 0.5, 0.125, 0.03125}, {items[3], 3, 0, 0.125, -0.09375}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := MMR(nil, 5, 0.5, similarity); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for _, lambda := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := MMR(items, 3, lambda, similarity); err == nil || !strings.Contains(err.Error(), "lambda") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := MMR(items, 3, 0.5, func(int, int) float64 { return math.NaN() }); !errors.Is(err, ErrNotFinite) {
		t.Errorf("error %v", err)
	}
	if _, err := MMR([]Item{{"a", 1, 0, 0}, {"a", 1, 0, 0}}, 3, 0.5, similarity); err == nil {
		t.Error("no error for equal ids")
	}
}

// TestMMRAgainstDefinition computes every value anew in each round.
func TestMMRAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := finiteItems().Draw(t, "items")
		lambda := rapid.Float64Range(0, 1).Draw(t, "lambda")
		k := rapid.IntRange(-1, len(list)+1).Draw(t, "k")
		seed := rapid.IntRange(0, 1000).Draw(t, "seed of similarities")
		cell := func(a, b string) float64 { // by id, so that another order of the items is the same question
			sum := seed
			for _, c := range []byte(min(a, b) + "/" + max(a, b)) {
				sum = sum*31 + int(c)
			}
			return []float64{-0.5, 0, 0.25, 1}[sum%7%4]
		}
		got, err := MMR(list, k, lambda, func(i, j int) float64 { return cell(list[i].ID, list[j].ID) })
		if err != nil {
			t.Fatal(err)
		}
		if k < 0 || k > len(list) {
			k = len(list)
		}
		if len(got) != k {
			t.Fatalf("%d items, want %d", len(got), k)
		}
		chosen := []Diverse{}
		for range k {
			var best *Diverse
			for i, it := range list {
				if slices.ContainsFunc(chosen, func(d Diverse) bool { return d.ID == it.ID }) {
					continue
				}
				d := Diverse{Item: it, Index: i}
				low, high := list[0].Score, list[0].Score
				for _, x := range list {
					low, high = min(low, x.Score), max(high, x.Score)
				}
				d.Relevance = scaled(float64(it.Score), float64(low), float64(high))
				for j, c := range chosen {
					if s := cell(it.ID, c.ID); j == 0 || s > d.Redundancy {
						d.Redundancy = s
					}
				}
				d.Value = lambda*d.Relevance - (1-lambda)*d.Redundancy
				if best == nil || d.Value > best.Value || d.Value == best.Value && Compare(it, best.Item) < 0 {
					best = &d
				}
			}
			chosen = append(chosen, *best)
		}
		if diff := cmp.Diff(chosen, got); diff != "" {
			t.Fatalf("(-definition +got):\n%s", diff)
		}
		other := rapid.Permutation(list).Draw(t, "permutation")
		again, err := MMR(other, k, lambda, func(i, j int) float64 { return cell(other[i].ID, other[j].ID) })
		if err != nil || !slices.EqualFunc(got, again, func(a, b Diverse) bool { return a.Item == b.Item && a.Value == b.Value }) {
			t.Fatalf("%v, in another order %v, %v", got, again, err)
		}
	})
}
