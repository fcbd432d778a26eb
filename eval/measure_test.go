// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestParseMeasure(t *testing.T) {
	for in, want := range map[string]string{
		"nDCG@10": "nDCG@10", "ndcg@10": "nDCG@10", " NDCG @ 10 ": "nDCG@10", "P@3": "P@3", "precision@3": "P@3", "MRR": "MRR", "rr@10": "MRR@10",
		"MAP": "MAP", "ap": "MAP", "AP@100": "MAP@100", "R@100": "recall@100", "Recall@100": "recall@100", "success@5": "success@5", "RPrec": "Rprec",
		"judged@10": "judged@10", "RBP": "RBP", "RBP(p=0.5)@20": "RBP(p=0.5)@20", "rbp(P=.95, rel=2)": "RBP(rel=2,p=0.95)", "ERR@20": "ERR@20",
		"ERR(max=3)@20": "ERR(max=3)@20", "nDCG(exp)@10": "nDCG(exp)@10", "nDCG(dcg='exp-log2')@10": "nDCG(exp)@10", "nDCG(linear)": "nDCG",
		"P(rel=2)@5": "P(rel=2)@5", "P(rel=1)@5": "P(rel=1)@5", "ndcg_cut_10": "nDCG@10", "map_cut_5": "MAP@5", "P_5": "P@5", "recall_100": "recall@100",
		"recip_rank": "MRR", "success_1": "success@1",
	} {
		m, err := ParseMeasure(in)
		if err != nil || m.String() != want {
			t.Errorf("%q: %v, %v; want %s", in, m, err, want)
			continue
		}
		if again, err := ParseMeasure(m.String()); err != nil || again != m {
			t.Errorf("%q: %+v read again is %+v, %v", in, m, again, err)
		}
	}
}

func TestParseMeasureErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                        `unknown measure ""`,
		"ndgc@10":                 `unknown measure "ndgc": did you mean "nDCG"? known are P, recall`,
		"MPA":                     `did you mean "MAP"?`,
		"xyzzy":                   `unknown measure "xyzzy": known are`,
		"P@":                      `measure "P@": cut-off "" is not a whole number between 1 and 1000000`,
		"P@0":                     "is not a whole number",
		"P@+3":                    "is not a whole number",
		"P@1000001":               "is not a whole number",
		"P@3@4":                   "is not a whole number",
		"P(rel=2@5":               "the parenthesis is not closed",
		"P(rel=0)@5":              `rel "0" is not a whole number between 1`,
		"P(foo=1)@5":              `unknown parameter "foo"`,
		"P(foo)@5":                `unknown parameter "foo"`,
		"P()@5":                   `unknown parameter ""`,
		"P(exp)@5":                "P has no gain: nDCG has",
		"P(p=0.5)":                "takes no persistence",
		"RBP(p=1)":                "is not a number above 0 and below 1",
		"RBP(p=nan)":              "is not a number above 0 and below 1",
		"nDCG(rel=2)":             "takes no relevance level",
		"ERR(max=11)":             `max "11" is not a whole number between 1 and 10`,
		"P(max=3)":                "takes no highest grade",
		"Rprec@5":                 "Rprec has no cut-off",
		"P_5@6":                   "two cut-offs",
		strings.Repeat("P", 1000): "a name has at most 128 bytes",
	} {
		if _, err := ParseMeasure(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want %q", in, err, want)
		}
	}
}

func TestParseMeasures(t *testing.T) {
	got, err := ParseMeasures("nDCG@10, RBP(p=0.5, rel=2)@20 ,MAP  P@3,")
	if err != nil || len(got) != 4 || got[1] != (Measure{Kind: KindRBP, Cut: 20, Level: 2, Persistence: 0.5}) {
		t.Errorf("%v, %v", got, err)
	}
	for in, want := range map[string]string{",,": "no measure given", "MAP,x": "unknown measure", strings.Repeat("P ", 1001): "more than 1000 measures"} {
		if _, err := ParseMeasures(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %q", in, err, want)
		}
	}
}

