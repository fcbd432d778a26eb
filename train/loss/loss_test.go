// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
	"math/rand/v2"
	"testing"
)

var biLosses = map[string]Bi{
	"contrastive":        Contrastive{},
	"online contrastive": OnlineContrastive{},
	"cosine":             CosineRegression{},
	"cosent":             CoSENT{},
	"triplet":            Triplet{},
	"margin mse":         MarginMSE{},
	"margin mse, cosine": MarginMSE{Similarity: Cosine},
	"distillation":       Distillation{},
	"distillation, cos":  Distillation{Cosine: true},
	"ranking":            MultipleNegativesRanking{},
	"ranking, dot":       MultipleNegativesRanking{Similarity: Dot, Scale: 1},
	"ranking, both ways": MultipleNegativesRanking{Symmetric: true},
	"ranking, masked":    MultipleNegativesRanking{Mask: true, Margin: 0.1},
	"matryoshka":         Matryoshka{Of: MultipleNegativesRanking{}, Dims: []int{12, 6, 4}, Weights: []float64{1, 0.5, 0.25}},
	"matryoshka, copy":   Matryoshka{Of: Distillation{}, Dims: []int{12, 6}},
}

func embeddings(r *rand.Rand) *Embeddings {
	const rows, dim = 5, 12
	b := &Embeddings{Dim: dim, TeacherDim: dim}
	for i := range rows {
		e := Example{Anchor: 4 * i, Positive: 4*i + 1, Negatives: []int{4*i + 2, 4*i + 3}, Label: float64(i % 2)}
		for range 3 {
			e.Scores = append(e.Scores, r.NormFloat64())
		}
		b.Examples = append(b.Examples, e)
	}
	for range 4 * rows * dim {
		b.Vectors = append(b.Vectors, float32(r.NormFloat64()))
		b.Teacher = append(b.Teacher, float32(r.NormFloat64()))
	}
	return b
}

// differences compares a gradient with central differences, one element after the other.
func differences(t *testing.T, values []float32, loss func(gradient []float32) float64) {
	t.Helper()
	gradient := make([]float32, len(values))
	if value := loss(gradient); !(value > 0) {
		t.Errorf("the loss is %v", value)
	}
	var length float64
	for _, g := range gradient {
		length += float64(g) * float64(g)
	}
	if length == 0 {
		t.Error("the gradient is 0")
	}
	for i := range values {
		const step = 1.0 / 512
		before := values[i]
		values[i] = before + step
		above := loss(make([]float32, len(values)))
		values[i] = before - step
		below := loss(make([]float32, len(values)))
		values[i] = before
		want := (above - below) / (2 * step)
		if got := float64(gradient[i]); math.Abs(got-want) > 1e-3*math.Abs(want)+2e-4*math.Sqrt(length) {
			t.Errorf("element %d: gradient %v, differences %v", i, got, want)
		}
	}
}

func TestGradientsOfVectorsAgreeWithDifferences(t *testing.T) {
	for name, l := range biLosses {
		t.Run(name, func(t *testing.T) {
			b := embeddings(rand.New(rand.NewPCG(4, 5)))
			differences(t, b.Vectors, func(gradient []float32) float64 { return l.Loss(b, gradient) })
		})
	}
}

func TestGradientsOfLogitsAgreeWithDifferences(t *testing.T) {
	for name, l := range map[string]Cross{
		"binary":   BinaryCrossEntropy{PositiveWeight: 3},
		"squared":  SquaredError{},
		"margins":  Margins{},
		"ranknet":  RankNet{},
		"lambda":   Lambda{},
		"lambda@2": Lambda{K: 2, Mu: 3},
		"softmax":  Softmax{},
		"residual": Softmax{Prior: 2},
	} {
		for _, taught := range []bool{false, true} {
			if taught != l.Needs().Scores && name != "softmax" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(6, 7))
				b := &Logits{Labels: 1}
				for range 4 {
					list := List{Relevance: []float64{0, 1, 0, 2, 0}}
					if name == "binary" {
						list.Relevance[3] = 0.25
					}
					for range list.Relevance {
						b.Values = append(b.Values, float32(r.NormFloat64()*3))
						if taught {
							list.Scores = append(list.Scores, r.NormFloat64())
						}
					}
					b.Lists = append(b.Lists, list)
				}
				differences(t, b.Values, func(gradient []float32) float64 { return l.Loss(b, gradient) })
			})
		}
	}
	t.Run("classes", func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 9))
		b := &Logits{Labels: 3, Lists: []List{{Relevance: []float64{0, 2}}, {Relevance: []float64{1}}}}
		for range 9 {
			b.Values = append(b.Values, float32(r.NormFloat64()))
		}
		differences(t, b.Values, func(gradient []float32) float64 { return MultiClass{}.Loss(b, gradient) })
	})
}

func TestGradientsOfTokensAgreeWithDifferences(t *testing.T) {
	const tokens, n, stride = 4, 6, 8
	r := rand.New(rand.NewPCG(10, 11))
	states, teacher := make([]float32, tokens*stride), make([]float32, tokens*n)
	for _, x := range [][]float32{states, teacher} {
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
	}
	differences(t, states, func(gradient []float32) float64 {
		return TokenDistillation(states, gradient, stride, teacher, n, 0.5, 1)
	})
	gradient := make([]float32, len(states))
	TokenDistillation(states, gradient, stride, teacher, n, 0.5, 3)
	if want := float32(3 * 2 * 0.5 * (states[1] - teacher[1])); math.Abs(float64(gradient[1]-want)) > 1e-5 {
		t.Errorf("of weight 3 the gradient is %v, want %v", gradient[1], want)
	}
}

// What another row of the batch calls an answer to the same question is no wrong one.
func TestAnswersOfOtherRowsAreNotWrong(t *testing.T) {
	b := &Embeddings{Dim: 2, Vectors: []float32{1, 0, 0.6, 0.8, 0.8, 0.6, 0, 1}, Examples: []Example{{Anchor: 0, Positive: 1}, {Anchor: 0, Positive: 2}}}
	gradient := make([]float32, len(b.Vectors))
	if value := (MultipleNegativesRanking{}).Loss(b, gradient); math.Abs(value) > 1e-9 {
		t.Errorf("loss %v of two answers to one question", value)
	}
	for i, g := range gradient {
		if g != 0 {
			t.Errorf("gradient[%d] is %v", i, g)
		}
	}
	b.Examples = append(b.Examples, Example{Anchor: 3, Positive: 2, Negatives: []int{1}})
	if value := (MultipleNegativesRanking{Symmetric: true}).Loss(b, make([]float32, len(b.Vectors))); value <= 0 {
		t.Errorf("loss %v with a question of another row", value)
	}
}
