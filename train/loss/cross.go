// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
)

// Logits is a batch for a cross-encoder's loss: the logits of its pairs of query and document, pairs of a query next to each other.
type Logits struct {
	Values []float32 // Labels of them for each pair
	Labels int       // outputs of the model: 1 of a reranker
	Lists  []List    // one for each query, in order; together they hold all pairs
}

// List is the documents of a query.
type List struct {
	// Relevance is each document's grade, 0 for not relevant: of most losses 0 or 1. For [MultiClass] it
	// is the number of the class.
	Relevance []float64
	// Scores are a teacher's scores of the documents, or nil.
	Scores []float64
}

// Len is the number of pairs.
func (b *Logits) Len() int { return len(b.Values) / max(b.Labels, 1) }

// each calls do with every list, its logits and their gradients.
func (b *Logits) each(gradient []float32, do func(l List, logits, d []float32)) {
	from := 0
	for _, l := range b.Lists {
		to := from + len(l.Relevance)*b.Labels
		do(l, b.Values[from:to], gradient[from:to])
		from = to
	}
}

// CrossNeeds is what a loss wants of the rows of data.
type CrossNeeds struct {
	Relevance bool    // grades, if only 0 and 1
	Negatives bool    // queries with documents of more than one grade; others teach nothing
	Scores    bool    // a teacher's scores
	Targets   bool    // logits are to become a teacher's scores, where rows have some, and not grades
	Classes   bool    // numbers of classes; the model has as many labels
	Low, High float64 // bounds of grades; any if they are equal
}

// Cross is a loss of a cross-encoder. All but [MultiClass] are for models of one label, whose scores while
// training are the logits themselves.
type Cross interface {
	// Needs says what it wants of its data.
	Needs() CrossNeeds
	// Loss returns the loss of a batch and adds its gradient by the logits to
	// gradient, which is as long as b.Values.
	Loss(b *Logits, gradient []float32) float64
}

// softplus is log(1 + eˣ).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// BinaryCrossEntropy judges each pair alone, with activation sigmoid (for reranking: Nogueira & Cho 2019):
//
//	mean over pairs of -PositiveWeight·y·log σ(x) - (1-y)·log(1 - σ(x))
//
// Data: pairs with a relevance y from 0 to 1. sentence-transformers: BinaryCrossEntropyLoss, with pos_weight=PositiveWeight.
type BinaryCrossEntropy struct {
	PositiveWeight float64 // 1 if 0
}

// Needs implements [Cross].
func (BinaryCrossEntropy) Needs() CrossNeeds { return CrossNeeds{Relevance: true, High: 1} }

// Loss implements [Cross].
func (l BinaryCrossEntropy) Loss(b *Logits, gradient []float32) float64 {
	n, weight, sum := float64(b.Len()), orElse(l.PositiveWeight, 1), 0.0
	b.each(gradient, func(list List, logits, d []float32) {
		for i, y := range list.Relevance {
			x := float64(logits[i])
			sum += weight*y*softplus(-x) + (1-y)*softplus(x)
			d[i] += float32(((1-y)*sigmoid(x) - weight*y*sigmoid(-x)) / n)
		}
	})
	return sum / n
}

// MultiClass tells classes apart, with activation softmax:
//
//	mean over pairs of -log softmax(x)[class]
//
// Data: pairs with the number of their class. sentence-transformers: CrossEntropyLoss.
type MultiClass struct{}

// Needs implements [Cross].
func (MultiClass) Needs() CrossNeeds { return CrossNeeds{Classes: true} }

// Loss implements [Cross].
func (MultiClass) Loss(b *Logits, gradient []float32) float64 {
	n, sum := float64(b.Len()), 0.0
	b.each(gradient, func(list List, logits, d []float32) {
		for i, class := range list.Relevance {
			x, g := logits[i*b.Labels:][:b.Labels], d[i*b.Labels:][:b.Labels]
			p, total := softmax(x, 1)
			sum += total - float64(x[int(class)])
			for j := range g {
				g[j] += float32(p[j] / n)
			}
			g[int(class)] -= float32(1 / n)
		}
	})
	return sum / n
}

// softmax of x over a temperature, and the logarithm of Σ exp(x/temperature).
func softmax[T float32 | float64](x []T, temperature float64) (p []float64, logSum float64) {
	p = make([]float64, len(x))
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v)/temperature)
	}
	var sum float64
	for i, v := range x {
		p[i] = math.Exp(float64(v)/temperature - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p, top + math.Log(sum)
}

// SquaredError regresses the logits, without activation:
//
//	mean over pairs of (x - y)²
//
// with y the teacher's score, or the relevance where there is none. Data: pairs with either.
// sentence-transformers: MSELoss.
type SquaredError struct{}

// Needs implements [Cross].
func (SquaredError) Needs() CrossNeeds { return CrossNeeds{Relevance: true, Targets: true} }

// Loss implements [Cross].
func (SquaredError) Loss(b *Logits, gradient []float32) float64 {
	n, sum := float64(b.Len()), 0.0
	b.each(gradient, func(list List, logits, d []float32) {
		want := list.Relevance
		if list.Scores != nil {
			want = list.Scores
		}
		for i, y := range want {
			v := float64(logits[i]) - y
			sum += v * v
			d[i] += float32(2 * v / n)
		}
	})
	return sum / n
}

// Margins distils a teacher's margins (Hofstätter et al. 2020), without activation:
//
//	mean of ((x_p - x_n) - (score_p - score_n))² over a query's relevant and other documents
//
// Data: a query with relevant and other documents, and a teacher's scores of
// all. sentence-transformers: MarginMSELoss, for one relevant document a query and as many others of each.
type Margins struct{}

// Needs implements [Cross].
func (Margins) Needs() CrossNeeds { return CrossNeeds{Relevance: true, Negatives: true, Scores: true} }

// Loss implements [Cross].
func (Margins) Loss(b *Logits, gradient []float32) float64 {
	n, sum := 0.0, 0.0
	for _, list := range b.Lists {
		relevant := 0
		for _, y := range list.Relevance {
			if y > 0 {
				relevant++
			}
		}
		n += float64(relevant * (len(list.Relevance) - relevant))
	}
	b.each(gradient, func(list List, logits, d []float32) {
		for i, y := range list.Relevance {
			for j, z := range list.Relevance {
				if y <= 0 || z > 0 {
					continue
				}
				v := float64(logits[i]) - float64(logits[j]) - (list.Scores[i] - list.Scores[j])
				sum += v * v / n
				d[i] += float32(2 * v / n)
				d[j] -= float32(2 * v / n)
			}
		}
	})
	return sum
}
