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

var (
	nan32 = float32(math.NaN())
	inf32 = float32(math.Inf(1))
)

func TestCompareOrder(t *testing.T) {
	want := []Item{
		{"inf", inf32, 9, 0},
		{"high", 2, 0, 0},
		{"b", 1, 1, 0},
		{"a", 1, 2, 0},
		{"A", 1, 0, 0}, // no previous rank: after those that have one
		{"c", 1, -3, 0},
		{"neg0", float32(math.Copysign(0, -1)), 1, 0},
		{"pos0", 0, 2, 0},
		{"low", -inf32, 1, 0},
		{"nan1", nan32, 1, 0},
		{"nan2", nan32, 2, 0},
	}
	for i := range want {
		for j := range want {
			got := Compare(want[i], want[j])
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%v, %v) = %d", want[i], want[j], got)
			}
		}
	}
}

// items draws lists with many ties and with different ids.
func items(t *rapid.T) []Item {
	scores := []float32{0, float32(math.Copysign(0, -1)), 1, 1.0000001, -1, inf32, -inf32, nan32}
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Item {
		return Item{
			ID:       rapid.StringMatching(`[a-c]{0,3}`).Draw(t, "id"),
			Score:    rapid.SampledFrom(scores).Draw(t, "score"),
			Previous: rapid.IntRange(-1, 3).Draw(t, "previous"),
		}
	}), 0, 12, func(i Item) string { return i.ID }).Draw(t, "items")
}

func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := items(t)
		for _, a := range list {
			for _, b := range list {
				ab := Compare(a, b)
				if ab != -Compare(b, a) || (ab == 0) != (a.ID == b.ID) {
					t.Fatalf("Compare(%v, %v) = %d, reversed %d", a, b, ab, Compare(b, a))
				}
				for _, c := range list {
					if ab < 0 && Compare(b, c) < 0 && Compare(a, c) >= 0 {
						t.Fatalf("not transitive: %v, %v, %v", a, b, c)
					}
				}
			}
		}
	})
}

func TestSortIgnoresInputOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := items(t)
		other := rapid.Permutation(list).Draw(t, "permutation")
		Sort(list)
		Sort(other)
		for i := range list {
			if list[i].ID != other[i].ID {
				t.Fatalf("%v and %v", list, other)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	if err := Validate([]Item{{"a", 1, 0, 0}, {"b", 1, 0, 0}}); err != nil {
		t.Error(err)
	}
	for _, bad := range []float32{nan32, inf32, -inf32} {
		err := Validate([]Item{{"a", 1, 0, 0}, {"b", bad, 0, 0}})
		if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), `item 2 (id "b")`) {
			t.Errorf("%v: error %v", bad, err)
		}
	}
	if err := Validate([]Item{{"a", 1, 0, 0}, {"a", 2, 0, 0}}); err == nil || !strings.Contains(err.Error(), "item 2: id \"a\" was already used by item 1") {
		t.Errorf("duplicate id: error %v", err)
	}
}

func TestStandardize(t *testing.T) {
	z, err := Standardize([]float32{2, 4, 4, 4, 5, 5, 7, 9}) // mean 5, population deviation 2
	if diff := cmp.Diff([]float64{-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2}, z); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	for _, same := range [][]float32{{}, {3}, {0.1, 0.1, 0.1}} {
		z, err := Standardize(same)
		if err != nil || len(z) != len(same) || slices.ContainsFunc(z, func(x float64) bool { return x != 0 }) {
			t.Errorf("Standardize(%v) = %v, %v; want zeros", same, z, err)
		}
	}
	if _, err := Standardize([]float32{1, nan32}); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "position 2") {
		t.Errorf("NaN: error %v", err)
	}
	if z, err := Standardize([]float32{math.MaxFloat32, -math.MaxFloat32}); err != nil || z[0] != 1 || z[1] != -1 {
		t.Errorf("largest scores: %v, %v", z, err)
	}
}

func evidence(cosines, logits []float32) []Evidence {
	return []Evidence{{Name: "cosines", Weight: 1, Scores: cosines}, {Name: "logits", Weight: 0.5, Scores: logits}}
}

