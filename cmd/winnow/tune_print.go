// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/experiment/tune"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/chart"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// printTuned prints the frontier, the winner, what it is worth on unseen queries, and whether reranking pays.
func printTuned(o *term.Output, f *tuneFlags, t *tuned) {
	for _, c := range t.Collections {
		o.Println(fmt.Sprintf("%s  %s · %s · relevant from grade %d", o.Paint(term.Bold, o.Line(c.Name)), term.Plural(c.Documents, "document", "documents"), term.Plural(c.Queries, "query", "queries"), c.Level))
	}
	faint := func(text string) { printWrapped(o, term.Faint, text) }
	faint(fmt.Sprintf("%s · %s · %s", t.Machine.CPU, t.Machine.Tier, term.Plural(t.Threads, "thread", "threads")))
	faint(fmt.Sprintf("%s tried · budget %s for the 95th percentile", term.Plural(t.Tried, "setting", "settings"), f.budget))
	o.Println("")
	printFrontier(o, f, t)
	o.Println("")
	legend := "p95 and mean are ms a search, put together of measured times; [95 % bootstrap interval, not corrected for the choice among settings]"
	if slices.ContainsFunc(t.Frontier, func(p *tune.Point) bool { return p.Fusion != nil }) {
		legend += "; the number after a fusion is the weight of the dense list"
	}
	if t.Winner != nil {
		legend += ". " + markWinner + " winner"
		if t.Winner.Beaten {
			legend += ": settings that rerank have better figures, but the queries do not prove them"
		}
	}
	if slices.ContainsFunc(t.Frontier, func(p *tune.Point) bool { return p.P95 > t.Budget }) && t.Winner != nil {
		legend += ". Below the line: above the budget"
	}
	faint(legend + ".")
	o.Println("")
	if t.Winner == nil {
		printWrapped(o, term.Red, fmt.Sprintf("No setting keeps to %s. The fastest has a p95 of %s ms: %s.", f.budget, evalTime(t.Fastest.P95), t.Fastest.Label()))
		return
	}
	printWinner(o, f, t)
	if v := t.Reranks; v != nil {
		o.Println("")
		style := map[experiment.Outcome]term.Style{experiment.Pays: term.Green, experiment.Hurts: term.Red}[v.Outcome]
		printWrapped(o, style, v.Text)
	}
	if f.write == "" {
		o.Println("")
		printWrapped(o, term.Faint, "Nothing was written. --write winnow.json makes these the settings of search; --write - prints them.")
	}
}

func printWrapped(o *term.Output, s term.Style, text string) {
	for _, line := range term.Wrap(o.Line(text), o.Columns()) {
		o.Println(o.Paint(s, line))
	}
}

const markWinner = "★"

// printFrontier prints the settings that no other beats, and the winner.
func printFrontier(o *term.Output, f *tuneFlags, t *tuned) {
	table := &term.Table{Columns: []term.Column{{}, {Title: "p95", Right: true}, {Title: "mean", Right: true}, {Title: t.Measure.String(), Right: true}, {Title: "95 %"}, {Title: "cand.", Right: true}, {Title: "setting", Fit: term.Fold}}}
	add := func(p *tune.Point) {
		style, mark := term.Plain, ""
		switch {
		case p.Winner:
			style, mark = term.Bold, markWinner
		case p.P95 > t.Budget:
			style = term.Faint
		}
		label := p.Label()
		if len(f.precisions) > 1 {
			label += " · " + string(p.Precision)
		}
		var row []term.Cell
		for _, text := range []string{mark, evalTime(p.P95), evalTime(p.MeanTime), fmt.Sprintf("%.4f", p.Mean), fmt.Sprintf("[%.3f, %.3f]", p.Low, p.High), term.Count(p.Candidates), label} {
			row = append(row, term.Cell{Text: text, Style: style})
		}
		table.Add(row...)
	}
	over := false
	for _, p := range t.Frontier {
		if !over && p.P95 > t.Budget {
			over = true
			if table.Len() > 0 {
				table.Row("", "──", "──", "──────", "── "+f.budget.String()+" ──")
			}
		}
		add(p)
	}
	table.Print(o)
}

