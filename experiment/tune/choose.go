// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
)

// chooser chooses among settings by what some of the queries say.
type chooser struct {
	o       *Observations
	measure eval.Measure
	budget  float64 // ms
	grid    []*row
	known   map[way]*row // all that was computed
}

// which says which settings may be chosen.
type which int

const (
	anySetting which = iota
	withReranking
	withoutReranking
)

func (w which) allows(r *row) bool {
	off := r.stages == winnow.Off
	return w == anySetting || off == (w == withoutReranking)
}

// newChooser computes the grid.
func newChooser(ctx context.Context, o *Observations, m eval.Measure, budget float64, progress func(done, total int)) (*chooser, error) {
	c := &chooser{o: o, measure: m, budget: budget, known: map[way]*row{}}
	firsts := o.space.firsts(coarseWeights)
	for i, f := range firsts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(i, len(firsts))
		rows, err := o.compute(f, o.space.stages(f.candidates), m)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			r.order = len(c.grid)
			c.grid = append(c.grid, r)
			c.known[r.way] = r
		}
	}
	progress(len(firsts), len(firsts))
	return c, nil
}

// row is a setting that may lie between those of the grid.
func (c *chooser) row(w way, like *row) (*row, error) {
	if r := c.known[w]; r != nil {
		return r, nil
	}
	rows, err := c.o.compute(w.first, []string{w.stages}, c.measure)
	if err != nil {
		return nil, err
	}
	rows[0].order = like.order
	c.known[w] = rows[0]
	return rows[0], nil
}

// scored is a row as some queries see it.
type scored struct {
	*row
	mean, p95 float64
}

func (c *chooser) score(r *row, queries []int) scored {
	return scored{r, mean(pick(r.values, queries)), p95(pick(r.times, queries))}
}

// choice is what the queries that were looked at speak for.
type choice struct {
	best   scored   // the highest mean within the budget, or the fastest setting if none is
	chosen scored   // the fastest that is as good as the best one within noise
	rows   []scored // the grid, and what the refinement added
	fits   bool     // something is within the budget
}

// choose looks at some queries only, whose places are given.
//
// A setting that reranks must be better than the best one without, of all that are within the budget, by two standard errors,
// or it is not chosen from. Of the rest the rule of one standard error decides (Breiman, Friedman, Olshen and Stone,
// "Classification and Regression Trees", 1984, 3.4.3), with paired differences: of the settings that no other beats in both
// mean and time, the fastest whose distance to the best is not more than the standard error of that distance.
func (c *chooser) choose(queries []int, w which) (*choice, error) {
	out := &choice{}
	for _, r := range c.grid {
		if w.allows(r) {
			out.rows = append(out.rows, c.score(r, queries))
		}
	}
	if len(out.rows) == 0 {
		return nil, nil //nolint:nilnil // nothing to choose from is no error
	}
	for range weightSteps { // to the best weights of fusion, step by step
		out.pickBest(c.budget)
		more, err := c.neighbours(out, queries, out.best)
		if err != nil {
			return nil, err
		}
		out.rows = append(out.rows, more...)
		if plain, ok := out.plain(c.budget); ok && plain.way != out.best.way { // what reranking has to beat is at its best, too
			next, err := c.neighbours(out, queries, plain)
			if err != nil {
				return nil, err
			}
			out.rows = append(out.rows, next...)
			more = append(more, next...)
		}
		if len(more) == 0 {
			break
		}
	}
	out.chosen = out.best
	if !out.fits {
		return out, nil
	}
	plain, ok := out.plain(c.budget)
	list := frontier(slices.DeleteFunc(slices.Clone(out.rows), func(s scored) bool {
		return s.p95 > c.budget || ok && s.stages != winnow.Off && !clearly(s, plain, queries)
	}), c.budget)
	if len(list) == 0 {
		return out, nil
	}
	top := list[len(list)-1]
	for _, s := range list {
		if top.mean-s.mean <= standardError(pick(top.values, queries), pick(s.values, queries))+1e-12 {
			out.chosen = s
			break
		}
	}
	return out, nil
}

// worth is how many standard errors reranking has to gain to be chosen: it costs more than any other part of a search, and
// being one of many settings that rerank makes it easy to look good.
const worth = 2

// clearly reports whether a setting is better than another by more than chance lets settings differ.
func clearly(a, b scored, queries []int) bool {
	return a.mean-b.mean > worth*standardError(pick(a.values, queries), pick(b.values, queries))
}

