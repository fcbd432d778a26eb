// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/internal/chart"
	"github.com/winnow-search/winnow/rank"
)

// PictureOptions choose what pictures show.
type PictureOptions struct {
	Query string // whose ranks shift; "": the query that gains most by the first verdict
	Seed  uint64 // of intervals
}

// Picture is a chart with a short name for files and links.
type Picture struct {
	Name string // quality, precision, shift, scores, logits, queries
	chart.Picture
}

const (
	mostCurves = 7  // series of a chart
	shiftTop   = 10 // ranks of the picture of shifts
)

// Pictures draws what there is to see: quality against latency, precision against the time of reranking, the shift of ranks
// of a query, scores of relevant and other documents, differences query by query.
func (c *Collection) Pictures(o PictureOptions) ([]Picture, error) {
	var out []Picture
	about := fmt.Sprintf("%s, %d queries", c.Name, c.Queries)
	add := func(name string, p chart.Picture) { out = append(out, Picture{name, p}) }
	if p := c.curves(c.Main, "", about, o.Seed); p != nil {
		add("quality", p)
	}
	if m, ok := c.precision(); ok && m != c.Main {
		if p := c.curves(m, "rerank", about, o.Seed); p != nil {
			add("precision", p)
		}
	}
	run := c.shown()
	if run == nil {
		if p := histogram(c.Distributions(c.Runs[0])[0], about); p != nil {
			add("scores", p)
		}
		if o.Query != "" {
			return nil, fmt.Errorf("there is no shift of ranks to show for query %q: nothing is reranked", o.Query)
		}
		return out, nil
	}
	if query := o.Query; query != "" || len(c.Verdicts) > 0 && len(c.Verdicts[0].Gained)+len(c.Verdicts[0].Lost) > 0 {
		if query == "" {
			query = slices.Concat(c.Verdicts[0].Gained, c.Verdicts[0].Lost)[0].Query
		}
		s, err := c.Shift(run, query, shiftTop)
		if err != nil {
			return nil, err
		}
		if len(s.Items) > 0 {
			add("shift", s.picture(c.Main))
		}
	}
	for i, d := range c.Distributions(c.deepest(run)) {
		if p := histogram(d, about); p != nil {
			add([]string{"scores", "logits"}[i], p)
		}
	}
	if before := c.firstStage(run); before != nil {
		differences := chart.BarChart{
			Title:    fmt.Sprintf("%s query by query", c.Main),
			Subtitle: fmt.Sprintf("%s against %s: %s", run.Name, before.Name, about),
			Y:        "difference of " + c.Main.String(), Better: run.Name, Worse: before.Name,
		}
		for i, d := range c.Differences(before, run) {
			differences.Bars = append(differences.Bars, chart.Bar{Label: c.Texts[c.QueryIDs[i]], Value: d})
		}
		add("queries", chart.Bars(differences))
	}
	return out, nil
}

// shown is the reranked run that pictures are of: that of the first verdict, else the first.
func (c *Collection) shown() *Result {
	if len(c.Verdicts) > 0 {
		return c.find(c.Verdicts[0].Run)
	}
	for _, r := range c.Runs {
		if r.Depth > 0 {
			return r
		}
	}
	return nil
}

// deepest is the run of the same system that has read most.
func (c *Collection) deepest(r *Result) *Result {
	for _, other := range c.Runs {
		if other.system == r.system && other.Depth > r.Depth {
			r = other
		}
	}
	return r
}

// precision is the first measure of precision.
func (c *Collection) precision() (eval.Measure, bool) {
	i := slices.IndexFunc(c.Measures, func(m eval.Measure) bool { return m.Kind == eval.KindP })
	if i < 0 {
		return eval.Measure{}, false
	}
	return c.Measures[i], true
}

// curves draws a measure over the whole time of a query, or over that of reranking alone.
func (c *Collection) curves(m eval.Measure, time, about string, seed uint64) chart.Picture {
	out := chart.CurveChart{Title: m.String() + " against latency", Subtitle: about, X: "time of a query (ms, mean)", Y: m.String(), PointLabels: "documents reranked", LogX: true}
	if time == "rerank" {
		out.Title, out.X, out.LogX = m.String()+" against the time of reranking", "time of reranking (ms, mean)", false
	}
	for _, curve := range c.Curves(m, seed) {
		s := chart.Series{Name: curve.Name}
		for _, p := range curve.Points {
			x := p.Total
			if time == "rerank" {
				x = p.Rerank
			}
			if out.LogX && x <= 0 {
				continue // an external first stage: its time is not known
			}
			s.Points = append(s.Points, chart.CurvePoint{X: x, Y: p.Value, Low: min(p.Low, p.Value), High: max(p.High, p.Value), Label: strconv.Itoa(p.Depth)})
		}
		if len(s.Points) > 0 && len(out.Series) < mostCurves {
			out.Series = append(out.Series, s)
		}
	}
	if len(out.Series) == 0 {
		return nil
	}
	return chart.Curves(out)
}

func interval(values []float64, seed uint64) (low, high float64) {
	return significance.Bootstrap(values, significance.DefaultConfidence, curveResamples, seed)
}

// curveResamples is fewer than for figures that are read: an interval of a picture is seen to a hundredth.
const curveResamples = 2_000

func histogram(d Distribution, about string) chart.Picture {
	if len(d.Relevant) == 0 || len(d.Other) == 0 {
		return nil
	}
	kind := string(d.Kind)
	if kind == "" {
		kind = "score"
	}
	title := "Scores of relevant and other documents"
	if d.Kind == rank.Logit {
		title = "Logits of relevant and other documents"
	}
	return chart.Histogram(chart.HistogramChart{
		Title: title, Subtitle: d.Title + ": " + about, X: kind,
		Sets: []chart.Distribution{{Name: "other", Values: d.Other}, {Name: "relevant", Values: d.Relevant}},
	})
}

func (s *Shift) picture(m eval.Measure) chart.Picture {
	out := chart.SlopeChart{
		Title:    "“" + s.Text + "”",
		Subtitle: fmt.Sprintf("query %s: %s %s → %s", s.Query, m, figure(s.Before), figure(s.After)),
		Left:     s.From, Right: s.To, Top: shiftTop,
	}
	for _, item := range s.Items {
		text := item.Text
		if text == "" {
			text = item.ID
		}
		out.Items = append(out.Items, chart.SlopeItem{ID: item.ID, Text: text, Left: item.Before, Right: item.After, Grade: min(item.Grade, 9)})
	}
	return chart.Slope(out)
}

// Page puts pictures below each other.
func Page(title string, pictures []Picture) chart.Picture {
	list := make([]chart.Picture, len(pictures))
	for i, p := range pictures {
		list[i] = p.Picture
	}
	return chart.Page(title, list...)
}
