// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/internal/notebook"
	"github.com/winnow-search/winnow/rank"
)

// teller prints the demo, section by section.
type teller struct {
	*term.Output
	v *notebook.Values
	s *story
	n int // of the section
}

const indent = "   "

func (a *app) printStory(v *notebook.Values, s *story) {
	t := &teller{a.stdout, v, s, 0}
	t.Println(t.Paint(term.Bold, "Two-stage search on the notebooks' corpus, measured on this machine"))
	order := "ordered by the logit"
	if s.Order == rank.Fused {
		order = "ordered by both scores, standardised and weighed (fused)"
	}
	paragraphs(t.Output, t.Line(fmt.Sprintf("bi-encoder %s (%d dimensions, %s) · cross-encoder %s, %s", s.Retriever, s.dim, s.kind, s.Reranker, order)))
	t.corpus()
	t.retrieve()
	t.rerank()
	t.shift()
	t.measures()
	t.examples()
	t.matrix()
	t.bands()
	t.speed()
}

// section begins a section; question is the query it is about, if any.
func (t *teller) section(title, question string) {
	t.n++
	t.Println("")
	t.Println(t.Paint(term.Bold, strconv.Itoa(t.n)+"  "+title))
	if question != "" {
		t.ask(question)
	}
}

// ask prints a query.
func (t *teller) ask(question string) {
	t.Println(indent + t.Paint(term.Cyan, "“"+question+"”"))
}

// say prints running text below a section.
func (t *teller) say(text string) {
	for _, line := range term.Wrap(t.Clean(text), t.Columns()-len(indent)) {
		t.Println(indent + line)
	}
}

func (t *teller) table(columns ...term.Column) *term.Table {
	return &term.Table{Columns: columns, Indent: len(indent)}
}

func (t *teller) corpus() {
	t.section(fmt.Sprintf("The corpus: %d passages, encoded once, in %s", len(t.s.Corpus.Documents), milliseconds(t.s.Corpus.EncodedMS)), "")
	table := t.table(term.Column{Style: term.Cyan}, term.Column{Fit: term.Cut})
	for _, d := range t.s.Corpus.Documents {
		table.Row(d.ID, d.Text)
	}
	table.Print(t.Output)
}

func (t *teller) retrieve() {
	r := t.s.Retrieve
	t.section("Stage 1, retrieve: the five passages nearest to the query", r.Query)
	table := t.table(
		term.Column{Title: "rank", Right: true, Style: term.Bold}, term.Column{Title: "id", Style: term.Cyan},
		term.Column{Title: string(t.s.kind), Right: true}, term.Column{Title: "notebook", Right: true, Style: term.Faint}, term.Column{Title: "text", Fit: term.Cut},
	)
	for _, h := range r.Hits {
		table.Row(strconv.Itoa(h.Rank), h.ID, term.Score(h.Score), printedScore(t.v.Printed.Top, h.ID), h.Text)
	}
	table.Print(t.Output)
	t.say(fmt.Sprintf("Encoding the query took %s, comparing it %s. %s.", milliseconds(r.Timing.Encode), milliseconds(r.Timing.Retrieve),
		sameOrder("The order is the one that the notebook prints", "The notebook prints another order: ", r.Order(), ids(t.v.Printed.Top))))
}

// printedScore is what a notebook prints for a document.
func printedScore(list []notebook.Scored, id string) string {
	for _, s := range list {
		if s.ID == id {
			return term.Score(float32(s.Score))
		}
	}
	return "-"
}

func ids(list []notebook.Scored) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ID
	}
	return out
}

func sameOrder(same, other string, got, printed []string) string {
	if slices.Equal(got, printed) {
		return same
	}
	return other + strings.Join(printed, " ")
}

