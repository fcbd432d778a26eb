// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"math"
	"slices"
)

// top keeps the k best rows. A row is one number: the bits of its score, which sort like the score since no score is
// negative, above the complement of its ordinal over all parts. So the greater number is the better row, ties included.
// keys is a heap with the worst in front.
type top struct {
	keys []uint64
	k    int
}

func (t *top) reset(k int) {
	t.keys, t.k = t.keys[:0], k
}

// threshold is the score that a later row must exceed to be kept; -1 while every row is kept.
func (t *top) threshold() float32 {
	if len(t.keys) < t.k {
		return -1
	}
	return math.Float32frombits(uint32(t.keys[0] >> 32))
}

// add offers a row, each once.
func (t *top) add(score float32, ordinal uint32) {
	key := uint64(math.Float32bits(score))<<32 | uint64(^ordinal)
	if len(t.keys) < t.k {
		t.keys = append(t.keys, key)
		for i := len(t.keys) - 1; i > 0; {
			up := (i - 1) / 2
			if t.keys[up] <= key {
				break
			}
			t.keys[i], t.keys[up] = t.keys[up], key
			i = up
		}
		return
	}
	if key <= t.keys[0] {
		return
	}
	keys, i := t.keys, 0
	for {
		down := 2*i + 1
		if down >= len(keys) {
			break
		}
		if down+1 < len(keys) && keys[down+1] < keys[down] {
			down++
		}
		if keys[down] >= key {
			break
		}
		keys[i] = keys[down]
		i = down
	}
	keys[i] = key
}

// hits returns the rows, best first. bases are the ordinals of the first rows of the parts.
func (t *top) hits(bases []uint32) []Hit {
	slices.Sort(t.keys)
	slices.Reverse(t.keys)
	hits := make([]Hit, len(t.keys))
	for i, key := range t.keys {
		ordinal := ^uint32(key)
		if len(bases) == 1 {
			hits[i] = Hit{Row: int(ordinal), Score: math.Float32frombits(uint32(key >> 32))}
			continue
		}
		part, found := slices.BinarySearch(bases, ordinal)
		if !found {
			part--
		}
		for part+1 < len(bases) && bases[part+1] == ordinal { // empty parts share their base with the next
			part++
		}
		hits[i] = Hit{Part: part, Row: int(ordinal - bases[part]), Score: math.Float32frombits(uint32(key >> 32))}
	}
	return hits
}
