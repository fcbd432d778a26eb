// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/internal/transformer"
)

// Parameter is a tensor that training may change.
type Parameter struct {
	Name     string // as in Hugging Face checkpoints, with the prefix
	Shape    []int
	Value    []float32
	Gradient []float32 // as long as Value; nil if the parameter is frozen
	// Layer is the encoder layer it belongs to, -1 of the embeddings and the number of
	// layers of what follows them.
	Layer int
}

// Decays says whether weight decay applies: to matrices, not to biases and norms.
func (p *Parameter) Decays() bool { return len(p.Shape) > 1 }

// Freeze takes the parameter out of training; Unfreeze puts it back.
func (p *Parameter) Freeze() { p.Gradient = nil }

// Unfreeze gives the parameter a gradient of zeros.
func (p *Parameter) Unfreeze() {
	if p.Gradient == nil {
		p.Gradient = make([]float32, len(p.Value))
	}
}

// read makes a parameter of a stored tensor.
func read(source transformer.Source, name string, layer int, shape ...int) (*Parameter, error) {
	t, err := source.Tensor(name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape(), shape) {
		return nil, fmt.Errorf("tensor %s has shape %v; the configuration asks for %v", name, t.Shape(), shape)
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	p := &Parameter{Name: name, Shape: shape, Layer: layer, Value: make([]float32, n), Gradient: make([]float32, n)}
	return p, t.Float32(p.Value, 0)
}

// reader reads the parameters of one layer.
type reader struct {
	source transformer.Source
	prefix string
	layer  int
	list   *[]*Parameter
}

func (r reader) read(name string, shape ...int) (*Parameter, error) {
	p, err := read(r.source, r.prefix+name, r.layer, shape...)
	if err == nil {
		*r.list = append(*r.list, p)
	}
	return p, err
}
