// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"time"

	"github.com/winnow-search/winnow/train/dataset"
)

// Step is what is known after a step of the optimizer.
type Step struct {
	Number, Of int     // from 1
	Epoch      float64 // passes over the data so far
	Loss       float64 // the mean of the step's batches
	Rate       float64 // the learning rate
	Norm       float64 // the gradient's length before clipping
	Tokens     int     // of the step's inputs
	Seconds    float64 // of this step, without validation and checkpoints
}

// Plan is a training run.
type Plan struct {
	// Rows gives the data anew, in the same order each time it is called.
	Rows func() iter.Seq2[dataset.Row, error]
	// Checked, which may be nil, is told how many rows have been counted and checked, before the first step.
	Checked func(rows int)
	// Done is told of each step; an error ends the run with it.
	Done func(Step) error
	// Validate judges the model as it is; higher is better. It may be nil. It is called before the first step, every
	// ValidateEvery steps (a tenth of all if 0), and after the last. The best model after a step is kept.
	Validate      func(context.Context, *Task) (float64, error)
	ValidateEvery int
	// Judged, which may be nil, is told what Validate said.
	Judged func(Judgement)
	// Measured says what Validate measures and on what: a run goes on from a checkpoint with the same only.
	Measured string
	// Patience ends the run after so many judgements in a row without a better one; 0 for never.
	Patience int
	// Checkpoint is a directory to keep the state of the run in, and to go on from if there is one; "" for none.
	Checkpoint      string
	CheckpointEvery int // steps; 0 for only when the context ends
	// Changed lets a run go on from a checkpoint of other data or settings: after a loss that was no number, for
	// instance, with a lower learning rate. Its result is then no longer that of one run.
	Changed bool
}

// Result is what a run came to, interruptions included.
type Result struct {
	Steps      int
	Rows       int
	Sources    map[string]int // rows of each file or folder, by the name that their places have
	Digest     string         // of the rows
	Saved      int            // the step of the last checkpoint; -1 if there is none
	Tokens     int            // of all inputs
	Seconds    float64        // of all steps, without validation and checkpoints
	Curve      []Mean         // the loss, in at most 100 stretches of about as many steps
	Best       float64        // the best judgement; NaN without validation
	BestStep   int
	Stopped    bool        // early, for lack of progress
	Judgements []Judgement // in order; the first, of step 0, is of the model before training
}

// Mean is the mean loss of some steps that follow each other.
type Mean struct {
	Step  int     `json:"step"`  // the last of them
	Steps int     `json:"steps"` // how many they are
	Loss  float64 `json:"loss"`
}

// mostMeans is how many stretches the curve of a run has at most.
const mostMeans = 100

// note adds a step to the curve and the sums.
func (r *Result) note(s *Step) {
	r.Steps = s.Number
	r.Tokens += s.Tokens
	r.Seconds += s.Seconds
	each := (s.Of + mostMeans - 1) / mostMeans
	if n := len(r.Curve); n == 0 || r.Curve[n-1].Steps >= each { // above it where the number of steps was changed
		r.Curve = append(r.Curve, Mean{})
	}
	m := &r.Curve[len(r.Curve)-1]
	m.Step = s.Number
	m.Steps++
	m.Loss += (s.Loss - m.Loss) / float64(m.Steps)
}

// Losses are the mean losses of the first and the last tenth of the curve: single batches say little.
func (r *Result) Losses() (first, last float64) {
	n := (len(r.Curve) + 9) / 10
	for i := range n {
		first += r.Curve[i].Loss / float64(n)
		last += r.Curve[len(r.Curve)-1-i].Loss / float64(n)
	}
	return first, last
}

// Judgement is what validation said after a step.
type Judgement struct {
	Step  int     `json:"step"`
	Value float64 `json:"value"`
}

// NotFiniteError is a loss or gradient that is not a number.
type NotFiniteError struct {
	Step       int
	What       string // "loss" or "gradient"
	First      dataset.Place
	Last       dataset.Place
	Checkpoint string // directory with the last good state; "" if none was written
	Saved      int    // its step
}

// Error implements error.
func (e *NotFiniteError) Error() string {
	return fmt.Sprintf("the %s of step %d is not a finite number; its batch has rows such as %s and %s: lower the learning rate, or look at these rows", e.What, e.Step, e.First, e.Last)
}

