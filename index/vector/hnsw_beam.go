// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import "math"

// beam is the best nodes of a walk, in order, each with a mark whether its links are still to be followed. One sorted array
// serves as the paper's two queues: nodes that fell off the end would never be visited.
type beam struct {
	// keys are (score, inverted node, mark), so that one comparison of integers orders by score, then by lower node.
	keys   []uint64
	limit  int
	cursor int // no node before it is to be visited
}

// beamKey joins a score and a node, with the mark set. A NaN comes after all other scores.
func beamKey(score float32, node uint32) uint64 {
	return uint64(scoreBits(score))<<32 | uint64(^node<<1) | 1
}

// scoreBits maps floats to integers of the same order. NaN becomes 0; zeros of both signs are equal.
func scoreBits(score float32) uint32 {
	if score != score {
		return 0
	}
	if score == 0 {
		score = 0
	}
	b := math.Float32bits(score)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

func keyNode(key uint64) uint32 { return ^uint32(key) >> 1 }

func keyScore(key uint64) float32 {
	b := uint32(key >> 32)
	if b == 0 {
		return float32(math.NaN())
	}
	return math.Float32frombits(b ^ (^uint32(int32(b)>>31) | 1<<31))
}

func (b *beam) reset(limit int) {
	b.keys, b.limit, b.cursor = b.keys[:0], limit, 0
}

// next returns the best node that was not visited yet, and marks it visited.
func (b *beam) next() (node uint32, ok bool) {
	for ; b.cursor < len(b.keys); b.cursor++ {
		if key := b.keys[b.cursor]; key&1 != 0 {
			b.keys[b.cursor] = key &^ 1
			b.cursor++
			return keyNode(key), true
		}
	}
	return 0, false
}

// worst is the key that a new one must exceed.
func (b *beam) worst() uint64 {
	if len(b.keys) < b.limit {
		return 0
	}
	return b.keys[len(b.keys)-1]
}

// add puts a key in its place and drops the last one if there are too many.
func (b *beam) add(key uint64) {
	if len(b.keys) < b.limit {
		b.keys = append(b.keys, 0)
	} else if key <= b.keys[len(b.keys)-1] {
		return
	}
	lo, hi := 0, len(b.keys)-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if b.keys[mid] > key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	copy(b.keys[lo+1:], b.keys[lo:])
	b.keys[lo] = key
	b.cursor = min(b.cursor, lo)
}
