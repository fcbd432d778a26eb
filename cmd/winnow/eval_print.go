// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
)

// printCollection prints what was measured on a collection: what it is, quality, cost, and a verdict in words.
func (a *app) printCollection(c *experiment.Collection, m *experiment.Manifest) {
	o := a.stdout
	a.printEvalHead(c, m)
	o.Println("")
	printQuality(o, c)
	printLegend(o, c)
	printCosts(o, c)
	for _, v := range c.Verdicts {
		printVerdict(o, v, len(c.Verdicts) > 1)
	}
}

// printEvalHead is the report line: all that figures depend on.
func (a *app) printEvalHead(c *experiment.Collection, m *experiment.Manifest) {
	o := a.stdout
	parts := []string{term.Plural(c.Queries, "query", "queries")}
	if c.Documents > 0 {
		parts = append([]string{term.Plural(c.Documents, "document", "documents")}, parts...)
	}
	if m.Index != nil && m.Index.Passages > c.Documents {
		parts = append(parts, term.Plural(m.Index.Passages, "passage", "passages"))
	}
	parts = append(parts, fmt.Sprintf("relevant from grade %d", c.Level))
	if c.NoRelevant > 0 {
		parts = append(parts, term.Plural(c.NoRelevant, "query", "queries")+" without a relevant document, counted 0")
	}
	parts = append(parts, term.Plural(c.Candidates, "candidate", "candidates"))
	if c.ExcludeSameID {
		parts = append(parts, "document with the query's id left out")
	}
	o.Println(o.Paint(term.Bold, o.Line(c.Name)) + "  " + strings.Join(parts, " · "))
	faint := func(text string) { o.Println(o.Paint(term.Faint, o.Line(text))) }
	var models []string
	for _, r := range m.Models {
		models = append(models, fmt.Sprintf("%s %s %s", r.Role, r.Name, r.Precision))
	}
	if len(models) > 0 {
		vectors := ""
		if m.Index != nil && m.Index.Settings.Dim > 0 {
			vectors = " · vectors " + m.Index.Settings.Vectors
		}
		faint(strings.Join(models, " · ") + vectors)
	}
	faint(fmt.Sprintf("%s · %s · %s", m.Machine.CPU, m.Machine.Tier, term.Plural(m.Threads, "thread", "threads")))
}

// evalColumn is a measure's column of the table.
type evalColumn struct {
	title string
	cells []term.Cell
}

func (c *evalColumn) width() int {
	w := term.Width(c.title)
	for _, cell := range c.cells {
		w = max(w, term.Width(cell.Text))
	}
	return w
}

// printQuality prints runs and measures, in as many tables as the terminal needs.
func printQuality(o *term.Output, c *experiment.Collection) {
	names := evalColumn{title: "run"}
	for _, r := range c.Runs {
		names.cells = append(names.cells, term.Text(r.Name))
	}
	var columns []*evalColumn
	for _, m := range c.Measures {
		columns = append(columns, measureColumn(c, m))
		if m == c.Main && len(c.Runs) > 1 {
			columns = append(columns, differenceColumn(c))
		}
	}
	for len(columns) > 0 {
		fit, width := 0, names.width()
		for fit < len(columns) && (fit == 0 || o.Width == 0 || width+2+columns[fit].width() <= o.Width) {
			width += 2 + columns[fit].width()
			fit++
		}
		t := &term.Table{Columns: []term.Column{{Title: "run", Fit: term.Cut}}}
		for _, col := range columns[:fit] {
			t.Columns = append(t.Columns, term.Column{Title: col.title, Right: true})
		}
		for i := range c.Runs {
			row := []term.Cell{names.cells[i]}
			for _, col := range columns[:fit] {
				row = append(row, col.cells[i])
			}
			t.Add(row...)
		}
		t.Print(o)
		if columns = columns[fit:]; len(columns) > 0 {
			o.Println("")
		}
	}
}

// measureColumn has the values of a measure, the best of several set off.
func measureColumn(c *experiment.Collection, m eval.Measure) *evalColumn {
	col := &evalColumn{title: m.String()}
	best := 0.0
	for _, r := range c.Runs {
		best = max(best, r.Measures[m])
	}
	for _, r := range c.Runs {
		cell := term.Text(strconv.FormatFloat(r.Measures[m], 'f', 4, 64))
		if r.Measures[m] == best && len(c.Runs) > 1 {
			cell.Style = term.Bold
		}
		col.cells = append(col.cells, cell)
	}
	return col
}

// The marks of a difference that is more than chance.
const (
	markBetter = "▲"
	markWorse  = "▼"
)

// differenceColumn has the difference to the baseline.
func differenceColumn(c *experiment.Collection) *evalColumn {
	col := &evalColumn{title: "Δ "}
	for _, r := range c.Runs {
		v := r.Versus
		cell := term.Cell{Text: "  ", Style: term.Faint}
		if v != nil {
			cell = term.Text(fmt.Sprintf("%+.4f  ", v.Difference))
			switch {
			case v.P() < experiment.Significant && v.Difference > 0:
				cell = term.Cell{Text: strings.TrimSpace(cell.Text) + " " + markBetter, Style: term.Green}
			case v.P() < experiment.Significant && v.Difference < 0:
				cell = term.Cell{Text: strings.TrimSpace(cell.Text) + " " + markWorse, Style: term.Red}
			}
		}
		col.cells = append(col.cells, cell)
	}
	return col
}