func (t *teller) rerank() {
	r := t.s.Rerank
	t.section("Stage 2, rerank: the cross-encoder reads the query beside each candidate", "")
	columns := []term.Column{{Title: "rank", Right: true, Style: term.Bold}, {Title: "shift"}, {Title: "id", Style: term.Cyan}}
	if t.s.Order == rank.Fused {
		columns = append(columns, term.Column{Title: "fused", Right: true})
	}
	columns = append(columns, term.Column{Title: string(t.s.kind), Right: true}, term.Column{Title: "logit", Right: true},
		term.Column{Title: "notebook", Right: true, Style: term.Faint}, term.Column{Title: "text", Fit: term.Cut})
	table := t.table(columns...)
	for _, h := range r.Hits {
		shift, style := arrow(h.RankBefore - h.Rank)
		row := []term.Cell{term.Text(strconv.Itoa(h.Rank)), {Text: shift, Style: style}, term.Text(h.ID)}
		if t.s.Order == rank.Fused {
			row = append(row, term.Text(term.Score(h.Score)))
		}
		table.Add(append(row, term.Text(term.Score(h.Retrieval.Dense.Score)), term.Text(term.Score(*h.Logit)),
			term.Text(printedScore(t.v.Printed.Reranked, h.ID)), term.Text(h.Text))...)
	}
	table.Print(t.Output)
	t.say(fmt.Sprintf("Reranking took %s. %s. The column “notebook” holds what it prints: the logits of %s.", milliseconds(r.Timing.Rerank),
		sameOrder("The order is the one that the notebook prints", "The notebook prints another order: ", r.Order(), ids(t.v.Printed.Reranked)),
		notebook.CrossEncoder))
}

func (t *teller) shift() {
	s := &t.s.Shift
	t.section("Rank shift", s.Query)
	var moves []string
	for i, id := range s.After {
		if moved := slices.Index(s.Before, id) - i; moved != 0 {
			text, style := arrow(moved)
			moves = append(moves, id+" "+t.Paint(style, text))
		}
	}
	t.Println(indent + "before  " + strings.Join(s.Before, " ") + "   " + t.Paint(term.Faint, sameOrder("as the notebook prints", "notebook: ", s.Before, t.v.Printed.ShiftTop)))
	t.Println(indent + "after   " + strings.Join(s.After, " ") + "   " + t.Paint(term.Faint, sameOrder("as the notebook prints", "notebook: ", s.After, t.v.Printed.ShiftReranked)) +
		"   " + strings.Join(moves, "  "))
}

func (t *teller) measures() {
	m := &t.s.Measures
	t.section(fmt.Sprintf("Measures: %d queries with a known answer, %d candidates each", len(m.Queries), m.Candidates), "")
	table := t.table(term.Column{}, term.Column{Title: "retrieved", Right: true}, term.Column{Title: "reranked", Right: true},
		term.Column{Title: "notebook prints", Right: true, Style: term.Faint})
	row := func(name string, got, printed notebook.Stages) {
		style := term.Plain
		if got.Reranked > got.Bi {
			style = term.Green
		} else if got.Reranked < got.Bi {
			style = term.Red
		}
		table.Add(term.Text(name), term.Text(fmt.Sprintf("%.2f", got.Bi)), term.Cell{Text: fmt.Sprintf("%.2f", got.Reranked), Style: style},
			term.Text(fmt.Sprintf("%.2f → %.2f", printed.Bi, printed.Reranked)))
	}
	row("P@3 (notebook: hit in top 3)", m.HitAt3, t.v.Printed.PAt3)
	row("MRR", m.MRR, t.v.Printed.MRR)
	table.Row("average time of the stage", milliseconds(m.TimeMS.Bi), milliseconds(m.TimeMS.Reranked), "")
	table.Print(t.Output)
	for _, q := range m.Queries {
		if q.Before != q.After {
			t.say(fmt.Sprintf("%s went from rank %d to %d for “%s”", q.Gold, q.Before, q.After, q.Text))
		}
	}
	t.say("Five queries show how it works, not how well.")
}

func (t *teller) examples() {
	t.section("Side by side, each encoder for itself", "")
	for i, x := range t.s.Examples {
		if i > 0 {
			t.Println("")
		}
		t.ask(x.Comparison.Query)
		t.say("expected: " + x.Claim)
		table := t.table(
			term.Column{Title: string(x.Comparison.Kind), Right: true}, term.Column{Title: "rank", Right: true, Style: term.Faint},
			term.Column{Title: "logit", Right: true}, term.Column{Title: "rank", Right: true, Style: term.Bold}, term.Column{Title: "shift"}, term.Column{Title: "text", Fit: term.Cut},
		)
		for _, r := range x.Comparison.Rows {
			shift, style := arrow(r.Moved)
			table.Add(term.Text(term.Score(r.Bi.Score)), term.Text(strconv.Itoa(r.Bi.Rank)), term.Text(term.Score(r.Cross.Score)), term.Text(strconv.Itoa(r.Cross.Rank)),
				term.Cell{Text: shift, Style: style}, term.Text(r.Text))
		}
		table.Print(t.Output)
		t.say(verdictOn(&x))
	}
}

