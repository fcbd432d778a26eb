// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package rank

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// List is one ranking of candidates to be fused with others, such as the hits of a lexical and of a dense search. Its items
// may come in any order; their ranks are those of Compare. It may be empty.
type List struct {
	Name   string  // for errors and explanations
	Weight float64 // at least 0 and finite; a list of weight 0 is left out, with the items that only it has
	Items  []Item  // different ids, finite scores
}

// Contribution is what one list gave to a fused score.
type Contribution struct {
	List  int     // index of the list
	Rank  int     // 1-based rank in that list; 0 if the item is not in it
	Score float32 // score in that list; 0 if the item is not in it
	Value float64 // what was added to the fused score, with the list's weight
}

// FusedItem is an item of a fused ranking. Its score has the kind Fused; Previous is the best rank that it has in a list.
type FusedItem struct {
	Item
	From []Contribution // one for each list that has a weight, in order
}

// DefaultK is the constant of reciprocal rank fusion in the paper that introduced it.
const DefaultK = 60

// ReciprocalRank fuses rankings by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): the score of an item is
// the sum over the lists that have it of weight / (k + rank). A list that does not have it gives 0. k is positive; DefaultK is
// usual, smaller values give more to the first ranks. Scores of the lists count only for the order in them.
//
// As for all fusions here, the result is sorted by Compare and depends neither on the order of items in a list nor, but for
// the order of contributions, on that of the lists. Errors are about k, about weights, and those of Validate with the list's name.
func ReciprocalRank(lists []List, k float64) ([]FusedItem, error) {
	if !(k > 0) || math.IsInf(k, 0) {
		return nil, fmt.Errorf("fuse: k is %v: give a positive number, %d is usual", k, DefaultK)
	}
	return fuse(lists, func([]Item) (func(rank int, score float32) float64, float64, error) {
		return func(rank int, _ float32) float64 { return 1 / (k + float64(rank)) }, 0, nil
	})
}

// RelativeScore fuses rankings by scores that are scaled linearly in each list so that the lowest is 0 and the highest 1,
// and summed with the weights. In a list whose scores are all equal every item has 1: being found counts. A list that does
// not have an item gives 0.
func RelativeScore(lists []List) ([]FusedItem, error) {
	return fuse(lists, func(items []Item) (func(int, float32) float64, float64, error) {
		high, low := float64(items[0].Score), float64(items[len(items)-1].Score)
		return func(_ int, score float32) float64 { return scaled(float64(score), low, high) }, 0, nil
	})
}

// scaled maps low to 0 and high to 1, and everything to 1 if they are equal.
func scaled(x, low, high float64) float64 {
	if high == low {
		return 1
	}
	return (x - low) / (high - low)
}

// ZScore fuses rankings by scores standardised in each list (see Standardize) and summed with the weights. A list that does
// not have an item gives its lowest z-score, as if the item had come last; an empty list gives 0.
func ZScore(lists []List) ([]FusedItem, error) {
	return fuse(lists, func(items []Item) (func(int, float32) float64, float64, error) {
		scores := make([]float32, len(items))
		for i, it := range items {
			scores[i] = it.Score
		}
		z, err := Standardize(scores)
		if err != nil {
			return nil, 0, err
		}
		return func(rank int, _ float32) float64 { return z[rank-1] }, z[len(z)-1], nil
	})
}

// Linear fuses rankings by the weighted sum of their raw scores. A list that does not have an item gives 0 or its lowest
// score, whichever is less: an item is never better for not being found. Scores of different kinds have different sizes, so the
// weights have to bring them together.
func Linear(lists []List) ([]FusedItem, error) {
	return fuse(lists, func(items []Item) (func(int, float32) float64, float64, error) {
		return func(_ int, score float32) float64 { return float64(score) }, min(0, float64(items[len(items)-1].Score)), nil
	})
}

// fuse sums what value gives for each item of each list. measure is called with the sorted items of a list that has some, and
// returns the value of a rank and score, and the value of an item that is not in the list.
func fuse(lists []List, measure func(items []Item) (value func(rank int, score float32) float64, missing float64, err error)) ([]FusedItem, error) {
	if err := checkWeights(lists); err != nil {
		return nil, err
	}
	fused, byID, used, err := candidates(lists)
	if err != nil {
		return nil, err
	}
	from := make([]Contribution, len(fused)*used)
	for i := range fused {
		fused[i].From = from[i*used : (i+1)*used : (i+1)*used]
	}
	u := 0 // index among the lists that have a weight
	for l, list := range lists {
		if list.Weight == 0 {
			continue
		}
		items := list.Items
		if !slices.IsSortedFunc(items, Compare) {
			items = slices.Clone(items)
			Sort(items)
		}
		absent := 0.0
		value := func(int, float32) float64 { return 0 }
		if len(items) > 0 {
			if value, absent, err = measure(items); err != nil {
				return nil, fmt.Errorf("fuse list %d (%q): %w", l+1, list.Name, err)
			}
		}
		for i := range fused {
			fused[i].From[u] = Contribution{List: l, Value: list.Weight * absent}
		}
		for r, it := range items {
			f := &fused[byID[it.ID]]
			f.From[u] = Contribution{l, r + 1, it.Score, list.Weight * value(r+1, it.Score)}
			if f.Previous == 0 || r+1 < f.Previous {
				f.Previous = r + 1
			}
		}
		u++
	}
	values := make([]float64, used)
	for i := range fused {
		for j, c := range fused[i].From {
			values[j] = c.Value
		}
		slices.Sort(values) // the sum shall not depend on the order of the lists
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		if fused[i].Score = float32(sum); !finite(fused[i].Score) {
			return nil, fmt.Errorf("fuse: the score of id %q: %w: %v: use smaller weights", fused[i].ID, ErrNotFinite, sum)
		}
	}
	slices.SortFunc(fused, func(a, b FusedItem) int { return Compare(a.Item, b.Item) })
	return fused, nil
}

// candidates returns the different items of all lists that have a weight, where each id is among them, and the number of
// those lists.
func candidates(lists []List) (fused []FusedItem, byID map[string]int, used int, err error) {
	most := 0
	for _, list := range lists {
		if list.Weight > 0 {
			most += len(list.Items)
			used++
		}
	}
	byID = make(map[string]int, most)
	fused = make([]FusedItem, 0, most)
	last := make([]int, 0, most) // the last list that had the item, from 1
	for l, list := range lists {
		good := true
		for _, it := range list.Items {
			if list.Weight == 0 {
				break
			}
			i, ok := byID[it.ID]
			if !ok {
				i = len(fused)
				byID[it.ID] = i
				fused = append(fused, FusedItem{Item: Item{ID: it.ID}})
				last = append(last, 0)
			}
			good = good && finite(it.Score) && last[i] != l+1
			last[i] = l + 1
		}
		if !good || list.Weight == 0 {
			if err := Validate(list.Items); err != nil {
				return nil, nil, 0, fmt.Errorf("fuse list %d (%q): %w", l+1, list.Name, err)
			}
		}
	}
	return fused, byID, used, nil
}

func checkWeights(lists []List) error {
	some := len(lists) == 0
	for l, list := range lists {
		if !(list.Weight >= 0) || math.IsInf(list.Weight, 0) {
			return fmt.Errorf("fuse list %d (%q): its weight is %v: give a number of at least 0", l+1, list.Name, list.Weight)
		}
		some = some || list.Weight > 0
	}
	if !some {
		return errors.New("fuse: all lists have the weight 0: give at least one a positive weight")
	}
	return nil
}
