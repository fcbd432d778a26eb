// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/experiment"
)

// Verdict says whether reranking pays within the budget. What is compared are the values of held-out queries: one choice
// is made among settings with reranking, one among those without, each by the other folds. In-sample values would favour
// reranking, for it has many more settings to choose from.
type Verdict struct {
	Outcome     experiment.Outcome       `json:"outcome,omitempty"`         // "" where one side has no setting within the budget
	TooFew      bool                     `json:"too_few_queries,omitempty"` // unproven whatever was measured: too few queries differ for any p below 0.05
	With        *Point                   `json:"with,omitempty"`            // the choice of all queries
	Without     *Point                   `json:"without,omitempty"`         // the choice of all queries
	HeldWith    *Held                    `json:"with_cross_validated,omitempty"`
	HeldWithout *Held                    `json:"without_cross_validated,omitempty"`
	Comparison  *significance.Comparison `json:"comparison,omitempty"` // held-out values: without is the baseline; not corrected for the choice among settings
	Text        string                   `json:"verdict"`
}

func (c *chooser) verdict(ctx context.Context, folds [][]int, all []int, p *Plan) (*Verdict, error) {
	var points [2]*Point
	var helds [2]*Held
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
		if helds[i], err = c.validate(ctx, folds, w, final, p); err != nil {
			return nil, err
		}
	}
	v := &Verdict{Without: points[0], With: points[1], HeldWithout: helds[0], HeldWith: helds[1]}
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
	compared, err := significance.Compare(helds[0].Values, helds[1].Values, significance.Options{Seed: p.Seed, Resamples: p.Resamples})
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
	// The smallest p that so many queries that differ can give in a randomisation test of two sides is 2^(1-n).
	v.TooFew = v.Outcome == experiment.Unproven && math.Ldexp(1, 1-compared.Wins-compared.Losses) >= experiment.Significant
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
		experiment.Unproven: "Reranking shows no proven gain",
	}[v.Outcome]
	if v.TooFew {
		head = "Too few queries to tell whether reranking pays"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s within %s: %s goes from %.4f without to %.4f with it on held-out queries (%+.4f, 95 %% interval %+.4f to %+.4f, not corrected for the choice among settings, p = %.2g; %d better, %d worse, %d equal), and p95 from %s to %s ms there.",
		head, p.Budget, p.Measure, c.MeanA, c.MeanB, c.Difference, c.Low, c.High, c.P[significance.Randomisation], c.Wins, c.Losses, c.Ties, ms(v.HeldWithout.P95), ms(v.HeldWith.P95))
	for _, side := range []struct {
		held *Held
		name string
	}{{v.HeldWithout, "without"}, {v.HeldWith, "with"}} {
		if n := side.held.Over; n > 0 {
			fmt.Fprintf(&text, " In %d of %d folds no setting %s reranking was within the budget: the fastest was taken.", n, side.held.Folds, side.name)
		}
	}
	return text.String()
}

// ms writes milliseconds with three figures, or all before the point.
func ms(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
