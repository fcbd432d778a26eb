// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/internal/speed"
)

func (a *app) printMachine(b *benchmark) {
	o := a.stdout
	o.Println(o.Paint(term.Bold, o.Line(b.CPU)))
	faint(o, fmt.Sprintf("%s, %s, %s/%s, %s", term.Plural(b.Processors, "processor", "processors"), b.Tier, b.OS, b.Arch, b.Go))
}

// printRun prints a table with a column for each precision, and its ratio to fp32 beside it.
func (a *app) printRun(r *speed.Run) {
	o := a.stdout
	kind := map[string]string{parity.Bi: "bi-encoder", parity.Cross: "cross-encoder"}[r.Kind]
	o.Println("")
	o.Println(o.Paint(term.Bold, o.Line(r.Model)) + o.Paint(term.Faint, fmt.Sprintf("  %s, %s of %d, %s, %s",
		kind, term.Plural(r.Layers, "layer", "layers"), r.Hidden, term.Plural(r.MaxTokens, "token", "tokens")+" at most", term.Plural(r.Threads, "thread", "threads"))))
	t := &benchTable{run: r, Table: term.Table{Columns: []term.Column{{}, {}}}}
	for _, m := range r.Measured {
		t.Columns = append(t.Columns, term.Column{Title: string(m.Precision), Right: true})
		if t.hasRatio(&m) {
			t.Columns = append(t.Columns, term.Column{Right: true, Style: term.Cyan})
		}
	}
	if len(r.Measured) > 0 {
		t.addFigures()
	}
	t.Print(o)
}

type benchTable struct {
	term.Table
	run *speed.Run
}

// hasRatio says whether a precision is compared with fp32.
func (t *benchTable) hasRatio(m *speed.Measured) bool {
	return m.Precision != encoder.FP32 && m.Lengths[0].Ratio > 0
}

// row adds a row; figure gives its text, and a ratio or 0, for each precision.
func (t *benchTable) row(about, unit string, figure func(m *speed.Measured) (string, float64)) {
	row := []term.Cell{term.Text(about), {Text: unit, Style: term.Faint}}
	for i := range t.run.Measured {
		m := &t.run.Measured[i]
		text, ratio := figure(m)
		row = append(row, term.Text(text))
		if t.hasRatio(m) {
			beside := ""
			if ratio > 0 {
				beside = figures(ratio, 2) + "×"
			}
			row = append(row, term.Text(beside))
		}
	}
	t.Add(row...)
}

func (t *benchTable) addFigures() {
	first := &t.run.Measured[0]
	for i, l := range first.Lengths {
		about := fmt.Sprintf("%d tokens", l.Tokens)
		throughput := func(value func(l *speed.Throughput) (string, float64)) func(m *speed.Measured) (string, float64) {
			return func(m *speed.Measured) (string, float64) { return value(&m.Lengths[i]) }
		}
		tokens := throughput(func(l *speed.Throughput) (string, float64) { return figures(l.TokensPerSecond, 3), l.Ratio })
		if l.PairMS > 0 {
			t.row(about, "ms a pair", throughput(func(l *speed.Throughput) (string, float64) { return figures(l.PairMS, 3), l.Ratio }))
		} else {
			t.row(about, "tokens/s", tokens)
			t.row("", "texts/s", throughput(func(l *speed.Throughput) (string, float64) { return figures(l.TextsPerSecond, 3), 0 }))
		}
		t.row("", "of GEMM peak", throughput(func(l *speed.Throughput) (string, float64) { return percent(l.PercentOfPeak), 0 }))
	}
	if q := first.Query; q != nil {
		t.row(fmt.Sprintf("a query of %d", q.Tokens), "ms, median", func(m *speed.Measured) (string, float64) { return figures(m.Query.Median, 3), m.Query.Ratio })
		t.row("", "ms, p99", func(m *speed.Measured) (string, float64) { return figures(m.Query.P99, 3), 0 })
	}
	if r := first.Rerank; r != nil {
		t.row(fmt.Sprintf("%d pairs of %d + %d", r.Pairs, r.QueryTokens, r.DocumentTokens), "ms", func(m *speed.Measured) (string, float64) { return figures(m.Rerank.MS, 3), m.Rerank.Ratio })
		t.row("", "of GEMM peak", func(m *speed.Measured) (string, float64) { return percent(m.Rerank.PercentOfPeak), 0 })
	}
	t.row("memory", "packed weights", func(m *speed.Measured) (string, float64) { return term.Bytes(m.Packed), 0 })
	if first.Resident > 0 {
		t.row("", "peak resident", func(m *speed.Measured) (string, float64) { return term.Bytes(m.Resident), 0 })
	}
	t.row("GEMM peak", "Gop/s", func(m *speed.Measured) (string, float64) { return figures(m.Peak/1e9, 3), 0 })
}

func percent(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) + " %" }

// figures writes a positive number with so many significant digits, or all before the point, with
// commas between thousands.
func figures(v float64, digits int) string {
	_, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits-1, 64), "e")
	size, err := strconv.Atoi(exponent) // of the rounded number: 9.99 has that of 10
	if err != nil {
		return strconv.FormatFloat(v, 'g', -1, 64) // no number
	}
	if size >= digits-1 {
		return term.Count(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'f', digits-1-size, 64)
}
