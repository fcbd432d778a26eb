// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

// The measures below share their arguments. ranked is a list of document ids, best first; an id that comes again counts
// as not judged. k is the cut-off: only the first k ids count, all of them when k is 0 or less. level is the lowest
// grade that counts as relevant (1 for most collections, 2 for the TREC Deep Learning passage task); below 1 it is taken as 1.
// Every measure is in [0, 1], and 0 when the query has no relevant document (judged@k aside).

// PrecisionAt is the share of relevant documents among the first k, trec_eval's P_k. It is divided by k even when the list
// is shorter. For k of 0 or less it is divided by the length of the list.
func PrecisionAt(ranked []string, j Judgments, k, level int) float64 {
	return precision(look(ranked, j), k, level)
}

func precision(v view, k, level int) float64 {
	depth := depthOf(v, k)
	if depth == 0 {
		return 0
	}
	return float64(v.found(k, level)) / float64(depth)
}

// depthOf is what a precision is divided by.
func depthOf(v view, k int) int {
	if k <= 0 {
		return len(v.grades)
	}
	return k
}

// RecallAt is the share of the relevant documents that are among the first k, trec_eval's recall_k.
func RecallAt(ranked []string, j Judgments, k, level int) float64 {
	return recall(look(ranked, j), k, level)
}

func recall(v view, k, level int) float64 {
	total := v.relevant(level)
	if total == 0 {
		return 0
	}
	return float64(v.found(k, level)) / float64(total)
}

// SuccessAt is 1 when a relevant document is among the first k, else 0: trec_eval's success_k, also called hit rate. With
// one relevant document a query it is what some tutorials print as "P@k".
func SuccessAt(ranked []string, j Judgments, k, level int) float64 {
	return success(look(ranked, j), k, level)
}

func success(v view, k, level int) float64 {
	if v.found(k, level) > 0 {
		return 1
	}
	return 0
}

// ReciprocalRank is 1 / (rank of the first relevant document) when that is among the first k, else 0. trec_eval's
// recip_rank has no cut-off (k = 0); MS MARCO's MRR@10 is the mean with k = 10.
func ReciprocalRank(ranked []string, j Judgments, k, level int) float64 {
	return reciprocalRank(look(ranked, j), k, level)
}

func reciprocalRank(v view, k, level int) float64 {
	for i, g := range cut(v.grades, k) {
		if isRelevant(g, level) {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// AveragePrecision is the sum of the precisions at the ranks of the relevant documents found, divided by the number of
// relevant documents: trec_eval's map for k = 0, map_cut_k otherwise.
func AveragePrecision(ranked []string, j Judgments, k, level int) float64 {
	return averagePrecision(look(ranked, j), k, level)
}

func averagePrecision(v view, k, level int) float64 {
	total := v.relevant(level)
	if total == 0 {
		return 0
	}
	sum, hits := 0.0, 0
	for i, g := range cut(v.grades, k) {
		if isRelevant(g, level) {
			hits++
			sum += float64(hits) / float64(i+1)
		}
	}
	return sum / float64(total)
}

// RPrecision is the precision at rank R, where R is the number of relevant documents: trec_eval's Rprec. It is the recall
// at R, too.
func RPrecision(ranked []string, j Judgments, level int) float64 {
	return rPrecision(look(ranked, j), level)
}

func rPrecision(v view, level int) float64 {
	total := v.relevant(level)
	if total == 0 {
		return 0
	}
	return float64(v.found(total, level)) / float64(total)
}

// JudgedAt is the share of judged documents, of any grade, among the first k: ir_measures' Judged@k. It is divided by the
// length of the list when that is below k, and 0 for an empty list. A low value says that other measures are a lower bound.
func JudgedAt(ranked []string, j Judgments, k int) float64 {
	return judgedShare(look(ranked, j), k)
}

func judgedShare(v view, k int) float64 {
	list := cut(v.grades, k)
	n := 0
	for _, g := range list {
		if g != unjudged {
			n++
		}
	}
	return float64(n) / float64(max(len(list), 1))
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
