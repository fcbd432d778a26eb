// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
)

// Triplet asks that an anchor be nearer to its positive than to its negative by Margin (Schroff,
// Kalenichenko & Philbin 2015), with d the Euclidean distance:
//
//	mean over anchors and negatives of max(0, d(a, p) - d(a, n) + Margin)
//
// Data: an anchor, a positive, and one or several negatives. sentence-transformers: TripletLoss, which takes one.
type Triplet struct {
	Margin float64 // 5 if 0; of unit vectors, whose distance is at most 2, take less
}

// Needs implements [Bi].
func (Triplet) Needs() Needs { return Needs{Positive: true, Negatives: true, Right: true} }

// Loss implements [Bi].
func (l Triplet) Loss(b *Embeddings, gradient []float32) float64 {
	margin := orElse(l.Margin, 5)
	n, sum := 0, 0.0
	for _, e := range b.Examples {
		n += len(e.Negatives)
	}
	for _, e := range b.Examples {
		near := distance(b, e.Anchor, e.Positive)
		for _, negative := range e.Negatives {
			far := distance(b, e.Anchor, negative)
			if v := near - far + margin; v > 0 {
				sum += v
				distanceBackward(b, gradient, e.Anchor, e.Positive, near, 1/float64(n))
				distanceBackward(b, gradient, e.Anchor, negative, far, -1/float64(n))
			}
		}
	}
	return sum / float64(n)
}

// distance is the Euclidean distance of texts i and j, of differences plus 1e-6 as in PyTorch.
func distance(b *Embeddings, i, j int) float64 {
	x, y := b.vector(i), b.vector(j)
	var sum float64
	for k, v := range x {
		d := float64(v) - float64(y[k]) + 1e-6
		sum += d * d
	}
	return math.Sqrt(sum)
}

func distanceBackward(b *Embeddings, gradient []float32, i, j int, value, d float64) {
	if value == 0 {
		return
	}
	x, y := b.vector(i), b.vector(j)
	gx, gy := gradient[i*b.Dim:][:b.Dim], gradient[j*b.Dim:][:b.Dim]
	for k, v := range x {
		g := float32(d * (float64(v) - float64(y[k]) + 1e-6) / value)
		gx[k] += g
		gy[k] -= g
	}
}

// MarginMSE distils a cross-encoder's margins (Hofstätter et al. 2020): the vectors' similarities shall differ
// as its scores do.
//
//	mean over anchors and negatives of ((s(a, p) - s(a, n)) - (score_p - score_n))²
//
// Data: an anchor, a positive, negatives, and the teacher's scores of all of them. sentence-transformers: MarginMSELoss.
type MarginMSE struct {
	Similarity Similarity // Dot if empty
}

// Needs implements [Bi].
func (MarginMSE) Needs() Needs { return Needs{Positive: true, Negatives: true, Scores: true} }

// Loss implements [Bi].
func (l MarginMSE) Loss(b *Embeddings, gradient []float32) float64 {
	similarity := l.Similarity.or(Dot)
	n, sum := 0, 0.0
	for _, e := range b.Examples {
		n += len(e.Negatives)
	}
	for _, e := range b.Examples {
		positive, _, _ := similarity.of(b.vector(e.Anchor), b.vector(e.Positive))
		var total float64
		for i, negative := range e.Negatives {
			s, _, _ := similarity.of(b.vector(e.Anchor), b.vector(negative))
			v := (positive - s) - (e.Scores[0] - e.Scores[1+i])
			sum += v * v
			total += v
			similarity.backward(b, gradient, e.Anchor, negative, -2*v/float64(n))
		}
		similarity.backward(b, gradient, e.Anchor, e.Positive, 2*total/float64(n))
	}
	return sum / float64(n)
}

// Distillation copies a teacher's vectors (Reimers & Gurevych 2020):
//
//	mean over texts and dimensions of (v - teacher)²
//
// or, of Cosine, the mean over texts of 1 - cos(v, teacher). Of Tokens, [TokenDistillation] is added. Data: texts, and the
// teacher's vectors of as many dimensions. sentence-transformers: MSELoss. Of Cosine and Tokens the tests' reference is the formula in PyTorch.
type Distillation struct {
	Cosine, Tokens bool
}

// Needs implements [Bi].
func (l Distillation) Needs() Needs { return Needs{Teacher: true, Tokens: l.Tokens} }

// Loss implements [Bi].
func (l Distillation) Loss(b *Embeddings, gradient []float32) float64 {
	n, sum := float64(b.Len()), 0.0
	for i := range b.Len() {
		v, t, g := b.vector(i), b.teacher(i), gradient[i*b.Dim:][:b.Dim]
		if !l.Cosine {
			for k := range v {
				d := float64(v[k]) - float64(t[k])
				sum += d * d / float64(b.Dim)
				g[k] += float32(2 * d / (n * float64(b.Dim)))
			}
			continue
		}
		s, lengthV, lengthT := Cosine.of(v, t)
		sum += 1 - s
		for k := range v {
			g[k] -= float32((float64(t[k])/lengthT - s*float64(v[k])/lengthV) / lengthV / n)
		}
	}
	return sum / n
}
