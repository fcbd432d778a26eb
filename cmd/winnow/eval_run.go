// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/experiment/report"
	"github.com/winnow-search/winnow/internal/atomicfile"
)

// evaluation is what --json prints.
type evaluation struct {
	Collections []*experiment.Collection `json:"collections"`
	Manifests   []*experiment.Manifest   `json:"manifests"` // one a collection

	queries  bytes.Buffer     // of --per-query
	sections []report.Section // of --html
	files    []string         // written
}

func (a *app) eval(cmd *cobra.Command, f *evalFlags, dirs []string) (err error) {
	if err := f.check(cmd); err != nil {
		return err
	}
	if len(dirs) == 0 {
		dirs = []string{""}
	}
	crosses, err := a.openCrosses(cmd, f)
	if err != nil {
		return err
	}
	defer closeCrosses(crosses)
	p := f.plan()
	m := experiment.NewManifest(version(), f.threads, p.Seed)
	out := &evaluation{}
	m.Parameters = parameters(cmd)
	bar := &evalBar{progress: progress{out: a.stderr}}
	defer bar.clear()
	for i, dir := range dirs {
		c, manifest, err := a.evalOne(cmd, f, dir, dirs, p, m, crosses, bar, out)
		if err != nil {
			bar.clear()
			a.sayLost(cmd.Context(), f, dirs[i:], out, err)
			return err
		}
		out.Collections, out.Manifests = append(out.Collections, c), append(out.Manifests, manifest)
		a.noteEvalPrecision(f, manifest)
		if !f.json {
			if i > 0 {
				a.stdout.Println("")
			}
			a.printCollection(c, manifest)
			if err := a.stdout.Flush(); err != nil {
				return fmt.Errorf("standard output: %w", err)
			}
		}
	}
	if f.json {
		if err := a.printJSON(out); err != nil {
			return err
		}
		if err := a.stdout.Flush(); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	if len(out.files) > 0 {
		a.note("written: " + strings.Join(out.files, ", "))
	}
	return nil
}

// sayLost says what an interrupt takes along.
func (a *app) sayLost(ctx context.Context, f *evalFlags, lost []string, out *evaluation, err error) {
	if ctx.Err() == nil {
		return
	}
	var names []string
	for _, dir := range lost {
		if dir == "" {
			dir = f.db + f.qrels
		}
		names = append(names, dir)
	}
	text := "the figures of " + strings.Join(names, ", ") + " are lost"
	if f.json {
		text = "all figures are lost"
	}
	if len(out.files) > 0 {
		text += "; what was written before is whole: " + strings.Join(out.files, ", ")
	}
	where := "before a query was run"
	if s, ok := errors.AsType[*experiment.StoppedError](err); ok {
		where = fmt.Sprintf("in %s after %s of %s", s.System, term.Count(s.Done), term.Plural(s.Total, "query", "queries"))
	}
	a.warn("stopped " + where + ": " + text)
}

// parameters are all flags with their values, as manifests record them.
func parameters(cmd *cobra.Command) map[string]string {
	out := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "help", "html", "json", "plot", "per-query", "run", "shift": // they change no result
		default:
			out[f.Name] = f.Value.String()
		}
	})
	return out
}

