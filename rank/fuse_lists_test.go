// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// ids returns the ids of a fused ranking, and its scores.
func ids(fused []FusedItem) (ids []string, scores []float32) {
	for _, f := range fused {
		ids, scores = append(ids, f.ID), append(scores, f.Score)
	}
	return ids, scores
}

func twoLists() []List {
	return []List{
		{"dense", 1, []Item{{"a", 0.9, 0, 0}, {"b", 0.5, 0, 0}, {"c", 0.1, 0, 0}}},
		{"lexical", 2, []Item{{"c", 12, 0, 0}, {"d", 4, 0, 0}}},
	}
}

func TestFuseMethods(t *testing.T) {
	deviation := math.Sqrt(0.32 / 3)
	for _, tt := range []struct {
		method Method
		want   map[string]float64
	}{
		{MethodReciprocalRank, map[string]float64{"a": 1. / 61, "b": 1. / 62, "c": 1./63 + 2./61, "d": 2. / 62}},
		{MethodRelativeScore, map[string]float64{"a": 1, "b": 0.5, "c": 0 + 2, "d": 0}},
		{MethodZScore, map[string]float64{"a": 0.4/deviation - 2, "b": -2, "c": -0.4/deviation + 2, "d": -0.4/deviation - 2}},
		{MethodLinear, map[string]float64{"a": 0.9, "b": 0.5, "c": 0.1 + 24, "d": 8}},
	} {
		fused, err := Fuse(twoLists(), tt.method, 0)
		if err != nil || len(fused) != 4 {
			t.Fatalf("%s: %v, %v", tt.method, fused, err)
		}
		for i, f := range fused {
			if math.Abs(float64(f.Score)-tt.want[f.ID]) > 1e-5 {
				t.Errorf("%s: %s has %v, want %v", tt.method, f.ID, f.Score, tt.want[f.ID])
			}
			if i > 0 && Compare(fused[i-1].Item, f.Item) >= 0 {
				t.Errorf("%s: %v before %v", tt.method, fused[i-1], f)
			}
		}
	}
}