// verdictOn says whether an example shows what is expected, and what the notebook says.
func verdictOn(x *tricky) string {
	c := x.Comparison
	bi, cross := x.Right["bi_encoder"], x.Right["cross_encoder"]
	var measured string
	switch {
	case cross && !bi:
		return fmt.Sprintf("✓ measured: %s is misled, %s is not.", c.Retriever, c.Reranker)
	case cross:
		return "✓ measured: neither encoder is misled."
	case bi:
		measured = fmt.Sprintf("✗ measured: %s is right, and %s is misled.", c.Retriever, c.Reranker)
	default:
		measured = fmt.Sprintf("✗ measured: %s is misled, and so is %s.", c.Retriever, c.Reranker)
	}
	if c.Reranker == x.model {
		return measured
	}
	return measured + " " + x.said
}

func (t *teller) matrix() {
	m := t.s.Matrix
	t.section("Relevance matrix: every query with every document, as logits", "")
	columns := []term.Column{{}}
	for _, d := range m.Documents {
		columns = append(columns, term.Column{Title: d.Text, Right: true, Fit: term.Cut})
	}
	table := t.table(columns...)
	right := 0
	for i, q := range m.Queries {
		row := []term.Cell{{Text: q.Text, Style: term.Cyan}}
		best := m.best(i)
		if best == i {
			right++
		}
		for j, v := range m.Scores[i] {
			c := term.Text(fmt.Sprintf("%.2f", v))
			if j == best {
				c.Style = term.Green
			}
			row = append(row, c)
		}
		table.Add(row...)
	}
	table.Print(t.Output)
	t.say(fmt.Sprintf("The document meant for each query is the best of its row in %d of %d rows. `winnow matrix --plot` draws this.", right, len(m.Queries)))
}

func (t *teller) bands() {
	b := &t.s.Bands
	t.section("Bands: names for ranges of scores", b.Query)
	table := t.table(term.Column{Title: "logit", Right: true}, term.Column{Title: "band"}, term.Column{Title: "text", Fit: term.Cut})
	for _, r := range b.Rows {
		band := term.Cell{Text: r.Band, Style: bandStyle(r.Band)}
		if r.Band == "" {
			band = term.Cell{Text: "none", Style: term.Faint}
		}
		table.Add(term.Text(term.Score(r.Logit)), band, term.Text(r.Text))
	}
	table.Print(t.Output)
	if b.Applies != "" {
		t.say("Bands: " + b.Applies + ".")
	}
	bands, ok := rank.BandsFor(rank.Logit, notebook.CrossEncoder)
	if !ok || b.Applies == bands.About {
		return
	}
	t.say("The notebook's rule is for " + bands.About + ". It says nothing about the logits of " + t.s.Reranker + ".")
	var named []string
	for _, s := range t.v.Printed.Reranked {
		named = append(named, fmt.Sprintf("%s %.2f %s", s.ID, s.Score, bands.Name(float32(s.Score))))
	}
	t.say("Applied to the logits that the notebook prints in stage 2: " + strings.Join(named, ", ") + ".")
}

func (t *teller) speed() {
	s := &t.s.Speed
	t.section(fmt.Sprintf("Speed: one query against %d documents", s.Documents), notebook.SpeedQuery)
	table := t.table(term.Column{}, term.Column{Right: true}, term.Column{Style: term.Faint})
	table.Row("cross-encoder, every pair", milliseconds(s.Cross), fmt.Sprintf("%.1f times the next line", s.Cross/s.EncodeAll))
	table.Row("bi-encoder, documents encoded anew", milliseconds(s.EncodeAll), "")
	table.Row("bi-encoder, documents' vectors kept", milliseconds(s.Cached), fmt.Sprintf("%.0f times faster than the first line", s.Cross/s.Cached))
	table.Print(t.Output)
	if ratio := s.Cross / s.EncodeAll; ratio > 0.5 && ratio < 3 {
		t.say("Reading a pair costs about as much as encoding a text or two; what makes the bi-encoder fast is that its vectors can be kept.")
	}
	t.say("So the bi-encoder goes over everything and the cross-encoder over the best candidates. (Medians of three runs.)")
}
