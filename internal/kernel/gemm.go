// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

// Multiply computes C = A·W + bias for the first m rows of A, or C += A·W with
// accumulate. The rows have W.K values and its format. Row i of C starts at
// c[i*ldc] and has W.N floats, of which the columns [from, to) are written.
// from and to are multiples of [Align].
func Multiply(c []float32, ldc int, a *Input, m int, w *Matrix, from, to int, accumulate bool) {
	bias := w.bias
	if accumulate {
		bias = nil
	}
	if w.format != Float32 {
		multiplyWords(c, ldc, a, m, w, from, to, bias)
		return
	}
	multiply(c, ldc, a.floats, a.stride, m, w.K, operand{w.panels, panelWidth, w.depth}, from, to, bias)
}

// multiplyWords is Multiply for the formats of several values to a word. A
// group of rows of W after the other adds to C, in the tile or here.
func multiplyWords(c []float32, ldc int, a *Input, m int, w *Matrix, from, to int, bias []float32) {
	if m == 0 || from >= to {
		return
	}
	t, f := &active.words[w.format], w.format
	lda, depth, groups := f.wordsFor(a.k), f.wordsFor(w.K), f.groups(w.K)
	length := f.group() / f.values() // words of a group
	if t.whole {
		length = depth
	}
	// The tiles below are unchecked: check the last element of each operand.
	_ = a.words[m*lda-1]
	_ = c[(m-1)*ldc+to-1]
	_ = w.words[(to-panelWidth)*w.depth+depth*panelWidth-1]
	scales, sums, rows := &zeros[0], &zeros[0], &zeros[0]
	for j := from; j < to; j += t.panels * panelWidth {
		for i, n := 0, 0; i < m; i += n {
			n = tileRows(m-i, t.rows)
			var init *float32
			if bias != nil {
				init = &bias[j]
			}
			for g, p := 0, 0; p < depth; g, p = g+1, p+length {
				if f.integer() {
					scales, sums, rows = &w.scales[w.at(g, j)], &w.sums[w.at(g, j)], &a.scales[(i*groups+g)*2]
				}
				t.tile(n, min(length, depth-p), &a.words[i*lda+p], lda, &w.words[j*w.depth+p*panelWidth], panelWidth*w.depth,
					&c[i*ldc+j], ldc, init, scales, sums, rows, groups*2)
				init = nil
			}
		}
	}
}

// MultiplyPanels computes C = A·B for B in panels as in [Matrix], k×n, n a
// multiple of [Align], without a bias.
func MultiplyPanels(c []float32, ldc int, a []float32, lda, m, k int, b []float32, n int) {
	multiply(c, ldc, a, lda, m, k, operand{b, panelWidth, k}, 0, n, zeros[:])
}

// MultiplyRows computes C = A·B for B in rows: row p starts at b[p*ldb] and is
// n floats wide, n a multiple of [Align].
func MultiplyRows(c []float32, ldc int, a []float32, lda, m, k int, b []float32, ldb, n int) {
	multiply(c, ldc, a, lda, m, k, operand{b, ldb, 1}, 0, n, zeros[:])
}

// zeros is the bias of products that have none.
var zeros [Align]float32

// operand is the right side of a product: element (p, j) of a panel lies p*row
// floats after its first, and a panel's first lies j*column after the start.
type operand struct {
	data        []float32
	row, column int
}

// multiply walks the register tiles of the columns [from, to). Columns are the
// outer loop: a panel of B stays in the cache while all rows of A pass by.
// bias is repeated along the columns; nil adds to C instead.
func multiply(c []float32, ldc int, a []float32, lda, m, k int, b operand, from, to int, bias []float32) {
	if m == 0 || from >= to {
		return
	}
	// The tiles below are unchecked: check the last element of each operand.
	_ = a[(m-1)*lda+k-1]
	_ = c[(m-1)*ldc+to-1]
	_ = b.data[(to-panelWidth)*b.column+(k-1)*b.row+panelWidth-1]
	t := active
	for j := from; j < to; j += t.panels * panelWidth {
		var init *float32
		if bias != nil {
			init = &bias[j%len(bias)]
		}
		for i, rows := 0, 0; i < m; i += rows {
			rows = tileRows(m-i, t.rows)
			t.tile(rows, k, &a[i*lda], lda, &b.data[j*b.column], b.row, panelWidth*b.column, &c[i*ldc+j], ldc, init)
		}
	}
}

// tileRows is the height of the next tile for the rows left: the limit, or an
// even split of the last two, since a tile of 8 and 7 beats one of 14 and 1.
func tileRows(left, limit int) int {
	switch {
	case left <= limit:
		return left
	case left-limit < limit:
		return (left + 1) / 2
	default:
		return limit
	}
}
