// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import "math"

// FitPlatt fits a sigmoid with slope and offset (Platt, 1999) by minimising the log loss to smoothed targets, with
// Newton's method and backtracking (Lin, Lin and Weng, "A Note on Platt's Probabilistic Outputs for Support Vector
// Machines", 2007). Their A and B have the other sign.
//
// Logits and judgments are those of pairs, in the same order. The slope is never negative: where higher logits go with less
// relevant documents, the best such map is a constant, see [Map.Flat].
//
// Errors: different lengths, a logit that is NaN or infinite, no relevant pair or only relevant pairs.
func FitPlatt(logits []float32, relevant []bool) (Map, error) {
	positive, negative, err := check(logits, relevant)
	if err != nil {
		return Map{}, err
	}
	high, low := targets(positive, negative)
	f := sigmoidFit{x: make([]float64, len(logits)), target: make([]float64, len(logits))}
	// The fit runs on logits scaled to [-1, 1] around their mean, so that it behaves the same for any model's range.
	n := float64(len(logits))
	center, scale := 0.0, 0.0
	for _, x := range logits {
		center += float64(x) / n
	}
	for i, x := range logits {
		f.x[i] = float64(x) - center
		scale = max(scale, math.Abs(f.x[i]))
		f.target[i] = low
		if relevant[i] {
			f.target[i] = high
		}
	}
	constant := (float64(positive)*high + float64(negative)*low) / n
	flat := Map{Method: Platt, B: math.Log(constant / (1 - constant))}
	if scale == 0 {
		return flat, nil
	}
	for i := range f.x {
		f.x[i] /= scale
	}
	a, b := f.minimise(math.Log(float64(positive+1) / float64(negative+1)))
	a /= scale
	// The log loss is convex, so that a negative slope means that the best of those allowed is 0.
	if a <= 0 || !finite(a) || !finite(b-a*center) {
		return flat, nil
	}
	return Map{Method: Platt, A: a, B: b - a*center}, nil
}

// sigmoidFit is the problem: scaled logits and their target probabilities.
type sigmoidFit struct{ x, target []float64 }

// loss is Σ log(1 + exp(z)) - target·z with z = a·x + b, the log loss without overflow.
func (f sigmoidFit) loss(a, b float64) float64 {
	sum := 0.0
	for i, x := range f.x {
		z := a*x + b
		sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - f.target[i]*z
	}
	return sum
}

// derivatives returns the gradient and the Hessian of the loss.
func (f sigmoidFit) derivatives(a, b float64) (ga, gb, haa, hab, hbb float64) {
	for i, x := range f.x {
		p := sigmoid(a*x + b)
		ga += (p - f.target[i]) * x
		gb += p - f.target[i]
		h := p * (1 - p)
		haa += h * x * x
		hab += h * x
		hbb += h
	}
	return ga, gb, haa, hab, hbb
}

// minimise returns slope and offset, starting from slope 0. Convex and smooth: it ends within a few steps.
func (f sigmoidFit) minimise(b float64) (slope, offset float64) {
	const (
		maxSteps = 200
		ridge    = 1e-12 // keeps the Hessian invertible
		armijo   = 1e-4  // share of the promised decrease that a step must deliver
		shortest = 1e-10 // of a backtracked step
	)
	a, loss := 0.0, f.loss(0, b)
	precise := 1e-13 * float64(len(f.x))
	for range maxSteps {
		ga, gb, haa, hab, hbb := f.derivatives(a, b)
		if math.Abs(ga) <= precise && math.Abs(gb) <= precise {
			break
		}
		haa, hbb = haa+ridge, hbb+ridge
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		promised := ga*da + gb*db
		step := 1.0
		for ; step >= shortest; step /= 2 {
			next := f.loss(a+step*da, b+step*db)
			// Near the end the decrease is below the rounding of the loss; there full steps are right.
			if next <= loss+armijo*step*promised+1e-14*math.Abs(loss) {
				a, b, loss = a+step*da, b+step*db, next
				break
			}
		}
		if step < shortest || step*(math.Abs(da)+math.Abs(db)) <= 1e-14*(math.Abs(a)+math.Abs(b)) {
			break
		}
	}
	return a, b
}
