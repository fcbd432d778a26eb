// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import "unsafe"

// The kernels of vector search compare one query with many stored rows. Each
// comes in two forms: Rows takes consecutive rows and runs at the speed of
// memory, Gather takes the rows in a list, which lie anywhere, and fetches the
// next ones into the cache while it works on the present one. A row's result
// does not depend on the form nor on the rows beside it.
//
// All of them panic, as indexing does, if a row lies outside of rows or if dst
// is too short. They may run in any number of goroutines.

// Line is what the length in bytes of a row of float16 or int8 must be a
// multiple of, a cache line. Shorter rows are padded, the query's padding with
// zeros.
const Line = 64

// rowKernel compares q, n values, with count rows:
//
//	for i := range count {
//		row := ids[i]            // i where ids is nil
//		dst[i] = compare(q[:n], rows[row*stride:][:n])
//	}
//
// n is positive and as each kernel wants it; stride counts elements of rows.
type rowKernel[D, Q, R any] func(dst *D, q *Q, n int, rows *R, stride int, ids *uint32, count int)

// gather calls k for listed rows of n values.
func gather[D, Q, R any](k rowKernel[D, Q, R], dst []D, q []Q, n int, rows []R, stride int, ids []uint32) {
	if len(ids) == 0 {
		return
	}
	// Kernels are unchecked: check the last element of each operand.
	dst = dst[:len(ids)]
	var last uint32
	for _, id := range ids {
		last = max(last, id)
	}
	if n == 0 {
		clear(dst) // sums of nothing
		return
	}
	_ = rows[int(last)*stride:][n-1]
	k(&dst[0], &q[0], n, &rows[0], stride, &ids[0], len(ids))
}

// scan calls k for the first len(dst) rows of n values.
func scan[D, Q, R any](k rowKernel[D, Q, R], dst []D, q []Q, n int, rows []R, stride int) {
	if len(dst) == 0 {
		return
	}
	if n == 0 {
		clear(dst)
		return
	}
	_ = rows[(len(dst)-1)*stride:][n-1]
	k(&dst[0], &q[0], n, &rows[0], stride, nil, len(dst))
}

// wholeLines panics unless n elements of so many bytes fill cache lines.
func wholeLines(n, bytes int) {
	if n*bytes%Line != 0 {
		panic("kernel: rows must be padded to a multiple of kernel.Line bytes")
	}
}

// DotRows sets dst[i] to the inner product of q and row i of rows, a row-major
// matrix of len(dst) rows of len(q) floats. Its bits are those of [Dot]. Rows
// of a multiple of 16 floats run fastest.
func DotRows(dst, q, rows []float32) {
	if n := len(q); n%16 != 0 {
		for i := range dst {
			dst[i] = Dot(q, rows[i*n:(i+1)*n])
		}
		return
	}
	scan(active.search.dot, dst, q, len(q), rows, len(q))
}

// SquaredDistanceRows is [DotRows] for Σ (q[j]-row[j])², with the bits of [SquaredDistance].
func SquaredDistanceRows(dst, q, rows []float32) {
	if n := len(q); n%16 != 0 {
		for i := range dst {
			dst[i] = SquaredDistance(q, rows[i*n:(i+1)*n])
		}
		return
	}
	scan(active.search.squared, dst, q, len(q), rows, len(q))
}

// GatherDot is [DotRows] for the rows ids[i].
func GatherDot(dst, q, rows []float32, ids []uint32) {
	if len(q)%16 != 0 {
		gatherSingly(Dot, dst, q, rows, ids)
		return
	}
	gather(active.search.dot, dst, q, len(q), rows, len(q), ids)
}

// GatherSquaredDistance is [SquaredDistanceRows] for the rows ids[i].
func GatherSquaredDistance(dst, q, rows []float32, ids []uint32) {
	if len(q)%16 != 0 {
		gatherSingly(SquaredDistance, dst, q, rows, ids)
		return
	}
	gather(active.search.squared, dst, q, len(q), rows, len(q), ids)
}

// gatherSingly compares with one listed row after the other, for lengths that
// the kernels do not take.
func gatherSingly(compare func(a, b []float32) float32, dst, q, rows []float32, ids []uint32) {
	const burst = 32 // as many as the kernels ask for at once
	n := len(q)
	dst = dst[:len(ids)]
	for len(ids) > 0 {
		count := min(burst, len(ids))
		if len(rows) > 0 {
			active.search.prefetch((*byte)(unsafe.Pointer(&rows[0])), 4*n, 4*n, &ids[0], count)
		}
		for i, id := range ids[:count] {
			dst[i] = compare(q, rows[int(id)*n:(int(id)+1)*n])
		}
		dst, ids = dst[count:], ids[count:]
	}
}

