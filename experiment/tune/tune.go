// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/internal/speed"
)

// The numbers of queries that tuning says something about.
const (
	LeastQueries = 3  // fewer leave one to choose by when one is held out, and one has no standard error
	FewQueries   = 10 // with fewer the result is a hint
)

// Plan says how settings are chosen.
type Plan struct {
	Measure   eval.Measure
	Budget    time.Duration // that the 95th percentile of a search's time must keep to; above 0
	Folds     int           // of cross-validation, at least 2; 0: 5, or as many as there are queries
	Seed      uint64        // of folds, intervals and tests
	Resamples int           // of intervals; 0: [significance.DefaultResamples]
	Progress  func(done, total int)

	base winnow.Settings // of the space, for all settings
}

// Estimate is a mean over queries with its 95 % bootstrap interval, which is not corrected for the choice among settings.
type Estimate struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Point is a setting with its value and its predicted time.
type Point struct {
	Setting
	Estimate
	P95      float64   `json:"p95_ms"`
	MeanTime float64   `json:"mean_ms"`
	Winner   bool      `json:"winner,omitempty"`
	Beaten   bool      `json:"beaten,omitempty"` // the winner, where settings that rerank have better figures that are not proven
	Values   []float64 `json:"-"`                // by query, in the order of observation
	Times    []float64 `json:"-"`                // ms, in that order
}

// Held is what the procedure of choosing is worth on queries that it has not seen.
type Held struct {
	Estimate
	Folds  int       `json:"folds"`
	P95    float64   `json:"p95_ms"`
	Same   int       `json:"folds_with_the_winner"` // folds that chose the setting that all queries choose
	Over   int       `json:"folds_without_fit"`     // folds in which nothing was within the budget: they take the fastest
	Chosen []string  `json:"chosen"`                // what each fold chooses, as Setting.Label says it
	Values []float64 `json:"-"`
	times  []float64
}

// Outcome is what tuning finds.
type Outcome struct {
	Measure  eval.Measure `json:"measure"`
	Budget   float64      `json:"budget_ms"`
	Queries  int          `json:"queries"`
	Tried    int          `json:"settings"`
	Winner   *Point       `json:"winner,omitempty"` // nothing if no setting is within the budget
	Best     *Point       `json:"best,omitempty"`   // the highest mean within the budget; the winner is as good within noise
	Fastest  *Point       `json:"fastest"`
	Held     *Held        `json:"cross_validated,omitempty"`
	Frontier []*Point     `json:"frontier"` // fastest first, with the winner
	Reranks  *Verdict     `json:"reranking,omitempty"`
	All      []*Point     `json:"-"` // without intervals
}

// Tune chooses settings. Means weigh all queries of all subjects alike. When the context ends its error is returned.
func (o *Observations) Tune(ctx context.Context, p Plan) (*Outcome, error) {
	if err := p.check(o); err != nil {
		return nil, err
	}
	if p.Progress == nil {
		p.Progress = func(int, int) {}
	}
	p.base = winnow.Settings{BM25Settings: o.space.BM25Settings}
	budget := speed.Milliseconds(p.Budget)
	c, err := newChooser(ctx, o, p.Measure, budget, p.Progress)
	if err != nil {
		return nil, err
	}
	all := make([]int, len(o.queries))
	for i := range all {
		all[i] = i
	}
	final, err := c.choose(all, anySetting)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Measure: p.Measure, Budget: budget, Queries: len(all)}
	fastest := &choice{rows: final.rows}
	fastest.pickBest(-1)
	out.Fastest = p.point(fastest.best)
	folds := split(len(all), p.Folds, p.Seed)
	if final.fits {
		out.Winner, out.Best = p.point(final.chosen), p.point(final.best)
		out.Winner.Winner = true
		if out.Held, err = c.validate(ctx, folds, anySetting, final, &p); err != nil {
			return nil, err
		}
	}
	won := func(s scored) bool { return final.fits && s.way == final.chosen.way }
	edge := frontier(final.rows, budget)
	beaten := final.fits && !slices.ContainsFunc(edge, won)
	for _, s := range thin(edge, final) {
		point := p.point(s)
		point.Winner = won(s)
		out.Frontier = append(out.Frontier, point)
	}
	if beaten {
		out.Winner.Beaten = true
		at, _ := slices.BinarySearchFunc(out.Frontier, out.Winner.P95, func(q *Point, p95 float64) int { return cmp.Compare(q.P95, p95) })
		out.Frontier = slices.Insert(out.Frontier, at, out.Winner)
	}
	if len(o.space.Rerankers) > 0 && final.fits {
		if out.Reranks, err = c.verdict(ctx, folds, all, &p); err != nil {
			return nil, err
		}
	}
	out.Tried = len(c.known)
	for _, s := range final.rows {
		out.All = append(out.All, &Point{Setting: p.setting(s), Estimate: Estimate{Mean: s.mean}, P95: s.p95, Winner: won(s)})
	}
	return out, nil
}

