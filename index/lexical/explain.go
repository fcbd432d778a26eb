// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/lexical/analysis"
)

// TermScore is what one clause of a query contributes to the score of a row.
type TermScore struct {
	Text         string  `json:"text"`          // the term, or the terms of a phrase between quotes
	Count        int     `json:"count"`         // how often the query has it
	Freq         int     `json:"freq"`          // occurrences in title and text together; 0: the row lacks it
	TitleFreq    int     `json:"title_freq"`    // those in the title
	WeightedFreq float64 `json:"weighted_freq"` // with those in the title counted TitleWeight times
	DocFreq      int     `json:"doc_freq"`      // rows of all parts with the term; of a phrase: with its rarest term
	IDF          float64 `json:"idf"`           // of a phrase: the sum over its terms
	Norm         float64 `json:"norm"`          // 1 - b + b·length/average length
	Contribution float64 `json:"contribution"`
}

// Explanation says how a row came to its score. Contributions sum up to it but for the rounding to float32.
type Explanation struct {
	Score         float32     `json:"score"`
	Matches       bool        `json:"matches"`        // the row is a hit: Must and MustNot are respected, and it has a term
	Rows          int         `json:"rows"`           // of all parts
	Length        float64     `json:"length"`         // of the row, in tokens, those of the title counted TitleWeight times
	AverageLength float64     `json:"average_length"` // of all rows
	Terms         []TermScore `json:"terms"`          // heaviest first; terms that no row has are left out, as are those that must not be there
}

// Explain computes the score of one row as Search does, and what it is made of.
func Explain(ctx context.Context, parts []Part, q analysis.Query, p Params, part, row int) (Explanation, error) {
	if part < 0 || part >= len(parts) || row < 0 || row >= parts[part].Index.rows {
		return Explanation{}, fmt.Errorf("explain: there is no row %d in part %d", row, part)
	}
	if p == (Params{}) {
		p = DefaultParams()
	}
	if err := p.Validate(); err != nil {
		return Explanation{}, err
	}
	pl, err := newPlan(parts, q, p)
	if err != nil {
		return Explanation{}, err
	}
	x := parts[part].Index
	if err := x.verifyRows(); err != nil {
		return Explanation{}, err
	}
	s := &search{ctx: ctx, plan: pl, rows: uint32(x.rows)}
	s.scorer.begin(x, p, pl.average)
	total, inTitle := x.lengthsOf(uint32(row))
	e := Explanation{Rows: int(pl.rows), AverageLength: pl.average, Terms: []TermScore{}}
	e.Length = p.TitleWeight*float64(inTitle) + float64(total-min(inTitle, total))
	sum, found := float32(0), false
	e.Matches = !pl.none
	for i := range pl.clauses {
		cl := &pl.clauses[i]
		cur := s.cursor()
		some, err := s.openClause(cur, x, cl, cl.in(part))
		if err == nil && some {
			some, err = cur.find(uint32(row))
		}
		if err != nil {
			return Explanation{}, fmt.Errorf("explain: part %d: %w", part, err)
		}
		if cl.occur == analysis.MustNot {
			e.Matches = e.Matches && !some
			continue
		}
		found = found || some
		e.Matches = e.Matches && (some || cl.occur != analysis.Must)
		t := TermScore{Text: cl.text(), Count: cl.count, DocFreq: int(cl.df), IDF: cl.idf, Contribution: cl.base}
		t.Norm = 1 - p.B
		if pl.average > 0 {
			t.Norm += p.B * e.Length / pl.average
		}
		if some {
			v, err := s.scorer.one(&cur.list, cur.weight, cur.at)
			if err != nil {
				return Explanation{}, fmt.Errorf("explain: part %d: %w", part, err)
			}
			if err := cur.decodeTitles(); err != nil {
				return Explanation{}, fmt.Errorf("explain: part %d: %w", part, err)
			}
			sum += v
			t.Freq, t.TitleFreq = int(cur.freqs[cur.at]), int(cur.titles[cur.at])
			t.WeightedFreq = p.TitleWeight*float64(t.TitleFreq) + float64(t.Freq-t.TitleFreq)
			t.Contribution += float64(v)
		}
		e.Terms = append(e.Terms, t)
	}
	e.Score = sum + pl.base
	e.Matches = e.Matches && found
	return e, nil
}

// text is the clause as a person would write it.
func (c *clause) text() string {
	if len(c.terms) == 1 {
		return c.terms[0].Term
	}
	b := []byte{'"'}
	for i, t := range c.terms {
		if i > 0 {
			b = append(b, ' ')
			for gap := c.terms[i-1].Offset + 1; gap < t.Offset; gap++ {
				b = append(b, "* "...)
			}
		}
		b = append(b, t.Term...)
	}
	return string(append(b, '"'))
}
