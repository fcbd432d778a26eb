// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// Every precision of every tier is measured, and near enough where its
// arithmetic promises that.
func TestFidelities(t *testing.T) {
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{randomBi, randomCLS, randomCross} {
			list, err := Fidelities(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			var got []Precision
			for _, f := range list {
				got = append(got, f.Precision)
				least := map[Precision]float64{FP32: 1, Int16: 0.99, BF16: 0.9, Int8: 0.7}[f.Precision]
				if !(f.Worst >= least && f.Mean >= f.Worst && f.Mean <= 1) || f.Bytes <= 0 {
					t.Errorf("%s, %s: %+v", tier, name, f)
				}
				if (f.Precision == FP32 || f.Precision == Int16) && !f.Enough {
					t.Errorf("%s, %s: %s is not near enough: %+v", tier, name, f.Precision, f)
				}
			}
			slices.SortFunc(got, func(a, b Precision) int { return slices.Index(Precisions(), a) - slices.Index(Precisions(), b) })
			if !slices.Equal(got, Supported()) {
				t.Errorf("%s: measured %v, supported are %v", tier, got, Supported())
			}
		}
		undo()
	}
}

// What Auto decides by, at its limits.
func TestEnough(t *testing.T) {
	bi, cross := &model.Model{}, &model.Model{}
	cross.Config.Architecture = model.BertForSequenceClassification
	vector := func(cosine float32) []float32 { // to (1, 0)
		return []float32{cosine, sqrt(1 - cosine*cosine)}
	}
	one, order := []float32{1, 0}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	swapped := append([]float32{2, 1}, order[2:]...) // tau 1 - 2/91
	for name, c := range map[string]struct {
		m         *model.Model
		got, want [][]float32
		enough    bool
	}{
		"equal vectors":        {bi, [][]float32{one}, [][]float32{one}, true},
		"zero vectors":         {bi, [][]float32{{0, 0}}, [][]float32{{0, 0}}, true},
		"mean just enough":     {bi, [][]float32{vector(0.9991)}, [][]float32{one}, true},
		"mean too low":         {bi, [][]float32{vector(0.9989)}, [][]float32{one}, false},
		"one far off":          {bi, [][]float32{vector(0.994), one, one, one, one, one, one}, slices.Repeat([][]float32{one}, 7), false},
		"equal orders":         {cross, [][]float32{order}, [][]float32{order}, true},
		"equal scores":         {cross, [][]float32{{1, 1}}, [][]float32{{1, 1}}, true},
		"order lost":           {cross, [][]float32{{1, 1}}, [][]float32{{1, 2}}, false},
		"a swap in one":        {cross, [][]float32{swapped}, [][]float32{order}, false},
		"a swap in one of two": {cross, [][]float32{swapped, order}, [][]float32{order, order}, true},
	} {
		var f Fidelity
		if err := f.compare(c.m, c.got, c.want); err != nil {
			t.Fatal(err)
		}
		if f.Enough != c.enough {
			t.Errorf("%s: %+v, want enough %v", name, f, c.enough)
		}
	}
}

// Auto takes the first that is near enough, and says which.
func TestAuto(t *testing.T) {
	for _, name := range []string{randomBi, randomCross} {
		list, err := Fidelities(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		want := list[slices.IndexFunc(list, func(f Fidelity) bool { return f.Enough })].Precision
		var got Precision
		if name == randomCross {
			c, err := OpenCross(name, AtPrecision(Auto))
			if err != nil {
				t.Fatal(err)
			}
			got = c.Precision()
			c.Close()
		} else {
			b, err := OpenBi(name, AtPrecision(Auto))
			if err != nil {
				t.Fatal(err)
			}
			got = b.Precision()
			b.Close()
		}
		if got != want {
			t.Errorf("%s: auto is %s, the first near enough of %+v is %s", name, got, list, want)
		}
	}
}

// A precision without instructions gives way to a more exact one.
func TestAvailable(t *testing.T) {
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []Precision{FP32, Int16, BF16, Int8} {
			got := p.available()
			if !kernel.Supported(got.format()) || slices.Index(Precisions(), got) > slices.Index(Precisions(), p) {
				t.Errorf("%s: %s becomes %s", tier, p, got)
			}
			if kernel.Supported(p.format()) && got != p {
				t.Errorf("%s: %s is there, and becomes %s", tier, p, got)
			}
		}
		undo()
	}
}

func TestFidelitiesStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fidelities(ctx, randomBi); len(Supported()) > 1 && !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if _, err := OpenBi(randomBi, AtPrecision("int7")); err == nil {
		t.Error("int7 was accepted")
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
