// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"math"
	"testing"

	"github.com/winnow-search/winnow/train/loss"
)

// The last step of an epoch has fewer batches, and is their mean all the same.
func TestShortStepsAreMeans(t *testing.T) {
	losses := func(accumulate int) (list []float64) {
		o := options()
		o.Rate, o.WarmUp, o.Dropout, o.Average, o.Accumulate, o.Steps, o.Epochs = 1e-12, 0, 0, 0, accumulate, 0, 1
		task, err := Bi(openModel(t, "bi-mean"), loss.MultipleNegativesRanking{}, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := task.Run(t.Context(), Plan{Rows: rows(48), Done: func(s Step) error {
			list = append(list, s.Loss)
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	single, steps := losses(1), losses(4)
	if len(single) != 6 || len(steps) != 2 {
		t.Fatalf("%d and %d steps", len(single), len(steps))
	}
	for i, want := range []float64{(single[0] + single[1] + single[2] + single[3]) / 4, (single[4] + single[5]) / 2} {
		if math.Abs(steps[i]-want) > 1e-6 {
			t.Errorf("step %d: loss %v, the mean of its batches is %v", i+1, steps[i], want)
		}
	}
}

// What was the best by a measure is not given back by a run that has none, or another.
func TestAChangedMeasureForgetsTheBest(t *testing.T) {
	dir := t.TempDir()
	run := func(steps int, p Plan) (*Task, *Result) {
		o := options()
		o.Steps, o.Average = steps, 0
		task, err := Bi(openModel(t, "bi-mean"), loss.MultipleNegativesRanking{}, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		p.Rows, p.Checkpoint, p.CheckpointEvery, p.ValidateEvery = rows(48), dir, 2, 2
		r, err := task.Run(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return task, r
	}
	falling := 1.0
	validate := func(context.Context, *Task) (float64, error) {
		falling /= 2
		return falling, nil
	}
	first, r := run(4, Plan{Validate: validate, Measured: "x"})
	if r.BestStep != 2 {
		t.Fatalf("best at step %d", r.BestStep)
	}
	best := values(first)
	last, r := run(8, Plan{Changed: true})
	if !math.IsNaN(r.Best) || len(r.Judgements) != 0 || r.Steps != 8 || equal(values(last), best) {
		t.Errorf("best %v at %d, judged %v, after %d steps", r.Best, r.BestStep, r.Judgements, r.Steps)
	}
	if n := len(r.Curve); n < 2 {
		t.Errorf("the curve has %d points", n)
	}
	if _, r = run(10, Plan{Changed: true, Validate: validate, Measured: "y"}); r.BestStep <= 4 {
		t.Errorf("best at step %d, %v", r.BestStep, r.Judgements)
	}
}
