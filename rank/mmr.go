// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"fmt"
	"math"
)

// Diverse is an item chosen by MMR.
type Diverse struct {
	Item
	Index      int     // in the list given to MMR
	Relevance  float64 // the score scaled to 0 to 1 in the list
	Redundancy float64 // the greatest similarity to an item chosen before; 0 for the first
	Value      float64 // lambda × Relevance - (1-lambda) × Redundancy, when it was chosen
}

// MMR chooses k items one after another by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each is the one
// with the greatest lambda × relevance - (1-lambda) × redundancy, ties by Compare. lambda is from 0 to 1; 1 is the order of
// Compare. Relevance is the score scaled linearly over the list, the lowest to 0 and the highest to 1 (1 if all are equal), so
// that scores of any kind can be weighed against similarities.
//
// similarity is given two indexes of items; it is symmetric, higher for what is more alike, usually a cosine. It is called at
// most k × len(items) times. A k below 0 or above the number of items is all of them. Errors are those of Validate, a lambda
// out of range, and a similarity that is not finite.
func MMR(items []Item, k int, lambda float64, similarity func(i, j int) float64) ([]Diverse, error) {
	if !(lambda >= 0 && lambda <= 1) {
		return nil, fmt.Errorf("mmr: lambda is %v: give a number from 0 (diversity only) to 1 (relevance only)", lambda)
	}
	if err := Validate(items); err != nil {
		return nil, fmt.Errorf("mmr: %w", err)
	}
	if k < 0 || k > len(items) {
		k = len(items)
	}
	low, high := posInf, negInf
	for _, it := range items {
		low, high = min(low, float64(it.Score)), max(high, float64(it.Score))
	}
	left := make([]Diverse, len(items))
	for i, it := range items {
		left[i] = Diverse{Item: it, Index: i, Relevance: scaled(float64(it.Score), low, high), Redundancy: negInf}
	}
	chosen := make([]Diverse, 0, k)
	for len(chosen) < k {
		best := 0
		for i := range left {
			d := &left[i]
			if len(chosen) == 0 {
				d.Value = lambda * d.Relevance
			} else {
				s := similarity(d.Index, chosen[len(chosen)-1].Index)
				if math.IsNaN(s) || math.IsInf(s, 0) {
					return nil, fmt.Errorf("mmr: similarity of ids %q and %q: %w: %v", d.ID, chosen[len(chosen)-1].ID, ErrNotFinite, s)
				}
				d.Redundancy = max(d.Redundancy, s)
				d.Value = lambda*d.Relevance - (1-lambda)*d.Redundancy
			}
			if b := left[best]; d.Value > b.Value || d.Value == b.Value && Compare(d.Item, b.Item) < 0 {
				best = i
			}
		}
		d := left[best]
		if len(chosen) == 0 {
			d.Redundancy = 0
		}
		chosen = append(chosen, d)
		left[best] = left[len(left)-1]
		left = left[:len(left)-1]
	}
	return chosen, nil
}
