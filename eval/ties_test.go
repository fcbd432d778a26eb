// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// everyKind has each kind without and with a cut-off, and each parameter.
func everyKind(t interface{ Fatal(...any) }) []Measure {
	measures, err := ParseMeasures("P P@3 P(rel=2)@2 recall recall@2 success success@1 success(rel=2)@3 MRR MRR@2 MRR(rel=2)@3 MAP MAP@3 " +
		"MAP(rel=2)@4 nDCG nDCG@3 nDCG(exp)@2 Rprec Rprec(rel=2) judged judged@3 RBP RBP(p=0.5)@3 RBP(rel=2,p=0.9) ERR ERR@3 ERR(max=3)@2 ERR(max=1)@4")
	if err != nil {
		t.Fatal(err)
	}
	return measures
}

// orders calls f with every order of the ties of a list. The list is changed in place.
func orders(list []Scored, from int, f func()) {
	if from == len(list) {
		f()
		return
	}
	for i := from; i < len(list) && tied(list[from], list[i]); i++ {
		list[from], list[i] = list[i], list[from]
		orders(list, from+1, f)
		list[from], list[i] = list[i], list[from]
	}
}

// drawn makes a small list with ties, and judgments.
func drawn(t *rapid.T, most int) ([]Scored, Judgments) {
	j := Judgments{}
	var list []Scored
	for i := range rapid.IntRange(0, most).Draw(t, "documents") {
		s := Scored{"d" + strconv.Itoa(i), float64(rapid.IntRange(0, 2).Draw(t, "score"))}
		list = append(list, s)
		if rapid.Bool().Draw(t, "judged") {
			j[s.ID] = rapid.IntRange(-1, 5).Draw(t, "grade")
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "not found") {
		j["u"+strconv.Itoa(i)] = rapid.IntRange(0, 3).Draw(t, "grade")
	}
	slices.SortFunc(list, compareTREC)
	return list, j
}

// TestTieAwareIsTheMeanOfAllOrders: the closed forms against every order of the ties, measured with Of.
func TestTieAwareIsTheMeanOfAllOrders(t *testing.T) {
	measures := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		list, j := drawn(t, 6)
		sums, n := make([]float64, len(measures)), 0.0
		got := make([]float64, len(measures))
		for i, m := range measures {
			got[i] = m.TieAware(list, j)
		}
		all := slices.Clone(list)
		orders(all, 0, func() {
			n++
			for i, m := range measures {
				sums[i] += m.Of(all, j)
			}
		})
		for i, m := range measures {
			if want := sums[i] / n; !(math.Abs(got[i]-want) <= 1e-12) {
				t.Fatalf("%s of %v against %v: %v, the mean of %v orders is %v", m, list, j, got[i], n, want)
			}
		}
	})
}

