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
		if isRelevant(g, level) {
			n++
		}
	}
	return n
}

func isRelevant(grade, level int) bool { return grade >= max(level, 1) }

// unjudged stands for the grade of a document without a judgment.
const unjudged = math.MinInt

// view is what measures see of a list and its judgments.
type view struct {
	grades []int // at each rank, best first
	pool   []int // grades above 0 of all judged documents, from high to low
	ends   []int // where each group of equal scores ends in grades; nil when scores are not known
}

// look finds the grades of a list of ids.
func look(ranked []string, j Judgments) view {
	return view{grades: gradesOf(len(ranked), func(i int) string { return ranked[i] }, j), pool: j.pool()}
}

// lookScored is look for a list in TREC order.
func lookScored(list []Scored, j Judgments) view {
	v := view{grades: gradesOf(len(list), func(i int) string { return list[i].ID }, j), pool: j.pool()}
	v.ends = make([]int, 0, len(list))
	for i := range list {
		if i+1 == len(list) || !tied(list[i], list[i+1]) {
			v.ends = append(v.ends, i+1)
		}
	}
	return v
}

// gradesOf gives each judged document its grade once.
func gradesOf(n int, id func(int) string, j Judgments) []int {
	grades := make([]int, n)
	var seen map[string]bool
	for i := range grades {
		name := id(i)
		g, ok := j[name]
		if !ok || seen[name] {
			grades[i] = unjudged
			continue
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[name] = true
		grades[i] = g
	}
	return grades
}

func (j Judgments) pool() []int {
	pool := make([]int, 0, len(j))
	for _, g := range j {
		if g > 0 {
			pool = append(pool, g)
		}
	}
	slices.SortFunc(pool, func(a, b int) int { return cmp.Compare(b, a) })
	return pool
}

// relevant counts the relevant documents, found or not.
func (v view) relevant(level int) int {
	n := 0
	for n < len(v.pool) && isRelevant(v.pool[n], level) {
		n++
	}
	return n
}

// found counts the relevant documents among the first k.
func (v view) found(k, level int) int {
	n := 0
	for _, g := range cut(v.grades, k) {
		if isRelevant(g, level) {
			n++
		}
	}
	return n
}

// cut gives the first k, or all when k is 0 or less.
func cut(list []int, k int) []int {
	if k > 0 && len(list) > k {
		return list[:k]
	}
	return list
}
