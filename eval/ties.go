// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import "math"

// Tied reports whether the value depends on how ties are broken: documents on both sides of the cut-off have equal scores (that
// of Rprec is the number of relevant documents), or, for a measure that looks at the order above it (MRR, MAP, nDCG, RBP,
// ERR), documents that it counts differently have. The list must be in TREC order.
func (m Measure) Tied(list []Scored, j Judgments) bool { return m.tied(lookScored(list, j)) }

func (m Measure) tied(v view) bool {
	k := m.Cut
	if m.Kind == KindRprec {
		if k = v.relevant(m.Level); k == 0 {
			return false
		}
	}
	depends := false
	v.ties(k, func(t tie) bool {
		worth := m.worth(t.grades[0])
		depends = t.inside < t.size()
		for _, g := range t.grades {
			depends = depends || m.worth(g) != worth
		}
		done := m.Kind == KindMRR && worth > 0 // it looks no further than the first relevant document
		return !depends && !done
	})
	return depends
}

// worth is what a measure that looks at the order sees of a grade: documents of one worth may change places. It is 0 for the
// other measures.
func (m Measure) worth(grade int) int {
	switch m.Kind {
	case KindNDCG, KindERR:
		return max(grade, 0)
	case KindMRR, KindMAP, KindRBP:
		if isRelevant(grade, m.Level) {
			return 1
		}
	}
	return 0
}

// TieAware is the expectation of the measure over all orders of documents with equal scores, each as likely as the other
// (McSherry and Najork, 2008). It needs no sampling: each measure has a closed form. Without ties it is Of. The list must be
// in TREC order. It is NaN for a measure that Validate refuses.
func (m Measure) TieAware(list []Scored, j Judgments) float64 {
	if m.Validate() != nil {
		return math.NaN()
	}
	return m.tieAware(lookScored(list, j))
}

func (m Measure) tieAware(v view) float64 {
	if len(v.ends) == len(v.grades) {
		return m.of(v)
	}
	one := func(int) float64 { return 1 }
	hit := func(grade int) float64 {
		if isRelevant(grade, m.Level) {
			return 1
		}
		return 0
	}
	total := v.relevant(m.Level)
	switch m.Kind {
	case KindP:
		return v.expectedSum(m.Cut, one, hit) / float64(depthOf(v, m.Cut))
	case KindRecall:
		return ratio(v.expectedSum(m.Cut, one, hit), float64(total))
	case KindRprec:
		if total == 0 {
			return 0
		}
		return v.expectedSum(total, one, hit) / float64(total)
	case KindJudged:
		judged := func(grade int) float64 {
			if grade != unjudged {
				return 1
			}
			return 0
		}
		return v.expectedSum(m.Cut, one, judged) / float64(len(cut(v.grades, m.Cut)))
	case KindNDCG:
		gains := v.expectedSum(m.Cut, func(rank int) float64 { return 1 / discount(rank) }, m.Gain.of)
		return min(ratio(gains, dcg(cut(v.pool, m.Cut), m.Gain)), 1)
	case KindRBP:
		p := m.persistence()
		return v.expectedSum(m.Cut, func(rank int) float64 { return (1 - p) * math.Pow(p, float64(rank-1)) }, hit)
	case KindSuccess:
		return v.expectedSuccess(m.Cut, m.Level)
	case KindMRR:
		return v.expectedReciprocalRank(m.Cut, m.Level)
	case KindMAP:
		return ratio(v.expectedPrecisions(m.Cut, m.Level), float64(total))
	case KindERR:
		return v.expectedCascade(m.Cut, m.top())
	}
	return math.NaN()
}

// ratio is 0 where nothing can be found.
func ratio(sum, of float64) float64 {
	if of == 0 {
		return 0
	}
	return sum / of
}

// tie is a group of documents with equal scores.
type tie struct {
	before int   // documents above it
	inside int   // of its places, those that the cut-off leaves
	grades []int // of its documents
}

// size counts the documents, relevant those of at least a level.
func (t tie) size() int { return len(t.grades) }

func (t tie) relevant(level int) int {
	n := 0
	for _, g := range t.grades {
		if isRelevant(g, level) {
			n++
		}
	}
	return n
}

// ties gives the groups that begin above the cut-off, until f returns false. A document without a tie is a group of one.
func (v view) ties(k int, f func(tie) bool) {
	if k <= 0 {
		k = len(v.grades)
	}
	start := 0
	for _, end := range v.ends {
		if start >= k || !f(tie{start, min(end, k) - start, v.grades[start:end]}) {
			return
		}
		start = end
	}
}

// expectedSum is the expectation of Σ weight(rank) gain(grade) up to rank k: every document of a group is at each of its
// places with the same probability, so each place has the group's mean gain.
func (v view) expectedSum(k int, weight, gain func(int) float64) float64 {
	sum := 0.0
	v.ties(k, func(t tie) bool {
		gains, weights := 0.0, 0.0
		for _, g := range t.grades {
			gains += gain(g)
		}
		if gains > 0 {
			for i := range t.inside {
				weights += weight(t.before + i + 1)
			}
			sum += weights * (gains / float64(t.size()))
		}
		return true
	})
	return sum
}

// expectedSuccess is the probability of a relevant document up to rank k. Only the first group with one counts; when the
// cut-off splits it, no relevant document is on the m places above the cut with probability C(n-r, m) / C(n, m).
func (v view) expectedSuccess(k, level int) float64 {
	value := 0.0
	v.ties(k, func(t tie) bool {
		r := t.relevant(level)
		if r == 0 {
			return true
		}
		miss := 1.0
		for i := 0; i < t.inside && miss > 0; i++ {
			miss *= float64(max(t.size()-r-i, 0)) / float64(t.size()-i)
		}
		value = 1 - miss
		return false
	})
	return value
}

// expectedReciprocalRank goes over the places of the first relevant document, which is in the first group that has one.
func (v view) expectedReciprocalRank(k, level int) float64 {
	value := 0.0
	v.ties(k, func(t tie) bool {
		r := t.relevant(level)
		if r == 0 {
			return true
		}
		n := t.size()
		first := float64(r) / float64(n) // the probability that place i of the group is the first with a relevant document
		for i := 1; i <= t.inside && first > 0; i++ {
			value += first / float64(t.before+i)
			if i < n {
				first *= float64(max(n-r-i+1, 0)) / float64(n-i)
			}
		}
		return false
	})
	return value
}

// expectedPrecisions is the expectation of average precision's sum. At place i of a group of n with r relevant documents there
// is one with probability r/n, and then (i-1)(r-1)/(n-1) others are expected above it in the group.
func (v view) expectedPrecisions(k, level int) float64 {
	sum, above := 0.0, 0
	v.ties(k, func(t tie) bool {
		r, n := t.relevant(level), t.size()
		for i := 1; r > 0 && i <= t.inside; i++ {
			hits := float64(above + 1)
			if n > 1 {
				hits += float64(i-1) * float64(r-1) / float64(n-1)
			}
			sum += float64(r) / float64(n) * hits / float64(t.before+i)
		}
		above += r
		return true
	})
	return sum
}
