// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import (
	"slices"

	"github.com/winnow-search/winnow/model"
)

// work counts what an encoder has to compute.
type work struct {
	layers, hidden, intermediate float64
	first                        bool // of the last layer only the first token's state is wanted
}

func workOf(m *model.Model) work {
	c := m.Config
	return work{
		float64(c.Layers), float64(c.Hidden), float64(c.Intermediate),
		c.Architecture == model.BertForSequenceClassification || slices.Equal(m.Pooling.Modes, []string{model.PoolCLS}),
	}
}

// weights is how many weights a token's states are multiplied with, in all
// layers: four square matrices of attention and two of the feed-forward part.
func (w work) weights() float64 {
	return w.layers * (4*w.hidden*w.hidden + 2*w.hidden*w.intermediate)
}

// operations is how many an input of n tokens takes, a multiplication and an
// addition being two. A token takes
//
//	2·weights + 4·n·hidden·layers
//
// for the products with weights and for attention (scores, and sums of values,
// 2·n·hidden each). Where only the first token's state is wanted, the last
// layer needs the other tokens' keys and values alone; what is not computed is
// not counted. Softmax, layer norm and activations are not counted either.
func (w work) operations(n int) float64 {
	tokens := float64(n)
	attention := 4 * tokens * w.hidden
	token := 2*w.weights() + attention*w.layers
	if !w.first {
		return tokens * token
	}
	last := 2*w.weights()/w.layers + attention
	keysAndValues := 2 * 2 * w.hidden * w.hidden
	return tokens*(token-last+keysAndValues) + last - keysAndValues
}
