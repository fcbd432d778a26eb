// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package transformer runs encoders of the BERT family (Devlin et al. 2019)
// over packed sequences: token ids in, last hidden states out.
//
// Sequences are concatenated, never padded. A worker carries a chunk of whole
// sequences through all layers, so that activations stay in its cache and no
// worker waits for another; when there are fewer chunks than workers, a team
// of workers shares a chunk instead and splits each step by columns, heads or
// rows. Neither choice changes a bit of the result: see package kernel.
package transformer

import (
	"fmt"
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
)

// Config is the shape of an encoder, in the terms of Hugging Face's config.json.
type Config struct {
	Vocab        int     // vocab_size
	Positions    int     // max_position_embeddings: the longest sequence
	Types        int     // type_vocab_size: segments of a pair
	Hidden       int     // hidden_size
	Layers       int     // num_hidden_layers
	Heads        int     // num_attention_heads; divides Hidden
	Intermediate int     // intermediate_size
	Epsilon      float32 // layer_norm_eps
	Activation   string  // hidden_act: gelu, gelu_new, gelu_pytorch_tanh or relu
}

// Tensor is a stored array that can be read as float32, piece by piece.
type Tensor interface {
	// Shape is the size of each dimension, outermost first.
	Shape() []int
	// Float32 fills dst with the elements from offset on, in row-major order.
	Float32(dst []float32, offset int) error
}

// Source finds tensors by name.
type Source interface {
	Tensor(name string) (Tensor, error)
}

// ActivationFunctions are the activation and its way back: see [kernel.GeluBackward].
func (c Config) ActivationFunctions() (forward func(x []float32), backward func(d, x []float32), err error) {
	switch c.Activation {
	case "gelu":
		return kernel.Gelu, kernel.GeluBackward, nil
	case "gelu_new", "gelu_pytorch_tanh":
		return kernel.GeluTanh, kernel.GeluTanhBackward, nil
	case "relu":
		return kernel.Relu, kernel.ReluBackward, nil
	}
	return nil, nil, fmt.Errorf("activation %q is not supported; known: gelu, gelu_new, gelu_pytorch_tanh, relu", c.Activation)
}

// Bytes is the memory that an encoder's weights take when packed in a format;
// word embeddings, which are read in place, are not among them.
func (c Config) Bytes(f kernel.Format) int {
	matrix := func(k, n int) int { return kernel.MatrixBytes(f, k, n) }
	heads := c.Heads * kernel.Pad(c.Hidden/c.Heads)
	layer := matrix(c.Hidden, heads) + matrix(c.Hidden, 2*heads) + matrix(heads, c.Hidden) +
		matrix(c.Hidden, c.Intermediate) + matrix(c.Intermediate, c.Hidden)
	return c.Layers*layer + 4*(c.Positions+c.Types)*kernel.Pad(c.Hidden)
}

// Check refuses shapes that no encoder can have.
func (c Config) Check() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.Vocab},
		{"max_position_embeddings", c.Positions},
		{"type_vocab_size", c.Types},
		{"hidden_size", c.Hidden},
		{"num_hidden_layers", c.Layers},
		{"num_attention_heads", c.Heads},
		{"intermediate_size", c.Intermediate},
	} {
		if f.value < 1 {
			return fmt.Errorf("%s is %d; it must be at least 1", f.name, f.value)
		}
	}
	if c.Hidden%c.Heads != 0 {
		return fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d", c.Hidden, c.Heads)
	}
	if !(c.Epsilon > 0) || math.IsInf(float64(c.Epsilon), 0) {
		return fmt.Errorf("layer_norm_eps is %v; it must be positive", c.Epsilon)
	}
	return nil
}
