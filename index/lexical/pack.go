// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"encoding/binary"
	"math/bits"
)

// blockRows is the number of postings in a full block.
const blockRows = 128

// packSlack is how many bytes unpack may read, and not use, after the packed values.
const packSlack = 8

// width is the number of bits that the largest of the values needs: 0 to 32.
func width(values *[blockRows]uint32) int {
	var all uint32
	for _, v := range values {
		all |= v
	}
	return bits.Len32(all)
}

// appendPacked appends the low w bits of each value, value 0 first and in the lowest bits: 16·w bytes.
func appendPacked(dst []byte, values *[blockRows]uint32, w int) []byte {
	var hold uint64
	n := 0
	for _, v := range values {
		hold |= uint64(v) << n
		for n += w; n >= 32; n -= 32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(hold))
			hold >>= 32
		}
	}
	return dst // 128·w is a multiple of 32, so nothing is held back
}

// unpack reverses appendPacked. src must reach packSlack bytes beyond the 16·w packed ones, and w be at most 32.
func unpack(dst *[blockRows]uint32, src []byte, w uint) {
	mask := uint64(1)<<(w&63) - 1
	switch {
	case w == 0:
		clear(dst[:])
	case w <= 8: // eight values in w bytes: one load
		for g := range uint(blockRows / 8) {
			v, d := binary.LittleEndian.Uint64(src[g*w:]), dst[g*8:g*8+8:g*8+8]
			d[0] = uint32(v & mask)
			v >>= w & 63
			d[1] = uint32(v & mask)
			v >>= w & 63
			d[2] = uint32(v & mask)
			v >>= w & 63
			d[3] = uint32(v & mask)
			v >>= w & 63
			d[4] = uint32(v & mask)
			v >>= w & 63
			d[5] = uint32(v & mask)
			v >>= w & 63
			d[6] = uint32(v & mask)
			v >>= w & 63
			d[7] = uint32(v & mask)
		}
	case w <= 16: // four values in 4·w bits, which begin at a half byte: 4 + 60 bits at most
		for g := range uint(blockRows / 4) {
			v, d := binary.LittleEndian.Uint64(src[g*w>>1:])>>(g*w&1*4&63), dst[g*4:g*4+4:g*4+4]
			d[0] = uint32(v & mask)
			v >>= w & 63
			d[1] = uint32(v & mask)
			v >>= w & 63
			d[2] = uint32(v & mask)
			v >>= w & 63
			d[3] = uint32(v & mask)
		}
	case w <= 28: // two values in 2·w bits, which begin at a quarter byte: 6 + 56 bits at most
		for g := range uint(blockRows / 2) {
			v, d := binary.LittleEndian.Uint64(src[g*w>>2:])>>(g*w&3*2&63), dst[g*2:g*2+2:g*2+2]
			d[0] = uint32(v & mask)
			d[1] = uint32(v >> (w & 63) & mask)
		}
	default:
		for i := range uint(blockRows) {
			dst[i] = uint32(binary.LittleEndian.Uint64(src[i*w>>3:]) >> (i * w & 7) & mask)
		}
	}
}

// prefixRows turns deltas less one into row numbers, the first counted from base, which is the row before the block plus one
// (0 at the start of a list). It returns the last row; rows wrap around silently when w allows it, see list.decode.
func prefixRows(rows *[blockRows]uint32, base uint32) uint32 {
	base-- // the row before; every difference lacks one
	for g := 0; g < blockRows; g += 4 {
		d := rows[g : g+4 : g+4]
		// Sums by twos, so that one addition a group waits for the group before.
		first, third := d[0]+1, d[2]+1
		second, fourth := first+d[1]+1, third+d[3]+1
		d[0], d[1] = base+first, base+second
		d[2], d[3] = base+(second+third), base+(second+fourth)
		base = d[3]
	}
	return base
}
