// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"slices"
)

// A list of blockRows postings or more begins with its table: for each block a record of blockRecord bytes,
//
//	last row u32 · offset of the data u32 · offset of the positions u32 · title u32 · impactPairs × (freq u16, length u16)
//
// then for each superBlocks blocks superPairs pairs, which hold for all of these blocks.
const (
	blockRecord = 32
	impactPairs = 4
	superBlocks = 32
	superPairs  = 8
	superRecord = 4 * superPairs
	freqCap     = 1<<16 - 1 // a frequency of this or more; bounds take it for infinite
	lengthCap   = 1<<16 - 1 // a length of this or more; bounds take it for exact, which is a lower limit
)

// blocksOf is the number of blocks of a list with a table, and tableSize the length of the table.
func blocksOf(df int) int { return (df + blockRows - 1) / blockRows }

func tableSize(blocks int) int {
	return blockRecord*blocks + superRecord*((blocks+superBlocks-1)/superBlocks)
}

// impact says that a block may hold a posting of this frequency in a row of this length, both over title and text. The score
// of a posting rises with frequency and falls with length whatever k1, b, average length and variant are. So the best score
// among all pairs of a block limits the scores in it, if every posting is matched by a pair with no lower frequency and
// no greater length. (The idea of competitive impacts: Ding & Suel 2011 for block maxima, Lucene 8 for pairs.)
type impact struct{ freq, length uint32 }

// frontier reduces pairs in place to those that no other dominates, then joins neighbours until limit are left. scale weighs
// a length against a frequency when pairs are joined: which pairs are joined is a matter of speed only.
func frontier(f []impact, limit int, scale float64) []impact {
	slices.SortFunc(f, func(a, b impact) int {
		if a.freq != b.freq {
			return int(b.freq) - int(a.freq)
		}
		return int(a.length) - int(b.length)
	})
	n := 0
	for _, p := range f { // falling frequency, so a pair must offer a smaller length than all before
		if n == 0 || p.length < f[n-1].length {
			f[n] = p
			n++
		}
	}
	f = f[:n]
	for len(f) > limit {
		best, cost := 0, 2.0
		for i := range len(f) - 1 {
			joined := nominal(impact{f[i].freq, f[i+1].length}, scale)
			if c := joined - max(nominal(f[i], scale), nominal(f[i+1], scale)); c < cost {
				best, cost = i, c
			}
		}
		f[best+1].freq = f[best].freq
		f = slices.Delete(f, best, best+1)
	}
	return f
}

// nominal is the saturated frequency for k1 = 1.2 and b = 0.75. The conversions forbid fused operations, so that the
// bytes of an index are the same on every architecture.
func nominal(p impact, scale float64) float64 {
	freq := float64(p.freq)
	return freq / float64(freq+0.3+float64(scale*float64(p.length)))
}

// nominalScale is the factor of the length in nominal, for the average length of a segment.
func nominalScale(rows int, tokens uint64) float64 {
	if tokens == 0 {
		return 0
	}
	return 0.9 * float64(rows) / float64(tokens)
}

// putImpacts writes the pairs; unused ones stay zero.
func putImpacts(record []byte, f []impact) {
	for i, p := range f {
		binary.LittleEndian.PutUint16(record[4*i:], uint16(min(p.freq, freqCap)))
		binary.LittleEndian.PutUint16(record[4*i+2:], uint16(min(p.length, lengthCap)))
	}
}

// getImpact reads a pair.
func getImpact(record []byte) impact {
	v := binary.LittleEndian.Uint32(record)
	return impact{v & freqCap, v >> 16}
}
