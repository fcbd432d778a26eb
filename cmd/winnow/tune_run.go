// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/config"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/experiment/tune"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/speed"
)

// tuned is what --json prints.
type tuned struct {
	Collections []tunedOn `json:"collections"`
	*tune.Outcome
	Validation *tuneCheck    `json:"validation,omitempty"` // the winner run as a search
	Config     config.Config `json:"config,omitzero"`      // what --write writes, without what the file had
	Winnow     string        `json:"winnow"`
	Machine    speed.Machine `json:"machine"`
	Threads    int           `json:"threads"`
	Seed       uint64        `json:"seed"`

	pairs int // judged
}

// tunedOn is a collection that was tuned on.
type tunedOn struct {
	Name      string `json:"name"`
	Queries   int    `json:"queries"`
	Documents int    `json:"documents"`
	Level     int    `json:"relevance_level"`
}

// tuneCheck compares what was predicted of the winner with what its searches gave and took.
type tuneCheck struct {
	Predicted tuneFigures `json:"predicted"`
	Measured  tuneFigures `json:"measured"`
	Differ    int         `json:"queries_that_differ"` // in the value of the measure
}

type tuneFigures struct {
	Value float64 `json:"value"`
	P95   float64 `json:"p95_ms"`
	Mean  float64 `json:"mean_ms"`
}

// tuneOpen is a collection with its engine at a precision.
type tuneOpen struct {
	*evalSubject
	subject   tune.Subject
	precision encoder.Precision
}

func (a *app) tune(cmd *cobra.Command, f *tuneFlags, dirs []string) (err error) {
	if err := f.checkSources(cmd, dirs); err != nil {
		return err
	}
	if err := f.check(cmd); err != nil {
		return err
	}
	if len(dirs) == 0 {
		dirs = []string{""}
	}
	existing, err := f.loadConfig()
	if err != nil {
		return err
	}
	f.space.BM25Settings = existing.Search.BM25Settings // they stay in the file, and so hold for what is measured
	bar := &evalBar{progress: progress{out: a.stderr}}
	defer bar.clear()
	m := experiment.NewManifest(version(), f.threads, uint64(f.seed))
	out := &tuned{Winnow: m.Winnow, Machine: m.Machine, Threads: m.Threads, Seed: m.Seed}
	var opened []*tuneOpen
	defer func() {
		for _, s := range opened {
			err = errors.Join(err, s.close())
		}
	}()
	obs, err := a.observeAll(cmd, f, dirs, bar, out, &opened)
	if err != nil {
		bar.clear()
		a.sayTuneLost(cmd.Context())
		return err
	}
	if n := obs.Queries(); n < tune.FewQueries {
		a.warn(fmt.Sprintf("%d judged queries say little: chance decides what wins; with fifty or more this is worth trusting", n))
	}
	bar.begin("settings")
	out.Outcome, err = obs.Tune(cmd.Context(), tune.Plan{
		Measure: f.aim, Budget: f.budget, Folds: f.folds, Seed: m.Seed,
		Progress: func(done, total int) { bar.draw("trying settings", done, total, "first stage", "first stages") },
	})
	bar.clear()
	if err != nil {
		a.sayTuneLost(cmd.Context())
		return err
	}
	if out.Winner != nil {
		if out.Validation, err = runWinner(cmd.Context(), f, out.Winner, opened, bar); err != nil {
			bar.clear()
			a.sayTuneLost(cmd.Context())
			return err
		}
	}
	if h := out.Held; out.Winner != nil && h != nil && 2*h.Same < h.Folds {
		a.warn(fmt.Sprintf("only %d of %d folds choose the winner: these queries hardly tell the settings apart, and the held-out figures are those of what the folds chose", h.Same, h.Folds))
	}
	return a.finishTune(f, out, opened)
}

// sayTuneLost says what an interrupt takes along.
func (a *app) sayTuneLost(ctx context.Context) {
	if ctx.Err() != nil {
		a.warn("stopped before the end: nothing was written")
	}
}

// loadConfig reads the file that --write changes, so that a bad one is found before the work.
func (f *tuneFlags) loadConfig() (*config.Config, error) {
	if f.write == "" || f.write == writeOut {
		return &config.Config{}, nil
	}
	c, err := config.Load(f.write)
	switch {
	case isNotExist(err):
		return &config.Config{}, nil
	case err != nil:
		return nil, fmt.Errorf("--write: %w", err)
	}
	return c, nil
}