// evalOne measures one collection and writes its files.
func (a *app) evalOne(cmd *cobra.Command, f *evalFlags, dir string, dirs []string, p experiment.Plan, m experiment.Manifest, crosses map[string]*encoder.CrossEncoder, bar *evalBar, out *evaluation) (c *experiment.Collection, manifest *experiment.Manifest, err error) {
	ctx := cmd.Context()
	s, err := await(ctx, func() (*evalSubject, error) { return f.loadSubject(dir) })
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	names, err := f.runNames(s, p)
	if err != nil {
		return nil, nil, misuse(cmd, "%v", err)
	}
	var runs []string
	if f.run != "" {
		if runs, err = f.runPaths(s.Name, dirs, names); err != nil {
			return nil, nil, misuse(cmd, "--run: %v", err)
		}
		if err := newFiles(runs, out.files); err != nil {
			return nil, nil, misuse(cmd, "--run: %v", err)
		}
	}
	if err := a.openSubject(cmd, f, s, crosses, bar); err != nil {
		return nil, nil, err
	}
	if manifest, err = describeEval(m, s, f, crosses); err != nil {
		return nil, nil, err
	}
	p.Progress = bar.running
	c, err = experiment.Run(ctx, &s.Subject, s.systems, p)
	bar.clear()
	if err != nil {
		return nil, nil, err
	}
	manifest.Describe(c)
	for i, path := range runs {
		if err := experiment.WriteRun(path, c.Runs[i], *manifest); err != nil {
			return nil, nil, fmt.Errorf("--run: %w", err)
		}
		out.files = append(out.files, path)
	}
	if f.perQuery != "" {
		if err := c.WriteQueries(&out.queries); err != nil {
			return nil, nil, err
		}
		if err := atomicfile.Write(f.perQuery, out.queries.Bytes()); err != nil {
			return nil, nil, fmt.Errorf("--per-query: %w", err)
		}
		if len(out.Collections) == 0 {
			out.files = append(out.files, f.perQuery)
		}
	}
	if f.plot != "" {
		path := f.plot
		if len(dirs) > 1 {
			ext := filepath.Ext(path)
			path = strings.TrimSuffix(path, ext) + "." + s.Name + ext
		}
		if err := f.draw(c, path, p.Seed); err != nil {
			return nil, nil, fmt.Errorf("--plot: %w", err)
		}
		out.files = append(out.files, path)
	}
	if f.html != "" {
		if err := f.report(c, manifest, out); err != nil {
			return nil, nil, fmt.Errorf("--html: %w", err)
		}
		if len(out.Collections) == 0 {
			out.files = append(out.files, f.html)
		}
	}
	return c, manifest, nil
}

// runPaths names the files of one collection's runs.
func (f *evalFlags) runPaths(name string, dirs, names []string) ([]string, error) {
	collections, runs := []string{name}, [][]string{names}
	for range dirs[1:] { // their runs have the same names; only whether there are several counts
		collections, runs = append(collections, ""), append(runs, nil)
	}
	paths, err := experiment.RunFiles(f.run, collections, runs)
	if err != nil {
		return nil, err
	}
	return paths[0], nil
}

// newFiles refuses to write into what this call has written for another collection.
func newFiles(paths, written []string) error {
	for _, path := range paths {
		for _, other := range written {
			if strings.EqualFold(path, other) {
				return fmt.Errorf("two collections of one name would both be written to %s", path)
			}
		}
	}
	return nil
}

// describeEval makes the manifest of a collection's runs.
func describeEval(m experiment.Manifest, s *evalSubject, f *evalFlags, crosses map[string]*encoder.CrossEncoder) (*experiment.Manifest, error) {
	if err := m.Read(s.inputs...); err != nil {
		return nil, err
	}
	if s.engine != nil {
		if err := m.Engine(s.engine); err != nil {
			return nil, err
		}
	}
	for _, text := range f.reranks {
		for _, stage := range f.stages[text].stages {
			if err := m.Reranker(crosses[crossName(stage.Model)]); err != nil {
				return nil, err
			}
		}
	}
	return &m, nil
}

// draw writes the pictures of a collection below each other.
func (f *evalFlags) draw(c *experiment.Collection, path string, seed uint64) error {
	pictures, err := c.Pictures(experiment.PictureOptions{Query: f.shift, Seed: seed})
	if err != nil {
		return err
	}
	if len(pictures) == 0 {
		return errors.New("there is nothing to draw: a run file alone has neither times nor another order to compare with")
	}
	page := experiment.Page(c.Name, pictures)
	draw := page.SVG
	if strings.EqualFold(filepath.Ext(path), ".png") {
		draw = page.PNG
	}
	data, err := draw()
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}