func (p *Plan) check(o *Observations) error {
	n := len(o.queries)
	if err := p.Measure.Validate(); err != nil {
		return err
	}
	switch {
	case p.Budget <= 0:
		return fmt.Errorf("the budget is %s: it must be above 0", p.Budget)
	case n < LeastQueries:
		return fmt.Errorf("%d judged queries: tuning needs %d at least, and some fifty to say much", n, LeastQueries)
	case p.Folds < 0 || p.Folds == 1:
		return fmt.Errorf("%d folds: at least 2", p.Folds)
	case p.Folds > n:
		return fmt.Errorf("%d folds for %d queries: a fold needs a query", p.Folds, n)
	}
	if p.Folds == 0 {
		p.Folds = min(5, n)
	}
	return nil
}

// point is a row for the user, over all queries.
func (p *Plan) point(s scored) *Point {
	return &Point{Setting: p.setting(s), Estimate: p.estimate(s.values), P95: s.p95, MeanTime: mean(s.times), Values: s.values, Times: s.times}
}

// setting is what a row says, with what is the same for all.
func (p *Plan) setting(s scored) Setting {
	out := s.setting()
	out.BM25Settings = p.base.BM25Settings
	return out
}

func (p *Plan) estimate(values []float64) Estimate {
	low, high := significance.Bootstrap(values, significance.DefaultConfidence, p.Resamples, p.Seed)
	return Estimate{mean(values), low, high}
}

// split deals places of queries into folds at random; their sizes differ by one at most.
func split(n, folds int, seed uint64) [][]int {
	r := rand.New(rand.NewPCG(seed, 0x74756e65))
	out := make([][]int, folds)
	for i, q := range r.Perm(n) {
		out[i%folds] = append(out[i%folds], q)
	}
	for _, fold := range out {
		slices.Sort(fold)
	}
	return out
}

// validate chooses for each fold by the queries of the others, and measures that choice on the fold.
func (c *chooser) validate(ctx context.Context, folds [][]int, w which, final *choice, p *Plan) (*Held, error) {
	n := len(c.o.queries)
	out := &Held{Folds: len(folds), Values: make([]float64, n), times: make([]float64, n)}
	for i, held := range folds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		seen := slices.Concat(slices.Concat(folds[:i]...), slices.Concat(folds[i+1:]...))
		slices.Sort(seen)
		found, err := c.choose(seen, w)
		if err != nil {
			return nil, err
		}
		if found == nil {
			return nil, errors.New("there is no setting to choose")
		}
		if !found.fits {
			out.Over++
		}
		out.Chosen = append(out.Chosen, found.chosen.setting().Label())
		if final != nil && found.chosen.way == final.chosen.way {
			out.Same++
		}
		for _, q := range held {
			out.Values[q], out.times[q] = found.chosen.values[q], found.chosen.times[q]
		}
	}
	out.Estimate, out.P95 = p.estimate(out.Values), p95(out.times)
	return out, nil
}

// thin leaves out settings of a frontier that are hardly faster than the next better one, but not the winner.
func thin(rows []scored, final *choice) []scored {
	const hardly, most = 0.97, 24
	share := hardly
	for {
		var out []scored
		next := math.Inf(1)
		for _, s := range slices.Backward(rows) {
			winner := final.fits && s.way == final.chosen.way
			if s.p95 <= next*share || winner {
				out = append(out, s)
				next = s.p95
			}
		}
		slices.Reverse(out)
		if len(out) <= most {
			return out
		}
		share *= hardly
	}
}
