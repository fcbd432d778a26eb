// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/experiment"
)

// Verdict says whether reranking pays within the budget. What is compared are the values of held-out queries: one choice
// is made among settings with reranking, one among those without, each by the other folds. In-sample values would favour
// reranking, for it has many more settings to choose from.
type Verdict struct {
	Outcome    experiment.Outcome       `json:"outcome,omitempty"`    // "" where one side has no setting within the budget
	With       *Point                   `json:"with,omitempty"`       // the choice of all queries
	Without    *Point                   `json:"without,omitempty"`    // the choice of all queries
	Comparison *significance.Comparison `json:"comparison,omitempty"` // held-out values: without is the baseline
	Text       string                   `json:"verdict"`
}

func (c *chooser) verdict(ctx context.Context, folds [][]int, all []int, p *Plan) (*Verdict, error) {
	var points [2]*Point
	var values [2][]float64
	var fastest [2]scored
	for i, w := range []which{withoutReranking, withReranking} {
		final, err := c.choose(all, w)
		if err != nil {
			return nil, err
		}
		if final == nil || !final.fits {
			if final != nil {
				fastest[i] = final.best
			}
			continue
		}
		points[i] = p.point(final.chosen)
		held, err := c.validate(ctx, folds, w, nil, p)
		if err != nil {
			return nil, err
		}
		values[i] = held.Values
	}
	v := &Verdict{Without: points[0], With: points[1]}
	switch {
	case v.With == nil:
		v.Text = fmt.Sprintf("No reranking fits into %s: the fastest, %s, has a p95 of %s ms.", p.Budget, fastest[1].setting().Label(), ms(fastest[1].p95))
		if v.Without != nil {
			v.Text += fmt.Sprintf(" Whatever the time, the best of it has %s %.4f in sample; retrieval alone has %.4f.", p.Measure, c.highest(withReranking), v.Without.Mean)
		}
		return v, nil
	case v.Without == nil:
		v.Text = fmt.Sprintf("Retrieval alone does not fit into %s, though some reranking seems to: times vary too much to compare.", p.Budget)
		return v, nil
	}
	compared, err := significance.Compare(values[0], values[1], significance.Options{Seed: p.Seed, Resamples: p.Resamples})
	if err != nil {
		return nil, err
	}
	v.Comparison = &compared
	v.Outcome = experiment.Unproven
	significant := compared.P[significance.Randomisation] < experiment.Significant
	switch {
	case significant && compared.Difference > 0:
		v.Outcome = experiment.Pays
	case significant && compared.Difference < 0:
		v.Outcome = experiment.Hurts
	}
	v.Text = v.sentence(p)
	return v, nil
}

// highest is the highest mean of the grid, whatever the time.
func (c *chooser) highest(w which) float64 {
	best := math.Inf(-1)
	for _, r := range c.grid {
		if w.allows(r) {
			best = max(best, mean(r.values))
		}
	}
	return best
}

// sentence says the verdict in words.
func (v *Verdict) sentence(p *Plan) string {
	c := v.Comparison
	head := map[experiment.Outcome]string{
		experiment.Pays:     "Reranking pays",
		experiment.Hurts:    "Reranking hurts",
		experiment.Unproven: "Reranking does not pay",
	}[v.Outcome]
	text := fmt.Sprintf("%s within %s: %s goes from %.4f without to %.4f with it on held-out queries (%+.4f, 95 %% interval %+.4f to %+.4f, p = %.2g; %d better, %d worse), and p95 from %s to %s ms.",
		head, p.Budget, p.Measure, c.MeanA, c.MeanB, c.Difference, c.Low, c.High, c.P[significance.Randomisation], c.Wins, c.Losses, ms(v.Without.P95), ms(v.With.P95))
	if v.Outcome == experiment.Unproven {
		text += " The queries do not show a difference."
	}
	return text
}

// ms writes milliseconds with three figures, or all before the point.
func ms(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
