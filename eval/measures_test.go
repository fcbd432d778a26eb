// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMeasuresByHand uses one list whose values are easy to work out: relevant at ranks 2 (grade 1) and 3 (grade 3), one
// relevant document (grade 2) not found.
func TestMeasuresByHand(t *testing.T) {
	ranked := []string{"a", "b", "c", "d"}
	j := Judgments{"a": 0, "b": 1, "c": 3, "z": 2, "d": -1}
	log3, log4 := math.Log2(3), 2.0
	tests := []struct {
		name      string
		got, want float64
	}{
		{"P@1", PrecisionAt(ranked, j, 1, 1), 0},
		{"P@3", PrecisionAt(ranked, j, 3, 1), 2.0 / 3},
		{"P@10 of a short list", PrecisionAt(ranked, j, 10, 1), 0.2},
		{"P of all", PrecisionAt(ranked, j, 0, 1), 0.5},
		{"P@3 from grade 2", PrecisionAt(ranked, j, 3, 2), 1.0 / 3},
		{"recall@2", RecallAt(ranked, j, 2, 1), 1.0 / 3},
		{"recall@4", RecallAt(ranked, j, 4, 0), 2.0 / 3},
		{"success@1", SuccessAt(ranked, j, 1, 1), 0},
		{"success@2", SuccessAt(ranked, j, 2, 1), 1},
		{"RR", ReciprocalRank(ranked, j, 0, 1), 0.5},
		{"RR from grade 2", ReciprocalRank(ranked, j, 0, 2), 1.0 / 3},
		{"RR@1", ReciprocalRank(ranked, j, 1, 1), 0},
		{"AP", AveragePrecision(ranked, j, 0, 1), (1.0/2 + 2.0/3) / 3},
		{"AP@2", AveragePrecision(ranked, j, 2, 1), 0.5 / 3},
		{"nDCG@3", NDCG(ranked, j, 3, Linear), (1/log3 + 3/log4) / (3 + 2/log3 + 1/log4)},
		{"nDCG@2", NDCG(ranked, j, 2, Linear), (1 / log3) / (3 + 2/log3)},
		{"nDCG", NDCG(ranked, j, 0, Linear), (1/log3 + 3/log4) / (3 + 2/log3 + 1/log4)},
		{"nDCG@3 exponential", NDCG(ranked, j, 3, Exponential), (1/log3 + 7/log4) / (7 + 3/log3 + 1/log4)},
		{"nDCG of an absurd grade", NDCG([]string{"x"}, Judgments{"x": math.MaxInt}, 0, Exponential), 1},
		{"mean", Mean([]float64{1, 0, 0.5}), 0.5},
		{"mean of nothing", Mean(nil), 0},
	}
	for _, tt := range tests {
		if math.Abs(tt.got-tt.want) > 1e-12 {
			t.Errorf("%s = %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestMeasuresOfNothing(t *testing.T) {
	for _, j := range []Judgments{nil, {"a": 0}, {"z": 1}} {
		for _, ranked := range [][]string{nil, {"a", "b"}} {
			for _, k := range []int{-1, 0, 1, 10} {
				for name, v := range measures(ranked, j, k) {
					if v != 0 {
						t.Errorf("%s of %v against %v at %d = %v, want 0", name, ranked, j, k, v)
					}
				}
			}
		}
	}
}

// measures returns every measure at one cut-off.
func measures(ranked []string, j Judgments, k int) map[string]float64 {
	return map[string]float64{
		"P": PrecisionAt(ranked, j, k, 1), "recall": RecallAt(ranked, j, k, 1), "success": SuccessAt(ranked, j, k, 1),
		"RR": ReciprocalRank(ranked, j, k, 1), "AP": AveragePrecision(ranked, j, k, 1),
		"nDCG": NDCG(ranked, j, k, Linear), "nDCG exponential": NDCG(ranked, j, k, Exponential),
	}
}

// TestMeasuresProperties: values stay in [0, 1], whatever repeats in the list, and a perfect order has nDCG 1.
func TestMeasuresProperties(t *testing.T) {
	id := rapid.StringMatching(`[a-f]`)
	rapid.Check(t, func(t *rapid.T) {
		ranked := rapid.SliceOf(id).Draw(t, "ranked")
		j := Judgments(rapid.MapOf(id, rapid.IntRange(-1, 4)).Draw(t, "judged"))
		k := rapid.IntRange(-1, 8).Draw(t, "k")
		for name, v := range measures(ranked, j, k) {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%s = %v", name, v)
			}
		}
		best := []string{}
		for d := range j {
			best = append(best, d)
		}
		slices.SortFunc(best, func(a, b string) int { return j[b] - j[a] })
		for _, gain := range []Gain{Linear, Exponential} {
			if v := NDCG(best, j, k, gain); j.Relevant(1) > 0 && math.Abs(v-1) > 1e-12 {
				t.Fatalf("nDCG of the best order = %v", v)
			}
		}
	})
}

// scored is a pair [id, score] of the file.
type scored struct {
	ID    string
	Score float32
}

func (s *scored) UnmarshalJSON(data []byte) error {
	pair := [2]any{&s.ID, &s.Score}
	return json.Unmarshal(data, &pair)
}

// reference is the file written by scripts/reference/measures.py.
type reference struct {
	Cases []struct {
		Level  int
		Judged Judgments
		Run    []scored
		Values map[string]float64
	}
}

func TestMeasuresEqualTrecEval(t *testing.T) {
	data, err := os.ReadFile("testdata/measures.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Cases) < 100 {
		t.Fatalf("only %d cases", len(ref.Cases))
	}
	compared := 0
	for n, c := range ref.Cases {
		var ids []string
		var scores []float32
		for _, r := range c.Run {
			ids = append(ids, r.ID)
			scores = append(scores, r.Score)
		}
		ranked, err := OrderTREC(ids, scores)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range c.Values {
			got, err := trecMeasure(name, ranked, c.Judged, c.Level)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("case %d, level %d: %s = %v, trec_eval gives %v", n, c.Level, name, got, want)
			}
			compared++
		}
	}
	t.Logf("%d values compared", compared)
}

// trecMeasure computes a measure by trec_eval's name.
func trecMeasure(name string, ranked []string, j Judgments, level int) (float64, error) {
	base, k := name, 0
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil {
			base, k = name[:i], n
		}
	}
	switch base {
	case "P":
		return PrecisionAt(ranked, j, k, level), nil
	case "recall":
		return RecallAt(ranked, j, k, level), nil
	case "success":
		return SuccessAt(ranked, j, k, level), nil
	case "recip_rank":
		return ReciprocalRank(ranked, j, k, level), nil
	case "map", "map_cut":
		return AveragePrecision(ranked, j, k, level), nil
	case "ndcg", "ndcg_cut":
		return NDCG(ranked, j, k, Linear), nil
	}
	return 0, fmt.Errorf("unknown measure %s", name)
}