// printLegend says what marks mean, and where equal scores leave an order open.
func printLegend(o *term.Output, c *experiment.Collection) {
	var remarks []string
	if others := len(c.Runs) - 1; others > 0 && c.Queries > 1 {
		test := "randomisation test"
		if others > 1 {
			test += fmt.Sprintf(", Holm-corrected over %d runs", others)
		}
		remarks = append(remarks, fmt.Sprintf("Δ: difference of %s to %s; %s better, %s worse with p < %v (%s)", c.Main, c.Baseline, markBetter, markWorse, experiment.Significant, test))
	}
	for _, about := range []func(r *experiment.Result) string{func(r *experiment.Result) string { return tiesOf(c, r) }, missingOf, unjudgedOf} {
		var texts []string
		runs := map[string][]string{} // by what there is to say of them
		for _, r := range c.Runs {
			text := about(r)
			if text == "" {
				continue
			}
			if runs[text] == nil {
				texts = append(texts, text)
			}
			runs[text] = append(runs[text], r.Name)
		}
		for _, text := range texts {
			remarks = append(remarks, strings.Join(runs[text], ", ")+": "+text)
		}
	}
	if len(remarks) > 0 {
		o.Println("")
	}
	for _, text := range remarks {
		for _, line := range term.Wrap(o.Line(text), o.Columns()) {
			o.Println(o.Paint(term.Faint, line))
		}
	}
}

// tiesOf says which measures depend on the order of equal scores.
func tiesOf(c *experiment.Collection, r *experiment.Result) string {
	var ties []string
	for _, m := range c.Measures {
		if n := r.Tied[m]; n > 0 {
			ties = append(ties, fmt.Sprintf("%s in %s, %.4f expected over their orders", m, term.Plural(n, "query", "queries"), r.TieAware[m]))
		}
	}
	if len(ties) == 0 {
		return ""
	}
	return "equal scores leave orders open: " + strings.Join(ties, "; ")
}

func missingOf(r *experiment.Result) string {
	if r.Missing == 0 {
		return ""
	}
	return "nothing found for " + term.Plural(r.Missing, "query", "queries") + ", counted 0"
}

func unjudgedOf(r *experiment.Result) string {
	if r.Unjudged == 0 {
		return ""
	}
	return term.Plural(r.Unjudged, "query", "queries") + " without judgments left out"
}

// printCosts prints what runs take, mean and 95th percentile.
func printCosts(o *term.Output, c *experiment.Collection) {
	if !slices.ContainsFunc(c.Runs, func(r *experiment.Result) bool { return r.Latency != nil }) {
		return
	}
	o.Println("")
	t := &term.Table{Columns: []term.Column{{Title: "ms a query: mean / p95", Fit: term.Cut}}}
	for _, title := range []string{"encode", "retrieve", "rerank", "total", "read", "tokens"} {
		t.Columns = append(t.Columns, term.Column{Title: title, Right: true})
	}
	for _, r := range c.Runs {
		if r.Latency == nil {
			continue
		}
		l := r.Latency
		row := []term.Cell{term.Text(r.Name)}
		for _, x := range []*experiment.Latency{l.Encode, l.Retrieve, &l.Rerank, l.Total} {
			text := ""
			if x != nil && x.Mean > 0 {
				text = evalTime(x.Mean) + " / " + evalTime(x.P95)
			}
			row = append(row, term.Text(text))
		}
		read, tokens := "", ""
		if r.Scored > 0 {
			read, tokens = figures(r.Scored, 3), figures(r.Tokens, 3)
		}
		t.Add(append(row, term.Text(read), term.Text(tokens))...)
	}
	t.Print(o)
	if c.PeakMemory > 0 {
		o.Println(o.Paint(term.Faint, "peak memory "+term.Bytes(c.PeakMemory)))
	}
}

// evalTime writes milliseconds.
func evalTime(ms float64) string {
	switch {
	case ms <= 0:
		return "0"
	case ms < 0.01:
		return "<0.01"
	case ms < 1:
		return strconv.FormatFloat(ms, 'f', 2, 64)
	case ms < 100:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	}
	return figures(ms, 3)
}

// printVerdict says whether reranking pays, and names the queries that change most.
func printVerdict(o *term.Output, v *experiment.Verdict, several bool) {
	o.Println("")
	style := map[experiment.Outcome]term.Style{experiment.Pays: term.Green, experiment.Hurts: term.Red}[v.Outcome]
	text := v.Sentence()
	if several {
		text = v.Run + ": " + text
	}
	for _, line := range term.Wrap(o.Line(text), o.Columns()) {
		o.Println(o.Paint(style, line))
	}
	if len(v.Gained)+len(v.Lost) == 0 {
		return
	}
	t := &term.Table{Indent: 2, Columns: []term.Column{{Style: term.Faint}, {Right: true}, {Style: term.Cyan, Fit: term.Cut}, {Fit: term.Cut}}}
	add := func(head string, list []experiment.Change) {
		for i, x := range list {
			if i > 0 {
				head = ""
			}
			t.Row(head, fmt.Sprintf("%.3f → %.3f", x.Before, x.After), x.Query, x.Text)
		}
	}
	add("gained", v.Gained)
	add("lost", v.Lost)
	t.Print(o)
}

// noteEvalPrecision says which precision was asked for and is not there; the report line names those in use.
func (a *app) noteEvalPrecision(f *evalFlags, m *experiment.Manifest) {
	var inUse []encoder.Precision
	for _, r := range m.Models {
		inUse = append(inUse, r.Precision)
	}
	if len(inUse) > 0 && f.precision != string(encoder.Auto) {
		a.notePrecision(f.precision, inUse...)
	}
}
