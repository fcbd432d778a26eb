// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"unsafe"
)

// Sift sets bit i%64 of marks[i/64] if x[i] is above the limit; if not, it clears the bit, and sets x[i] to 0. x has 64 floats for each word
// of marks, none of them negative or NaN, nor is the limit; -0 does not occur. It panics, as indexing does, if x is too short. Sums of a
// search by words are such floats: which of the rows can still become hits is asked of thousands at a time, and the sums of the
// others have to be 0 for the next ones.
func Sift(marks []uint64, x []float32, limit float32) {
	if len(marks) == 0 {
		return
	}
	x = x[:64*len(marks)]
	active.search.sift(&marks[0], &x[0], len(x), limit)
}

// siftScalar compares two floats at once: the bits of floats that are not negative are in their order, and with the highest bit set
// in both halves of a word none borrows from the other.
func siftScalar(marks *uint64, x *float32, n int, limit float32) {
	const highest = 1<<63 | 1<<31
	least := uint64(math.Float32bits(limit)) + 1
	least |= least << 32
	pairs := unsafe.Slice((*[2]float32)(unsafe.Pointer(x)), n/2)
	words := unsafe.Slice(marks, n/64)
	for i := range words {
		words[i] = 0
		for j := range pairs[32*i : 32*i+32] {
			p := &pairs[32*i+j]
			pair := uint64(math.Float32bits(p[0])) | uint64(math.Float32bits(p[1]))<<32
			both := (pair | highest) - least
			switch both & highest {
			case 0:
				*p = [2]float32{}
				continue
			case 1 << 31:
				p[1] = 0
			case 1 << 63:
				p[0] = 0
			}
			words[i] |= (both>>31&1 | both>>62&2) << (2 * j)
		}
	}
}