func TestOrderTREC(t *testing.T) {
	ids, scores := []string{"a", "c", "b", "d"}, []float32{1, 1, 1, 2}
	got, err := OrderTREC(ids, scores)
	if want := []string{"d", "c", "b", "a"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if !slices.Equal(ids, []string{"a", "c", "b", "d"}) {
		t.Errorf("the argument was changed: %v", ids)
	}
	for name, tt := range map[string]struct {
		ids    []string
		scores []float32
		want   string
	}{
		"lengths":   {[]string{"a"}, nil, "1 ids but 0 scores"},
		"NaN":       {[]string{"a", "b"}, []float32{0, float32(math.NaN())}, `position 2 (id "b"): score is NaN`},
		"duplicate": {[]string{"a", "b", "a"}, []float32{0, 1, 2}, `id "a" is at positions 1 and 3`},
	} {
		if _, err := OrderTREC(tt.ids, tt.scores); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

// TestNotebookMeasures: the tutorial's precision_at_k is success at k, and its mean over the five queries was printed as
// P@3 = 1.0 and MRR = 0.9, from gold documents at ranks 1, 1, 1, 1 and 2.
func TestNotebookMeasures(t *testing.T) {
	var success, reciprocal []float64
	for _, rank := range []int{1, 1, 1, 1, 2} {
		ranked := []string{"x", "y", "z"}
		ranked[rank-1] = "gold"
		j := Judgments{"gold": 1}
		success = append(success, SuccessAt(ranked, j, 3, 1))
		reciprocal = append(reciprocal, ReciprocalRank(ranked, j, 0, 1))
	}
	if s, r := Mean(success), Mean(reciprocal); s != 1 || math.Abs(r-0.9) > 1e-12 {
		t.Errorf("success@3 %v, MRR %v", s, r)
	}
}
