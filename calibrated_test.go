// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"strings"
	"testing"

	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/rank"
)

// With a calibration, a comparison's probabilities and bands are its own.
func TestCompareWithCalibration(t *testing.T) {
	plain := newEngine(t, tinyBi, tinyCross)
	cross, err := plain.Reranker(tinyCross)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := cross.Model().Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	m := calibration.Map{Method: calibration.Platt, A: 40, B: 0}
	e := newEngine(t, tinyBi, tinyCross, Calibrated(map[string]calibration.Map{fingerprint: m, "sha256:other": {}}))
	for _, x := range []*Engine{plain, e} {
		if err := x.Add(t.Context(), Document{ID: "a", Text: "one text"}, Document{ID: "b", Text: "and another one, which is longer"}, Document{ID: "c", Text: "the third"}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := e.Compare(t.Context(), "one")
	if err != nil || !c.Calibrated || !strings.Contains(c.Bands, "calibrated for") {
		t.Fatalf("%+v, %v", c, err)
	}
	bands, ok, err := e.Bands(tinyCross)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for _, r := range c.Rows {
		p := m.Probability(r.Cross.Score)
		want := rank.Low
		if p >= rank.HighFrom {
			want = rank.High
		} else if p >= rank.MediumFrom {
			want = rank.Medium
		}
		if r.Probability != p || r.Band != want || bands.Name(r.Cross.Score) != want {
			t.Errorf("logit %v: probability %v, band %s; want %v, %s", r.Cross.Score, r.Probability, r.Band, p, want)
		}
	}
	if c, err := plain.Compare(t.Context(), "one"); err != nil || c.Calibrated || c.Bands != "" || c.Rows[0].Probability != calibration.Sigmoid().Probability(c.Rows[0].Cross.Score) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, _, err := e.Bands(Off); err == nil {
		t.Error("no reranker has bands")
	}
}
