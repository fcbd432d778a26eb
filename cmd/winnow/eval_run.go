// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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
	failed   []error          // of files that could not be, and of the collection that was not measured to the end
}

func (a *app) eval(cmd *cobra.Command, f *evalFlags, dirs []string) (err error) {
	if err := f.checkSources(cmd, dirs); err != nil {
		return err
	}
	if err := f.check(cmd, dirs); err != nil {
		return err
	}
	if len(dirs) == 0 {
		dirs = []string{""}
	}
	p := f.plan()
	files, err := await(cmd.Context(), func() ([]evalFiles, error) { return f.prepare(cmd, dirs, p) })
	if err != nil {
		return err
	}
	crosses, err := a.openCrosses(cmd, f)
	if err != nil {
		return err
	}
	defer closeCrosses(crosses)
	m := experiment.NewManifest(version(), f.threads, p.Seed)
	out := &evaluation{}
	m.Parameters = parameters(cmd)
	bar := &evalBar{progress: progress{out: a.stderr}}
	defer bar.clear()
	for i, dir := range dirs {
		if err := a.evalOne(cmd, f, dir, &files[i], p, m, crosses, bar, out); err != nil {
			bar.clear()
			a.sayLost(cmd.Context(), f, dirs[i:], out, err)
			out.failed = append(out.failed, err)
			break
		}
	}
	if f.json && len(out.Collections) > 0 { // as tables do, it shows what was measured before a failure
		if err := a.printJSON(out); err != nil {
			return errors.Join(append(out.failed, err)...)
		}
		if err := a.stdout.Flush(); err != nil {
			return errors.Join(append(out.failed, fmt.Errorf("standard output: %w", err))...)
		}
	}
	if len(out.files) > 0 && cmd.Context().Err() == nil {
		a.note("written: " + strings.Join(out.files, ", "))
	}
	return errors.Join(out.failed...)
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

// evalOne measures one collection, prints that, and then writes its files: one that fails takes no figures with it.
func (a *app) evalOne(cmd *cobra.Command, f *evalFlags, dir string, files *evalFiles, p experiment.Plan, m experiment.Manifest, crosses map[string]*encoder.CrossEncoder, bar *evalBar, out *evaluation) (err error) {
	ctx := cmd.Context()
	s := files.subject
	if files.subject = nil; s == nil {
		if s, err = await(ctx, func() (*evalSubject, error) { return f.loadSubject(dir) }); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := a.openSubject(cmd, f, s, crosses, bar); err != nil {
		return err
	}
	manifest, err := describeEval(ctx, m, s, f, crosses)
	if err != nil {
		return err
	}
	p.Progress = bar.running
	c, err := experiment.Run(ctx, &s.Subject, s.systems, p)
	bar.clear()
	if err != nil {
		return err
	}
	manifest.Describe(c)
	out.Collections, out.Manifests = append(out.Collections, c), append(out.Manifests, manifest)
	a.noteEvalPrecision(f, manifest)
	if !f.json {
		if len(out.Collections) > 1 {
			a.stdout.Println("")
		}
		a.printCollection(c, manifest)
		if flushErr := a.stdout.Flush(); flushErr != nil {
			err = fmt.Errorf("standard output: %w", flushErr)
		}
	}
	f.write(c, manifest, files, out)
	return err
}

// write writes the files of a collection, as far as that goes; what does not is among out.failed.
func (f *evalFlags) write(c *experiment.Collection, m *experiment.Manifest, files *evalFiles, out *evaluation) {
	done := func(flag, path string, err error) {
		switch {
		case err != nil:
			out.failed = append(out.failed, fmt.Errorf("--%s: %w", flag, err))
		case !slices.Contains(out.files, path):
			out.files = append(out.files, path)
		}
	}
	for i, path := range files.runs {
		done("run", path, experiment.WriteRun(path, c.Runs[i], *m))
	}
	if f.perQuery != "" {
		err := c.WriteQueries(&out.queries)
		if err == nil {
			err = atomicfile.Write(f.perQuery, out.queries.Bytes())
		}
		done("per-query", f.perQuery, err)
	}
	o := experiment.PictureOptions{Seed: m.Seed}
	if files.shift {
		o.Query = f.shift
	}
	if f.plot != "" {
		done("plot", files.plot, f.draw(c, files.plot, o))
	}
	if f.html != "" {
		done("html", f.html, f.report(c, m, o, out))
	}
}

// describeEval makes the manifest of a collection's runs.
func describeEval(ctx context.Context, m experiment.Manifest, s *evalSubject, f *evalFlags, crosses map[string]*encoder.CrossEncoder) (*experiment.Manifest, error) {
	if err := m.Read(s.inputs...); err != nil {
		return nil, err
	}
	if s.engine != nil {
		if err := m.Engine(s.engine); err != nil {
			return nil, err
		}
		if f.db != "" {
			if err := m.Contents(ctx, s.engine); err != nil {
				return nil, err
			}
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
func (f *evalFlags) draw(c *experiment.Collection, path string, o experiment.PictureOptions) error {
	pictures, err := c.Pictures(o)
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
