// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// printHitExplanation shows how a hit's score came about.
func (s *searched) printHitExplanation(o *term.Output, h *winnow.Hit, indent string) {
	if h.Explanation == nil {
		return
	}
	line := func(text string) { o.Println(indent + o.Paint(term.Faint, o.Clean(text))) }
	for _, c := range h.Explanation.Fusion {
		if c.Rank == 0 {
			line(fmt.Sprintf("%-7s  not in its list, adds %.5f", c.List, c.Adds))
			continue
		}
		line(fmt.Sprintf("%-7s  rank %d, score %s, adds %.5f", c.List, c.Rank, term.Score(c.Score), c.Adds))
	}
	if p := h.Explanation.Rerank; p != nil {
		line(fmt.Sprintf("%-7s  retrieval %+.3f, words %+.3f, logit %+.3f (retrieval and logit in standard deviations)", "rerank", p.Retrieval, p.Words, p.Logit))
	}
	if e := h.Explanation.BM25; e != nil {
		for _, t := range e.Terms {
			if t.Freq == 0 {
				continue
			}
			line(fmt.Sprintf("%-12s  %.3f = idf %.3f (in %s of %s), %s here, length %.2f of mean", t.Text, t.Contribution, t.IDF,
				term.Count(t.DocFreq), term.Count(e.Rows), term.Plural(t.Freq, "time", "times"), e.Length/max(e.AverageLength, 1e-9)))
		}
	}
}

// printExplanation shows how the candidates were found.
func (s *searched) printExplanation(o *term.Output) {
	e := s.Explanation
	if e == nil {
		return
	}
	line := func(name, text string) {
		head := o.Paint(term.Bold, fmt.Sprintf("%-8s", name))
		for _, part := range term.Wrap(o.Clean(text), max(o.Columns()-9, 20)) {
			o.Println(head + " " + part)
			head = strings.Repeat(" ", 8)
		}
	}
	if f := e.Filter; f != nil {
		line("filter", fmt.Sprintf("%s: %s, %s", f.Expression, term.Plural(f.Documents, "document", "documents"), term.Plural(f.Passages, "passage", "passages")))
	}
	for _, p := range e.Dense {
		line("dense", strings.Join([]string{p.Segment, p.Index, string(p.Plan), fmt.Sprintf("%s of %s allowed, %s compared", term.Count(p.Allowed), term.Count(p.Rows), term.Count(p.Scored))}, " · "))
	}
	if l := e.Lexical; l != nil {
		line("lexical", fmt.Sprintf("%s · %s scored, %s read, %s", l.Query, term.Plural(l.Scored, "posting", "postings"), term.Plural(l.Blocks, "block", "blocks"), term.Plural(l.Rows, "passage", "passages")))
	}
	if f := e.Fusion; f != nil {
		text := string(f.Method)
		if f.K > 0 && f.Method == "rrf" {
			text += fmt.Sprintf(", k %g", f.K)
		}
		line("fusion", fmt.Sprintf("%s, weights %g dense, %g lexical", text, f.Dense, f.Lexical))
	}
}
