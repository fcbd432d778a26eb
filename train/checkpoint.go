// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/jsondiff"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model/safetensors"
)

// A checkpoint is one safetensors file: each parameter's value, the two means of AdamW, the average and the best values, and as
// metadata the state below. It is written whole or not at all.
const (
	stateFile   = "state.safetensors"
	stateKey    = "winnow.training"
	stateFormat = 1
)

// state is what a run goes on from, beside its tensors.
type state struct {
	Format      int         `json:"format"`
	Fingerprint string      `json:"fingerprint"` // of the model before training
	Settings    settings    `json:"settings"`
	Step        int         `json:"step"`
	Batches     int         `json:"batches"`
	SinceBest   int         `json:"since_best"`
	BestStep    int         `json:"best_step"`
	Best        *float64    `json:"best,omitempty"`
	Judgements  []Judgement `json:"judgements,omitempty"`
	Curve       []Mean      `json:"curve"`
	Tokens      int         `json:"tokens"`
	Seconds     float64     `json:"seconds"`
}

// settings are all that results depend on and that must be equal for a run to go on. Their names stand in errors.
type settings struct {
	Options
	Total         int    `json:"steps in all"`
	Rows          int    `json:"rows"`
	Data          string `json:"data"`
	Loss          string `json:"loss"`
	Teacher       string `json:"teacher"`
	Validation    string `json:"validation"`
	ValidateEvery int    `json:"steps between validations"`
	Patience      int    `json:"patience"`

	// What products are computed in, which the options only wish for, and by which instructions: sums of other tiers are others.
	InUse encoder.Precision `json:"precision in use"`
	Tier  kernel.Tier       `json:"SIMD tier"`
}

func (r *runner) settings() (settings, error) {
	s := settings{
		Options: *r.options, Total: r.total, Rows: r.result.Rows, Data: r.result.Digest,
		ValidateEvery: r.plan.ValidateEvery, Patience: r.plan.Patience, InUse: r.Precision(),
	}
	s.Tier, _ = kernel.Active() // a wrong WINNOW_SIMD is for the command to report
	s.Threads = 0               // no result depends on them
	if r.cross != nil {
		s.Loss = fmt.Sprintf("%T%+v", r.cross, r.cross)
	} else {
		s.Loss = fmt.Sprintf("%T%+v", r.bi, r.bi)
	}
	if r.plan.Validate != nil {
		s.Validation = r.plan.Measured
	} else {
		s.ValidateEvery, s.Patience = 0, 0
	}
	if r.teacher == nil {
		return s, nil
	}
	var err error
	s.Teacher, err = r.teacher.Model().Fingerprint()
	return s, err
}

// tensors are those of a checkpoint, by name.
func (r *runner) tensors() map[string][]float32 {
	list := map[string][]float32{}
	z := r.optimizer
	for i, p := range z.parameters {
		list["value/"+p.Name], list["first/"+p.Name], list["second/"+p.Name] = p.Value, z.first[i], z.second[i]
		if z.average != nil {
			list["average/"+p.Name] = z.average[i]
		}
		if r.best != nil {
			list["best/"+p.Name] = r.best[i]
		}
	}
	return list
}

// save writes a checkpoint of the state after the last step.
func (r *runner) save() error {
	s := state{
		Format: stateFormat, Step: r.optimizer.step, Batches: r.applied, SinceBest: r.sinceBest, BestStep: r.result.BestStep,
		Judgements: r.result.Judgements, Curve: r.result.Curve, Tokens: r.result.Tokens, Seconds: r.result.Seconds,
	}
	var err error
	if s.Fingerprint, err = r.network.model.Fingerprint(); err != nil {
		return err
	}
	if s.Settings, err = r.settings(); err != nil {
		return err
	}
	if r.best != nil {
		s.Best = &r.result.Best
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var entries []safetensors.Entry
	for name, values := range r.tensors() { // Write sorts them
		entries = append(entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: []int{len(values)}, Data: func() ([]byte, error) {
			return safetensors.AppendF32(nil, values), nil
		}})
	}
	if err := os.MkdirAll(r.plan.Checkpoint, 0o777); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	err = atomicfile.WriteFunc(filepath.Join(r.plan.Checkpoint, stateFile), func(w io.Writer) error {
		return safetensors.Write(w, entries, map[string]string{stateKey: string(text)})
	})
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	r.result.Saved = r.optimizer.step
	return nil
}

