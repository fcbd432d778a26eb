// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/experiment"
)

// verdict is what a report says about reranking the candidates of one first stage.
type verdict struct {
	Badge                 badge
	Title                 string
	Measure               string
	Before, After, Change string
	Interval, Chance      string
	Better, Worse, Equal  string
	Shares                []share  // of queries: better, equal, worse
	Depth, Cost, Without  string   // Without: the time of a query without reranking; "" if it is not known
	Text                  []string // sentences
}

// badge marks an outcome by colour, shape and word.
type badge struct{ Class, Sign, Word string }

var badges = map[experiment.Outcome]badge{
	experiment.Pays:     {"pays", "▲", "pays"},
	experiment.Hurts:    {"hurts", "▼", "hurts"},
	experiment.Unproven: {"unproven", "◆", "no proven gain"},
}

func badgeOf(v *experiment.Verdict) badge {
	b := badges[v.Outcome]
	if v.TooFew {
		b.Word = "too few queries to tell"
	}
	return b
}

// share is a part of a bar.
type share struct {
	Class   string
	Percent float64
}

// enoughGain is the part of the best depth's gain at which a smaller depth is worth naming.
const enoughGain = 0.9

func newVerdict(c *experiment.Collection, v *experiment.Verdict, curves []experiment.Curve) verdict {
	x := v.Versus
	out := verdict{
		Title: "Reranking " + line(v.Before, nameLength), Badge: badgeOf(v), Measure: v.Main, Before: figures(x.MeanA), After: figures(x.MeanB), Change: signed(x.Difference),
		Interval: interval(x), Chance: equation(x.P()), Better: count(x.Wins), Worse: count(x.Losses), Equal: count(x.Ties),
		Depth: count(v.Depth), Cost: duration(v.Cost),
	}
	if x.N > 0 {
		n := float64(x.N) / 100
		out.Shares = []share{{"better", float64(x.Wins) / n}, {"equal", float64(x.Ties) / n}, {"worse", float64(x.Losses) / n}}
	}
	out.Text = append(out.Text, what(c, v))
	depths := depthsOf(v, curves)
	if text := howDeep(c, v, depths); text != "" {
		out.Text = append(out.Text, text)
	}
	if before, err := c.Find(v.Before); err == nil && totalTime(before) > 0 {
		out.Without = duration(totalTime(before))
	}
	return out
}

// what says what the comparison found.
func what(c *experiment.Collection, v *experiment.Verdict) string {
	model := ""
	if r, err := c.Find(v.Run); err == nil && len(r.Models) > 0 {
		model = " with " + line(strings.Join(r.Models, ", then "), nameLength)
		if r.Fused {
			model += ", fused with the scores of retrieval,"
		}
	}
	head := fmt.Sprintf("Reading the best %s of each query%s ", count(v.Depth), model)
	switch v.Outcome {
	case experiment.Pays:
		return head + " is better by more than chance explains."
	case experiment.Hurts:
		return head + " is worse by more than chance explains: the reranker puts better documents behind worse ones."
	}
	if v.TooFew {
		return head + " cannot be told from chance here: too few queries differ for any proof, whichever way they go."
	}
	return head + " makes a difference that chance explains as well: on these queries it is not shown that reranking helps, nor that it does not."
}

// depthsOf are the points of the verdict's system, without the first stage.
func depthsOf(v *experiment.Verdict, curves []experiment.Curve) []experiment.CurvePoint {
	for _, curve := range curves {
		var points []experiment.CurvePoint
		found := false
		for _, p := range curve.Points {
			if p.Depth > 0 {
				points = append(points, p)
				found = found || p.Run.Name == v.Run
			}
		}
		if found {
			return points
		}
	}
	return nil
}

// howDeep says what smaller and greater depths would bring.
func howDeep(c *experiment.Collection, v *experiment.Verdict, depths []experiment.CurvePoint) string {
	if len(depths) < 2 {
		return ""
	}
	var names []string
	for _, p := range depths {
		names = append(names, strconv.Itoa(p.Depth))
	}
	head := fmt.Sprintf("Of the depths %s, %d has the highest mean", list(names), v.Depth)
	if top := topPoint(depths); v.Outcome == experiment.Pays && top.Depth != v.Depth && top.Value > v.Versus.MeanB {
		head += fmt.Sprintf(" with a proven gain; %d has %s, not proven", top.Depth, figures(top.Value))
	}
	if v.Outcome == experiment.Pays {
		for _, p := range depths {
			gain := (p.Value - v.Versus.MeanA) / v.Versus.Difference
			if p.Depth < v.Depth && gain >= enoughGain {
				return fmt.Sprintf("%s; %d already brings %.0f %% of the gain for %s instead of %s a query.", head, p.Depth, 100*gain, duration(p.Rerank), duration(v.Cost))
			}
		}
	}
	if last := depths[len(depths)-1]; last.Depth > v.Depth && last.Value <= v.Versus.MeanB {
		return fmt.Sprintf("%s; reading deeper brings nothing (%s at %d).", head, figures(last.Value), last.Depth)
	}
	return head + "."
}

