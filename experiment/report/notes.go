// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
)

// tie is a measure whose cut-off goes through equal scores.
type tie struct {
	Run, Measure, Queries, Value, Expected string
}

// notes are what readers should know before they trust a figure.
func (s *section) notes() {
	c := s.collection
	note := func(format string, args ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, args...)) }
	if c.NoRelevant > 0 {
		note("%s no relevant document; what is measured of them is 0 for every run.", plural(c.NoRelevant, "query has", "queries have"))
	}
	for _, r := range c.Runs {
		name := line(r.Name, nameLength)
		if r.Missing > 0 {
			note("%s found nothing for %s, which count 0.", name, plural(r.Missing, "query", "queries"))
		}
		if r.Unjudged > 0 {
			note("%s has %s without judgments, which are left out.", name, plural(r.Unjudged, "query", "queries"))
		}
		for _, m := range c.Measures {
			if n := r.Tied[m]; n > 0 {
				s.Ties = append(s.Ties, tie{name, m.String(), count(n), figures(r.Measures[m]), figures(r.TieAware[m])})
			}
		}
	}
	judged := false
	for _, m := range c.Measures {
		if m.Kind != eval.KindJudged {
			continue
		}
		judged = true
		low, high := c.Runs[0].Measures[m], c.Runs[0].Measures[m]
		for _, r := range c.Runs {
			low, high = min(low, r.Measures[m]), max(high, r.Measures[m])
		}
		share := percent(low)
		if percent(high) != share {
			share += " to " + percent(high)
		}
		note("%s: %s of the documents that count here have a judgment. The others count as not relevant, so runs that find much that nobody judged look worse than they are.", m, share)
	}
	if !judged {
		note("Documents without a judgment count as not relevant. How many there are at the top was not measured: judged@10 tells.")
	}
}

func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 0, 64) + "\u00a0%" }

// mainFirst are the measures with the main one in front.
func mainFirst(c *experiment.Collection) []eval.Measure {
	out := []eval.Measure{c.Main}
	for _, m := range c.Measures {
		if m != c.Main {
			out = append(out, m)
		}
	}
	return out
}

// definition says what a kind of measure is.
type definition struct{ Name, Text string }

var meanings = map[eval.Kind]string{
	eval.KindP:       "Precision: the share of the first k documents that are relevant. Fewer than k found count as k.",
	eval.KindRecall:  "The share of a query’s relevant documents that are among the first k.",
	eval.KindSuccess: "1 if a relevant document is among the first k, else 0: the share of queries that got anything right.",
	eval.KindMRR:     "Mean reciprocal rank: 1 divided by the rank of the first relevant document; 0 if there is none among the first k.",
	eval.KindMAP:     "Mean average precision: the precision at the rank of each relevant document, averaged over all relevant documents of the query; 0 for those that are not found.",
	eval.KindNDCG:    "Normalised discounted cumulative gain: grades, divided by the binary logarithm of the rank plus one, added up over the first k and divided by the same sum of the best possible order. 1 is the best possible order. The gain is the grade, or with exp 2 to the grade less one.",
	eval.KindRprec:   "The precision among as many documents as are relevant for the query.",
	eval.KindJudged:  "The share of the first k documents that anybody judged. It says how far other figures can be trusted, not how good they are.",
	eval.KindRBP:     "Rank-biased precision: relevant documents weighted for a reader who goes on to the next document with probability p (0.8 unless stated).",
	eval.KindERR:     "Expected reciprocal rank: 1 divided by the rank at which a reader is expected to stop, who is content with a document the more probably the higher its grade.",
}

// definitions are those of the measures shown, each kind once.
func definitions(c *experiment.Collection) (out []definition) {
	at := map[eval.Kind]int{}
	for _, m := range mainFirst(c) {
		if i, ok := at[m.Kind]; ok {
			out[i].Name += ", " + m.String()
			continue
		}
		at[m.Kind] = len(out)
		out = append(out, definition{m.String(), meanings[m.Kind]})
	}
	return out
}