func TestContributions(t *testing.T) {
	fused, err := ReciprocalRank(twoLists(), 60)
	if err != nil {
		t.Fatal(err)
	}
	want := FusedItem{Item{"c", float32(1./63 + 2./61), 1, 0}, []Contribution{{0, 3, 0.1, 1. / 63}, {1, 1, 12, 2. / 61}}}
	if diff := cmp.Diff(want, fused[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = FusedItem{Item{"b", float32(1. / 62), 2, 0}, []Contribution{{0, 2, 0.5, 1. / 62}, {1, 0, 0, 0}}}
	if diff := cmp.Diff(want, fused[3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMissingIsNeverBetter(t *testing.T) {
	lists := []List{{"logits", 1, []Item{{"a", -1, 0, 0}, {"b", -9, 0, 0}}}, {"other", 1, []Item{{"b", -5, 0, 0}, {"c", -5, 0, 0}}}}
	for _, m := range Methods() {
		fused, err := Fuse(lists, m, 0)
		if err != nil {
			t.Fatal(err)
		}
		order, scores := ids(fused)
		// b and c are equal in the second list; only b is in the first.
		if slices.Index(order, "c") < slices.Index(order, "b") {
			t.Errorf("%s: %v %v", m, order, scores)
		}
	}
}

func TestFuseEmptyAndEqual(t *testing.T) {
	only := []Item{{"a", 3, 0, 0}, {"b", 3, 0, 0}}
	for _, m := range Methods() {
		for _, lists := range [][]List{nil, {}, {{"x", 1, nil}}, {{"x", 1, nil}, {"y", 0, only}}} {
			if fused, err := Fuse(lists, m, 0); err != nil || len(fused) != 0 {
				t.Errorf("%s of %v: %v, %v", m, lists, fused, err)
			}
		}
		fused, err := Fuse([]List{{"x", 1, nil}, {"y", 1, only}}, m, 0)
		order, _ := ids(fused)
		if diff := cmp.Diff([]string{"a", "b"}, order); err != nil || diff != "" {
			t.Errorf("%s: error %v, %s", m, err, diff)
		}
		alone, err := Fuse([]List{{"y", 1, only}}, m, 0)
		if err != nil || !slices.EqualFunc(fused, alone, func(a, b FusedItem) bool { return a.Item == b.Item }) {
			t.Errorf("%s: with an empty list %v, without %v, %v", m, fused, alone, err)
		}
	}
	fused, err := RelativeScore([]List{{"x", 0.5, only}})
	if err != nil || fused[0].Score != 0.5 || fused[1].Score != 0.5 {
		t.Errorf("equal scores: %v, %v", fused, err)
	}
}

func TestFuseErrors(t *testing.T) {
	one := []Item{{"a", 1, 0, 0}}
	for name, tt := range map[string]struct {
		lists []List
		k     float64
		want  string
	}{
		"k":            {nil, -1, "k is -1"},
		"k NaN":        {nil, math.NaN(), "k is NaN"},
		"negative":     {[]List{{"x", -1, one}}, 0, `fuse list 1 ("x"): its weight is -1`},
		"NaN weight":   {[]List{{"x", math.NaN(), one}}, 0, "its weight is NaN"},
		"all zero":     {[]List{{"x", 0, one}}, 0, "all lists have the weight 0"},
		"two ids":      {[]List{{"x", 1, []Item{{"a", 1, 0, 0}, {"a", 2, 0, 0}}}}, 0, `fuse list 1 ("x"): item 2: id "a" was already used`},
		"NaN unused":   {[]List{{"x", 1, one}, {"y", 0, []Item{{"a", nan32, 0, 0}}}}, 0, `fuse list 2 ("y"): item 1`},
		"infinite sum": {[]List{{"x", math.MaxFloat64, one}, {"y", math.MaxFloat64, one}}, 0, "use smaller weights"},
	} {
		if _, err := Fuse(tt.lists, MethodReciprocalRank, tt.k); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Fuse(nil, "max", 0); err == nil || !strings.Contains(err.Error(), `"max": known are rrf, relative, zscore, linear`) {
		t.Errorf("error %v", err)
	}
	upper, err := Fuse(twoLists(), "RRF", 0)
	if err != nil {
		t.Fatal(err)
	}
	lower, err := Fuse(twoLists(), MethodReciprocalRank, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lower, upper); diff != "" || len(upper) == 0 {
		t.Errorf("RRF is not rrf: %s", diff)
	}
	if m, err := ParseMethod("RRF"); err != nil || m != MethodReciprocalRank {
		t.Errorf("%v, %v", m, err)
	}
}

func finiteItems() *rapid.Generator[[]Item] {
	return rapid.Custom(func(t *rapid.T) []Item {
		list := items(t)
		return slices.DeleteFunc(list, func(i Item) bool { return !finite(i.Score) })
	})
}

func TestFuseIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(Methods()).Draw(t, "method")
		lists := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) List {
			return List{"", rapid.SampledFrom([]float64{0.1, 0.3, 1, 7}).Draw(t, "weight"), finiteItems().Draw(t, "items")}
		}), 0, 4).Draw(t, "lists")
		want, err := Fuse(lists, m, 0)
		if err != nil {
			t.Fatal(err)
		}
		other := rapid.Permutation(lists).Draw(t, "order of lists")
		for i := range other {
			other[i].Items = rapid.Permutation(other[i].Items).Draw(t, "order of items")
		}
		got, err := Fuse(other, m, 0)
		if err != nil || !slices.EqualFunc(want, got, func(a, b FusedItem) bool { return a.Item == b.Item }) {
			t.Fatalf("%v, then %v, %v", want, got, err)
		}
		for _, f := range got {
			sum := 0.0
			for _, c := range f.From {
				sum += c.Value
			}
			if len(f.From) != len(lists) || math.Abs(sum-float64(f.Score)) > 1e-5 {
				t.Fatalf("contributions of %+v", f)
			}
		}
	})
}

func TestFuseOfOneListKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := finiteItems().Draw(t, "items")
		fused, err := Fuse([]List{{"", 1, list}}, rapid.SampledFrom(Methods()).Draw(t, "method"), 0)
		if err != nil {
			t.Fatal(err)
		}
		Sort(list)
		for i, f := range fused {
			if f.ID != list[i].ID || f.Previous != i+1 {
				t.Fatalf("%v became %v", list, fused)
			}
		}
	})
}
