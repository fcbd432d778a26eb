// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// dense is a linear layer, y = activation(W·x + b), on one vector.
type dense struct {
	in, out    int
	weight     []float32 // out rows of in floats
	bias       []float32 // out floats, or none
	activation model.Activation
}

func (d *dense) apply(dst, x []float32) {
	kernel.DotRows(dst[:d.out], x[:d.in], d.weight)
	for i, b := range d.bias {
		dst[i] += b
	}
	d.activation.Apply(dst[:d.out])
}
