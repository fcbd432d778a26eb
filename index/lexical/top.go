// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"math/bits"
	"slices"
)

// top keeps the k best rows. A row is one number, the less the better: the complement of the bits of its score, which sort like the score
// since no score is negative, above its ordinal over all parts. So ties are in the order of rows.
//
// Rows are collected until there are twice as many as wanted, or a threshold is to be taken (refresh); then the best k are selected
// from them. That costs a few operations a row with hardly a branch that is guessed wrong, where a heap of a hundred rows costs seven
// steps with one each (the reservoir of Faiss does so, too).
type top struct {
	keys  []uint64
	k     int
	fresh int    // keys since the last selection
	limit uint64 // what is above is not among the best
}

// settleShare is the share of the rows kept, one in so many, that must be new before a threshold that is asked for is made exact.
const settleShare = 4

func (t *top) reset(k int) {
	t.keys, t.k, t.fresh, t.limit = t.keys[:0], k, 0, math.MaxUint64
}

// threshold is a score that a later row must reach to be kept; -1 while every row is kept. It is that of the last selection, or
// of raise.
func (t *top) threshold() float32 {
	if t.limit == math.MaxUint64 {
		return -1
	}
	return math.Float32frombits(^uint32(t.limit >> 32))
}

// raise says that at least k rows with this score or more are kept or will be offered.
func (t *top) raise(score float32) {
	t.limit = min(t.limit, uint64(^math.Float32bits(score))<<32|math.MaxUint32)
}

// add offers a row, each once.
func (t *top) add(score float32, ordinal uint32) {
	key := uint64(^math.Float32bits(score))<<32 | uint64(ordinal)
	if key > t.limit {
		return
	}
	t.keys = append(t.keys, key)
	if t.fresh++; len(t.keys) >= 2*t.k+32 {
		t.settle()
	}
}

// refresh settles if that is worth while.
func (t *top) refresh() {
	if settleShare*t.fresh >= t.k {
		t.settle()
	}
}

// settle drops all but the best k, if there are as many.
func (t *top) settle() {
	if len(t.keys) < t.k || t.fresh == 0 {
		return
	}
	selectLeast(t.keys, t.k)
	t.keys, t.fresh = t.keys[:t.k], 0
	t.limit = min(t.limit, slices.Max(t.keys))
}

// selectLeast brings the k least of different keys to the front, in any order (Hoare's quickselect; keys are exchanged
// without a branch on their order). Keys in an order that makes its pivots bad are sorted in the end.
func selectLeast(keys []uint64, k int) {
	rounds := 2 * bits.Len(uint(len(keys)))
	for from, to := 0, len(keys); from < k && k < to; rounds-- {
		if to-from <= 12 || rounds == 0 {
			slices.Sort(keys[from:to])
			return
		}
		a, b, c := keys[from], keys[(from+to)/2], keys[to-1]
		pivot := max(min(a, b), min(max(a, b), c))
		at := from
		for i := from; i < to; i++ {
			key := keys[i]
			keys[i], keys[at] = keys[at], key
			_, less := bits.Sub64(key, pivot, 0)
			at += int(less)
		}
		if at >= k { // keys before at are below the pivot, the others are not
			to = at
		} else {
			from = at
		}
	}
}

// hits returns the rows, best first. bases are the ordinals of the first rows of the parts.
func (t *top) hits(bases []uint32) []Hit {
	t.settle()
	slices.Sort(t.keys)
	hits := make([]Hit, len(t.keys))
	for i, key := range t.keys {
		ordinal, score := uint32(key), math.Float32frombits(^uint32(key>>32))
		if len(bases) == 1 {
			hits[i] = Hit{Row: int(ordinal), Score: score}
			continue
		}
		part, found := slices.BinarySearch(bases, ordinal)
		if !found {
			part--
		}
		for part+1 < len(bases) && bases[part+1] == ordinal { // empty parts share their base with the next
			part++
		}
		hits[i] = Hit{Part: part, Row: int(ordinal - bases[part]), Score: score}
	}
	return hits
}
