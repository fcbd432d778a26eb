// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import "unsafe"

// Words are the converted rows of a, and how many words one is.
func (in *Input) Words() (words []uint32, stride int) { return in.words, in.format.wordsFor(in.k) }

// Transpose packs the transpose of m rows of k elements into panels for
// [MultiplyPanels] or [MultiplyBF16]: the product's column i belongs to row i.
// Columns from m to Pad(m) are zero.
func Transpose[T float32 | uint32](panels, x []T, ldx, m, k int) {
	n := Pad(m)
	panels = panels[:k*n]
	whole := 0 // rows that the kernel can take, in eights
	if k%8 == 0 {
		whole = m / 8 * 8
		_ = x[max(0, whole-1)*ldx : max(0, whole-1)*ldx+k]
	}
	for i := 0; i < whole; i += 8 {
		// It moves 32 bits at a time, whatever they mean.
		to, from := unsafe.Pointer(&panels[i/panelWidth*panelWidth*k+i%panelWidth]), unsafe.Pointer(&x[i*ldx])
		active.transpose((*float32)(to), (*float32)(from), ldx, k)
	}
	for i := whole; i < n; i++ {
		panel := panels[i/panelWidth*panelWidth*k+i%panelWidth:]
		if i >= m {
			for p := range k {
				panel[p*panelWidth] = 0
			}
			continue
		}
		for p, v := range x[i*ldx : i*ldx+k] {
			panel[p*panelWidth] = v
		}
	}
}

// Interleave packs m rows of n bfloat16s, two to a word, into panels for
// [MultiplyBF16]: row p of the matrix is row p of x. n is a multiple of
// [Align]; the panels are Pad(m)/2 words deep, rows from m on zero.
func Interleave(panels, x []uint32, ldx, m, n int) {
	depth := Pad(m) / 2
	panels = panels[:n*depth]
	for j := 0; j < n; j += 2 * panelWidth {
		block, column := panels[j*depth:][:2*panelWidth*depth], x[j/2:]
		if pairs := m / 2; pairs > 0 {
			_ = column[(2*pairs-1)*ldx+panelWidth-1]
			active.interleave(&block[0], &column[0], ldx, pairs, panelWidth*depth)
		}
		for p := m / 2; p < depth; p++ {
			for i := range panelWidth {
				var low, high uint32
				if 2*p < m { // the last row of an odd number
					w := column[2*p*ldx+i/2]
					low = w >> (i % 2 * 16) & 0xffff
					w = column[2*p*ldx+panelWidth/2+i/2]
					high = w >> (i % 2 * 16) & 0xffff
				}
				block[p*panelWidth+i], block[(depth+p)*panelWidth+i] = low, high
			}
		}
	}
}

// RoundBF16 stores the floats of x as bfloat16, two to a word. len(x) is a
// multiple of [Align].
func RoundBF16(words []uint32, x []float32) {
	_ = words[len(x)/2-1]
	active.toBF16(&words[0], &x[0], len(x))
}

// MultiplyBF16 computes C = A·B of bfloat16s, two to a word: m rows of k words,
// lda apart, by panels as [Transpose] and [Interleave] make them, k words deep
// and n columns wide. k is a multiple of 16 and n of [Align]. Row i of C starts
// at c[i*ldc].
func MultiplyBF16(c []float32, ldc int, a []uint32, lda, m, k int, b []uint32, n int) {
	if m == 0 || n == 0 {
		return
	}
	// The tiles below are unchecked: check the last element of each operand.
	_ = a[(m-1)*lda+k-1]
	_ = c[(m-1)*ldc+n-1]
	_ = b[n*k-1]
	t := &active.words[BFloat16]
	for j := 0; j < n; j += t.panels * panelWidth {
		for i, rows := 0, 0; i < m; i += rows {
			rows = tileRows(m-i, t.rows)
			t.tile(rows, k, &a[i*lda], lda, &b[j*k], panelWidth*k, &c[i*ldc+j], ldc, &zeros[0], nil, nil, nil, 0)
		}
	}
}
