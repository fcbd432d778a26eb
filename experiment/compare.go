// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/internal/nearest"
)

// Significant is the corrected p below which a difference counts.
const Significant = 0.05

// changes is how many queries are named that gained or lost most.
const changes = 3

// Versus compares a run with a baseline, by the collection's main measure.
type Versus struct {
	Baseline string `json:"baseline"`
	significance.Comparison
	Holm map[significance.Test]float64 `json:"p_holm"` // p corrected over the runs compared with this baseline
}

// P is that of the randomisation test, corrected.
func (v *Versus) P() float64 { return v.Holm[significance.Randomisation] }

// Outcome is what a comparison says.
type Outcome string

// The outcomes.
const (
	Pays     Outcome = "pays"     // better, and significantly so
	Hurts    Outcome = "hurts"    // worse, and significantly so
	Unproven Outcome = "unproven" // the queries do not show a difference
)

// Verdict says whether reranking pays: the best depth of a system against its own first stage.
type Verdict struct {
	Run     string   `json:"run"`    // at the depth with the highest mean of the main measure, of those with a significant gain if there are any; of equal ones the least deep
	Before  string   `json:"before"` // the run without reranking
	Depth   int      `json:"depth"`
	Outcome Outcome  `json:"outcome"`
	TooFew  bool     `json:"too_few_queries,omitempty"` // unproven whatever was measured: so few queries differ that the smallest possible p, corrected, is not significant
	Depths  int      `json:"depths"`                    // of the system: the comparisons that p is corrected over
	Versus  *Versus  `json:"comparison"`                // p corrected over the depths of the system, the interval not
	Cost    float64  `json:"cost_ms"`                   // of reranking, mean a query
	Gained  []Change `json:"gained"`                    // the queries that gained most, at most 3
	Lost    []Change `json:"lost"`                      // the queries that lost most, at most 3
	Main    string   `json:"measure"`
}

