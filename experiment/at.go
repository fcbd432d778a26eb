// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/rank"
)

// Cost is what a list took.
type Cost struct {
	Encode, Retrieve, Rerank, Total time.Duration // of a run file Encode and Retrieve are not known and 0: Total is Rerank

	Scored int // documents read by rerankers, all stages together
	Tokens int // of all pairs together; as Rerank an estimate between two depths that were stopped at
}

// At returns the list that reranking to a depth gives, best first, and its cost: with package winnow's reranking to the same
// depth. Depth 0 is the order of retrieval. fuse is that of the first stage; with later stages the depth must be one that was stopped
// at, and fuse the system's. Between two depths the cost is interpolated.
//
// Scores are those that order: of what was read, logits or fused scores; what was not read follows with scores made to
// fall: one less, and a whole number, wherever the order before has another score. So a list sorted by score
// has read documents before others, and documents that were tied still are.
func (o *Observed) At(depth int, fuse bool) ([]eval.Scored, Cost, error) {
	c := Cost{Encode: o.Encode, Retrieve: o.Retrieve}
	if depth < 0 {
		return nil, c, fmt.Errorf("depth %d: at least 0", depth)
	}
	at := len(o.Steps) // the step that has read so many
	if depth > 0 {
		if at = slices.IndexFunc(o.Steps, func(s Step) bool { return s.Depth >= depth }); at < 0 {
			return nil, c, fmt.Errorf("depth %d was not read", depth)
		}
	}
	read := min(depth, len(o.Logits))
	order, err := o.order(read, fuse)
	if err != nil {
		return nil, c, fmt.Errorf("query %q: %w", o.Query, err)
	}
	if at < len(o.Steps) {
		s := o.Steps[at]
		if len(s.Later) > 0 && (s.Depth != depth || fuse != o.fuse) {
			return nil, c, fmt.Errorf("depth %d with these settings was not run: later stages have read the order of depth %d", depth, s.Depth)
		}
		c.Scored, c.Rerank, c.Tokens = read, s.Elapsed, s.Tokens
		if s.Depth != depth {
			c.Rerank, c.Tokens = o.between(at, depth)
		}
		for _, r := range s.Later {
			if order, err = reorder(order, r.Logits, r.Fuse); err != nil {
				return nil, c, fmt.Errorf("query %q: %w", o.Query, err)
			}
			c.Rerank += r.Elapsed
			c.Tokens += r.Tokens
			c.Scored += len(r.Logits)
		}
	}
	c.Total = c.Encode + c.Retrieve + c.Rerank
	list := make([]eval.Scored, len(order))
	for i, item := range order {
		list[i] = eval.Scored{ID: item.ID, Score: float64(item.Score)}
	}
	return list, c, nil
}

// between interpolates the cost of a depth below that of a step.
func (o *Observed) between(at, depth int) (time.Duration, int) {
	var low Step
	if at > 0 {
		low = o.Steps[at-1]
	}
	high := o.Steps[at]
	from, to := min(low.Depth, len(o.Logits)), min(high.Depth, len(o.Logits))
	if to <= from || depth >= to {
		return high.Elapsed, high.Tokens
	}
	share := max(0, float64(depth-from)/float64(to-from))
	return low.Elapsed + time.Duration(share*float64(high.Elapsed-low.Elapsed)), low.Tokens + int(share*float64(high.Tokens-low.Tokens))
}

// order is that after the first stage has read so many.
func (o *Observed) order(read int, fuse bool) ([]rank.Item, error) {
	items := make([]rank.Item, len(o.Candidates))
	for i, c := range o.Candidates {
		items[i] = rank.Item{ID: c.ID, Score: c.Score, Words: c.Words}
	}
	return reorder(items, o.Logits[:read], fuse)
}

// reorder is rank.Rerank with scores that fall from what was read to what was not.
func reorder(items []rank.Item, logits []float32, fuse bool) ([]rank.Item, error) {
	out, err := rank.Rerank(items, logits, fuse)
	if err != nil || len(logits) == 0 {
		return out, err
	}
	score := lower(out[len(logits)-1].Score)
	var before float32
	for i := len(logits); i < len(out); i++ {
		if i > len(logits) && out[i].Score != before {
			score = lower(score)
		}
		before, out[i].Score = out[i].Score, score
	}
	return out, nil
}

// lower is the next whole number below x, or what comes next where numbers are too large for that.
func lower(x float32) float32 {
	if y := float32(math.Ceil(float64(x))) - 1; y < x {
		return y
	}
	return max(math.Nextafter32(x, float32(math.Inf(-1))), -math.MaxFloat32)
}
