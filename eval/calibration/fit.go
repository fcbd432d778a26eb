// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package calibration

import (
	"errors"
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
	// Folds is the number of folds that the methods were compared with. 0: there were too few queries, and Platt was taken, which needs
	// the least data; HeldOut, LogLoss and Uncalibrated are then empty.
	Folds int
	// LogLoss is the mean log loss of each method on pairs of queries that it was not fitted on.
	LogLoss map[Method]float64
	// Uncalibrated is the log loss of the plain sigmoid on the same pairs.
	Uncalibrated float64
	// HeldOut has a probability for every pair, by the chosen method fitted without the pair's query: what a
	// reliability diagram should show, since on its own pairs an isotonic map is always reliable.
	HeldOut []float64
}

// Fit fits a map, choosing the method by cross-validation: queries are dealt into folds, each method is fitted on all
// folds but one and its log loss measured on the one left out. The method with the lower loss is then fitted on all pairs; Platt
// on a tie. Groups names the query of each pair: pairs of one query stay together, because they are alike. The order of
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
	folds, n := deal(relevant, groups, o)
	platt, err := heldOut(FitPlatt, logits, relevant, folds, n)
	if errors.Is(err, errOneClass) {
		m, err := FitPlatt(logits, relevant)
		return Choice{Map: m}, err
	}
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

// errOneClass: the pairs outside some fold are all relevant, or none is.
var errOneClass = errors.New("a fold leaves only one class to fit on")

// heldOut returns a probability for every pair, by a map fitted on the other folds.
func heldOut(fit func([]float32, []bool) (Map, error), logits []float32, relevant []bool, folds []int, n int) ([]float64, error) {
	if n < 2 {
		return nil, errOneClass
	}
	p := make([]float64, len(logits))
	for fold := range n {
		var x []float32
		var y []bool
		for i, f := range folds {
			if f != fold {
				x, y = append(x, logits[i]), append(y, relevant[i])
			}
		}
		if !slices.Contains(y, true) || !slices.Contains(y, false) {
			return nil, errOneClass
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
// those with relevant pairs only, then the rest, so that each fold gets its share of each sort.
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
	for _, sort := range []content{{true, true}, {true, false}, {false, true}} {
		for _, name := range names {
			if of[name] == sort {
				foldOf[name] = len(foldOf) % n
			}
		}
	}
	folds = make([]int, len(groups))
	for i, g := range groups {
		folds[i] = foldOf[g]
	}
	return folds, n
}