// resume goes on from a checkpoint, if there is one.
func (r *runner) resume() error {
	if r.plan.Checkpoint == "" {
		return nil
	}
	path := filepath.Join(r.plan.Checkpoint, stateFile)
	f, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w: remove it to start anew", err)
	}
	defer f.Close()
	var s state
	if err := json.Unmarshal([]byte(f.Metadata()[stateKey]), &s); err != nil || s.Format != stateFormat {
		return fmt.Errorf("%s is not a checkpoint of this version: remove it to start anew", path)
	}
	now, err := r.settings()
	if err != nil {
		return err
	}
	if err := r.suits(&s, now, path); err != nil {
		return err
	}
	if s.Settings.Validation != now.Validation { // what was the best by another measure says nothing any more
		s.Best, s.BestStep, s.SinceBest, s.Judgements = nil, 0, 0, nil
	}
	if s.Best != nil {
		for _, p := range r.optimizer.parameters {
			r.best = append(r.best, make([]float32, len(p.Value)))
		}
		r.result.Best, r.result.BestStep = *s.Best, s.BestStep
	}
	for name, values := range r.tensors() {
		t, err := f.Tensor(name)
		if err == nil && t.Len() != len(values) {
			err = fmt.Errorf("tensor %s has %d elements, not %d", name, t.Len(), len(values))
		}
		if err == nil {
			err = t.Float32(values, 0)
		}
		if err != nil {
			return fmt.Errorf("%s: %w: it is damaged, or of another architecture; remove it to start anew", path, err)
		}
	}
	r.optimizer.step, r.batches, r.applied, r.sinceBest, r.result.Saved = s.Step, s.Batches, s.Batches, s.SinceBest, s.Step
	r.result.Steps, r.result.Judgements, r.result.Curve, r.result.Tokens, r.result.Seconds = s.Step, s.Judgements, s.Curve, s.Tokens, s.Seconds
	r.result.Stopped = r.impatient()
	r.network.pack()
	return nil
}

// suits says whether the run can go on from a checkpoint's state with the settings that it has now.
func (r *runner) suits(s *state, now settings, path string) error {
	print, err := r.network.model.Fingerprint()
	if err != nil {
		return err
	}
	differences, err := jsondiff.Fields(s.Settings, now)
	if err != nil {
		return err
	}
	switch {
	case s.Step < 0 || s.Batches < 0 || s.SinceBest < 0 || s.Batches > math.MaxInt32:
		return fmt.Errorf("%s: step %d, batch %d: it is damaged; remove it to start anew", path, s.Step, s.Batches)
	case s.Fingerprint != print:
		return fmt.Errorf("%s is of another model than %s: remove it to start anew, or train the model that it belongs to", path, r.network.model.Name)
	case len(differences) > 0 && !r.plan.Changed:
		return &ChangedError{Path: path, Step: s.Step, Differences: differences}
	}
	return nil
}

// ChangedError is a checkpoint of a run with other data or settings, or one that computes otherwise: at another SIMD tier, or in fp32 where
// the processor has no instructions for bf16.
type ChangedError struct {
	Path        string
	Step        int      // of the checkpoint
	Differences []string // such as "learning rate: 2e-05, now 1e-05"
}

// Error implements error.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s is of a run with other data or settings (%s): go on with those, or remove it to start anew", e.Path, strings.Join(e.Differences, "; "))
}

// RemoveCheckpoint removes a checkpoint, what a killed run left of one that was being written, and the directory if
// nothing else is in it.
func RemoveCheckpoint(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "."+stateFile+".*"))
	if err != nil { // the directory's name has a bracket: what was left stays
		left = nil
	}
	for _, path := range append(left, filepath.Join(dir, stateFile)) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return nil //nolint:nilerr // there is no directory, or one that is not ours to judge
	}
	return os.Remove(dir)
}