// topPoint is the point with the highest mean, the least deep of equal ones.
func topPoint(points []experiment.CurvePoint) experiment.CurvePoint {
	top := points[0]
	for _, p := range points {
		if p.Value > top.Value {
			top = p
		}
	}
	return top
}

func interval(x *experiment.Versus) string { return signed(x.Low) + " to " + signed(x.High) }

// fewQueries is a number of queries below which the report says how little they can show. A difference of half a standard
// deviation is found by a test at 5 % in nine of ten samples of about this size.
const fewQueries = 45

// summarise says in a sentence or two what came out.
func (s *section) summarise() {
	c := s.collection
	best := bestRun(c)
	value := valueAndTime(c, best)
	name := line(best.Name, nameLength)
	if len(c.Runs) == 1 {
		s.Lead = fmt.Sprintf("One run was measured: %s, %s. There is nothing to compare it with.", name, value)
	} else {
		s.Lead = fmt.Sprintf("%s The highest mean of %d runs has %s: %s.", rerankingInShort(c.Verdicts), len(c.Runs), name, value)
		if v := best.Versus; v != nil && len(c.Verdicts) == 0 {
			s.Lead += fmt.Sprintf(" Against %s that is %s (%s).", line(c.Baseline, nameLength), signed(v.Difference), equation(v.P()))
		}
		for _, v := range c.Verdicts {
			// The highest mean is not worth its time where it may be luck.
			if v.Outcome == experiment.Pays && v.Run != best.Name && c.SameSystem(v.Run, best.Name) {
				s.Lead += fmt.Sprintf(" The highest with a proven gain is %s with %s.", line(v.Run, nameLength), figures(v.Versus.MeanB))
			}
			if before, err := c.Find(v.Before); err == nil && v.Run == best.Name && v.Outcome != experiment.Pays {
				s.Lead += fmt.Sprintf(" Without reranking, %s has %s.", line(before.Name, nameLength), valueAndTime(c, before))
			}
		}
		s.Lead = strings.TrimSpace(s.Lead)
	}
	switch {
	case c.Queries == 1:
		s.Remark = "One query says nothing about others; runs are not compared."
	case len(c.Verdicts) > 0 && noneTells(c.Verdicts): // the lead says so
	case c.Queries < fewQueries && len(c.Runs) > 1:
		s.Remark = fmt.Sprintf("With %d queries only large differences can be told from chance.", c.Queries)
	}
}

// valueAndTime is the main measure of a run, and the time if it is known.
func valueAndTime(c *experiment.Collection, r *experiment.Result) string {
	text := fmt.Sprintf("%s %s", c.Main, figures(r.Measures[c.Main]))
	if t := totalTime(r); t > 0 {
		text += " at " + duration(t) + " a query"
	}
	return text
}

// totalTime is the mean time of a query in milliseconds; 0 where it is not known.
func totalTime(r *experiment.Result) float64 {
	if r.Latency == nil || r.Latency.Total == nil {
		return 0
	}
	return r.Latency.Total.Mean
}

// noneTells says whether all verdicts have too few queries.
func noneTells(verdicts []*experiment.Verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v *experiment.Verdict) bool { return !v.TooFew })
}

// rerankingInShort sums up verdicts.
func rerankingInShort(verdicts []*experiment.Verdict) string {
	n := map[experiment.Outcome]int{}
	for _, v := range verdicts {
		n[v.Outcome]++
	}
	all := len(verdicts)
	switch {
	case all == 0:
		return ""
	case all == 1:
		if verdicts[0].TooFew {
			return "Too few queries to tell whether reranking pays."
		}
		return map[experiment.Outcome]string{
			experiment.Pays:     "Reranking pays.",
			experiment.Hurts:    "Reranking hurts.",
			experiment.Unproven: "Reranking shows no proven gain.",
		}[verdicts[0].Outcome]
	case n[experiment.Pays] == all:
		return fmt.Sprintf("Reranking pays in all %d comparisons.", all)
	case n[experiment.Hurts] == all:
		return fmt.Sprintf("Reranking hurts in all %d comparisons.", all)
	case noneTells(verdicts):
		return fmt.Sprintf("Too few queries to tell whether reranking pays, in all %d comparisons.", all)
	case n[experiment.Unproven] == all:
		return fmt.Sprintf("Reranking shows no proven gain in any of %d comparisons.", all)
	}
	var parts []string
	for _, o := range []experiment.Outcome{experiment.Pays, experiment.Hurts} {
		if n[o] > 0 {
			parts = append(parts, fmt.Sprintf("%s in %d", o, n[o]))
		}
	}
	if n[experiment.Unproven] > 0 {
		parts = append(parts, fmt.Sprintf("shows no proven gain in %d", n[experiment.Unproven]))
	}
	return fmt.Sprintf("Reranking %s of %d comparisons.", list(parts), all)
}