// printWinner prints the winner's figures.
func printWinner(o *term.Output, f *tuneFlags, t *tuned) {
	w, h := t.Winner, t.Held
	facts := newFacts()
	label := w.Label() + " · " + term.Plural(w.Candidates, "candidate", "candidates")
	if len(f.precisions) > 1 {
		label += " · " + string(w.Precision)
	}
	facts.addStyled("winner", label, term.Bold)
	about := func(p *tune.Point) string {
		return fmt.Sprintf("%s: %.4f at p95 %s ms", p.Label(), p.Mean, evalTime(p.P95))
	}
	if t.Best.Label() != w.Label() {
		facts.add("highest", about(t.Best)+", whose lead is too small to be sure of")
	}
	if v := t.Reranks; v != nil && w.Rerank != winnow.Off && v.Without != nil {
		facts.add("without reranking", about(v.Without))
	} else if v != nil && w.Rerank == winnow.Off && v.With != nil && v.With.Label() != t.Best.Label() {
		facts.add("with reranking", about(v.With))
	}
	facts.add("in sample", fmt.Sprintf("%s %.4f [%.3f, %.3f], on the queries it was chosen by", t.Measure, w.Mean, w.Low, w.High))
	facts.add("held out", fmt.Sprintf("%s %.4f [%.3f, %.3f], p95 %s ms: what choosing so gives on unseen queries (%d-fold cross-validation; %d of %d folds choose the winner)", t.Measure, h.Mean, h.Low, h.High, evalTime(h.P95), h.Folds, h.Same, h.Folds))
	if h.Over > 0 {
		facts.add("", fmt.Sprintf("in %s nothing was within the budget", term.Plural(h.Over, "fold", "folds")))
	}
	v := t.Validation
	text := fmt.Sprintf("p95 %s ms, mean %s ms; predicted %s and %s", evalTime(v.Measured.P95), evalTime(v.Measured.Mean), evalTime(v.Predicted.P95), evalTime(v.Predicted.Mean))
	if v.Differ == 0 {
		text += fmt.Sprintf("; the same %s", t.Measure)
	} else {
		text += fmt.Sprintf("; %s %.4f, other than predicted in %s", t.Measure, v.Measured.Value, term.Plural(v.Differ, "query", "queries"))
	}
	facts.add("as a search", text)
	facts.table.Print(o)
}

// drawFrontier draws all settings.
func (f *tuneFlags) drawFrontier(t *tuned) error {
	var names []string
	for _, c := range t.Collections {
		names = append(names, c.Name)
	}
	c := chart.FrontierChart{
		Title:    "Quality and latency: " + strings.Join(names, ", "),
		Subtitle: fmt.Sprintf("%s on %s; intervals are 95 %% bootstrap", term.Plural(t.Tried, "setting", "settings"), term.Plural(t.Queries, "query", "queries")),
		X:        "95th percentile of the time of a search (ms)", Y: t.Measure.String(), LogX: true, Budget: t.Budget, BudgetLabel: "budget " + f.budget.String(),
	}
	const least = 1e-3 // ms: where times are logarithms there is no 0
	add := func(p *tune.Point, frontier bool) {
		s := chart.FrontierSetting{X: max(p.P95, least), Y: p.Mean, Frontier: frontier, Chosen: p.Winner}
		if frontier || p.Winner {
			s.Low, s.High, s.Label = p.Low, p.High, p.Label()
		}
		c.Settings = append(c.Settings, s)
	}
	for _, p := range t.All {
		if !p.Winner {
			add(p, false)
		}
	}
	for _, p := range t.Frontier {
		add(p, !p.Beaten)
	}
	picture := chart.Frontier(c)
	draw := picture.SVG
	if strings.EqualFold(filepath.Ext(f.plot), ".png") {
		draw = picture.PNG
	}
	data, err := draw()
	if err != nil {
		return err
	}
	return atomicfile.Write(f.plot, data)
}