// count goes through the data once, checks every row, and returns a result that says how many there are, and a digest of them.
func (t *Task) count(ctx context.Context, p *Plan) (result Result, err error) {
	result = Result{Sources: map[string]int{}, Saved: -1, Best: math.NaN()}
	seen, h := map[float64]bool{}, fnv.New64a()
	for r, err := range p.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = t.check(r)
		}
		if err != nil {
			return result, err
		}
		result.Rows++
		result.Sources[r.Place.File]++
		r.Digest(h)
		t.widest = max(t.widest, 2+len(r.Negatives))
		if len(seen) < 2 {
			for _, v := range t.targets(r) {
				seen[v] = true
			}
		}
		if p.Checked != nil {
			p.Checked(result.Rows)
		}
	}
	if result.Rows == 0 {
		return result, errors.New("the data have no rows")
	}
	if t.alone(result.Rows) {
		return result, errors.New("a batch is one row, and the loss compares rows of a batch with each other: take more rows at a time")
	}
	if len(seen) == 1 {
		return result, fmt.Errorf("all %d rows have one label and no negatives: the loss would teach the model to say always the same", result.Rows)
	}
	result.Digest = fmt.Sprintf("%016x", h.Sum64())
	return result, nil
}

// alone reports whether a batch is one row that the loss has nothing to compare with. Losses that read labels read no negatives.
func (t *Task) alone(rows int) bool {
	if t.bi == nil || min(rows, t.options.BatchSize) > 1 {
		return false
	}
	needs := t.bi.Needs()
	return needs.Company && (needs.Label || t.widest == 2)
}

// targets are what the loss wants the model to say of a row's pairs; nothing if it compares pairs with each other.
func (t *Task) targets(r dataset.Row) []float64 {
	switch {
	case t.cross == nil && !t.bi.Needs().Label:
		return nil
	case t.cross == nil:
		return []float64{r.Label}
	case r.Scores != nil && t.cross.Needs().Targets:
		return r.Scores
	}
	list := []float64{1}
	if r.HasLabel {
		list[0] = r.Label
	}
	if len(r.Negatives) > 0 {
		list = append(list, 0)
	}
	return list
}

// Run trains. When the context ends, it writes a checkpoint and returns the context's error.
func (t *Task) Run(ctx context.Context, p Plan) (*Result, error) {
	o := t.options
	counted, err := t.count(ctx, &p)
	if err != nil {
		return nil, err
	}
	r := &runner{Task: t, plan: p, result: counted}
	r.perEpoch = (counted.Rows + o.BatchSize - 1) / o.BatchSize
	if r.total = o.Steps; r.total == 0 {
		r.total = max(1, int(math.Ceil(o.Epochs*float64((r.perEpoch+o.Accumulate-1)/o.Accumulate))))
	}
	if p.ValidateEvery == 0 {
		r.plan.ValidateEvery = max(1, r.total/10)
	}
	r.optimizer = newOptimizer(o, t.network.parameters())
	if len(r.optimizer.parameters) == 0 {
		return nil, errors.New("everything is frozen: nothing is left to train")
	}
	if err := t.checkMemory(o.BatchSize*t.widest*t.limit, p.Validate != nil); err != nil {
		return nil, err
	}
	if err := r.resume(); err != nil {
		return nil, err
	}
	err = r.loop(ctx)
	if err != nil && ctx.Err() != nil && p.Checkpoint != "" {
		err = errors.Join(r.save(), err)
	}
	if err != nil {
		return &r.result, err
	}
	return &r.result, r.finish()
}

// runner is a run under way.
type runner struct {
	*Task
	plan      Plan
	optimizer *optimizer
	total     int // steps
	perEpoch  int // batches
	batches   int // done, all epochs together
	applied   int // of them, those whose gradients made a step: where a checkpoint goes on
	result    Result
	sinceBest int         // judgements
	best      [][]float32 // the best values so far; nil without validation
}

