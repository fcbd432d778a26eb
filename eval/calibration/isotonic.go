// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"cmp"
	"slices"
)

// FitIsotonic fits the best rising step function by pooling adjacent violators (Ayer et al., 1955; for calibration Zadrozny and
// Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", 2002), then joins the centres of
// the steps (mean logits) by straight lines, so that the map is continuous; beyond the first and last centre it is
// constant. The judgments count as Platt's smoothed targets, so that no probability is 0 or 1.
//
// It follows any rising curve, but needs more data than [FitPlatt]: about a thousand pairs (Niculescu-Mizil and Caruana,
// "Predicting Good Probabilities with Supervised Learning", 2005). Above [MaxKnots] steps, neighbours are joined.
// The order of the pairs does not matter. Errors as for FitPlatt.
func FitIsotonic(logits []float32, relevant []bool) (Map, error) {
	positive, negative, err := check(logits, relevant)
	if err != nil {
		return Map{}, err
	}
	blocks := thin(pool(logits, relevant), MaxKnots)
	high, low := targets(positive, negative)
	m := Map{Method: Isotonic, Knots: make([]Knot, len(blocks))}
	for i, b := range blocks {
		// With one value for all relevant pairs and one for the others, smoothing is the same before and after pooling.
		m.Knots[i] = Knot{Logit: b.center(), Probability: bounded(low + (high-low)*b.share())}
	}
	return m, nil
}

// block is a step: pairs that are next to each other by logit.
type block struct {
	pairs, relevant int
	sum             float64 // of the logits
}

func (b block) share() float64  { return float64(b.relevant) / float64(b.pairs) }
func (b block) center() float64 { return b.sum / float64(b.pairs) }

func (b block) join(c block) block {
	return block{b.pairs + c.pairs, b.relevant + c.relevant, b.sum + c.sum}
}

// reaches reports whether the share of relevant pairs of b is at least that of c, exactly.
func (b block) reaches(c block) bool {
	return int64(b.relevant)*int64(c.pairs) >= int64(c.relevant)*int64(b.pairs)
}

// pool returns the steps, of which each has a higher share of relevant pairs than the one before. Equal logits are one observation.
func pool(logits []float32, relevant []bool) []block {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(logits[i], logits[j]) })
	var blocks []block
	for from := 0; from < len(order); {
		next := block{}
		to := from
		for ; to < len(order) && logits[order[to]] == logits[order[from]]; to++ {
			next.pairs++
			next.sum += float64(logits[order[to]])
			if relevant[order[to]] {
				next.relevant++
			}
		}
		from = to
		for len(blocks) > 0 && blocks[len(blocks)-1].reaches(next) {
			next = blocks[len(blocks)-1].join(next)
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, next)
	}
	return blocks
}

// thin joins neighbours until there are at most limit blocks, of about equal numbers of pairs. Shares still rise.
func thin(blocks []block, limit int) []block {
	if len(blocks) <= limit {
		return blocks
	}
	total := 0
	for _, b := range blocks {
		total += b.pairs
	}
	thinned := make([]block, 0, limit)
	seen := 0
	slot := -1
	for _, b := range blocks {
		// The slot of the block's first pair, of limit slots.
		if s := int(int64(seen) * int64(limit) / int64(total)); s != slot {
			thinned = append(thinned, b)
			slot = s
		} else {
			thinned[len(thinned)-1] = thinned[len(thinned)-1].join(b)
		}
		seen += b.pairs
	}
	return thinned
}
