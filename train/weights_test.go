// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
)

// saved are the parameters of a task's model as it is written and read again.
func saved(t *testing.T, task *Task) [][]float32 {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "saved")
	if err := task.Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	again, err := Bi(m, task.bi, nil, plain())
	if err != nil {
		t.Fatal(err)
	}
	return values(again)
}

// The average of weights is the one of the formula, is what is measured, and is what is saved.
func TestAveragesAreThoseOfTheFormula(t *testing.T) {
	for _, measured := range []bool{false, true} {
		o := briefly()
		o.Steps, o.Average, o.Threads = 4, 0.2, 2 // above it from the third step on: by the formula 1/11, 2/12, 3/13
		task := newTask(t, "bi", o)
		var average [][]float64
		for _, x := range values(task) {
			list := make([]float64, len(x))
			for i, v := range x {
				list[i] = float64(v)
			}
			average = append(average, list)
		}
		off := func(list [][]float32) (most float64) {
			for i, x := range list {
				for j, v := range x {
					most = max(most, math.Abs(float64(v)-average[i][j]))
				}
			}
			return most
		}
		judged := 0
		plan := Plan{Rows: rows(16), Done: func(s Step) error {
			keep := min(o.Average, float64(s.Number)/float64(s.Number+10))
			for i, p := range task.network.parameters() {
				for j, v := range p.Value {
					average[i][j] = keep*average[i][j] + (1-keep)*float64(v)
				}
			}
			return nil
		}}
		if measured {
			plan.ValidateEvery = 1
			plan.Validate = func(_ context.Context, task *Task) (float64, error) {
				judged++
				if d := off(values(task)); d > 1e-6 {
					t.Errorf("after %d steps what is measured is off by %v", judged-1, d)
				}
				return float64(judged), nil // the last is the best
			}
		}
		if _, err := task.Run(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if d := off(values(task)); d > 1e-6 {
			t.Errorf("measured %v: the average is off by %v", measured, d)
		}
		if !equal(saved(t, task), values(task)) {
			t.Errorf("measured %v: the model that is saved is another", measured)
		}
		if measured && judged != 5 {
			t.Errorf("measured %d times", judged)
		}
		vectors, _, err := task.Embed(t.Context(), someTexts, encoder.Document)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Bi(openModel(t, "bi-mean"), task.bi, nil, plain())
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range b.network.parameters() {
			copy(p.Value, values(task)[i])
		}
		b.network.pack()
		if again, _, err := b.Embed(t.Context(), someTexts, encoder.Document); err != nil || !slices.Equal(vectors, again) {
			t.Errorf("measured %v: vectors are not of the average, %v", measured, err)
		}
	}
}

// Patience ends a run, interrupted or not, and what it leaves and saves is what it had been at its best: the weights of a run of as many steps.
func TestPatienceLeavesTheBest(t *testing.T) {
	scripted := []float64{0.1, 0.2, 0.5, 0.4, 0.5, 0.45, 0.9, 0.9} // by step; three in a row after the second are not better
	for _, average := range []float64{0, 0.5} {
		run := func(steps int, p Plan) (*Task, *Result, error) {
			o := briefly()
			o.Schedule, o.WarmUp, o.Average, o.Steps, o.Dropout = Constant, 0, average, steps, 0
			task := newTask(t, "bi", o)
			p.Rows = rows(16)
			r, err := task.Run(t.Context(), p)
			return task, r, err
		}
		var at int // the step last made
		done := func(s Step) error {
			at = s.Number
			return nil
		}
		judge := Plan{ValidateEvery: 1, Patience: 3, Measured: "script", Done: done, Validate: func(context.Context, *Task) (float64, error) { return scripted[at], nil }}
		at = 0
		task, r, err := run(7, judge)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Stopped || r.Steps != 5 || r.BestStep != 2 || r.Best != 0.5 || len(r.Judgements) != 6 {
			t.Errorf("%+v", r)
		}
		short, _, err := run(2, Plan{})
		if err != nil {
			t.Fatal(err)
		}
		if !equal(values(task), values(short)) || !equal(saved(t, task), values(short)) {
			t.Errorf("average %v: the weights are not those of the second step", average)
		}

		// Interrupted after the fourth step, and gone on with.
		stop := errors.New("stop")
		interrupted := judge
		interrupted.Checkpoint, interrupted.CheckpointEvery = t.TempDir(), 1
		at = 0
		interrupted.Done = func(s Step) error {
			if at = s.Number; at == 5 {
				return stop
			}
			return nil
		}
		if _, _, err := run(7, interrupted); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		interrupted.Done = done
		again, r, err := run(7, interrupted)
		if err != nil || !r.Stopped || r.Steps != 5 || r.BestStep != 2 || !equal(values(again), values(short)) {
			t.Errorf("gone on with: %+v, %v", r, err)
		}
	}
}
