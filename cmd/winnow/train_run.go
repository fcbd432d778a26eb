// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/train"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

// trained is what --json prints.
type trained struct {
	Out        string            `json:"out"`
	Model      string            `json:"model"`
	Kind       string            `json:"kind"`
	Loss       string            `json:"loss"`
	Rows       int               `json:"rows"`
	HeldOut    int               `json:"held_out,omitempty"`
	Steps      int               `json:"steps"`
	Seconds    float64           `json:"seconds"`
	Tokens     int               `json:"tokens"`
	FirstLoss  float64           `json:"first_loss"`
	LastLoss   float64           `json:"last_loss"`
	Measure    string            `json:"measure,omitempty"`
	Best       *float64          `json:"best,omitempty"`
	BestStep   int               `json:"best_step,omitempty"`
	Before     *float64          `json:"before,omitempty"`
	Stopped    bool              `json:"stopped_early,omitempty"`
	Judgements []train.Judgement `json:"judgements,omitempty"`
	Plot       string            `json:"plot,omitempty"`

	losses []lossPoint
}

// lossPoint is the mean loss of some steps up to one.
type lossPoint struct {
	step  int
	value float64
}

// share of all rows that a row's query lies at, from 0 to 1: rows of one query are held out together.
func share(anchor string, seed int) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, anchor)
	return float64(h.Sum64()>>11) / (1 << 53)
}

// splitRows gives the rows to train on, and those that are held out.
func (f *trainFlags) splitRows(paths []string) (rows func() iter.Seq2[dataset.Row, error], held []dataset.Row, err error) {
	all := func() iter.Seq2[dataset.Row, error] { return dataset.Rows(paths, dataset.Options{Split: f.split}) }
	if f.holdOut == 0 {
		return all, nil, nil
	}
	n := 0
	for _, err := range all() {
		if err != nil {
			return nil, nil, err
		}
		n++
	}
	part := float64(f.holdOut) / float64(max(n, 1))
	if part > 0.5 {
		return nil, nil, fmt.Errorf("--hold-out is %d of %d rows: leave at least half of them to train on", f.holdOut, n)
	}
	for r := range all() {
		if share(r.Anchor, f.seed) < part {
			held = append(held, r)
		}
	}
	return func() iter.Seq2[dataset.Row, error] {
		return func(yield func(dataset.Row, error) bool) {
			for r, err := range all() {
				if (err != nil || share(r.Anchor, f.seed) >= part) && !yield(r, err) {
					return
				}
			}
		}
	}, held, nil
}

func (a *app) train(cmd *cobra.Command, f *trainFlags, kind string, data []string) error {
	if err := f.check(cmd, kind, data); err != nil {
		return err
	}
	ctx := cmd.Context()
	rows, held, err := f.splitRows(data)
	if err != nil {
		return err
	}
	judge, err := f.judge(held)
	if err != nil {
		return err
	}
	m, err := model.Open(f.model)
	if err != nil {
		return err
	}
	defer m.Close()
	task, closeTeacher, err := f.task(kind, m)
	if err != nil {
		return err
	}
	defer closeTeacher()

	out := &trained{Out: f.out, Model: m.Name, Kind: kind, Loss: f.loss, HeldOut: len(held)}
	bar := &trainBar{evalBar: evalBar{progress: progress{out: a.stderr, start: time.Now()}}}
	plan := train.Plan{Rows: rows, Patience: f.patience, Checkpoint: f.checkpoint, CheckpointEvery: f.saveEvery, ValidateEvery: f.every}
	if judge != nil {
		bar.begin("measuring")
		before, err := judge.Validate(ctx, task)
		if err != nil {
			return err
		}
		out.Measure, out.Before = judge.Measure.String(), &before
		plan.Validate = judge.Validate
		if plan.ValidateEvery == 0 {
			if plan.ValidateEvery, err = f.tenth(task, rows()); err != nil {
				return err
			}
		}
	}
	start := time.Now()
	plan.Done = func(s train.Step) error {
		out.add(s)
		bar.step(s)
		return nil
	}
	result, err := task.Run(ctx, plan)
	bar.clear()
	out.Seconds = time.Since(start).Seconds()
	if err != nil {
		var bad *train.NotFiniteError
		if ctx.Err() != nil && !errors.As(err, &bad) && result != nil && result.Steps > 0 {
			a.note(fmt.Sprintf("step %s is kept in %s: the same command goes on from there", term.Count(result.Steps), f.checkpoint))
		}
		return err
	}
	out.finish(result)
	return a.finishTraining(f, task, result, out, data)
}