// plain is the best setting that does not rerank and is within the budget.
func (c *choice) plain(budget float64) (best scored, ok bool) {
	only := &choice{rows: slices.DeleteFunc(slices.Clone(c.rows), func(s scored) bool { return s.stages != winnow.Off || s.p95 > budget })}
	if len(only.rows) == 0 {
		return best, false
	}
	only.pickBest(budget)
	return only.best, true
}

// pickBest finds the highest mean within the budget; of equal ones the fastest, then the simplest.
func (c *choice) pickBest(budget float64) {
	c.fits = slices.ContainsFunc(c.rows, func(s scored) bool { return s.p95 <= budget })
	c.best = slices.MinFunc(c.rows, func(a, b scored) int {
		if c.fits {
			switch {
			case a.p95 <= budget && b.p95 > budget:
				return -1
			case a.p95 > budget && b.p95 <= budget:
				return 1
			}
			return cmp.Or(cmp.Compare(b.mean, a.mean), cmp.Compare(a.p95, b.p95), compareRows(a.row, b.row))
		}
		return cmp.Or(cmp.Compare(a.p95, b.p95), cmp.Compare(b.mean, a.mean), compareRows(a.row, b.row))
	})
}

// compareRows puts simple settings in front.
func compareRows(a, b *row) int {
	return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.weight, b.weight))
}

// neighbours are the settings next to a good one that were not looked at.
func (c *chooser) neighbours(at *choice, queries []int, of scored) ([]scored, error) {
	if of.mode != winnow.Hybrid || !at.fits {
		return nil, nil
	}
	var out []scored
	for _, step := range []int{-2, -1, 1, 2} {
		w := of.way
		if w.weight += step; w.weight < 1 || w.weight >= weightSteps || slices.ContainsFunc(at.rows, func(s scored) bool { return s.way == w }) {
			continue
		}
		r, err := c.row(w, of.row)
		if err != nil {
			return nil, err
		}
		out = append(out, c.score(r, queries))
	}
	return out, nil
}

// sameTime is how far times of equally good settings may lie apart to count as one: measured times are no more exact.
const (
	sameTime = 1.05
	sameMS   = 0.1 // differences below it are the same, too
)

// frontier is the settings that no other beats in both mean and p95, fastest first. Of settings with one mean, the simplest
// of those counts that take about as long as the fastest and are on the same side of the budget.
func frontier(rows []scored, budget float64) []scored {
	byMean := slices.Clone(rows)
	slices.SortFunc(byMean, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.mean, a.mean), cmp.Compare(a.p95, b.p95), compareRows(a.row, b.row))
	})
	var out []scored
	fastest := math.Inf(1)
	for len(byMean) > 0 {
		end := 1
		for end < len(byMean) && byMean[0].mean-byMean[end].mean <= 1e-12 {
			end++
		}
		group := slices.Clone(byMean[:end])
		byMean = byMean[end:]
		least := slices.MinFunc(group, func(a, b scored) int { return cmp.Compare(a.p95, b.p95) }).p95
		group = slices.DeleteFunc(group, func(s scored) bool {
			return s.p95 > max(least*sameTime, least+sameMS) || s.p95 >= fastest || least <= budget && s.p95 > budget
		})
		if len(group) == 0 {
			continue
		}
		s := slices.MinFunc(group, func(a, b scored) int { return compareRows(a.row, b.row) })
		out = append(out, s)
		fastest = s.p95
	}
	slices.Reverse(out)
	return out
}

// standardError is that of the mean of the differences of paired values; infinite where there are too few to tell.
func standardError(a, b []float64) float64 {
	if len(a) < 2 {
		return math.Inf(1)
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return stat.StdDev(d, nil) / math.Sqrt(float64(len(d)))
}

func pick(values []float64, places []int) []float64 {
	out := make([]float64, len(places))
	for i, at := range places {
		out[i] = values[at]
	}
	return out
}

func mean(values []float64) float64 { return eval.Mean(values) }

// p95 is the least of the times that 95 % of them do not exceed.
func p95(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return stat.Quantile(0.95, stat.Empirical, sorted, nil)
}

// Latency is the mean and the 95th percentile of times, as this package counts them; 0 for none.
func Latency(times []float64) (average, percentile float64) {
	if len(times) == 0 {
		return 0, 0
	}
	return mean(times), p95(times)
}
