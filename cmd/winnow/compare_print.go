// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/rank"
)

func (a *app) printComparison(c *winnow.Comparison, passages int) error {
	o := a.stdout
	count := term.Plural(len(c.Rows), "passage", "passages")
	if len(c.Rows) < passages {
		count = fmt.Sprintf("the nearest %d of %s passages", len(c.Rows), term.Count(passages))
	}
	o.Println(o.Paint(term.Bold, o.Line(c.Query)))
	faint(o, fmt.Sprintf("bi-encoder %s, cross-encoder %s, %s", c.Retriever, c.Reranker, count))
	o.Println("")
	comparisonTable(c).Print(o)
	o.Println("")
	paragraphs(o, agreement(c.Agreement))
	paragraphs(o, bandsLine(c))
	faint(o, fmt.Sprintf("query %s · retrieve %s · rerank %d in %s",
		milliseconds(c.Timing.Encode), milliseconds(c.Timing.Retrieve), len(c.Rows), milliseconds(c.Timing.Rerank)))
	return nil
}

// comparisonTable shows the views of BM25 and both encoders, a row a passage.
func comparisonTable(c *winnow.Comparison) *term.Table {
	t := &term.Table{Columns: []term.Column{
		{Title: "bm25", Right: true},
		{Title: "rank", Right: true, Style: term.Faint},
		{Title: string(c.Kind), Right: true},
		{Title: "rank", Right: true, Style: term.Faint},
		{Title: "logit", Right: true},
		{Title: "rank", Right: true, Style: term.Bold},
		{Title: "shift"},
	}}
	if c.Calibrated {
		t.Columns = append(t.Columns, term.Column{Title: "p", Right: true})
	}
	if c.Bands != "" {
		t.Columns = append(t.Columns, term.Column{Title: "band"})
	}
	title, where := placesOf(c)
	t.Columns = append(t.Columns, term.Column{Title: title, Style: term.Cyan, Fit: term.Cut}, term.Column{Title: "text", Fit: term.Cut})
	for _, r := range c.Rows {
		shift, style := arrow(r.Moved)
		words, wordsRank := "", ""
		if r.BM25 != nil {
			words, wordsRank = term.Score(r.BM25.Score), strconv.Itoa(r.BM25.Rank)
		}
		row := []term.Cell{
			term.Text(words), term.Text(wordsRank),
			term.Text(term.Score(r.Bi.Score)), term.Text(strconv.Itoa(r.Bi.Rank)),
			term.Text(term.Score(r.Cross.Score)), term.Text(strconv.Itoa(r.Cross.Rank)),
			{Text: shift, Style: style},
		}
		if c.Calibrated {
			row = append(row, term.Text(probability(r.Probability)))
		}
		if c.Bands != "" {
			row = append(row, term.Cell{Text: r.Band, Style: bandStyle(r.Band)})
		}
		t.Add(append(row, term.Text(where(&r)), term.Text(r.Text))...)
	}
	return t
}

// placesOf says how a comparison's passages are told apart: by lines where all are from one file.
func placesOf(c *winnow.Comparison) (title string, where func(*winnow.ComparedPassage) string) {
	paths := map[string]bool{}
	for _, r := range c.Rows {
		if r.Source == nil {
			return "id", func(r *winnow.ComparedPassage) string { return r.ID }
		}
		paths[r.Source.Path] = true
	}
	if len(paths) > 1 {
		return "passage", func(r *winnow.ComparedPassage) string { return place(r.ID, r.Source) }
	}
	return "lines", func(r *winnow.ComparedPassage) string {
		_, lines, _ := strings.Cut(place("", &winnow.Source{StartLine: r.Source.StartLine, EndLine: r.Source.EndLine}), ":")
		return lines
	}
}

func bandStyle(band string) term.Style {
	switch band {
	case rank.High:
		return term.Green
	case rank.Medium:
		return term.Yellow
	}
	return term.Faint
}

// agreement explains Kendall's tau.
func agreement(tau *float64) string {
	if tau == nil {
		return "Kendall's tau: none, since it takes two passages whose scores differ"
	}
	what := "the two orders agree in part"
	switch {
	case *tau == 1:
		what = "the two orders are the same"
	case *tau == -1:
		what = "one order is the reverse of the other"
	case *tau >= 0.7:
		what = "the two orders nearly agree"
	case *tau <= 0.2 && *tau >= -0.2:
		what = "the two orders have little to do with each other"
	case *tau < -0.2:
		what = "the two orders contradict each other"
	}
	return fmt.Sprintf("Kendall's tau %.2f: %s", *tau, what)
}

// bandsLine says what the bands apply to, or why there are none.
func bandsLine(c *winnow.Comparison) string {
	if c.Bands != "" {
		return "bands: " + c.Bands
	}
	return noBands(c.Reranker)
}

func noBands(model string) string {
	return "no bands: above 5 High, above 0 Medium is a rule for logits of cross-encoder/ms-marco-* and says nothing about those of " + model + "; `winnow calibrate` makes bands"
}

func (a *app) printComparisonJSON(c *winnow.Comparison, _ int) error { return a.printJSON(c) }

func (a *app) printComparisonCSV(c *winnow.Comparison, _ int) error {
	rows := [][]string{{
		"bm25_score", "bm25_rank", "bi_encoder_score", "bi_encoder_score_kind", "bi_encoder_rank", "cross_encoder_logit", "cross_encoder_rank", "moved", "probability", "band",
		"id", "path", "start_line", "end_line", "title", "truncated_tokens", "text",
	}}
	for _, r := range c.Rows {
		row := []string{
			"", "", exact(r.Bi.Score), string(c.Kind), strconv.Itoa(r.Bi.Rank), exact(r.Cross.Score), strconv.Itoa(r.Cross.Rank), strconv.Itoa(r.Moved), strconv.FormatFloat(r.Probability, 'g', -1, 64), r.Band,
			r.ID, "", "", "", r.Title, strconv.Itoa(r.TruncatedTokens), r.Text,
		}
		if r.BM25 != nil {
			row[0], row[1] = exact(r.BM25.Score), strconv.Itoa(r.BM25.Rank)
		}
		if s := r.Source; s != nil {
			row[11], row[12], row[13] = s.Path, strconv.Itoa(s.StartLine), strconv.Itoa(s.EndLine)
		}
		rows = append(rows, row)
	}
	return writeCSV(a.stdout, rows)
}