// loop makes the steps that are left.
func (r *runner) loop(ctx context.Context) error {
	if err := r.validate(ctx); err != nil { // before the first step, or where the run was interrupted
		return err
	}
	for r.optimizer.step < r.total && !r.result.Stopped {
		epoch, skip := r.batches/r.perEpoch, r.batches%r.perEpoch
		var step *Step
		var started time.Time
		waiting := 0 // batches whose gradients are not applied
		for rows, err := range r.options.batches(r.plan.Rows(), epoch) {
			if err != nil {
				return err
			}
			if skip > 0 {
				skip--
				continue
			}
			if step == nil {
				step, started = &Step{}, time.Now()
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			// The last step of an epoch may have fewer batches.
			of := min(r.options.Accumulate, r.perEpoch-(r.batches%r.perEpoch-waiting))
			if err := r.batch(ctx, rows, step, 1/float64(of)); err != nil {
				return err
			}
			r.batches++
			waiting++
			if waiting < r.options.Accumulate && r.batches%r.perEpoch != 0 {
				continue
			}
			if err := r.step(ctx, rows, step, started); err != nil {
				return err
			}
			step, waiting = nil, 0
			if r.optimizer.step >= r.total || r.result.Stopped {
				break
			}
		}
	}
	return nil
}

// batch adds a batch's gradients, times weight.
func (r *runner) batch(ctx context.Context, rows []dataset.Row, step *Step, weight float64) error {
	b, err := r.prepare(ctx, rows)
	if err != nil {
		return err
	}
	value, err := r.gradients(b, r.options.Seed^uint64(r.batches+1)*0xbf58476d1ce4e5b9, weight)
	if err != nil {
		return err
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return r.notFinite("loss", rows)
	}
	step.Loss += value * weight
	step.Tokens += len(b.input.IDs)
	return nil
}

func (r *runner) notFinite(what string, rows []dataset.Row) error {
	e := &NotFiniteError{Step: r.optimizer.step + 1, What: what, First: rows[0].Place, Last: rows[len(rows)-1].Place}
	if r.result.Saved >= 0 {
		e.Checkpoint, e.Saved = r.plan.Checkpoint, r.result.Saved
	}
	return e
}

// step applies the gradients and does what is due after a step.
func (r *runner) step(ctx context.Context, rows []dataset.Row, s *Step, started time.Time) error {
	s.Norm = r.optimizer.norm()
	if math.IsNaN(s.Norm) || math.IsInf(s.Norm, 0) {
		return r.notFinite("gradient", rows)
	}
	s.Rate = r.options.rate(r.optimizer.step, r.total)
	r.optimizer.apply(s.Rate, s.Norm)
	r.network.pack()
	r.applied = r.batches
	s.Number, s.Of, s.Epoch = r.optimizer.step, r.total, float64(r.batches)/float64(r.perEpoch)
	s.Seconds = time.Since(started).Seconds()
	r.result.note(s)
	if r.plan.Done != nil {
		if err := r.plan.Done(*s); err != nil {
			return err
		}
	}
	if err := r.validate(ctx); err != nil {
		return err
	}
	if r.plan.Checkpoint != "" && r.plan.CheckpointEvery > 0 && s.Number%r.plan.CheckpointEvery == 0 {
		return r.save()
	}
	return nil
}

// validate judges the model, or its average, if that is due at this step, and keeps it if it is the best.
func (r *runner) validate(ctx context.Context) error {
	step, done := r.optimizer.step, -1
	if n := len(r.result.Judgements); n > 0 {
		done = r.result.Judgements[n-1].Step
	}
	if r.plan.Validate == nil || done >= step || step%r.plan.ValidateEvery != 0 && step != r.total {
		return nil
	}
	r.swap()
	defer r.swap()
	value, err := r.plan.Validate(ctx, r.Task)
	if err != nil {
		return err
	}
	if math.IsNaN(value) {
		return fmt.Errorf("validation after step %d gives no number", step)
	}
	r.result.Judgements = append(r.result.Judgements, Judgement{step, value})
	if r.plan.Judged != nil {
		r.plan.Judged(Judgement{step, value})
	}
	if step == 0 {
		return nil
	}
	if !(value <= r.result.Best) { // the first, too, where Best is NaN
		r.result.Best, r.result.BestStep, r.sinceBest = value, step, 0
		r.best = r.best[:0]
		for _, p := range r.optimizer.parameters {
			r.best = append(r.best, append([]float32(nil), p.Value...))
		}
		return nil
	}
	r.sinceBest++
	r.result.Stopped = r.impatient()
	return nil
}

// impatient says whether there has been no progress for too long.
func (r *runner) impatient() bool { return r.plan.Patience > 0 && r.sinceBest >= r.plan.Patience }

// swap exchanges weights and averages, if there are averages.
func (r *runner) swap() {
	if r.optimizer.average != nil {
		r.optimizer.swap()
		r.network.pack()
	}
}

// finish leaves the model with the values to be used: the best, or the average, or the last.
func (r *runner) finish() error {
	if r.best != nil {
		for i, p := range r.optimizer.parameters {
			copy(p.Value, r.best[i])
		}
	} else {
		r.swap()
	}
	r.network.pack()
	return nil
}