// tenth is a tenth of the steps of a run.
func (f *trainFlags) tenth(t *train.Task, rows iter.Seq2[dataset.Row, error]) (int, error) {
	steps := f.steps
	if steps == 0 {
		n, err := t.Count(rows)
		if err != nil {
			return 0, err
		}
		steps = int(math.Ceil(f.epochs * math.Ceil(float64(n)/float64(f.batch)) / float64(f.accumulate)))
	}
	return max(1, steps/10), nil
}

// task is the model with its loss.
func (f *trainFlags) task(kind string, m *model.Model) (*train.Task, func(), error) {
	settings := loss.Settings{Scale: f.scale, Margin: f.margin, Mask: f.mask, Temperature: f.temperature}
	nothing := func() {}
	if kind == "cross" {
		l, err := loss.NamedCross(f.loss, settings)
		if err != nil {
			return nil, nothing, err
		}
		task, err := train.Cross(m, l, f.options())
		return task, nothing, err
	}
	l, err := loss.NamedBi(f.loss, settings)
	if err != nil {
		return nil, nothing, err
	}
	if len(f.matryoshka) > 0 {
		l = loss.Matryoshka{Of: l, Dims: append([]int{m.Dim()}, f.matryoshka...)}
		for _, d := range f.matryoshka {
			if d < 1 || d >= m.Dim() {
				return nil, nothing, fmt.Errorf("--matryoshka %d: the model has %d dimensions; take fewer", d, m.Dim())
			}
		}
	}
	if f.teacher == "" {
		task, err := train.Bi(m, l, nil, f.options())
		return task, nothing, err
	}
	teacher, err := encoder.OpenBi(f.teacher, encoder.Threads(f.threads), encoder.AtPrecision(encoder.FP32))
	if err != nil {
		return nil, nothing, err
	}
	closeTeacher := func() { _ = teacher.Close() } // only read: nothing can be lost
	task, err := train.Bi(m, l, teacher, f.options())
	if err != nil {
		closeTeacher()
	}
	return task, closeTeacher, err
}

// add takes over a step.
func (t *trained) add(s train.Step) {
	if t.Tokens == 0 {
		t.FirstLoss = s.Loss
	}
	t.Tokens += s.Tokens
	t.LastLoss = s.Loss
	if len(t.losses) == 0 || s.Number-t.losses[len(t.losses)-1].step >= max(1, s.Of/500) {
		t.losses = append(t.losses, lossPoint{s.Number, s.Loss})
		return
	}
	last := &t.losses[len(t.losses)-1]
	last.value += (s.Loss - last.value) * 0.2 // smoothed
}

func (t *trained) finish(r *train.Result) {
	t.Rows, t.Steps, t.Stopped, t.Judgements = r.Rows, r.Steps, r.Stopped, r.Judgements
	if !math.IsNaN(r.Best) {
		t.Best, t.BestStep = &r.Best, r.BestStep
	}
}

// finishTraining writes the model and says what it came to.
func (a *app) finishTraining(f *trainFlags, task *train.Task, result *train.Result, out *trained, data []string) error {
	tier, _ := kernel.Active()
	card := train.Card{
		Start: f.model, Kind: out.Kind, Loss: f.loss, Options: *f.options(), Result: result, Seconds: out.Seconds, Version: version(), Tier: string(tier),
	}
	for _, path := range data {
		n := 0
		for _, err := range dataset.Rows([]string{path}, dataset.Options{Split: f.split}) {
			if err == nil {
				n++
			}
		}
		card.Data = append(card.Data, train.Data{Path: path, Rows: n, Licence: f.licence})
	}
	if err := task.Save(f.out, map[string][]byte{"README.md": card.Markdown()}); err != nil {
		return err
	}
	if f.plot != "" {
		if err := out.draw(f.plot); err != nil {
			return err
		}
		out.Plot = f.plot
	}
	if err := os.RemoveAll(f.checkpoint); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(out)
	}
	a.printTrained(out)
	return nil
}
