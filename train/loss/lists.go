// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"cmp"
	"math"
	"slices"
)

// RankNet asks that a query's documents be ordered by relevance, pair by pair, without activation (Burges et al. 2005):
//
//	mean of log(1 + exp(-(x_i - x_j))) over pairs of a query with relevance_i > relevance_j
//
// The mean is over the pairs of all queries of the batch together. Data: a query with documents of more than one grade.
// sentence-transformers: RankNetLoss with reduction_log="natural". Its default, "binary", is this loss and
// its gradients divided by log 2.
type RankNet struct{}

// Needs implements [Cross].
func (RankNet) Needs() CrossNeeds { return CrossNeeds{Relevance: true, Negatives: true} }

// Loss implements [Cross].
func (RankNet) Loss(b *Logits, gradient []float32) float64 {
	return pairwise(b, gradient, func(List, []float32) func(i, j int) (float64, bool) {
		return func(int, int) (float64, bool) { return 1, true }
	})
}

// pairwise is the mean of weight·log(1 + exp(-(x_i - x_j))) over pairs in a query's order; weights makes
// a list's weights, and says which pairs count. They are constants to the gradient.
func pairwise(b *Logits, gradient []float32, weights func(l List, logits []float32) func(i, j int) (float64, bool)) float64 {
	// eachPair calls do with the weighted pairs of all lists.
	eachPair := func(do func(logits, d []float32, i, j int, weight float64)) {
		b.each(gradient, func(list List, logits, d []float32) {
			weight := weights(list, logits)
			for i, y := range list.Relevance {
				for j, z := range list.Relevance {
					if y <= z {
						continue
					}
					if w, counts := weight(i, j); counts {
						do(logits, d, i, j, w)
					}
				}
			}
		})
	}
	n, sum := 0.0, 0.0
	eachPair(func(_, _ []float32, _, _ int, _ float64) { n++ })
	eachPair(func(logits, d []float32, i, j int, weight float64) {
		margin := float64(logits[i]) - float64(logits[j])
		sum += weight / n * softplus(-margin)
		g := float32(weight / n * sigmoid(-margin))
		d[i] -= g
		d[j] += g
	})
	return sum
}

// Lambda is [RankNet] with each pair weighted by what its order means to nDCG (LambdaRank of Burges 2010, as the
// NDCG-Loss2++ of LambdaLoss, Wang et al. 2018), without activation, with gains G = (2^relevance - 1)/ideal DCG
// and discounts D(r) = log2(1 + r) at the ranks that the logits give:
//
//	weight_ij = |G_i - G_j|·(Mu·|1/D(|r_i - r_j|) - 1/D(|r_i - r_j| + 1)| + |1/D(r_i) - 1/D(r_j)|)
//
// Data: a query with documents of more than one grade. sentence-transformers: LambdaLoss with NDCGLoss2PPScheme, which is its standard, and
// reduction_log="natural", which is not: by default it divides this loss and its gradients by log 2.
type Lambda struct {
	Mu float64 // 10 if 0
	// K leaves out pairs with neither document among the first K, and cuts the ideal DCG there; 0 for all.
	K int
}

// Needs implements [Cross].
func (Lambda) Needs() CrossNeeds { return CrossNeeds{Relevance: true, Negatives: true} }

// Loss implements [Cross].
func (l Lambda) Loss(b *Logits, gradient []float32) float64 {
	mu := orElse(l.Mu, 10)
	inverse := func(rank int) float64 { return 1 / math.Log2(1+float64(rank)) }
	return pairwise(b, gradient, func(list List, logits []float32) func(i, j int) (float64, bool) {
		ranks, ideal := ranks(logits), slices.Clone(list.Relevance)
		slices.SortFunc(ideal, func(x, y float64) int { return cmp.Compare(y, x) })
		var best float64
		for i, y := range ideal {
			if l.K == 0 || i < l.K {
				best += (math.Exp2(y) - 1) * inverse(i+1)
			}
		}
		best = max(best, 1e-10)
		return func(i, j int) (float64, bool) {
			a, b := ranks[i], ranks[j]
			if l.K > 0 && a > l.K && b > l.K {
				return 0, false
			}
			gap := max(a, b) - min(a, b)
			gain := math.Abs(math.Exp2(list.Relevance[i])-math.Exp2(list.Relevance[j])) / best
			return gain * (mu*math.Abs(inverse(gap)-inverse(gap+1)) + math.Abs(inverse(a)-inverse(b))), true
		}
	})
}

// ranks are the documents' places by descending logit, from 1; equal ones keep their order.
func ranks(logits []float32) []int {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(logits[j], logits[i]) })
	out := make([]int, len(logits))
	for r, i := range order {
		out[i] = r + 1
	}
	return out
}

// Softmax is the listwise softmax loss, ListNet's of top one (Cao et al. 2007), of logits without activation:
//
//	mean over queries of -Σ t_i·log softmax(x)_i
//
// with t the softmax of the teacher's scores over Temperature where there are any, so that it distils a whole
// ranking, and the relevance, scaled to a sum of 1, where there are none: with a single relevant document this is
// InfoNCE. Queries without a relevant document teach nothing. Data: a query with documents, and either.
//
// sentence-transformers: ListNetLoss, whose t is always the softmax of its labels. These are our scores over Temperature or the logarithms of our
// relevance for both to be equal; labels of 0 and 1, as they are, make it another loss.
//
// With a Prior the scores are no teacher's but the retriever's, and the logits learn what those lack: x is
// Prior·score + logit, and t goes by relevance.
type Softmax struct {
	Temperature float64 // of the teacher's scores; 1 if 0
	Prior       float64 // weight of a retriever's scores beside the logits; 0: scores are a teacher's
}

// Needs implements [Cross].
func (l Softmax) Needs() CrossNeeds {
	return CrossNeeds{Relevance: true, Negatives: true, Scores: l.Prior > 0}
}

// Loss implements [Cross].
func (l Softmax) Loss(b *Logits, gradient []float32) float64 {
	n, sum := float64(len(b.Lists)), 0.0
	b.each(gradient, func(list List, logits, d []float32) {
		var target []float64
		x := make([]float64, len(logits))
		for i, v := range logits {
			x[i] = float64(v)
			if l.Prior > 0 {
				x[i] += l.Prior * list.Scores[i]
			}
		}
		if list.Scores != nil && l.Prior == 0 {
			target, _ = softmax(list.Scores, orElse(l.Temperature, 1))
		} else {
			target = slices.Clone(list.Relevance)
			var total float64
			for _, y := range target {
				total += y
			}
			if total <= 0 {
				return
			}
			for i := range target {
				target[i] /= total
			}
		}
		p, total := softmax(x, 1)
		for i, t := range target {
			sum += t * (total - x[i]) / n
			d[i] += float32((p[i] - t) / n)
		}
	})
	return sum
}
