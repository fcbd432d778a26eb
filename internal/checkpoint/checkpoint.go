// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package checkpoint gives a model's shape and tensors to the packages that
// compute with them, forwards (transformer) and backwards (backprop).
package checkpoint

import (
	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
)

// Source reads tensors of weights.
type Source struct{ Weights *model.Weights }

// Tensor implements [transformer.Source].
func (s Source) Tensor(name string) (transformer.Tensor, error) {
	t, err := s.Weights.Tensor(name)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Shape is a model's configuration as package transformer takes it.
func Shape(c model.Config) transformer.Config {
	return transformer.Config{
		Vocab: c.Vocab, Positions: c.Positions, Types: c.Types, Hidden: c.Hidden, Layers: c.Layers,
		Heads: c.Heads, Intermediate: c.Intermediate, Epsilon: float32(c.Epsilon), Activation: c.HiddenAct,
	}
}
