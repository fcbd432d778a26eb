// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/experiment"
)

// How much is shown of queries that change.
const (
	mostChanges   = 10 // each way, of one comparison
	fewerChanges  = 5  // each way, of several
	mostSections  = 12 // comparisons whose queries are shown
	rankedTop     = 10 // ranks that are looked at
	rankedShown   = 5  // ranks that are listed
	belowRanked   = "> 10"
	shortDocument = 110
)

// changes are the queries that a comparison changed most.
type changes struct {
	Before, After, Measure string
	Gained, Lost           []change
}

// change is one query.
type change struct {
	ID, Text           string
	Before, After      string
	Change             string
	FirstFrom, FirstTo string // ranks of the first relevant document; "" if not known
	From, To           []ranked
	Open               bool // the lists are seen at once
}

// ranked is a document of a short list.
type ranked struct {
	Rank        int
	Text        string
	Class, Word string // relevance
	Moved       string // from where; "" before reranking, and for what stayed
}

func newChanges(c *experiment.Collection) (out []changes, err error) {
	n := mostChanges
	if len(c.Verdicts) > 1 {
		n = fewerChanges
	}
	for _, v := range c.Verdicts[:min(len(c.Verdicts), mostSections)] {
		before, err := c.Find(v.Before)
		if err != nil {
			return nil, err
		}
		after, err := c.Find(v.Run)
		if err != nil {
			return nil, err
		}
		x := changes{Before: line(v.Before, nameLength), After: line(v.Run, nameLength), Measure: v.Main}
		gained, lost := c.Changes(before, after, n)
		if x.Gained, err = newChange(c, after, gained); err != nil {
			return nil, err
		}
		if x.Lost, err = newChange(c, after, lost); err != nil {
			return nil, err
		}
		for _, list := range [][]change{x.Gained, x.Lost} {
			if len(out) == 0 && len(list) > 0 {
				list[0].Open = true // shows what is behind the others
			}
		}
		if len(x.Gained)+len(x.Lost) > 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

func newChange(c *experiment.Collection, run *experiment.Result, list []experiment.Change) (out []change, err error) {
	for _, q := range list {
		x := change{ID: line(q.Query, nameLength), Text: line(q.Text, textLength), Before: figures(q.Before), After: figures(q.After), Change: signed(q.After - q.Before)}
		if slices.ContainsFunc(run.Seen, func(o experiment.Observed) bool { return o.Query == q.Query }) {
			shift, err := c.Shift(run, q.Query, rankedTop)
			if err != nil {
				return nil, err
			}
			x.lists(shift, c.Level)
		}
		out = append(out, x)
	}
	return out, nil
}

// lists fills in the heads of both orders and where the first relevant document stands in them.
func (x *change) lists(s *experiment.Shift, level int) {
	rankBefore := func(i experiment.ShiftItem) int { return i.Before }
	rankAfter := func(i experiment.ShiftItem) int { return i.After }
	x.FirstFrom, x.FirstTo = first(s.Items, level, rankBefore), first(s.Items, level, rankAfter)
	x.From, x.To = head(s.Items, level, rankBefore), head(s.Items, level, rankAfter)
	for i := range x.To {
		item := s.Items[slices.IndexFunc(s.Items, func(item experiment.ShiftItem) bool { return item.After == x.To[i].Rank })]
		if item.Before != item.After {
			x.To[i].Moved = strconv.Itoa(item.Before)
		}
	}
}

// first is the rank of the first relevant document, in words.
func first(items []experiment.ShiftItem, level int, rank func(experiment.ShiftItem) int) string {
	best := 0
	for _, item := range items {
		if r := rank(item); item.Grade >= level && r > 0 && (best == 0 || r < best) {
			best = r
		}
	}
	if best == 0 || best > rankedTop {
		return belowRanked
	}
	return strconv.Itoa(best)
}

// head are the first documents of an order.
func head(items []experiment.ShiftItem, level int, rank func(experiment.ShiftItem) int) (out []ranked) {
	for _, item := range items {
		r := rank(item)
		if r < 1 || r > rankedShown {
			continue
		}
		x := ranked{Rank: r, Text: line(item.Text, shortDocument), Class: "other", Word: "not relevant"}
		if x.Text == "" {
			x.Text = line(item.ID, shortDocument)
		}
		switch {
		case item.Grade >= level:
			x.Class, x.Word = "relevant", fmt.Sprintf("relevant, grade %d", item.Grade)
		case item.Grade < 0:
			x.Class, x.Word = "unjudged", "not judged"
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b ranked) int { return cmp.Compare(a.Rank, b.Rank) })
	return out
}