// DotRowsF16 is [DotRows] for rows of IEEE 754 half-precision floats, which
// are widened exactly. len(q)·2 must be a multiple of [Line].
func DotRowsF16(dst, q []float32, rows []uint16) {
	wholeLines(len(q), 2)
	scan(active.search.dotF16, dst, q, len(q), rows, len(q))
}

// SquaredDistanceRowsF16 is [SquaredDistanceRows] under the conditions of [DotRowsF16].
func SquaredDistanceRowsF16(dst, q []float32, rows []uint16) {
	wholeLines(len(q), 2)
	scan(active.search.squaredF16, dst, q, len(q), rows, len(q))
}

// GatherDotF16 is [GatherDot] under the conditions of [DotRowsF16].
func GatherDotF16(dst, q []float32, rows []uint16, ids []uint32) {
	wholeLines(len(q), 2)
	gather(active.search.dotF16, dst, q, len(q), rows, len(q), ids)
}

// GatherSquaredDistanceF16 is [GatherSquaredDistance] under the conditions of [DotRowsF16].
func GatherSquaredDistanceF16(dst, q []float32, rows []uint16, ids []uint32) {
	wholeLines(len(q), 2)
	gather(active.search.squaredF16, dst, q, len(q), rows, len(q), ids)
}

// DotRowsI8 sets dst[i] to Σ q[j]·row[j] over len(q) values of row i, which
// starts at rows[i*stride]: a row may carry more than its values, its scale for
// instance. len(q) must be a multiple of [Line]. Sums are exact on every tier,
// for all values up to a length of 2¹⁷-64.
func DotRowsI8(dst []int32, q, rows []int8, stride int) {
	wholeLines(len(q), 1)
	scan(active.search.dotI8, dst, q, len(q), rows, stride)
}

// GatherDotI8 is [DotRowsI8] for the rows ids[i].
func GatherDotI8(dst []int32, q, rows []int8, stride int, ids []uint32) {
	wholeLines(len(q), 1)
	gather(active.search.dotI8, dst, q, len(q), rows, stride, ids)
}

// HammingRows sets dst[i] to the number of bits that differ between q and row
// i of rows, a row-major matrix of len(dst) rows of len(q) words.
func HammingRows(dst []uint32, q, rows []uint64) {
	scan(active.search.hamming, dst, q, len(q), rows, len(q))
}

// GatherHamming is [HammingRows] for the rows ids[i].
func GatherHamming(dst []uint32, q, rows []uint64, ids []uint32) {
	gather(active.search.hamming, dst, q, len(q), rows, len(q), ids)
}

// HammingSelect finds the first count rows' Hamming distances to q, as
// [HammingRows] does, and keeps those of at most bound, in order: it sets ids
// to the numbers of the rows kept, the first row's being first, and distances
// to their distances, and returns how many there are. ids and distances have
// room for count, all of which may be overwritten.
func HammingSelect(ids, distances []uint32, q, rows []uint64, count int, first, bound uint32) int {
	if count == 0 || len(q) == 0 {
		clear(distances[:count])
		for i := range ids[:count] {
			ids[i] = first + uint32(i)
		}
		return count
	}
	_ = rows[count*len(q)-1]
	return active.search.hammingSelect(&ids[:count][0], &distances[:count][0], &q[0], len(q), &rows[0], count, first, bound)
}

// LookupRows sets dst[i] to Σ tables[256*j+code[j]] over the m bytes of row i of
// codes, a row-major matrix of len(dst) rows of m = len(tables)/256 bytes: the
// asymmetric distance of product quantisation (Jégou, Douze & Schmid 2011).
//
// Table j's entry is added to sum j%4, the four are added as (0+1)+(2+3), and so
// every tier gives the same bits.
func LookupRows(dst, tables []float32, codes []uint8) {
	m := len(tables) / 256
	scan(active.search.lookup, dst, tables, m, codes, m)
}

// GatherLookup is [LookupRows] for the rows ids[i].
func GatherLookup(dst, tables []float32, codes []uint8, ids []uint32) {
	m := len(tables) / 256
	gather(active.search.lookup, dst, tables, m, codes, m, ids)
}

// PrefetchRows asks for the first size bytes of the rows ids[i], which start
// stride bytes apart, to be brought into the second-level cache. It does not wait
// for them, and rows that lie outside do no harm. The Gather functions do this
// themselves, 32 rows at a time.
func PrefetchRows(rows []byte, size, stride int, ids []uint32) {
	if len(ids) > 0 && len(rows) > 0 {
		active.search.prefetch(&rows[0], size, stride, &ids[0], len(ids))
	}
}

// Prefetch asks for values to be brought into the second-level cache, as [PrefetchRows] does.
func Prefetch[T any](values []T) {
	if size := len(values) * int(unsafe.Sizeof(*new(T))); size > 0 {
		active.search.prefetch((*byte)(unsafe.Pointer(&values[0])), size, 0, &firstRow[0], 1)
	}
}

var firstRow [1]uint32