func TestMeasureAsKeyOfJSON(t *testing.T) {
	in := map[Measure]float64{{Kind: KindNDCG, Cut: 10}: 0.5, {Kind: KindMAP}: 0.25}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"MAP":0.25,"nDCG@10":0.5}` {
		t.Fatalf("%s, %v", data, err)
	}
	var out map[Measure]float64
	if err := json.Unmarshal(data, &out); err != nil || out[Measure{Kind: KindMAP}] != 0.25 || len(out) != 2 {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := json.Marshal(map[Measure]int{{Kind: "x"}: 1}); err == nil {
		t.Error("an unknown kind was written")
	}
	if err := json.Unmarshal([]byte(`{"x":1}`), &out); err == nil {
		t.Error("an unknown kind was read")
	}
}

// TestInvalidMeasures: a measure put together wrongly has no value, rather than a wrong one.
func TestInvalidMeasures(t *testing.T) {
	list, j := []Scored{{"a", 1}, {"b", 1}}, Judgments{"a": 1}
	for _, m := range []Measure{
		{},
		{Kind: "x"},
		{Kind: KindP, Cut: -1},
		{Kind: KindP, Cut: MaxCut + 1},
		{Kind: KindRprec, Cut: 1},
		{Kind: KindP, Level: -1},
		{Kind: KindERR, Level: 1},
		{Kind: KindP, Gain: Exponential},
		{Kind: KindNDCG, Gain: 7},
		{Kind: KindP, Persistence: 0.5},
		{Kind: KindRBP, Persistence: 1},
		{Kind: KindRBP, Persistence: math.NaN()},
		{Kind: KindP, Top: 1},
		{Kind: KindERR, Top: MaxTop + 1},
	} {
		if m.Validate() == nil || !math.IsNaN(m.Of(list, j)) || !math.IsNaN(m.TieAware(list, j)) {
			t.Errorf("%+v: %v, %v, %v", m, m.Validate(), m.Of(list, j), m.TieAware(list, j))
		}
	}
	ids := []string{"a"}
	if v := RankBiasedPrecision(ids, j, 0, 1, 1); !math.IsNaN(v) {
		t.Errorf("RBP with persistence 1 is %v", v)
	}
	if v := ExpectedReciprocalRank(ids, j, 0, 0); !math.IsNaN(v) {
		t.Errorf("ERR on a scale of 0 is %v", v)
	}
	if len(Kinds()) != len(kinds) {
		t.Error("kinds are missing")
	}
}

// TestFunctionsAndMeasures: the functions and the measures of the same name agree.
func TestFunctionsAndMeasures(t *testing.T) {
	list := []Scored{{"a", 4}, {"b", 3}, {"c", 2}, {"d", 1}}
	j := Judgments{"a": -1, "b": 1, "c": 3, "z": 2}
	ids := []string{"a", "b", "c", "d"}
	for name, want := range map[string]float64{
		"P@3": PrecisionAt(ids, j, 3, 1), "recall(rel=2)@3": RecallAt(ids, j, 3, 2), "success@1": SuccessAt(ids, j, 1, 1), "MRR": ReciprocalRank(ids, j, 0, 1),
		"MAP": AveragePrecision(ids, j, 0, 1), "nDCG(exp)@3": NDCG(ids, j, 3, Exponential), "Rprec": RPrecision(ids, j, 1), "judged@2": JudgedAt(ids, j, 2),
		"RBP(p=0.5)@3": RankBiasedPrecision(ids, j, 3, 1, 0.5), "ERR@3": ExpectedReciprocalRank(ids, j, 3, 4),
	} {
		m, err := ParseMeasure(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Of(list, j); got != want {
			t.Errorf("%s = %v, its function gives %v", name, got, want)
		}
	}
	// By hand: relevant at ranks 2 (grade 1) and 3 (grade 3).
	for _, c := range []struct{ got, want float64 }{
		{RPrecision(ids, j, 1), 2.0 / 3},
		{JudgedAt(ids, j, 2), 1},
		{JudgedAt(ids, j, 10), 0.75},
		{JudgedAt(nil, j, 10), 0},
		{RankBiasedPrecision(ids, j, 0, 1, 0.5), 0.25 + 0.125},
		{ExpectedReciprocalRank(ids, j, 0, 4), 1.0/16/2 + 7.0/16*15/16/3},
		{ExpectedReciprocalRank(ids, Judgments{"a": 9}, 0, 4), 15.0 / 16},
	} {
		if math.Abs(c.got-c.want) > 1e-15 {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

func FuzzParseMeasure(f *testing.F) {
	for _, s := range []string{"nDCG(exp)@10", "RBP(p=0.5,rel=2)@20", "ndcg_cut_10", "ERR(max=3)", "P@3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMeasure(s)
		if err != nil {
			return
		}
		again, err := ParseMeasure(m.String())
		if err != nil || again != m || m.Validate() != nil {
			t.Fatalf("%q is %+v, whose name %q is %+v, %v", s, m, m, again, err)
		}
		if v := m.TieAware([]Scored{{"b", 1}, {"a", 1}}, Judgments{"a": 1}); !(v >= 0 && v <= 1) {
			t.Fatalf("%s = %v", m, v)
		}
	})
}