func TestFuseStandardized(t *testing.T) {
	// Cosine says b, the logit says a, and more clearly so among its own scores.
	got, err := FuseStandardized(evidence([]float32{0.4, 0.5, 0.1}, []float32{9, -1, -2})...)
	if err != nil || !(got[0] > got[1] && got[1] > got[2]) {
		t.Errorf("fused %v, %v", got, err)
	}
	if got, err := FuseStandardized(evidence([]float32{1, 3}, []float32{7, 7})...); err != nil || got[0] != -1 || got[1] != 1 {
		t.Errorf("a list of equal logits changes the order: %v, %v", got, err)
	}
	for name, tt := range map[string]struct {
		a, b []float32
		want string
	}{
		"lengths": {[]float32{1}, nil, "1 cosines but 0 logits"},
		"cosine":  {[]float32{nan32}, []float32{1}, "fuse cosines"},
		"logit":   {[]float32{1}, []float32{inf32}, "fuse logits"},
	} {
		if _, err := FuseStandardized(evidence(tt.a, tt.b)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestFuseIgnoresInputOrder: a candidate's fused score has the same bits wherever it stands in the list.
func TestFuseIgnoresInputOrder(t *testing.T) {
	finite32 := rapid.Float32Range(-100, 100)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		a := rapid.SliceOfN(finite32, n, n).Draw(t, "cosines")
		b := rapid.SliceOfN(finite32, n, n).Draw(t, "logits")
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		order = rapid.Permutation(order).Draw(t, "order")
		pa, pb := make([]float32, n), make([]float32, n)
		for i, at := range order {
			pa[i], pb[i] = a[at], b[at]
		}
		fused, err := FuseStandardized(evidence(a, b)...)
		if err != nil {
			t.Fatal(err)
		}
		permuted, err := FuseStandardized(evidence(pa, pb)...)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range order {
			if math.Float32bits(permuted[i]) != math.Float32bits(fused[at]) {
				t.Fatalf("candidate %d: %v, and %v at place %d", at, fused[at], permuted[i], i)
			}
		}
	})
}

func TestRerankWeighsWords(t *testing.T) {
	candidates := []Item{{ID: "a", Score: 3, Words: 1}, {ID: "b", Score: 2, Words: 9}, {ID: "c", Score: 1, Words: 2}, {ID: "unread", Score: 0, Words: 99}}
	logits := []float32{1, 1, 1}
	got, err := Rerank(candidates, logits, true)
	if err != nil {
		t.Fatal(err)
	}
	scores := []float64{math.Sqrt(1.5) + 1, 9, -math.Sqrt(1.5) + 2}
	for _, item := range got[:3] {
		if want := scores[item.Previous-1]; math.Abs(float64(item.Score)-want) > 1e-6 || item.Words != 0 {
			t.Errorf("%+v, want the score %v and no words left", item, want)
		}
	}
	if got[3].ID != "unread" {
		t.Errorf("what was not read is at another place: %+v", got)
	}
	if got, err = Rerank(candidates, []float32{1, 2, 3}, false); err != nil || got[0].ID != "c" || got[0].Score != 3 {
		t.Errorf("by the logit alone: %+v, %v", got, err)
	}
}

func TestShifts(t *testing.T) {
	got, err := Shifts([]string{"a", "b", "c", "x"}, []string{"c", "a", "new", "b"})
	want := []Shift{{"c", 3, 1, 2}, {"a", 1, 2, -1}, {"new", 0, 3, 0}, {"b", 2, 4, -2}, {"x", 4, 0, 0}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	if got, err := Shifts(nil, nil); err != nil || len(got) != 0 {
		t.Errorf("empty lists: %v, %v", got, err)
	}
	for _, lists := range [][2][]string{{{"a", "a"}, {"a"}}, {{"a"}, {"a", "b", "a"}}} {
		if _, err := Shifts(lists[0], lists[1]); err == nil || !strings.Contains(err.Error(), `id "a" at ranks 1 and`) {
			t.Errorf("%v: error %v", lists, err)
		}
	}
}
