// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"fmt"

	"github.com/winnow-search/winnow/internal/checkpoint"
	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// PackedBytes is the memory that an opened encoder of this shape takes for its
// weights. Word embeddings are read from the file in place and not among them.
// [Auto] counts as [FP32].
func PackedBytes(c model.Config, p Precision) int { return checkpoint.Shape(c).Bytes(p.format()) }

// open packs a model's encoder. first says that only the first token's state
// is needed.
func open(m *model.Model, o options, first bool) (*transformer.Encoder, error) {
	e, err := transformer.New(checkpoint.Shape(m.Config), checkpoint.Source{Weights: m.Weights}, m.Prefix, transformer.Options{Threads: o.threads, First: first, Format: o.precision.format()})
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
