// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"encoding/binary"
	"sort"
	"sync/atomic"
)

// blocks knows which blocks of a mapped file were checked. A block that fails is not remembered: it fails again each time.
type blocks struct {
	data     []byte          // what the blocks cover
	sums     []byte          // uint32 a block
	done     []atomic.Uint32 // one bit a block
	sections []*Section      // by offset
}

func newBlocks(data, sums []byte) *blocks {
	return &blocks{data: data, sums: sums, done: make([]atomic.Uint32, (len(sums)/4+31)/32)}
}

// good reports whether block b was found good before.
func (k *blocks) good(b uint64) bool { return k.done[b/32].Load()&(1<<(b%32)) != 0 }

// length is the number of bytes of block b; the last may be short.
func (k *blocks) length(b int64) int { return min(blockSize, len(k.data)-int(b)*blockSize) }

// sum is what the checksum of block b must be.
func (k *blocks) sum(b int64) uint32 { return binary.LittleEndian.Uint32(k.sums[4*b:]) }

// check computes the checksum of block b in the mapping, and remembers that it is good.
func (k *blocks) check(b uint64) bool {
	at := int(b) * blockSize
	return k.checkBytes(int64(b), k.data[at:at+k.length(int64(b))])
}

// checkBytes does so with a copy of the block.
func (k *blocks) checkBytes(b int64, block []byte) bool {
	if checksum(block) != k.sum(b) {
		return false
	}
	bit := uint32(1) << (b & 31)
	if k.done[b>>5].Or(bit)&bit != 0 {
		return true // another goroutine was first, and counts it
	}
	for _, s := range k.covering(b) {
		if s.missing.Add(-1) == 0 {
			atomic.StoreInt64(&s.good, int64(len(s.data)))
		}
	}
	return true
}

// covering returns the sections that have bytes in block b, and perhaps empty ones between them.
func (k *blocks) covering(b int64) []*Section {
	start, end := b*blockSize, (b+1)*blockSize
	first := sort.Search(len(k.sections), func(i int) bool { s := k.sections[i]; return s.off+int64(len(s.data)) > start })
	last := first
	for last < len(k.sections) && k.sections[last].off < end {
		last++
	}
	return k.sections[first:last]
}

// add enters a section; they come by offset.
func (k *blocks) add(s *Section) {
	s.blocks = k
	k.sections = append(k.sections, s)
	if len(s.data) == 0 {
		return
	}
	atomic.StoreInt64(&s.good, -1)
	s.missing.Store((s.off+int64(len(s.data))-1)/blockSize - s.off/blockSize + 1)
}
