// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

// panelWidth is the number of columns of a panel of packed weights.
const panelWidth = 16

// Align is what the width of a packed matrix, and so the row length of what is
// multiplied into, is rounded up to: two panels, the widest register tile.
const Align = 2 * panelWidth

// Pad rounds a row length up to a multiple of [Align].
func Pad(n int) int { return (n + Align - 1) / Align * Align }

// Matrix is a K×N weight matrix with its bias, packed for [Multiply].
//
// Columns are stored in panels of 16; within a panel the 16 floats of row 0
// come first, then those of row 1, so that a register tile reads memory in
// order. N is padded with zero columns to a multiple of [Align].
type Matrix struct {
	K, N   int // N as padded
	panels []float32
	depth  int // rows in a panel; more than K in a view of some of them
	bias   []float32
}

// NewMatrix allocates a K×N matrix of zeros with a bias of zeros.
func NewMatrix(k, n int) *Matrix {
	n = Pad(n)
	return &Matrix{K: k, N: n, panels: make([]float32, k*n), depth: k, bias: make([]float32, n)}
}

// SetColumns stores columns j to j+len(bias) and their biases. The columns
// come as rows of K floats, which is how a linear layer's weight is stored.
func (w *Matrix) SetColumns(j int, rows, bias []float32) {
	copy(w.bias[j:], bias)
	for n := len(bias); n > 0; {
		at := j % panelWidth
		take := min(panelWidth-at, n)
		panel := w.panels[(j-at)*w.depth:]
		// Writing in order and reading in strides beats the reverse.
		for p := range w.K {
			out := panel[p*panelWidth+at:][:take]
			for i := range out {
				out[i] = rows[i*w.K+p]
			}
		}
		rows, j, n = rows[take*w.K:], j+take, n-take
	}
}

// Rows is a view of rows [from, to) of the matrix: a slice of its depth.
func (w *Matrix) Rows(from, to int) Matrix {
	return Matrix{K: to - from, N: w.N, panels: w.panels[from*panelWidth:], depth: w.depth, bias: w.bias}
}

// Columns is a view of columns [from, to) of the matrix, both multiples of [Align].
func (w *Matrix) Columns(from, to int) Matrix {
	return Matrix{K: w.K, N: to - from, panels: w.panels[from*w.depth : to*w.depth], depth: w.depth, bias: w.bias[from:to]}
}

// Multiply computes C = A·W + bias for m rows of A, or C += A·W with
// accumulate. Row i of A starts at a[i*lda] and has W.K floats; row i of C
// starts at c[i*ldc] and has W.N floats, of which the columns [from, to) are
// written. from and to are multiples of [Align].
func Multiply(c []float32, ldc int, a []float32, lda, m int, w *Matrix, from, to int, accumulate bool) {
	bias := w.bias
	if accumulate {
		bias = nil
	}
	multiply(c, ldc, a, lda, m, w.K, operand{w.panels, panelWidth, w.depth}, from, to, bias)
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
	case left < 2*limit:
		return (left + 1) / 2
	default:
		return limit
	}
}

// Transpose packs the transpose of m rows of k floats into panels for
// [MultiplyPanels]: the product's column i belongs to row i. Columns from m to
// Pad(m) are zero.
func Transpose(panels, x []float32, ldx, m, k int) {
	n := Pad(m)
	panels = panels[:k*n]
	whole := 0 // rows that the kernel can take, in eights
	if k%8 == 0 {
		whole = m / 8 * 8
		_ = x[max(0, whole-1)*ldx : max(0, whole-1)*ldx+k]
	}
	for i := 0; i < whole; i += 8 {
		active.transpose(&panels[i/panelWidth*panelWidth*k+i%panelWidth], &x[i*ldx], ldx, k)
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
