// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

// heldOut is a judge of some rows that are not trained on.
func heldOut(t *testing.T) *Judge {
	t.Helper()
	var list []dataset.Row
	for r, err := range rows(60)() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	j, err := HoldOut(list[50:], false, DefaultMeasure())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Wherever a run is interrupted, between batches of a step or in a validation, it ends as if it had not been: weights, curve and
// judgements.
func TestInterruptionsLeaveNoTrace(t *testing.T) {
	judge := heldOut(t)
	start := func() *Task {
		t.Helper()
		o := options()
		o.Accumulate, o.BatchSize, o.Steps = 3, 4, 12
		task, err := Bi(openModel(t, "bi-mean"), loss.MultipleNegativesRanking{}, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		return task
	}
	plan := func(p Plan) Plan {
		p.Rows, p.Validate, p.ValidateEvery, p.Measured = rows(50), judge.Validate, 3, "held out"
		return p
	}
	whole := start()
	want, err := whole.Run(t.Context(), plan(Plan{}))
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Judgements) != 5 || want.Judgements[0].Step != 0 || len(want.Curve) != 12 {
		t.Fatalf("%+v", want)
	}
	dir := t.TempDir()
	for n := 1; ; n++ {
		task := start()
		ctx := &countdown{Context: t.Context(), left: 50 + n} // one look for each row that is counted, and some more
		got, err := task.Run(ctx, plan(Plan{Checkpoint: dir}))
		if errors.Is(err, context.Canceled) {
			if n == 100 {
				t.Fatal("no end")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n < 7 {
			t.Errorf("only %d runs: too few interruptions to mean much", n)
		}
		if !equal(values(whole), values(task)) {
			t.Error("the weights differ")
		}
		got.Seconds, want.Seconds, got.Saved = 0, 0, -1
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		return
	}
}

func TestCheckpointsOfOtherRunsAreRefused(t *testing.T) {
	dir := t.TempDir()
	run := func(m string, l loss.Bi, n int, change func(*Options), p Plan) error {
		t.Helper()
		o := options()
		o.Steps = 4
		change(o)
		task, err := Bi(openModel(t, m), l, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		p.Rows, p.Checkpoint, p.CheckpointEvery = rows(n), dir, 2
		_, err = task.Run(t.Context(), p)
		return err
	}
	same := func(*Options) {}
	mnr := loss.MultipleNegativesRanking{}
	if err := run("bi-mean", mnr, 20, same, Plan{}); err != nil {
		t.Fatal(err)
	}
	if err := run("bi-mean", mnr, 20, func(o *Options) { o.Threads = 1 }, Plan{}); err != nil {
		t.Errorf("another number of threads: %v", err)
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"model":    {run("bi-cls", mnr, 20, same, Plan{}), "is of another model"},
		"rate":     {run("bi-mean", mnr, 20, func(o *Options) { o.Rate = 0.5 }, Plan{}), "(learning rate: 0.001, now 0.5): go on with those"},
		"rows":     {run("bi-mean", mnr, 21, same, Plan{}), "rows: 20, now 21"},
		"loss":     {run("bi-mean", loss.MultipleNegativesRanking{Scale: 1}, 20, same, Plan{}), "loss: "},
		"validate": {run("bi-mean", mnr, 20, same, Plan{Validate: heldOut(t).Validate, Measured: "x"}), "validation: "},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, tt.err, tt.want)
		}
	}
	if err := run("bi-mean", mnr, 20, func(o *Options) { o.Rate, o.Steps = 1e-4, 6 }, Plan{Changed: true}); err != nil {
		t.Errorf("a change that is allowed: %v", err)
	}
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, len(data) / 2, len(data) - 1} {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run("bi-mean", mnr, 20, same, Plan{}); err == nil || !strings.Contains(err.Error(), "remove it to start anew") {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// The last good checkpoint outlives a loss that is no number, and the error names it.
func TestNotFiniteKeepsTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	task, err := Bi(openModel(t, "bi-mean"), &boom{}, nil, options())
	if err != nil {
		t.Fatal(err)
	}
	_, err = task.Run(t.Context(), Plan{Rows: rows(20), Checkpoint: dir, CheckpointEvery: 1})
	var bad *NotFiniteError
	if !errors.As(err, &bad) || bad.Step != 3 || bad.Checkpoint != dir || bad.Saved != 2 || bad.First.File != "made.jsonl" {
		t.Fatalf("%+v: %v", bad, err)
	}
	if _, err := os.Stat(filepath.Join(dir, stateFile)); err != nil {
		t.Error(err)
	}
}

func TestRemoveCheckpointRemovesNothingElse(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{stateFile, "." + stateFile + ".123", "mine.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveCheckpoint(dir); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "mine.txt" {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := os.Remove(filepath.Join(dir, "mine.txt")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // an empty directory, then none
		if err := RemoveCheckpoint(dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestHoldOut(t *testing.T) {
	pair := func(a, b string, label float64) dataset.Row {
		return dataset.Row{Anchor: a, Positive: b, Label: label, HasLabel: label >= 0}
	}
	j, err := HoldOut([]dataset.Row{pair("q", "good", 1), pair("q", "fair", 0.6), pair("q", "bad", 0.2), pair("z", "none", 0)}, true, DefaultMeasure())
	if err != nil || len(j.Collection.Queries) != 1 || !reflect.DeepEqual(map[string]int(j.Collection.Qrels["q1"]), map[string]int{"1": 1, "2": 1, "3": 0}) || len(j.Candidates["q1"]) != 3 {
		t.Errorf("labels: %+v, %v", j, err)
	}
	answers := []dataset.Row{pair("q", "a", -1), pair("r", "b", -1)}
	if j, err := HoldOut(answers, false, DefaultMeasure()); err != nil || j.Candidates != nil || len(j.Collection.Docs) != 2 {
		t.Errorf("pairs for a bi-encoder: %+v, %v", j, err)
	}
	if _, err := HoldOut(answers, true, DefaultMeasure()); err == nil || !strings.Contains(err.Error(), "winnow mine") {
		t.Errorf("pairs for a cross-encoder: %v", err)
	}
	if _, err := HoldOut(nil, false, DefaultMeasure()); err == nil || !strings.Contains(err.Error(), "nothing to measure") {
		t.Errorf("no rows: %v", err)
	}
}

// A model trained as a residual is judged as one: what it was told of the candidates counts.
func TestHoldOutWithPrior(t *testing.T) {
	rows := []dataset.Row{{Anchor: "q", Positive: "c", Negatives: []string{"a", "b"}, Scores: []float64{0.9, 0.2, 0.1}}}
	task, err := Cross(openModel(t, "cross-default"), loss.Softmax{}, options())
	if err != nil {
		t.Fatal(err)
	}
	j, err := HoldOut(rows, true, DefaultMeasure())
	if err != nil {
		t.Fatal(err)
	}
	for prior, want := range map[float64]float64{1e6: 1, -1e6: 0.5} { // first of three, and last
		j.Prior = prior
		if got, err := j.Validate(t.Context(), task); err != nil || got != want {
			t.Errorf("prior %v: %v, want %v; %v", prior, got, want, err)
		}
	}
}

func TestOneClassIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		loss loss.Cross
		rows []dataset.Row
		bad  bool
	}{
		"same labels":     {loss.BinaryCrossEntropy{}, []dataset.Row{{Anchor: "a", Positive: "b", Label: 1, HasLabel: true}, {Anchor: "c", Positive: "d"}}, true},
		"two labels":      {loss.BinaryCrossEntropy{}, []dataset.Row{{Anchor: "a", Positive: "b", HasLabel: true}, {Anchor: "c", Positive: "d"}}, false},
		"negatives":       {loss.BinaryCrossEntropy{}, []dataset.Row{{Anchor: "a", Positive: "b", Negatives: []string{"c"}}}, false},
		"teacher's":       {loss.SquaredError{}, []dataset.Row{{Anchor: "a", Positive: "b", Scores: []float64{1}}, {Anchor: "a", Positive: "c", Scores: []float64{2}}}, false},
		"teacher's, same": {loss.SquaredError{}, []dataset.Row{{Anchor: "a", Positive: "b", Scores: []float64{1}}}, true},
	} {
		task, err := Cross(openModel(t, "cross-default"), tt.loss, options())
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		counted, err := task.count(t.Context(), &Plan{Checked: func(n int) { checked = n }, Rows: func() iter.Seq2[dataset.Row, error] {
			return func(yield func(dataset.Row, error) bool) {
				for _, r := range tt.rows {
					if !yield(r, nil) {
						return
					}
				}
			}
		}})
		if checked != len(tt.rows) || counted.Rows != checked || counted.Sources[""] != checked {
			t.Errorf("%s: %d rows checked, %+v", name, checked, counted)
		}
		if (err != nil) != tt.bad || err != nil && !strings.Contains(err.Error(), "have one label") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLossesAreMeansOfTenths(t *testing.T) {
	r := &Result{}
	for n := 1; n <= 2000; n++ {
		r.note(&Step{Number: n, Of: 2000, Loss: float64(n), Tokens: 2, Seconds: 0.5})
	}
	first, last := r.Losses()
	if len(r.Curve) != 100 || r.Curve[99].Step != 2000 || r.Curve[0].Loss != 10.5 || math.Abs(first-100.5) > 1e-9 || math.Abs(last-1900.5) > 1e-9 || r.Tokens != 4000 || r.Seconds != 1000 {
		t.Errorf("%d means, first %v, last %v", len(r.Curve), first, last)
	}
}

// countdown is a context that ends when it has been looked at so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}