// observeAll makes indexes and runs all queries, in every collection and at every precision.
func (a *app) observeAll(cmd *cobra.Command, f *tuneFlags, dirs []string, bar *evalBar, out *tuned, opened *[]*tuneOpen) (*tune.Observations, error) {
	var subjects []*evalSubject
	for _, dir := range dirs {
		s, err := await(cmd.Context(), func() (*evalSubject, error) { return f.loadSubject(dir) })
		if err != nil {
			return nil, err
		}
		if err := eval.CheckScale([]eval.Measure{f.aim}, s.Qrels); err != nil {
			return nil, fmt.Errorf("--measure, %s: %w", s.Name, err)
		}
		if slices.ContainsFunc(subjects, func(t *evalSubject) bool { return t.Name == s.Name }) {
			return nil, misuse(cmd, "two collections are named %s: rename a folder", s.Name)
		}
		subjects = append(subjects, s)
	}
	crosses, err := a.openCrosses(cmd, &f.evalFlags) // a wrong name is found before the documents are encoded
	if err != nil {
		return nil, err
	}
	closeCrosses(crosses)
	var obs *tune.Observations
	for _, p := range f.precisions {
		f.precision = p
		for _, s := range subjects {
			at := *s
			o := &tuneOpen{evalSubject: &at, precision: encoder.Precision(p)}
			if err := a.openEvalEngine(cmd, &f.evalFlags, o.evalSubject, bar); err != nil {
				return nil, err
			}
			*opened = append(*opened, o)
			o.subject = tune.Subject{Name: at.Name, Queries: at.Queries, Qrels: at.Qrels, Level: cmp.Or(f.level, experiment.DefaultLevel(at.Name)), ExcludeSameID: f.excludeSameID}
			if obs == nil {
				if obs, err = f.observations(cmd, o); err != nil {
					return nil, err
				}
			}
			if p == f.precisions[0] {
				out.add(o)
			}
			if err := o.observe(cmd.Context(), f, obs, bar); err != nil {
				return nil, err
			}
		}
	}
	return obs, nil
}

// observations are those of an index; that of --db says what widths it has.
func (f *tuneFlags) observations(cmd *cobra.Command, o *tuneOpen) (*tune.Observations, error) {
	if f.db != "" {
		vectors := o.engine.Index().Settings().Vectors
		if spec, err := vector.ParseSpec(cmp.Or(vectors, string(vector.KindAuto))); err == nil {
			if err := f.checkIdleWidths(cmd, spec.Kind); err != nil {
				return nil, err
			}
			f.widths(spec.Kind)
		}
	}
	obs, err := tune.NewObservations(f.space, f.shown())
	if err != nil {
		return nil, misuse(cmd, "%v", err)
	}
	return obs, nil
}

// add records a collection.
func (t *tuned) add(o *tuneOpen) {
	t.Collections = append(t.Collections, tunedOn{o.Name, len(o.Queries), o.Documents, o.subject.Level})
	for _, q := range o.Queries {
		t.pairs += len(o.Qrels[q.ID])
	}
}

// observe runs the queries of a collection at a precision.
func (o *tuneOpen) observe(ctx context.Context, f *tuneFlags, obs *tune.Observations, bar *evalBar) error {
	var scorers []tune.Scorer
	for _, name := range f.reranks {
		c, err := await(ctx, func() (*encoder.CrossEncoder, error) { return o.engine.Reranker(name) })
		if err != nil {
			return fmt.Errorf("--rerank %s: %w", name, err)
		}
		scorers = append(scorers, tune.Cross(c))
	}
	what := o.Name
	if len(f.precisions) > 1 {
		what += " at " + string(o.precision)
	}
	err := obs.Observe(ctx, o.subject, o.precision, tune.Engine(o.engine), scorers, func(done, total int) { bar.running(what, done, total) })
	bar.clear()
	return err
}

// runWinner searches with the winner's settings, every query once, after one that is not counted.
func runWinner(ctx context.Context, f *tuneFlags, w *tune.Point, opened []*tuneOpen, bar *evalBar) (*tuneCheck, error) {
	out := &tuneCheck{Predicted: tuneFigures{w.Mean, w.P95, w.MeanTime}}
	var values, times []float64
	for _, o := range opened {
		if o.precision != w.Precision {
			continue
		}
		for i := -1; i < len(o.Queries); i++ {
			q := o.Queries[max(i, 0)]
			s := w.Setting
			if f.excludeSameID {
				s.Candidates++ // one is left out
			}
			found, took, err := tune.Run(ctx, o.engine, q.Text, s)
			if err != nil {
				return nil, fmt.Errorf("running the winner, query %q: %w", q.ID, err)
			}
			if i < 0 {
				bar.running("running the winner", 0, len(o.Queries))
				continue
			}
			if f.excludeSameID {
				found = slices.DeleteFunc(found, func(id string) bool { return id == q.ID })
			}
			values = append(values, tune.Value(found, o.Qrels[q.ID], f.aim, o.subject.Level))
			times = append(times, speed.Milliseconds(took))
			bar.running("running the winner", i+1, len(o.Queries))
		}
	}
	for i, v := range values {
		if d := v - w.Values[i]; d > 1e-9 || d < -1e-9 {
			out.Differ++
		}
	}
	mean, p95 := tune.Latency(times)
	out.Measured = tuneFigures{eval.Mean(values), p95, mean}
	return out, nil
}

