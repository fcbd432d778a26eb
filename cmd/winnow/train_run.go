// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/train"
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

	data  []train.Data
	curve []train.Mean
	axis  string // what is measured
}

func (a *app) train(cmd *cobra.Command, f *trainFlags, kind string, data []string) error {
	if err := f.check(cmd, kind, data); err != nil {
		return err
	}
	ctx := cmd.Context()
	bar := &trainBar{evalBar: evalBar{progress: progress{out: a.stderr, start: time.Now()}}}
	rows, err := f.splitRows(ctx, data, func(n int) { bar.rows("reading rows", n, 0) })
	bar.clear()
	if err != nil {
		return err
	}
	judge, err := f.judge(rows.held, kind)
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
	a.notePrecision(f.precision, task.Precision())

	out := &trained{Out: f.out, Model: m.Name, Kind: kind, Loss: f.loss, HeldOut: len(rows.held), Measure: f.measured(judge), axis: f.aim.String()}
	bar.begin("")
	plan := train.Plan{
		Rows: rows.rows, Checked: func(n int) { bar.rows("checking rows", n, rows.left) },
		Patience: f.patience, Checkpoint: f.checkpoint, CheckpointEvery: f.saveEvery, Changed: f.changed, ValidateEvery: f.every, Measured: out.Measure,
		Done: func(s train.Step) error {
			bar.step(s)
			return nil
		},
	}
	if judge != nil {
		plan.Validate = func(ctx context.Context, t *train.Task) (float64, error) {
			bar.measuring(out.axis)
			return judge.Validate(ctx, t)
		}
		plan.Judged = func(j train.Judgement) { bar.judged(out.axis, j) }
	}
	result, err := task.Run(ctx, plan)
	bar.clear()
	if err != nil {
		return a.stoppedTraining(ctx, f, result, err)
	}
	out.finish(result)
	out.data = rows.sources(data, result.Sources, &f.licences)
	return a.finishTraining(f, task, result, out)
}

// stoppedTraining says what is left of a run that failed, and how to go on.
func (a *app) stoppedTraining(ctx context.Context, f *trainFlags, result *train.Result, err error) error {
	var bad *train.NotFiniteError
	var changed *train.ChangedError
	var memory *train.MemoryError
	switch {
	case errors.As(err, &bad) && bad.Checkpoint != "":
		a.note(fmt.Sprintf("the last good state, of step %s, is kept in %s: with a lower --rate or mended data, --changed goes on from there", term.Count(bad.Saved), bad.Checkpoint))
	case errors.As(err, &changed):
		return fmt.Errorf("%w; --changed goes on from step %s all the same", err, term.Count(changed.Step))
	case errors.As(err, &memory):
		return fmt.Errorf("%w (--chunk-tokens, --freeze)", err)
	case ctx.Err() != nil && result != nil && result.Saved == result.Steps:
		a.note(fmt.Sprintf("step %s is kept in %s: the same command goes on from there", term.Count(result.Steps), f.checkpoint))
	case ctx.Err() != nil && result != nil:
		a.warn(err.Error()) // the checkpoint could not be written
	}
	return err
}

// task is the model with its loss.
func (f *trainFlags) task(kind string, m *model.Model) (*train.Task, func(), error) {
	settings := f.settings()
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
	o := []encoder.Option{encoder.Threads(f.threads), encoder.AtPrecision(encoder.Precision(f.precision))}
	if l.Needs().Tokens {
		o = append(o, encoder.MaxTokens(f.maxTokens)) // token for token
	}
	teacher, err := encoder.OpenBi(f.teacher, o...)
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

func (t *trained) finish(r *train.Result) {
	t.Rows, t.Steps, t.Stopped, t.Judgements, t.Seconds, t.Tokens, t.curve = r.Rows, r.Steps, r.Stopped, r.Judgements, r.Seconds, r.Tokens, r.Curve
	t.FirstLoss, t.LastLoss = r.Losses()
	if len(r.Judgements) > 0 {
		t.Before, t.Best, t.BestStep = &r.Judgements[0].Value, &r.Best, r.BestStep
	}
}

// card is the model card.
func (f *trainFlags) card(task *train.Task, result *train.Result, out *trained) (*train.Card, error) {
	print, err := task.Model().Fingerprint()
	if err != nil {
		return nil, err
	}
	c := &train.Card{
		Name: filepath.Base(filepath.Clean(f.out)), Start: plainName(f.model), Fingerprint: print, Kind: out.Kind, Loss: f.loss,
		Settings: f.settings(), Matryoshka: f.matryoshka, Teacher: plainName(f.teacher),
		Data: out.data, HeldOut: out.HeldOut, Measure: out.Measure, Options: *f.options(), Result: result, Version: version(),
	}
	c.Options.Precision = task.Precision()
	return c, nil
}

// plainName is a model's name without what says only where it lies on this machine.
func plainName(name string) string {
	if _, err := os.Stat(name); err == nil {
		return filepath.Base(filepath.Clean(name))
	}
	return name
}

// finishTraining writes the model and says what it came to.
func (a *app) finishTraining(f *trainFlags, task *train.Task, result *train.Result, out *trained) error {
	card, err := f.card(task, result, out)
	if err == nil {
		err = task.Save(f.out, map[string][]byte{"README.md": card.Markdown()})
	}
	if err != nil {
		if result.Saved >= 0 {
			a.note(fmt.Sprintf("step %s is kept in %s: the same command goes on from there", term.Count(result.Saved), f.checkpoint))
		}
		return err
	}
	if f.plot != "" {
		if err := out.draw(f.plot); err != nil {
			return err
		}
		out.Plot = f.plot
	}
	if err := train.RemoveCheckpoint(f.checkpoint); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(out)
	}
	a.printTrained(out)
	return nil
}
