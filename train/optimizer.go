// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"

	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/internal/kernel"
)

// optimizer is AdamW over a model's parameters, with clipping and, if asked for, an average of the weights.
type optimizer struct {
	options    *Options
	parameters []*backprop.Parameter // those that are trained
	first      [][]float32           // means of gradients
	second     [][]float32           // means of their squares
	average    [][]float32           // of the values; nil without averaging
	step       int                   // steps made
}

func newOptimizer(o *Options, parameters []*backprop.Parameter) *optimizer {
	z := &optimizer{options: o}
	for _, p := range parameters {
		if p.Gradient == nil {
			continue
		}
		z.parameters = append(z.parameters, p)
		z.first = append(z.first, make([]float32, len(p.Value)))
		z.second = append(z.second, make([]float32, len(p.Value)))
		if o.Average > 0 {
			z.average = append(z.average, append([]float32(nil), p.Value...))
		}
	}
	return z
}

// norm is the Euclidean length of all gradients together.
func (z *optimizer) norm() float64 {
	var sum float64
	for _, p := range z.parameters {
		const block = 4096
		for from := 0; from < len(p.Gradient); from += block {
			g := p.Gradient[from:min(from+block, len(p.Gradient))]
			sum += float64(kernel.Dot(g, g))
		}
	}
	return math.Sqrt(sum)
}

// apply makes a step of the given learning rate with gradients whose length is norm, and clears them.
func (z *optimizer) apply(rate, norm float64) {
	z.step++
	o := z.options
	scale := 1.0
	if o.Clip > 0 && norm > o.Clip {
		scale = o.Clip / (norm + 1e-6) // as torch.nn.utils.clip_grad_norm_ does
	}
	s := kernel.AdamWStep{
		Rate:    float32(rate / (1 - math.Pow(beta1, float64(z.step)))),
		Beta1:   beta1,
		Beta2:   beta2,
		Root:    float32(1 / math.Sqrt(1-math.Pow(beta2, float64(z.step)))),
		Epsilon: epsilon,
		Scale:   float32(scale),
	}
	threads := o.threads()
	backprop.Parallel(threads, len(z.parameters), func(_, i int) {
		p, s := z.parameters[i], s
		s.Decay = 1
		if p.Decays() {
			s.Decay = float32(1 - rate*o.WeightDecay)
		}
		kernel.AdamW(p.Value, p.Gradient, z.first[i], z.second[i], s)
		clear(p.Gradient)
		if z.average != nil {
			// Early averages would be the start's for long: the weight grows to what was asked for.
			keep := float32(min(o.Average, float64(z.step)/float64(z.step+10)))
			for j, v := range p.Value {
				z.average[i][j] += (1 - keep) * (v - z.average[i][j])
			}
		}
	})
}

// swap exchanges the parameters' values and their averages, for validation and saving, and back.
func (z *optimizer) swap() {
	for i, p := range z.parameters {
		if z.average != nil {
			for j, v := range z.average[i] {
				z.average[i][j], p.Value[j] = p.Value[j], v
			}
		}
	}
}

// The constants of AdamW that nobody changes (Kingma & Ba 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// Schedule is how the learning rate goes after the warm-up.
type Schedule string

// The schedules.
const (
	Linear   Schedule = "linear"   // down to 0 in a straight line
	CosineTo Schedule = "cosine"   // down to 0 along half a cosine
	Constant Schedule = "constant" // stays
)

// rate is the learning rate of step n of total, from 0: rising in a straight line over warmUp of the steps, then
// by the schedule. As in transformers, step 0 of a warm-up has rate 0; the last step is never one of it, or a single step would
// change nothing.
func (o *Options) rate(n, total int) float64 {
	warm := min(int(math.Ceil(o.WarmUp*float64(total))), total-1)
	if n < warm {
		return o.Rate * float64(n) / float64(warm)
	}
	done := float64(n-warm) / float64(max(total-warm, 1))
	switch o.Schedule {
	case CosineTo:
		return o.Rate * (1 + math.Cos(math.Pi*done)) / 2
	case Constant:
		return o.Rate
	}
	return o.Rate * (1 - done)
}
