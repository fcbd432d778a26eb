// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"
	"testing"
)

// Rates are those of transformers' schedulers, and those that steps are made with.
func TestRatesAreThoseOfTransformers(t *testing.T) {
	r := readReference(t)
	for _, schedule := range []Schedule{Linear, CosineTo, Constant} {
		for name, part := range map[string]float64{"0": 0, "3": 0.1, "10": 0.31} { // of 30 steps 9.3 are rounded up
			want := r.Rates[string(schedule)+" "+name]
			if len(want) != 30 {
				t.Fatalf("the reference has %d rates of %s", len(want), schedule)
			}
			o := plain()
			o.Schedule, o.WarmUp, o.Rate = schedule, part, 0.5
			for i, w := range want {
				if got := o.rate(i, 30); math.Abs(got-0.5*w) > 1e-12 {
					t.Errorf("%s, warm-up of %s: rate %d is %v, want %v", schedule, name, i, got, 0.5*w)
				}
			}
		}
		for _, total := range []int{1, 2, 7} { // the last step changes something, even where all are a warm-up
			o := plain()
			o.Schedule, o.WarmUp = schedule, 1
			if last := o.rate(total-1, total); last != o.Rate {
				t.Errorf("%s: the last of %d steps of a warm-up has the rate %v", schedule, total, last)
			}
		}
	}
	o := briefly()
	o.Schedule, o.WarmUp, o.Steps = CosineTo, 0.5, 4
	var got []float64
	if _, err := newTask(t, "cross", o).Run(t.Context(), Plan{Rows: rows(16), Done: func(s Step) error {
		got = append(got, s.Rate/o.Rate)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, 0.5, 1, 0.5} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("rates of a run are %v", got)
			break
		}
	}
}
