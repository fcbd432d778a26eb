// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// DefaultFolds is the number of folds that the zero value of [Options] stands for.
const DefaultFolds = 5

// Options are the settings of [Fit]. The zero value is usable.
type Options struct {
	Folds int    // of the cross-validation, at least 2 and at most the number of groups; 0: [DefaultFolds]
	Seed  uint64 // decides which query goes into which fold
}

// Choice is the map that [Fit] chose, and why.
type Choice struct {
	Map Map
	// Folds is the number of folds that the methods were compared with. 0: nothing could be held out, for the Reason given, and Platt
	// was taken, which needs the least data; HeldOut, LogLoss and Uncalibrated are then empty.
	Folds int
	// Reason says why nothing could be held out, as a clause; empty if Folds is not 0.
	Reason string
	// LogLoss is the mean log loss of each method on pairs of queries that it was not fitted on. The lower one decided which
	// method to take, so for that method it comes out a little low.
	LogLoss map[Method]float64
	// Uncalibrated is the log loss of the plain sigmoid on the same pairs.
	Uncalibrated float64
	// HeldOut has a probability for every pair, by the chosen method fitted without the pair's query: what a
	// reliability diagram should show, since on its own pairs an isotonic map is always reliable.
	HeldOut []float64
}

// Fit fits a map, choosing the method by cross-validation: queries are dealt into folds, each method is fitted on all
// folds but one and its log loss measured on the one left out. The method with the lower loss is then fitted on all pairs; Platt
// on a tie. Where one query has all pairs of a class, nothing can be held out and Platt is taken. Groups names the query of each pair: pairs of one query stay together, because they are alike. The order of
// the pairs changes nothing but rounding; the same seed and pairs give the same bits.
//
// Errors: those of [FitPlatt]; groups of another length; folds that are 1, negative or above 1000.
func Fit(logits []float32, relevant []bool, groups []string, o Options) (Choice, error) {
	if len(groups) != len(logits) {
		return Choice{}, fmt.Errorf("%d logits and %d groups: every pair needs the name of its query", len(logits), len(groups))
	}
	if o.Folds == 0 {
		o.Folds = DefaultFolds
	}
	if o.Folds < 2 || o.Folds > 1000 {
		return Choice{}, fmt.Errorf("number of folds is %d; want 2 to 1000", o.Folds)
	}
	if _, _, err := check(logits, relevant); err != nil {
		return Choice{}, err
	}
	if reason := together(relevant, groups); reason != "" {
		m, err := FitPlatt(logits, relevant)
		return Choice{Map: m, Reason: reason}, err
	}
	folds, n := deal(relevant, groups, o)
	platt, err := heldOut(FitPlatt, logits, relevant, folds, n)
	if err != nil {
		return Choice{}, err
	}
	isotonic, err := heldOut(FitIsotonic, logits, relevant, folds, n)
	if err != nil {
		return Choice{}, err
	}
	plain := make([]float64, len(logits))
	for i, x := range logits {
		plain[i] = Sigmoid().Probability(x)
	}
	c := Choice{Folds: n, Uncalibrated: LogLoss(plain, relevant), HeldOut: platt, LogLoss: map[Method]float64{
		Platt: LogLoss(platt, relevant), Isotonic: LogLoss(isotonic, relevant),
	}}
	fit := FitPlatt
	if c.LogLoss[Isotonic] < c.LogLoss[Platt] {
		fit, c.HeldOut = FitIsotonic, isotonic
	}
	c.Map, err = fit(logits, relevant)
	return c, err
}

// together says why one of the queries cannot be held out: without it, the pairs left would all be of one class. Empty: all can.
func together(relevant []bool, groups []string) string {
	var queries, positive, negative lone
	for i, g := range groups {
		queries.add(g)
		if relevant[i] {
			positive.add(g)
		} else {
			negative.add(g)
		}
	}
	switch {
	case !queries.several:
		return "there is one query only"
	case !positive.several:
		return "all relevant pairs are of one query"
	case !negative.several:
		return "all pairs that are not relevant are of one query"
	}
	return ""
}

// lone finds out whether names differ.
type lone struct {
	name         string
	any, several bool
}

func (l *lone) add(name string) {
	l.several = l.several || l.any && name != l.name
	l.name, l.any = name, true
}

// heldOut returns a probability for every pair, by a map fitted on the other folds.
func heldOut(fit func([]float32, []bool) (Map, error), logits []float32, relevant []bool, folds []int, n int) ([]float64, error) {
	p := make([]float64, len(logits))
	for fold := range n {
		var x []float32
		var y []bool
		for i, f := range folds {
			if f != fold {
				x, y = append(x, logits[i]), append(y, relevant[i])
			}
		}
		m, err := fit(x, y)
		if err != nil {
			return nil, err
		}
		for i, f := range folds {
			if f == fold {
				p[i] = m.Probability(logits[i])
			}
		}
	}
	return p, nil
}

// deal returns the fold of every pair and the number of folds. Queries with pairs of both classes are dealt first, then
// those with relevant pairs only, then the rest, so that each fold gets its share of each sort. If no class is of one query
// alone, none is in one fold alone.
func deal(relevant []bool, groups []string, o Options) (folds []int, n int) {
	type content struct{ relevant, other bool }
	of := map[string]content{}
	for i, g := range groups {
		c := of[g]
		if relevant[i] {
			c.relevant = true
		} else {
			c.other = true
		}
		of[g] = c
	}
	names := slices.Sorted(maps.Keys(of))
	random := rand.New(rand.NewPCG(o.Seed, 0))
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	n = min(o.Folds, len(names))
	foldOf := make(map[string]int, len(names))
	size, others := make([]int, n), make([]int, n) // queries of each fold, and those of them with pairs that are not relevant
	put := func(name string, fold int) {
		foldOf[name] = fold
		size[fold]++
		if of[name].other {
			others[fold]++
		}
	}
	for _, sort := range []content{{true, true}, {true, false}} {
		for _, name := range names {
			if of[name] == sort {
				put(name, len(foldOf)%n)
			}
		}
	}
	for _, name := range names {
		if of[name].relevant {
			continue
		}
		least := 0 // of the folds with the fewest such queries the smallest
		for f := range n {
			if cmp.Or(cmp.Compare(others[f], others[least]), cmp.Compare(size[f], size[least])) < 0 {
				least = f
			}
		}
		put(name, least)
	}
	folds = make([]int, len(groups))
	for i, g := range groups {
		folds[i] = foldOf[g]
	}
	return folds, n
}
