// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/chart"
	"github.com/winnow-search/winnow/rank"
)

func (a *app) printCalibrated(c *calibrated) {
	o := a.stdout
	o.Println(o.Paint(term.Bold, "Calibration of "+o.Line(c.Model)))
	for _, s := range c.Sources {
		faint(o, s.line())
	}
	faint(o, fmt.Sprintf("together %s, %s of them relevant: the base rate is %s", term.Plural(c.Pairs, "pair", "pairs"), term.Count(c.Relevant), percentOf(c.BaseRate)))
	o.Println("")
	c.table().Print(o)
	o.Println("")
	paragraphs(o, c.quality())
	paragraphs(o, "map: "+mapLine(c.Map))
	for _, line := range c.bandLines() {
		paragraphs(o, line)
	}
}

// line describes a source.
func (s *judgedSource) line() string {
	parts := []string{fmt.Sprintf("%s: %s, %s, %s relevant", s.Name, term.Plural(s.Queries, "query", "queries"), term.Plural(s.Pairs, "pair", "pairs"), term.Count(s.Relevant))}
	if s.Level > 1 {
		parts = append(parts, fmt.Sprintf("from grade %d on", s.Level))
	}
	switch s.Unjudged {
	case unjudgedIrrelevant:
		parts = append(parts, fmt.Sprintf("%s without a judgment counted as not relevant (--unjudged %s)", term.Count(s.Assumed), s.Unjudged))
		if s.Below > 0 {
			parts = append(parts, term.Count(s.Below)+" judged that retrieval did not find")
		}
	case unjudgedSkip:
		parts = append(parts, fmt.Sprintf("judged documents alone (--unjudged %s)", s.Unjudged))
	}
	return strings.Join(parts, " · ")
}

// table sets the sigmoid beside the map.
func (c *calibrated) table() *term.Table {
	t := &term.Table{Columns: []term.Column{
		{}, {Title: "Brier", Right: true}, {Title: "log loss", Right: true}, {Title: "ECE", Right: true},
	}}
	row := func(name string, m measuredMap, style term.Style) {
		cells := []term.Cell{term.Text(name)}
		for _, v := range []float64{m.Brier, m.LogLoss, m.ECE} {
			cells = append(cells, term.Cell{Text: fmt.Sprintf("%.4f", v), Style: style})
		}
		t.Add(cells...)
	}
	row("before: sigmoid of the logit", c.Before, term.Plain)
	if c.After != nil {
		row(fmt.Sprintf("after: %s, held out", c.Map.Method), *c.After, term.Green)
	}
	b := c.BaseRate
	row("the base rate for all", measuredMap{b * (1 - b), -b*math.Log(b) - (1-b)*math.Log1p(-b), 0}, term.Faint)
	return t
}

// quality says what the table shows.
func (c *calibrated) quality() string {
	if c.Folds == 0 {
		return "nothing was held out: the figures above are those of the sigmoid"
	}
	other := calibration.Platt
	if c.Map.Method == other {
		other = calibration.Isotonic
	}
	return fmt.Sprintf("%s has the lower log loss on queries held out, in %d folds: %.4f against %.4f of %s. Lower is better everywhere; ECE is the mean distance of probabilities from the observed share, over %d bins. The log loss is also what the method was chosen by.",
		c.Map.Method, c.Folds, c.LogLoss[c.Map.Method], c.LogLoss[other], other, eceBins)
}

// mapLine describes a map.
func mapLine(m calibration.Map) string {
	switch {
	case m.Flat():
		return "every logit has the probability " + probability(m.Probability(0))
	case m.Method == calibration.Isotonic:
		first, last := m.Knots[0], m.Knots[len(m.Knots)-1]
		return fmt.Sprintf("a line through %s, from %s at logit %.2f to %s at %.2f", term.Plural(len(m.Knots), "knot", "knots"),
			probability(first.Probability), first.Logit, probability(last.Probability), last.Logit)
	}
	return fmt.Sprintf("probability = sigmoid(%s · logit %+.3g)", strconv.FormatFloat(m.A, 'g', 3, 64), m.B)
}

// bandLines say where bands begin.
func (c *calibrated) bandLines() []string {
	if b, ok := rank.CalibratedBands(rank.Logit, c.Map, c.Model); ok {
		return []string{"bands: " + b.About}
	}
	return nil
}

// bandCuts are the same as data.
func bandCuts(m calibration.Map) []bandCut {
	cuts := []bandCut{}
	for _, c := range []bandCut{{Band: rank.High, Probability: rank.HighFrom}, {Band: rank.Medium, Probability: rank.MediumFrom}} {
		if x := m.Logit(c.Probability); !math.IsInf(x, 0) && !math.IsNaN(x) {
			c.Logit = &x
		}
		cuts = append(cuts, c)
	}
	return cuts
}

// probability writes a probability with two digits, and three near the ends.
func probability(p float64) string {
	switch {
	case p < 0.0005:
		return "<0.001"
	case p > 0.9995:
		return ">0.999"
	case p < 0.01 || p > 0.99:
		return fmt.Sprintf("%.3f", p)
	}
	return fmt.Sprintf("%.2f", p)
}

func percentOf(share float64) string { return figures(100*share, 2) + " %" }

// draw draws the reliability diagram.
func (c *calibrated) draw(path string) error {
	r := chart.ReliabilityChart{
		Title:    "Can the probabilities of " + c.Model + " be believed?",
		Subtitle: fmt.Sprintf("%s, %s pairs; ECE %.3f before", sourceNames(c.Sources), term.Count(c.Pairs), c.Before.ECE),
		Series:   []chart.ReliabilitySeries{chartSeries("sigmoid of the logit", c.Reliability.Before)},
	}
	if c.After != nil {
		r.Subtitle += fmt.Sprintf(", %.3f after, on held-out queries", c.After.ECE)
		r.Series = append(r.Series, chartSeries("calibrated ("+string(c.Map.Method)+")", c.Reliability.After))
	}
	r.Subtitle += "; 95 % intervals are nominal, as if pairs were independent"
	picture := chart.Reliability(r)
	draw := picture.SVG
	if strings.EqualFold(filepath.Ext(path), ".png") {
		draw = picture.PNG
	}
	data, err := draw()
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}

func chartSeries(name string, bins []reliabilityBin) chart.ReliabilitySeries {
	s := chart.ReliabilitySeries{Name: name}
	for _, b := range bins {
		s.Bins = append(s.Bins, chart.ReliabilityBin{Predicted: b.Predicted, Observed: b.Observed, Count: b.Count})
	}
	return s
}

func sourceNames(sources []judgedSource) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Name
	}
	return joinNames(names, "and")
}
