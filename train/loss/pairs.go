// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
)

// Contrastive pulls pairs of label 1 together and pushes those of label 0 apart to a distance of Margin
// (Hadsell, Chopra & LeCun 2006), with d the cosine distance 1 - cos(a, b):
//
//	mean over pairs of ½·(label·d² + (1-label)·max(0, Margin - d)²)
//
// Data: pairs with a label from 0 to 1, usually 0 or 1. sentence-transformers: ContrastiveLoss.
type Contrastive struct {
	Margin float64 // 0.5 if 0
}

// Needs implements [Bi].
func (Contrastive) Needs() Needs { return Needs{Positive: true, Label: true, High: 1} }

// Loss implements [Bi].
func (l Contrastive) Loss(b *Embeddings, gradient []float32) float64 {
	margin, n := orElse(l.Margin, 0.5), float64(len(b.Examples))
	var sum float64
	for _, e := range b.Examples {
		s, _, _ := Cosine.of(b.vector(e.Anchor), b.vector(e.Positive))
		d := 1 - s
		short := max(0, margin-d)
		sum += (e.Label*d*d + (1-e.Label)*short*short) / 2
		Cosine.backward(b, gradient, e.Anchor, e.Positive, -(e.Label*d-(1-e.Label)*short)/n)
	}
	return sum / n
}

// OnlineContrastive is [Contrastive] for the hard pairs of a batch alone: positives further apart than the
// nearest negatives, and negatives nearer than the furthest positives:
//
//	Σ d² over pairs of label 1 with d > min d of label 0
//	+ Σ max(0, Margin - d)² over pairs of label 0 with d < max d of label 1
//
// A class of a single pair is compared with the other's mean, as in the reference. Data: pairs with labels of 0 and
// 1. sentence-transformers: OnlineContrastiveLoss.
type OnlineContrastive struct {
	Margin float64 // 0.5 if 0
}

// Needs implements [Bi].
func (OnlineContrastive) Needs() Needs {
	return Needs{Positive: true, Label: true, Binary: true, Company: true}
}

// Loss implements [Bi].
func (l OnlineContrastive) Loss(b *Embeddings, gradient []float32) float64 {
	margin := orElse(l.Margin, 0.5)
	type class struct {
		n              int
		sum, low, high float64
	}
	classes := [2]class{{low: math.Inf(1), high: math.Inf(-1)}, {low: math.Inf(1), high: math.Inf(-1)}}
	distances, labels := make([]float64, len(b.Examples)), make([]int, len(b.Examples))
	for i, e := range b.Examples {
		s, _, _ := Cosine.of(b.vector(e.Anchor), b.vector(e.Positive))
		distances[i] = 1 - s
		if e.Label >= 0.5 {
			labels[i] = 1
		}
		c := &classes[labels[i]]
		c.n++
		c.sum += distances[i]
		c.low, c.high = min(c.low, distances[i]), max(c.high, distances[i])
	}
	negative, positive := classes[0], classes[1]
	above, below := negative.low, positive.high
	if negative.n <= 1 { // the reference compares each class of one with its own mean
		above = positive.sum / float64(positive.n)
	}
	if positive.n <= 1 {
		below = negative.sum / float64(negative.n)
	}
	var sum float64
	for i, e := range b.Examples {
		d := distances[i]
		switch {
		case labels[i] == 1 && d > above:
			sum += d * d
			Cosine.backward(b, gradient, e.Anchor, e.Positive, -2*d)
		case labels[i] == 0 && d < below && d < margin:
			sum += (margin - d) * (margin - d)
			Cosine.backward(b, gradient, e.Anchor, e.Positive, 2*(margin-d))
		}
	}
	return sum
}

// CosineRegression is the squared error of the cosine (Reimers & Gurevych 2019):
//
//	mean over pairs of (cos(a, b) - label)²
//
// Data: pairs with a label, from -1 to 1. sentence-transformers: CosineSimilarityLoss.
type CosineRegression struct{}

// Needs implements [Bi].
func (CosineRegression) Needs() Needs { return Needs{Positive: true, Label: true, Low: -1, High: 1} }

// Loss implements [Bi].
func (CosineRegression) Loss(b *Embeddings, gradient []float32) float64 {
	n := float64(len(b.Examples))
	var sum float64
	for _, e := range b.Examples {
		s, _, _ := Cosine.of(b.vector(e.Anchor), b.vector(e.Positive))
		sum += (s - e.Label) * (s - e.Label)
		Cosine.backward(b, gradient, e.Anchor, e.Positive, 2*(s-e.Label)/n)
	}
	return sum / n
}

// CoSENT asks that pairs be ordered by cosine as they are by label (Su 2022, https://kexue.fm/archives/8847):
//
//	log(1 + Σ exp(Scale·(cos_i - cos_j))) over pairs i, j with label_i < label_j
//
// Data: pairs with a label of any range. sentence-transformers: CoSENTLoss.
type CoSENT struct {
	Scale float64 // 20 if 0
}

// Needs implements [Bi].
func (CoSENT) Needs() Needs { return Needs{Positive: true, Label: true, Company: true} }

// Loss implements [Bi].
func (l CoSENT) Loss(b *Embeddings, gradient []float32) float64 {
	scale := orElse(l.Scale, 20)
	s := make([]float64, len(b.Examples))
	for i, e := range b.Examples {
		v, _, _ := Cosine.of(b.vector(e.Anchor), b.vector(e.Positive))
		s[i] = scale * v
	}
	top := 0.0 // of the exponents, with the 1
	for i, x := range b.Examples {
		for j, y := range b.Examples {
			if x.Label < y.Label {
				top = max(top, s[i]-s[j])
			}
		}
	}
	sum, d := math.Exp(-top), make([]float64, len(s))
	for i, x := range b.Examples {
		for j, y := range b.Examples {
			if x.Label < y.Label {
				w := math.Exp(s[i] - s[j] - top)
				sum += w
				d[i] += w
				d[j] -= w
			}
		}
	}
	for i, e := range b.Examples {
		Cosine.backward(b, gradient, e.Anchor, e.Positive, scale*d[i]/sum)
	}
	return top + math.Log(sum)
}