// Change is a query whose value another run changes.
type Change struct {
	Query  string  `json:"query"`
	Text   string  `json:"text"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// compare fills in what compares runs.
func (c *Collection) compare(p Plan) error {
	base := c.Runs[0]
	if p.Baseline != "" {
		if base = c.find(p.Baseline); base == nil {
			return UnknownRun(p.Baseline, c.names())
		}
	}
	c.Baseline = base.Name
	if c.Queries < 2 {
		return nil // one query says nothing about others
	}
	var others []*Result
	for _, r := range c.Runs {
		if r != base {
			others = append(others, r)
		}
	}
	all, err := c.versus(base, others, p.Seed)
	if err != nil {
		return err
	}
	for i, r := range others {
		r.Versus = all[i]
	}
	return c.judge(p.Seed)
}

func (c *Collection) names() []string {
	names := make([]string, len(c.Runs))
	for i, r := range c.Runs {
		names[i] = r.Name
	}
	return names
}

// UnknownRun is the error about a run that is not there.
func UnknownRun(name string, known []string) error {
	hint := ""
	if n := nearest.Name(name, known); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return fmt.Errorf("there is no run %q: there are %s%s", name, strings.Join(known, ", "), hint)
}

// versus compares runs with a baseline.
func (c *Collection) versus(base *Result, others []*Result, seed uint64) ([]*Versus, error) {
	comparisons := make([]significance.Comparison, len(others))
	for i, r := range others {
		var err error
		if comparisons[i], err = significance.Compare(base.Values[c.Main], r.Values[c.Main], significance.Options{Seed: seed}); err != nil {
			return nil, fmt.Errorf("compare %s with %s: %w", r.Name, base.Name, err)
		}
	}
	out := make([]*Versus, len(others))
	for i, p := range significance.Correct(comparisons) {
		out[i] = &Versus{Baseline: base.Name, Comparison: comparisons[i], Holm: p}
	}
	return out, nil
}

// judge makes a verdict for every system that reranks what another run is the first stage of.
func (c *Collection) judge(seed uint64) error {
	done := map[string]bool{}
	for _, r := range c.Runs {
		if r.Depth == 0 || done[r.system] {
			continue
		}
		done[r.system] = true
		before := c.firstStage(r)
		if before == nil {
			continue
		}
		var depths []*Result
		for _, other := range c.Runs {
			if other.system == r.system {
				depths = append(depths, other)
			}
		}
		all, err := c.versus(before, depths, seed)
		if err != nil {
			return err
		}
		best := 0
		gain := func(i int) bool { return all[i].P() < Significant && all[i].Difference > 0 }
		for i, d := range depths { // a gain that is proven before a larger one that is not
			if gain(i) == gain(best) && d.Measures[c.Main] > depths[best].Measures[c.Main] || gain(i) && !gain(best) {
				best = i
			}
		}
		v := &Verdict{Run: depths[best].Name, Before: before.Name, Depth: depths[best].Depth, Outcome: Unproven, Versus: all[best], Cost: depths[best].Latency.Rerank.Mean, Main: c.Main.String()}
		if p := v.Versus.P(); p < Significant && v.Versus.Difference > 0 {
			v.Outcome = Pays
		} else if p < Significant && v.Versus.Difference < 0 {
			v.Outcome = Hurts
		}
		v.Depths = len(depths)
		v.TooFew = v.Outcome == Unproven && !slices.ContainsFunc(all, func(x *Versus) bool { return provable(x.Wins+x.Losses, len(depths)) })
		v.Gained, v.Lost = c.Changes(before, depths[best], changes)
		c.Verdicts = append(c.Verdicts, v)
	}
	return nil
}

// provable says whether so many queries that differ can show anything: of their signs there are two to the power of n, so that
// the smallest two-sided p is 2^(1-n), which the correction multiplies by the number of comparisons.
func provable(differ, comparisons int) bool {
	return math.Ldexp(float64(comparisons), 1-differ) < Significant
}

// firstStage is the run that a reranked one starts from; nil if that was not measured.
func (c *Collection) firstStage(r *Result) *Result {
	for _, other := range c.Runs {
		if other.Depth == 0 && other.Mode == r.Mode && other.Model == r.Model {
			return other
		}
	}
	return nil
}

// Changes are the queries that gained and lost most in the main measure from one run to another, at most n each, the
// largest change first; equal ones in the order of their ids.
func (c *Collection) Changes(before, after *Result, n int) (gained, lost []Change) {
	a, b := before.Values[c.Main], after.Values[c.Main]
	all := make([]Change, len(c.QueryIDs))
	for i, id := range c.QueryIDs {
		all[i] = Change{Query: id, Text: c.Texts[id], Before: a[i], After: b[i]}
	}
	// Whole numbers of tolerances, so that rounding does not decide between equal changes.
	size := func(x Change) float64 { return math.Round((x.After - x.Before) / significance.DefaultTolerance) }
	slices.SortFunc(all, func(x, y Change) int { return cmp.Or(cmp.Compare(size(y), size(x)), cmp.Compare(x.Query, y.Query)) })
	for _, x := range all {
		if len(gained) < n && x.After-x.Before > significance.DefaultTolerance {
			gained = append(gained, x)
		}
	}
	slices.SortFunc(all, func(x, y Change) int { return cmp.Or(cmp.Compare(size(x), size(y)), cmp.Compare(x.Query, y.Query)) })
	for _, x := range all {
		if len(lost) < n && x.Before-x.After > significance.DefaultTolerance {
			lost = append(lost, x)
		}
	}
	return gained, lost
}

// Sentence says the verdict in words.
func (v *Verdict) Sentence() string {
	head := map[Outcome]string{
		Pays:     "Reranking the best %d pays",
		Hurts:    "Reranking the best %d hurts",
		Unproven: "Reranking the best %d shows no proven gain",
	}[v.Outcome]
	if v.TooFew {
		head = "Too few queries to tell whether reranking the best %d pays"
	}
	x, family := v.Versus, ""
	if v.Depths > 1 {
		family = fmt.Sprintf(" after Holm over the %d depths of this system, the interval not corrected", v.Depths)
	}
	return fmt.Sprintf("%s: %s %s → %s (%s, 95 %% interval %s to %s, %s%s), %s; it costs %s a query.",
		fmt.Sprintf(head, v.Depth), v.Main, figure(x.MeanA), figure(x.MeanB), signed(x.Difference), signed(x.Low), signed(x.High), pText(x.P()), family,
		fmt.Sprintf("%s better, %d worse, %d equal", queries(x.Wins), x.Losses, x.Ties), msText(v.Cost))
}

func queries(n int) string {
	if n == 1 {
		return "1 query"
	}
	return strconv.Itoa(n) + " queries"
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }

// signed writes a difference with its sign; a true minus, and none for zero.
func signed(v float64) string {
	switch text := strconv.FormatFloat(v, 'f', 3, 64); {
	case text == "0.000" || text == "-0.000":
		return "±0.000"
	case v < 0:
		return "−" + text[1:]
	default:
		return "+" + text
	}
}

func pText(p float64) string {
	switch {
	case p < 0.001:
		return "p < 0.001"
	case p < 0.095:
		return "p = " + strconv.FormatFloat(p, 'g', 1, 64)
	}
	return "p = " + strconv.FormatFloat(p, 'f', 2, 64)
}

func msText(ms float64) string {
	switch {
	case ms >= 10_000:
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	case ms >= 10:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms, 'g', 2, 64) + " ms"
}

// grade of a document for a query; ok is false without a judgment.
func (c *Collection) grade(query, id string) (grade int, ok bool) {
	grade, ok = c.subject.Qrels[query][id]
	return grade, ok
}
