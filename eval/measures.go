// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"math"
	"slices"
)

// Judgments maps document ids to grades for one query. Documents that were not judged are absent; a grade of 0 or below
// means judged and not relevant.
type Judgments map[string]int

// Relevant counts the documents with a grade of at least level. A level below 1 is taken as 1, trec_eval's default.
func (j Judgments) Relevant(level int) int {
	n := 0
	for _, g := range j {
		if g >= max(level, 1) {
			n++
		}
	}
	return n
}

// The measures below share their arguments. ranked is a list of document ids, best first; an id that comes again counts
// as not relevant. k is the cut-off: only the first k ids count, all of them when k is 0 or less. level is the lowest
// grade that counts as relevant (1 for most collections, 2 for the TREC Deep Learning passage task); below 1 it is taken as 1.
// Every measure is in [0, 1], and 0 when the query has no relevant document.

// PrecisionAt is the share of relevant documents among the first k, trec_eval's P_k. It is divided by k even when the list
// is shorter. For k of 0 or less it is divided by the length of the list.
func PrecisionAt(ranked []string, j Judgments, k, level int) float64 {
	if k <= 0 {
		k = len(ranked)
	}
	if k == 0 {
		return 0
	}
	return float64(found(ranked, j, k, level)) / float64(k)
}

// RecallAt is the share of the relevant documents that are among the first k, trec_eval's recall_k.
func RecallAt(ranked []string, j Judgments, k, level int) float64 {
	total := j.Relevant(level)
	if total == 0 {
		return 0
	}
	return float64(found(ranked, j, k, level)) / float64(total)
}

// SuccessAt is 1 when a relevant document is among the first k, else 0: trec_eval's success_k, also called hit rate. With
// one relevant document a query it is what some tutorials print as "P@k".
func SuccessAt(ranked []string, j Judgments, k, level int) float64 {
	if found(ranked, j, k, level) > 0 {
		return 1
	}
	return 0
}

// ReciprocalRank is 1 / (rank of the first relevant document) when that is among the first k, else 0. trec_eval's
// recip_rank has no cut-off (k = 0); MS MARCO's MRR@10 is the mean with k = 10.
func ReciprocalRank(ranked []string, j Judgments, k, level int) float64 {
	value := 0.0
	eachRelevant(ranked, j, k, level, func(rank, _ int) bool {
		value = 1 / float64(rank)
		return false
	})
	return value
}

// AveragePrecision is the sum of the precisions at the ranks of the relevant documents found, divided by the number of
// relevant documents: trec_eval's map for k = 0, map_cut_k otherwise.
func AveragePrecision(ranked []string, j Judgments, k, level int) float64 {
	total := j.Relevant(level)
	if total == 0 {
		return 0
	}
	sum, hits := 0.0, 0
	eachRelevant(ranked, j, k, level, func(rank, _ int) bool {
		hits++
		sum += float64(hits) / float64(rank)
		return true
	})
	return sum / float64(total)
}

// Gain says how a grade counts in NDCG.
type Gain int

// The gains. Grades of 0 and below have no gain in either.
const (
	Linear      Gain = iota // the grade itself: trec_eval, BEIR, the figures of TREC (Järvelin and Kekäläinen, 2002)
	Exponential             // 2^grade - 1 (Burges et al., 2005); the same as Linear when the only grade is 1
)

// of is the gain of one grade. Grades are small; the bound keeps a hostile one from making every value infinite.
func (g Gain) of(grade int) float64 {
	const highest = 500
	switch {
	case grade <= 0:
		return 0
	case g == Exponential:
		return math.Exp2(float64(min(grade, highest))) - 1
	}
	return float64(grade)
}

// NDCG is the normalised discounted cumulative gain of the first k documents:
//
//	DCG = Σ gain(grade at rank r) / log2(r + 1),   NDCG = DCG / (DCG of the best possible order, cut at k)
//
// which is trec_eval's ndcg_cut_k with Linear gain, and its ndcg for k = 0. No relevance level is used: grades count as they are.
func NDCG(ranked []string, j Judgments, k int, gain Gain) float64 {
	grades := make([]int, 0, len(j))
	for _, g := range j {
		if g > 0 {
			grades = append(grades, g)
		}
	}
	slices.SortFunc(grades, func(a, b int) int { return cmp.Compare(b, a) })
	if k > 0 && len(grades) > k {
		grades = grades[:k]
	}
	ideal := 0.0
	for i, g := range grades {
		ideal += gain.of(g) / math.Log2(float64(i+2))
	}
	if ideal == 0 {
		return 0
	}
	dcg := 0.0
	eachRelevant(ranked, j, k, 1, func(rank, grade int) bool {
		dcg += gain.of(grade) / math.Log2(float64(rank+1))
		return true
	})
	return min(dcg/ideal, 1)
}

// found counts the relevant documents among the first k.
func found(ranked []string, j Judgments, k, level int) int {
	n := 0
	eachRelevant(ranked, j, k, level, func(int, int) bool { n++; return true })
	return n
}

// eachRelevant calls f with the 1-based rank and the grade of each relevant document among the first k, until it returns
// false. Each document is given once.
func eachRelevant(ranked []string, j Judgments, k, level int, f func(rank, grade int) bool) {
	if k > 0 && len(ranked) > k {
		ranked = ranked[:k]
	}
	level = max(level, 1)
	var seen map[string]bool
	for i, id := range ranked {
		grade, ok := j[id]
		if !ok || grade < level || seen[id] {
			continue
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[id] = true
		if !f(i+1, grade) {
			return
		}
	}
}

// Mean is the arithmetic mean, added up in the order given; 0 for no values. trec_eval's mean runs over the queries that
// have judgments and results; BEIR's over all that have judgments, a query without results counting 0.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
