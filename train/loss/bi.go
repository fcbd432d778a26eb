// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"fmt"
	"math"
)

// Embeddings is a batch for a bi-encoder's loss: the vectors of its distinct texts, and
// which of them belong together.
type Embeddings struct {
	Vectors  []float32 // a row of Dim floats for each text
	Dim      int
	Examples []Example

	// Teacher holds another model's vectors of the same texts, TeacherDim floats
	// each; only losses that say so read them.
	Teacher    []float32
	TeacherDim int
}

// Example is a row of training data, its texts by their numbers in the batch.
type Example struct {
	Anchor    int   // a query, or the first text of a pair
	Positive  int   // what belongs to it, or the second text of a pair; -1 if there is none
	Negatives []int // what does not
	// Label is the similarity of the pair, from 0 to 1: of most losses 0 or 1.
	Label float64
	// Scores are a teacher's scores of anchor and positive, then of anchor and each negative.
	Scores []float64
}

// Len is the number of texts.
func (b *Embeddings) Len() int { return len(b.Vectors) / max(b.Dim, 1) }

func (b *Embeddings) vector(i int) []float32 { return b.Vectors[i*b.Dim:][:b.Dim] }

func (b *Embeddings) teacher(i int) []float32 { return b.Teacher[i*b.TeacherDim:][:b.TeacherDim] }

// Needs is what a loss wants of the rows of data.
type Needs struct {
	Positive  bool    // a second text
	Negatives bool    // at least one negative a row
	Label     bool    // a label of the pair
	Binary    bool    // labels of 0 and 1 only
	Low, High float64 // bounds of labels; any if they are equal
	Scores    bool    // a teacher's scores
	Teacher   bool    // a teacher's vectors
	Tokens    bool    // its tokens' vectors, too, for [TokenDistillation]
	Right     bool    // second texts that answer: a row whose label is 0 would teach the opposite
	Company   bool    // other rows in the batch: it compares rows with each other
}

// Bi is a loss of a bi-encoder.
type Bi interface {
	// Needs says what it wants of its data.
	Needs() Needs
	// Loss returns the loss of a batch and adds its gradient by the vectors to gradient, which
	// is as long as b.Vectors. Examples must have what Needs says.
	Loss(b *Embeddings, gradient []float32) float64
}

// Similarity is how a loss compares vectors.
type Similarity string

// The similarities of losses.
const (
	Cosine Similarity = "cosine"
	Dot    Similarity = "dot"
)

// of is a·b or its cosine, and the lengths that its gradient needs.
func (s Similarity) of(a, b []float32) (value, lengthA, lengthB float64) {
	var ab, aa, bb float64
	for i, x := range a {
		y := float64(b[i])
		ab += float64(x) * y
		aa += float64(x) * float64(x)
		bb += y * y
	}
	if s == Dot {
		return ab, 1, 1
	}
	lengthA, lengthB = max(math.Sqrt(aa), 1e-12), max(math.Sqrt(bb), 1e-12)
	return ab / (lengthA * lengthB), lengthA, lengthB
}

// backward adds d times the gradient of the similarity of texts i and j.
func (s Similarity) backward(b *Embeddings, gradient []float32, i, j int, d float64) {
	if d == 0 {
		return
	}
	x, y := b.vector(i), b.vector(j)
	value, lengthX, lengthY := s.of(x, y)
	gx, gy := gradient[i*b.Dim:][:b.Dim], gradient[j*b.Dim:][:b.Dim]
	if s == Dot {
		for k := range x {
			u, v := x[k], y[k]
			gx[k] += float32(d * float64(v))
			gy[k] += float32(d * float64(u))
		}
		return
	}
	for k := range x {
		u, v := float64(x[k])/lengthX, float64(y[k])/lengthY
		gx[k] += float32(d * (v - value*u) / lengthX)
		gy[k] += float32(d * (u - value*v) / lengthY)
	}
}

// or is the similarity, or the standard where it is empty. It panics on a name that is none: a mistake of the program.
func (s Similarity) or(standard Similarity) Similarity {
	switch s {
	case "":
		return standard
	case Cosine, Dot:
		return s
	}
	panic(fmt.Sprintf("loss: similarity %q; known: cosine, dot", s))
}

// orElse is x, or the standard where x is 0.
func orElse(x, standard float64) float64 {
	if x == 0 {
		return standard
	}
	return x
}
