// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"strings"

	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/experiment"
)

// resamples is fewer than for differences: these intervals describe, they do not decide.
const resamples = 2_000

// quality is the table of runs and measures.
type quality struct {
	Main     string
	Measures []string // the main one first
	Rows     []qualityRow
	Several  bool
}

type qualityRow struct {
	Run, About string
	Baseline   bool
	Start      bool   // of another way to retrieve
	Interval   string // of the main measure; "" with one query
	Cells      []qualityCell
}

type qualityCell struct {
	Value      string
	Best, Tied bool
	Main       bool
}

func newQuality(c *experiment.Collection, seed uint64) quality {
	measures := mainFirst(c)
	out := quality{Main: c.Main.String(), Several: len(c.Runs) > 1}
	best, worst := make([]float64, len(measures)), make([]float64, len(measures))
	for i, m := range measures {
		out.Measures = append(out.Measures, m.String())
		best[i], worst[i] = math.Inf(-1), math.Inf(1)
		for _, r := range c.Runs {
			best[i], worst[i] = max(best[i], r.Measures[m]), min(worst[i], r.Measures[m])
		}
	}
	show := severalModels(c)
	for i, r := range c.Runs {
		row := qualityRow{Run: line(r.Name, nameLength), Baseline: out.Several && r.Name == c.Baseline, Start: starts(c.Runs, i)}
		if show {
			row.About = about(r)
		}
		if values := r.Values[c.Main]; len(values) > 1 {
			low, high := significance.Bootstrap(values, significance.DefaultConfidence, resamples, seed)
			row.Interval = figures(low) + "–" + figures(high)
		}
		for i, m := range measures {
			v := r.Measures[m]
			row.Cells = append(row.Cells, qualityCell{
				// Equal as they are shown: the eye compares nothing else.
				Value: figures(v), Best: figures(v) == figures(best[i]) && figures(best[i]) != figures(worst[i]), Tied: r.Tied[m] > 0, Main: i == 0,
			})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// starts reports whether a run is the first of another way to retrieve.
func starts(runs []*experiment.Result, i int) bool {
	return i > 0 && (runs[i].Mode != runs[i-1].Mode || runs[i].Model != runs[i-1].Model)
}

// severalModels reports whether runs differ in a model, so that their names may not be enough.
func severalModels(c *experiment.Collection) bool {
	models := map[string]string{} // by role
	for _, r := range c.Runs {
		for role, name := range map[string]string{"retriever": r.Model, "reranker": strings.Join(r.Models, ",")} {
			if name == "" {
				continue
			}
			if models[role] != "" && models[role] != name {
				return true
			}
			models[role] = name
		}
	}
	return false
}

// about is what the name of a run does not say.
func about(r *experiment.Result) string {
	text := ""
	for _, m := range r.Models {
		if text != "" {
			text += ", then "
		}
		text += line(m, nameLength)
	}
	if text != "" && r.Fused {
		text += ", fused with retrieval"
	}
	if text == "" && r.Model != "" {
		text = line(r.Model, nameLength)
	}
	return text
}

// differences is the table of comparisons with the baseline.
type differences struct {
	Baseline, Main string
	Others         int
	Rows           []differenceRow
	Zero           float64 // where no difference is in the pictures of intervals
}

type differenceRow struct {
	Run                          string
	Start                        bool
	Change, Interval             string
	Class, Sign, Word            string
	Random, Student, Wilcoxon    string
	Better, Worse, Equal, Effect string
	At, Low, High                float64 // in the picture of the interval
}

// The picture of an interval, in its own units.
const (
	forestWidth  = 140.0
	forestMargin = 5.0
)

func newDifferences(c *experiment.Collection) *differences {
	out := &differences{Baseline: line(c.Baseline, nameLength), Main: c.Main.String()}
	low, high := 0.0, 0.0
	for _, r := range c.Runs {
		if v := r.Versus; v != nil {
			low, high = min(low, v.Low, v.Difference), max(high, v.High, v.Difference)
		}
	}
	place := func(v float64) float64 {
		if !(high > low) {
			return forestWidth / 2
		}
		return math.Round(10*(forestMargin+(v-low)/(high-low)*(forestWidth-2*forestMargin))) / 10
	}
	out.Zero = place(0)
	for i, r := range c.Runs {
		v := r.Versus
		if v == nil {
			continue
		}
		row := differenceRow{
			Run: line(r.Name, nameLength), Start: len(out.Rows) > 0 && starts(c.Runs, i), Change: signed(v.Difference), Interval: interval(v),
			Random: chance(v.P()), Student: holm(v, significance.T), Wilcoxon: holm(v, significance.Wilcoxon),
			Better: count(v.Wins), Worse: count(v.Losses), Equal: count(v.Ties), Effect: signed(v.CohenD),
			At: place(v.Difference), Low: place(v.Low), High: place(v.High), Class: "unproven",
		}
		if v.P() < experiment.Significant && v.Difference != 0 {
			row.Class, row.Sign, row.Word = "pays", "▲", "significantly better"
			if v.Difference < 0 {
				row.Class, row.Sign, row.Word = "hurts", "▼", "significantly worse"
			}
		}
		out.Rows = append(out.Rows, row)
	}
	if out.Others = len(out.Rows); out.Others == 0 {
		return nil
	}
	return out
}

// holm is a test's corrected p; a test may be absent.
func holm(v *experiment.Versus, test significance.Test) string {
	p, ok := v.Holm[test]
	if !ok {
		return absent
	}
	return chance(p)
}

// times is the table of latencies and cost.
type times struct {
	Rows    []timesRow
	Peak    string
	Unknown int // runs without times
}

type timesRow struct {
	Run    string
	Start  bool
	Cells  []string // encode, retrieve, rerank: mean, p95; total: mean, p50, p95, p99; documents, tokens
	Shares []share  // of the longest total
}

func newTimes(c *experiment.Collection) *times {
	out := &times{}
	longest := 0.0
	for _, r := range c.Runs {
		longest = max(longest, totalTime(r))
	}
	for i, r := range c.Runs {
		if r.Latency == nil {
			out.Unknown++
			continue
		}
		l := r.Latency
		row := timesRow{Run: line(r.Name, nameLength), Start: len(out.Rows) > 0 && starts(c.Runs, i)}
		for _, x := range []*experiment.Latency{l.Encode, l.Retrieve, &l.Rerank} {
			if x == nil { // of a run file
				row.Cells = append(row.Cells, absent, absent)
				continue
			}
			row.Cells = append(row.Cells, milliseconds(x.Mean), milliseconds(x.P95))
		}
		if t := l.Total; t != nil {
			row.Cells = append(row.Cells, milliseconds(t.Mean), milliseconds(t.P50), milliseconds(t.P95), milliseconds(t.P99))
		} else {
			row.Cells = append(row.Cells, absent, absent, absent, absent)
		}
		row.Cells = append(row.Cells, amount(r.Scored), amount(r.Tokens))
		if longest > 0 && l.Total != nil {
			for _, part := range []struct {
				class string
				ms    float64
			}{{"encode", l.Encode.Mean}, {"retrieve", l.Retrieve.Mean}, {"rerank", l.Rerank.Mean}} {
				row.Shares = append(row.Shares, share{part.class, math.Round(10_000*part.ms/longest) / 100})
			}
		}
		out.Rows = append(out.Rows, row)
	}
	if len(out.Rows) == 0 {
		return nil
	}
	if c.PeakMemory > 0 {
		out.Peak = bytesText(c.PeakMemory)
	}
	return out
}

// amount is a mean number of things.
func amount(v float64) string {
	if !(v > 0) {
		return absent
	}
	if v < 99.95 && v != math.Trunc(v) {
		return milliseconds(v)
	}
	return count(int(math.Round(v)))
}
