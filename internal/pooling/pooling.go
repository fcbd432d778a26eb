// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package pooling makes a text's vector of the hidden states of its tokens, by the formulas of
// sentence_transformers.models.Pooling, and takes gradients of the vector back to the states.
package pooling

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// Modes are what [Pool] knows.
var Modes = []string{
	model.PoolCLS, model.PoolMax, model.PoolMean, model.PoolMeanSqrtLen, model.PoolWeightedMean, model.PoolLastToken,
}

// Check refuses modes that are none of [Modes].
func Check(modes []string) error {
	for _, mode := range modes {
		if !slices.Contains(Modes, mode) {
			return fmt.Errorf("pooling mode %q is not supported; known: %s", mode, strings.Join(Modes, ", "))
		}
	}
	return nil
}

// Pool writes the pooled vector of one text to dst, one part of dim floats for
// each mode, which must be one of [Modes]. rows are its n hidden states, stride floats apart; the first skip
// of them take no part in means and maxima.
func Pool(dst, rows []float32, stride, n, skip, dim int, modes []string) {
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
		default:
			clear(out)
			for i := skip; i < n; i++ {
				w := weight(mode, i)
				for j, v := range row(i) {
					out[j] += float32(w * v)
				}
			}
			total := total(mode, skip, n)
			for j := range out {
				out[j] /= total
			}
		}
	}
}

// weight is token i's in a mean.
func weight(mode string, i int) float32 {
	if mode == model.PoolWeightedMean {
		return float32(i + 1)
	}
	return 1
}

// total is what a mean divides its sum by.
func total(mode string, skip, n int) float32 {
	var sum float32
	for i := skip; i < n; i++ {
		sum += weight(mode, i)
	}
	if mode == model.PoolMeanSqrtLen {
		sum = float32(math.Sqrt(float64(sum)))
	}
	return max(sum, 1e-9)
}

// Backward adds to d, rows like those that [Pool] was given, the gradients of the states, given those of the pooled
// vector in dv.
func Backward(d, dv, rows []float32, stride, n, skip, dim int, modes []string) {
	for _, mode := range modes {
		g := dv[:dim]
		dv = dv[dim:]
		switch mode {
		case model.PoolCLS:
			kernel.AddScaled(d, g, 1)
		case model.PoolLastToken:
			kernel.AddScaled(d[(n-1)*stride:], g, 1)
		case model.PoolMax:
			for j, v := range g {
				best := -1
				for i := skip; i < n; i++ {
					if best < 0 || rows[i*stride+j] > rows[best*stride+j] {
						best = i
					}
				}
				if best >= 0 {
					d[best*stride+j] += v
				}
			}
		default:
			total := total(mode, skip, n)
			for i := skip; i < n; i++ {
				kernel.AddScaled(d[i*stride:], g, weight(mode, i)/total)
			}
		}
	}
}

// Normalize scales v to length 1; a zero vector stays as it is.
func Normalize(v []float32) {
	length := length(v)
	for i := range v {
		v[i] /= length
	}
}

func length(v []float32) float32 { return max(kernel.Norm(v), 1e-12) }

// NormalizeBackward replaces d, the gradient of v scaled to length 1, by that of v.
func NormalizeBackward(d, v []float32) {
	length := length(v)
	along := kernel.Dot(d, v) / (length * length)
	for i, x := range v {
		d[i] = (d[i] - along*x) / length
	}
}