// TestTieAwareByHand: four tied documents, one relevant.
func TestTieAwareByHand(t *testing.T) {
	list := []Scored{{"d", 1}, {"c", 1}, {"b", 1}, {"a", 1}}
	j := Judgments{"b": 1}
	mean := (1 + 1.0/2 + 1.0/3 + 1.0/4) / 4
	for name, want := range map[string]float64{
		"P@2": 1.0 / 4, "recall@2": 0.5, "success@1": 0.25, "success@3": 0.75, "MRR": mean, "MAP": mean, "MRR@2": 1.5 / 4, "Rprec": 0.25,
		"nDCG": (1 + 1/math.Log2(3) + 0.5 + 1/math.Log2(5)) / 4, "judged@2": 0.25, "RBP(p=0.5)": (0.5 + 0.25 + 0.125 + 0.0625) / 4,
		"ERR(max=1)": mean / 2,
	} {
		m, err := ParseMeasure(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.TieAware(list, j); math.Abs(got-want) > 1e-15 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

// TestTieAwareOfLongTies: no closed form overflows or loses its digits in groups that cannot be enumerated. With all documents
// alike, every order has the same value.
func TestTieAwareOfLongTies(t *testing.T) {
	measures := everyKind(t)
	measures = append(measures, Measure{Kind: KindERR, Top: MaxTop}, Measure{Kind: KindERR, Cut: 1000})
	for _, grade := range []int{1, 4} {
		var list []Scored
		j := Judgments{}
		for i := range 3000 {
			id := fmt.Sprintf("%05d", 9999-i)
			list = append(list, Scored{id, 0})
			j[id] = grade
		}
		for _, m := range measures {
			if got, want := m.TieAware(list, j), m.Of(list, j); !(math.Abs(got-want) <= 1e-11) {
				t.Errorf("grade %d: %s = %v, want %v", grade, m, got, want)
			}
		}
	}
	// One relevant document anywhere among n: the mean of 1/rank is the harmonic number by n.
	list, j := make([]Scored, 5000), Judgments{"4999": 4}
	harmonic := 0.0
	for i := range list {
		list[i] = Scored{strconv.Itoa(i), 1}
		harmonic += 1 / float64(i+1)
	}
	for name, scale := range map[string]float64{"MRR": 1, "MAP": 1, "ERR": 15.0 / 16} {
		m, err := ParseMeasure(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.TieAware(list, j), scale*harmonic/5000; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

func TestTied(t *testing.T) {
	list := []Scored{{"e", 3}, {"d", 2}, {"c", 2 - 1e-12}, {"b", 1}, {"a", 0.5}}
	for _, tt := range []struct {
		j     Judgments
		tied  string
		sound string
	}{
		{nil, "P@2 ERR@2 MRR@2 MAP@2", "P@1 nDCG@3 nDCG@5 recall@100 MAP MRR Rprec"},
		{Judgments{"d": 1, "a": 1}, "MRR MRR@3 MAP MAP@5 nDCG nDCG@10 RBP ERR@20 Rprec", "P P@3 recall@3 success@3 judged@3 MRR@1 MRR(rel=2)"},
		{Judgments{"d": 2, "c": 1}, "nDCG ERR MAP(rel=2) Rprec", "MAP MRR RBP Rprec(rel=2)"},
		{Judgments{"e": 1, "d": 1}, "MAP nDCG", "MRR"},
	} {
		for want, names := range map[bool]string{true: tt.tied, false: tt.sound} {
			measures, err := ParseMeasures(names)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range measures {
				if got := m.Tied(list, tt.j); got != want {
					t.Errorf("%s of %v: %v, want %v", m, tt.j, got, want)
				}
			}
		}
	}
	if (Measure{Kind: KindRprec}).Tied(list[3:], Judgments{"a": 1}) || (Measure{Kind: KindP, Cut: 2}).Tied(nil, nil) {
		t.Error("ties where there are none")
	}
}

// TestTiedTellsWhetherOrdersDiffer: a value that is not tied is that of every order; one that is tied inside the cut-off has orders with other values.
func TestTiedTellsWhetherOrdersDiffer(t *testing.T) {
	measures := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		list, j := drawn(t, 6)
		low, high := make([]float64, len(measures)), make([]float64, len(measures))
		for i, m := range measures {
			low[i] = m.Of(list, j)
			high[i] = low[i]
		}
		all := slices.Clone(list)
		orders(all, 0, func() {
			for i, m := range measures {
				v := m.Of(all, j)
				low[i], high[i] = min(low[i], v), max(high[i], v)
			}
		})
		for i, m := range measures {
			differ := high[i]-low[i] > 1e-12
			across := m.Cut > 0 && m.Cut < len(list) && tied(list[m.Cut-1], list[m.Cut])
			switch got := m.Tied(list, j); {
			case differ && !got:
				t.Fatalf("%s of %v against %v: from %v to %v, and not tied", m, list, j, low[i], high[i])
			case got && !differ && !across && m.Kind != KindRprec && m.Kind != KindERR: // ERR may have grades above its scale here
				t.Fatalf("%s of %v against %v: tied, and always %v", m, list, j, low[i])
			}
		}
	})
}

// TestNoTiesNoDifference: without ties both values are the same to the last bit.
func TestNoTiesNoDifference(t *testing.T) {
	measures := everyKind(t)
	rapid.Check(t, func(t *rapid.T) {
		list, j := drawn(t, 8)
		for i := range list {
			list[i].Score = -float64(i)
		}
		for _, m := range measures {
			if a, b := m.Of(list, j), m.TieAware(list, j); a != b || !(a >= 0 && a <= 1) {
				t.Fatalf("%s: %v and %v", m, a, b)
			}
		}
	})
}
