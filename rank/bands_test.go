// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"math"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/eval/calibration"
)

// Bands of a calibration begin where the probability reaches 2/3 and 1/3, to the last float32.
func TestCalibratedBandsBeginAtTheirProbabilities(t *testing.T) {
	platt := calibration.Map{Method: calibration.Platt, A: 0.7, B: -1.3}
	isotonic := calibration.Map{Method: calibration.Isotonic, Knots: []calibration.Knot{{Logit: -4, Probability: 0.01}, {Logit: 0, Probability: 0.4}, {Logit: 3, Probability: 0.9}}}
	for _, m := range []calibration.Map{platt, isotonic, calibration.Sigmoid()} {
		logits, ok := CalibratedBands(Logit, m, "some/model")
		if !ok || logits.Kind != Logit || logits.Model != "some/model" || !strings.Contains(logits.About, "calibrated for some/model") {
			t.Fatalf("%+v: %+v", m, logits)
		}
		probabilities, ok := CalibratedBands(Probability, m, "some/model")
		if !ok || probabilities.Kind != Probability {
			t.Fatalf("%+v: %+v", m, probabilities)
		}
		scores := []float32{-20, -1, 0, 1, 20}
		for _, p := range []float64{HighFrom, MediumFrom} {
			x := float32(m.Logit(p))
			scores = append(scores, x, math.Nextafter32(x, -100), math.Nextafter32(x, 100))
		}
		for _, x := range scores {
			p := m.Probability(x)
			want := Low
			if p >= HighFrom {
				want = High
			} else if p >= MediumFrom {
				want = Medium
			}
			if got := logits.Name(x); got != want {
				t.Errorf("%+v: logit %v has probability %v and is %s", m, x, p, got)
			}
		}
		for _, c := range []struct {
			p    float32
			want string
		}{{0.99, High}, {0.67, High}, {0.66, Medium}, {0.34, Medium}, {0.33, Low}, {0, Low}} {
			if got := probabilities.Name(c.p); got != c.want {
				t.Errorf("probability %v is %s, want %s", c.p, got, c.want)
			}
		}
	}
}

// A band that no logit reaches is left out, and said to be.
func TestCalibratedBandsOutOfReach(t *testing.T) {
	low := calibration.Map{Method: calibration.Isotonic, Knots: []calibration.Knot{{Logit: -4, Probability: 0.01}, {Logit: 3, Probability: 0.5}}}
	b, ok := CalibratedBands(Logit, low, "m")
	if !ok || len(b.Cuts) != 1 || b.Name(1e9) != Medium || b.Name(-5) != Low || !strings.Contains(b.About, "High (P(relevant) from 2/3) is reached by no logit") {
		t.Errorf("%v %+v", ok, b)
	}
	high := calibration.Map{Method: calibration.Isotonic, Knots: []calibration.Knot{{Logit: -4, Probability: 0.5}, {Logit: 3, Probability: 0.9}}}
	for _, kind := range []ScoreKind{Logit, Probability} {
		b, ok := CalibratedBands(kind, high, "m")
		if !ok || !strings.Contains(b.About, "Medium is P(relevant) from 1/3 on, which every logit reaches") || strings.Contains(b.About, "Inf") {
			t.Errorf("%v %+v", ok, b)
		}
		if kind == Logit && b.Name(-1e9) != Medium {
			t.Errorf("%+v", b)
		}
	}
}

func TestNoCalibratedBands(t *testing.T) {
	flat := calibration.Map{Method: calibration.Platt, A: 0, B: 1}
	if b, ok := CalibratedBands(Logit, flat, "m"); ok {
		t.Errorf("a flat map has bands %+v", b)
	}
	for _, kind := range []ScoreKind{Cosine, BM25, Fused} {
		if b, ok := CalibratedBands(kind, calibration.Sigmoid(), "m"); ok {
			t.Errorf("%s has bands %+v", kind, b)
		}
	}
}
