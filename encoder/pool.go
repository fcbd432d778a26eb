// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// poolingModes are what pool knows.
var poolingModes = []string{
	model.PoolCLS, model.PoolMax, model.PoolMean, model.PoolMeanSqrtLen, model.PoolWeightedMean, model.PoolLastToken,
}

// pool writes the pooled vector of one text to dst, one part of dim floats for
// each mode. rows are its hidden states, stride floats apart; the first skip
// of n rows take no part in means and maxima. The formulas are those of
// sentence_transformers.models.Pooling; newBi has checked the modes.
func pool(dst, rows []float32, stride, n, skip, dim int, modes []string) {
	row := func(i int) []float32 { return rows[i*stride:][:dim] }
	for _, mode := range modes {
		out := dst[:dim]
		dst = dst[dim:]
		switch mode {
		case model.PoolCLS:
			copy(out, row(0))
		case model.PoolLastToken:
			copy(out, row(n-1))
		case model.PoolMax:
			for j := range out {
				out[j] = -1e9 // what the reference gives where no token is left
			}
			for i := skip; i < n; i++ {
				for j, v := range row(i) {
					out[j] = max(out[j], v)
				}
			}
		case model.PoolMean, model.PoolMeanSqrtLen, model.PoolWeightedMean:
			clear(out)
			var total float32
			for i := skip; i < n; i++ {
				weight := float32(1)
				if mode == model.PoolWeightedMean {
					weight = float32(i + 1)
				}
				total += weight
				for j, v := range row(i) {
					out[j] += float32(weight * v)
				}
			}
			if mode == model.PoolMeanSqrtLen {
				total = float32(math.Sqrt(float64(total)))
			}
			total = max(total, 1e-9)
			for j := range out {
				out[j] /= total
			}
		}
	}
}

// normalize scales v to length 1; a zero vector stays as it is.
func normalize(v []float32) {
	length := max(kernel.Norm(v), 1e-12)
	for i := range v {
		v[i] /= length
	}
}

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
