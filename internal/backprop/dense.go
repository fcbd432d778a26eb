// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"fmt"
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/transformer"
)

// Dense is a linear layer with an activation, y = f(W·x + b), on a vector for each sequence: a
// cross-encoder's pooler and classifier, or a dense module of a bi-encoder. It is computed in float32.
type Dense struct {
	In, Out    int
	parameters []*Parameter
	linear     *linear
	function   string

	x, sums, y []float32 // of the last forward pass: inputs, before the activation, and after
	n          int
	scratch    scratch
	list       []block
}

// NewDense reads the layer's parameters, weight and bias by their names; without a bias bias is
// "". The activation is identity, tanh, sigmoid, relu or gelu. layer is what its parameters have as theirs.
func NewDense(source transformer.Source, weight, bias string, in, out int, activation string, layer int) (*Dense, error) {
	switch activation {
	case "identity", "tanh", "sigmoid", "relu", "gelu":
	default:
		return nil, fmt.Errorf("activation %q of %s cannot be trained; known: identity, tanh, sigmoid, relu, gelu", activation, weight)
	}
	d := &Dense{In: in, Out: out, function: activation}
	r := reader{source: source, layer: layer, list: &d.parameters}
	w, err := r.read(weight, out, in)
	if err != nil {
		return nil, err
	}
	b := &Parameter{Value: make([]float32, out)}
	if bias != "" {
		if b, err = r.read(bias, out); err != nil {
			return nil, err
		}
	}
	d.linear = newLinear(kernel.Float32, spread{1, in}, spread{1, out}, part{w, b, 1})
	d.Pack()
	return d, nil
}

// Parameters are the layer's: its weight, and its bias if it has one.
func (d *Dense) Parameters() []*Parameter { return d.parameters }

// Pack makes passes use the parameters' present values.
func (d *Dense) Pack() { d.linear.pack() }

// Stride is how far apart rows of a width lie in what layers take and give.
func Stride(width int) int { return kernel.Pad(width) }

// Forward returns the results of n rows of x, Stride(In) floats apart, in rows Stride(Out) apart. They stay until the next call.
func (d *Dense) Forward(x []float32, n int) []float32 {
	in, out := Stride(d.In), Stride(d.Out)
	d.n = n
	d.x, d.sums, d.y = sized(d.x, n*in), sized(d.sums, n*out), sized(d.y, n*out)
	copy(d.x, x)
	d.scratch.product(kernel.Float32, d.sums, out, d.x, in, n, d.In, d.linear.forward, false)
	copy(d.y, d.sums)
	switch d.function {
	case "tanh":
		each(d.y, math.Tanh)
	case "sigmoid":
		each(d.y, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
		for i := range n {
			clear(d.y[i*out+d.Out : (i+1)*out])
		}
	case "relu":
		kernel.Relu(d.y)
	case "gelu":
		kernel.Gelu(d.y)
	}
	return d.y
}

func each(x []float32, f func(float64) float64) {
	for i, v := range x {
		x[i] = float32(f(float64(v)))
	}
}

// Backward adds to the parameters' gradients, given those of the last results in dy, which it changes, and
// returns those of its rows, which stay until the next call.
func (d *Dense) Backward(dy []float32) []float32 {
	in, out := Stride(d.In), Stride(d.Out)
	switch d.function {
	case "tanh":
		for i, y := range d.y {
			dy[i] *= 1 - y*y
		}
	case "sigmoid":
		for i, y := range d.y {
			dy[i] *= y * (1 - y)
		}
	case "relu":
		kernel.ReluBackward(dy[:len(d.sums)], d.sums)
	case "gelu":
		kernel.GeluBackward(dy[:len(d.sums)], d.sums)
	}
	d.list = d.linear.blocks(d.list[:0], activations{dy, out, d.n}, activations{d.x, in, d.n})
	for i := range d.list {
		d.list[i].add(kernel.Float32, &d.scratch.block)
	}
	dx := d.y
	dx = sized(dx, d.n*in)
	d.scratch.product(kernel.Float32, dx, in, dy, out, d.n, out, d.linear.backward, false)
	d.y = dx
	return dx
}

// Dropout sets each value of a row to 0 with probability p and scales the others up by 1/(1-p). Its mask depends on the key
// alone. len(row) is a multiple of 16.
func Dropout(row []float32, key uint64, p float32) {
	if p > 0 {
		kernel.Dropout(row, mix(key), p)
	}
}
