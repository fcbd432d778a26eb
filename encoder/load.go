// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"fmt"

	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// source lets package transformer read a model's tensors.
type source struct{ weights *model.Weights }

func (s source) Tensor(name string) (transformer.Tensor, error) {
	t, err := s.weights.Tensor(name)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// shape is a model's configuration as package transformer takes it.
func shape(c model.Config) transformer.Config {
	return transformer.Config{
		Vocab: c.Vocab, Positions: c.Positions, Types: c.Types, Hidden: c.Hidden, Layers: c.Layers,
		Heads: c.Heads, Intermediate: c.Intermediate, Epsilon: float32(c.Epsilon), Activation: c.HiddenAct,
	}
}

// PackedBytes is the memory that an opened encoder of this shape takes for its
// weights. Word embeddings are read from the file in place and not among them.
// [Auto] counts as [FP32].
func PackedBytes(c model.Config, p Precision) int { return shape(c).Bytes(p.format()) }

// open packs a model's encoder. first says that only the first token's state
// is needed.
func open(m *model.Model, o options, first bool) (*transformer.Encoder, error) {
	e, err := transformer.New(shape(m.Config), source{m.Weights}, m.Prefix, transformer.Options{Threads: o.threads, First: first, Format: o.precision.format()})
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	// The layers' weights have been packed, and are not kept twice.
	if err := m.Weights.Release(); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	return e, nil
}

// loadDense reads a linear layer of out × in; bias may be nil.
func loadDense(weight, bias *safetensors.Tensor, in, out int, a model.Activation) (*dense, error) {
	d := &dense{in: in, out: out, activation: a, weight: make([]float32, in*out)}
	if err := weight.Float32(d.weight, 0); err != nil {
		return nil, err
	}
	if bias != nil {
		d.bias = make([]float32, out)
		if err := bias.Float32(d.bias, 0); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// namedDense reads a linear layer from the tensors name.weight and name.bias,
// whose shapes model.Open has checked.
func namedDense(w *model.Weights, name string, in, out int, a model.Activation) (*dense, error) {
	weight, err := w.Tensor(name + ".weight")
	if err != nil {
		return nil, err
	}
	bias, err := w.Tensor(name + ".bias")
	if err != nil {
		return nil, err
	}
	return loadDense(weight, bias, in, out, a)
}