// configuration is what the winner is written as.
func (t *tuned) configuration(opened []*tuneOpen) (config.Config, error) {
	w := t.Winner
	from := &config.Provenance{
		Queries: t.Queries, Pairs: t.pairs, Winnow: t.Winnow, Machine: fmt.Sprintf("%s, %s, %d threads", t.Machine.CPU, t.Machine.Tier, t.Threads),
		Measures: map[string]float64{
			t.Measure.String(): w.Mean, "p95_ms": w.P95, "budget_ms": t.Budget,
			t.Measure.String() + " cross-validated": t.Held.Mean,
		},
	}
	for _, c := range t.Collections {
		from.Collections = append(from.Collections, c.Name)
	}
	from.Precision = w.Precision
	at := slices.IndexFunc(opened, func(o *tuneOpen) bool { return o.precision == w.Precision })
	if at < 0 {
		return config.Config{}, fmt.Errorf("no index of precision %s was opened", w.Precision)
	}
	e := opened[at].engine
	s := e.Index().Settings()
	from.Passages = "split"
	if s.Sizes.Whole {
		from.Passages = "whole"
	}
	if b := e.Retriever(); b != nil {
		var err error
		if from.Fingerprint, err = b.Model().Fingerprint(); err != nil {
			return config.Config{}, fmt.Errorf("model %s: %w", b.Model().Name, err)
		}
		from.Vectors, from.MaxTokens, from.Precision = cmp.Or(s.Vectors, string(vector.KindAuto)), b.MaxTokens(), b.Precision()
	}
	return config.Config{Search: w.Settings, Precision: w.Precision, Tuned: from}, nil
}

// mergeTuned puts the winner into the file as it is now: it may have changed since tuning began. The file's budget stays, and
// so do the parameters of BM25, which are not tuned.
func (a *app) mergeTuned(f *tuneFlags, out *tuned) (*config.Config, error) {
	file, err := f.loadConfig()
	if err != nil {
		return nil, err
	}
	before := file.Search
	file.Search, file.Precision, file.Tuned = out.Config.Search, out.Config.Precision, out.Config.Tuned
	file.Search.Budget = before.Budget
	if !reflect.DeepEqual(before.BM25Settings, f.space.BM25Settings) {
		file.Search.BM25Settings = before.BM25Settings
		a.warn(fmt.Sprintf("the settings of BM25 in %s changed while tuning: they stay as they are now, but the figures are for what they were; tune again", f.write))
	}
	return file, nil
}

// finishTune prints, draws and writes.
func (a *app) finishTune(f *tuneFlags, out *tuned, opened []*tuneOpen) error {
	if out.Winner != nil {
		var err error
		if out.Config, err = out.configuration(opened); err != nil {
			return err
		}
	}
	var written []string
	if f.plot != "" {
		if err := f.drawFrontier(out); err != nil {
			return fmt.Errorf("--plot: %w", err)
		}
		written = append(written, f.plot)
	}
	o := a.stdout
	if f.write == writeOut {
		o = a.stderr
	}
	if f.json {
		if err := a.printJSON(out); err != nil {
			return err
		}
	} else {
		printTuned(o, f, out)
	}
	if out.Winner != nil && f.write != "" {
		file, err := a.mergeTuned(f, out)
		if err != nil {
			return err
		}
		if f.write == writeOut {
			if err := a.printJSON(file); err != nil {
				return err
			}
		} else {
			if err := file.Save(f.write); err != nil {
				return fmt.Errorf("--write: %w", err)
			}
			written = append(written, f.write)
		}
	}
	if err := errors.Join(a.stdout.Flush(), a.stderr.Flush()); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if len(written) > 0 {
		a.note("written: " + strings.Join(written, ", "))
	}
	if base := filepath.Base(f.write); f.write != "" && f.write != writeOut && base != config.Name && out.Winner != nil {
		a.note(fmt.Sprintf("search reads %s by itself, and %s with --config %s", config.Name, f.write, f.write))
	}
	if out.Winner == nil {
		return fmt.Errorf("no setting keeps to %s: the fastest, %s, has a p95 of %s ms; raise --budget, or try faster models, --precisions or another --vectors", f.budget, out.Fastest.Label(), evalTime(out.Fastest.P95))
	}
	if v := out.Validation; v.Measured.P95 > out.Budget {
		a.warn(fmt.Sprintf("run as a search the winner has a p95 of %s ms, above the budget of %s: the machine was busier then, or times vary; tune with a smaller --budget to be safe", evalTime(v.Measured.P95), f.budget))
	}
	return nil
}
