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
// order. Formats with several values to a word have words in the place of
// floats: 16 words hold the first two or four rows. N is padded with zero
// columns to a multiple of [Align].
type Matrix struct {
	K, N   int // N as padded
	format Format
	bias   []float32

	panels []float32 // of Float32
	words  []uint32  // of the other formats
	depth  int       // floats or words of a column; of the whole matrix in a view

	// Of integer formats, for each group of rows and column: the scale of its
	// integers, and their sum, which unsigned activations' offset multiplies.
	// For Align columns those of the first group come first: see [Matrix.at].
	scales, sums []float32
	groups       int // of the whole matrix
}

// at is where the scale and the sum of column j in group g lie.
func (w *Matrix) at(g, j int) int { return (j/Align*w.groups+g)*Align + j%Align }

// NewMatrix allocates a K×N matrix of zeros with a bias of zeros.
func NewMatrix(f Format, k, n int) *Matrix {
	n = Pad(n)
	w := &Matrix{K: k, N: n, format: f, depth: k, bias: make([]float32, n)}
	if f == Float32 {
		w.panels = make([]float32, k*n)
		return w
	}
	w.depth = f.wordsFor(k)
	w.words = make([]uint32, w.depth*n)
	if f.integer() {
		w.groups = f.groups(k)
		w.scales, w.sums = make([]float32, w.groups*n), make([]float32, w.groups*n)
	}
	return w
}

// MatrixBytes is the memory that a K×N matrix takes.
func MatrixBytes(f Format, k, n int) int {
	n = Pad(n)
	size := 4 * n // bias
	if f == Float32 {
		return size + 4*k*n
	}
	if f.integer() {
		size += 2 * 4 * f.groups(k) * n
	}
	return size + 4*f.wordsFor(k)*n
}

// SetColumns stores columns j to j+len(bias) and their biases. The columns
// come as rows of K floats, which is how a linear layer's weight is stored.
func (w *Matrix) SetColumns(j int, rows, bias []float32) {
	copy(w.bias[j:], bias)
	if w.format != Float32 {
		w.setWords(j, len(bias), rows)
		return
	}
	scatter(w.panels, w.depth, j, len(bias), rows)
}

// SetRows stores all K rows of the matrix, n floats each, ldx apart; its bias
// stays as it is. It takes the transpose of what [Matrix.SetColumns] takes, and
// formats without integers only. Columns of x from n up to column N are left as they
// are; n is a multiple of [Align].
func (w *Matrix) SetRows(x []float32, ldx, n int) {
	if w.format == Float32 {
		PanelRows(w.panels[:w.K*n], x, ldx, w.K, n)
		return
	}
	deep := padDepth(w.K)
	words := make([]uint32, deep*n/2)
	for p := range w.K {
		RoundBF16(words[p*n/2:][:n/2], x[p*ldx:][:n])
	}
	Interleave(w.words, words, n/2, deep, n)
}

// scatter stores n columns, given one after the other, in panels.
func scatter[T float32 | uint32](panels []T, depth, j, n int, columns []T) {
	for n > 0 {
		at := j % panelWidth
		take := min(panelWidth-at, n)
		panel := panels[(j-at)*depth:]
		// Writing in order and reading in strides beats the reverse.
		for p := range depth {
			out := panel[p*panelWidth+at:][:take]
			for i := range out {
				out[i] = columns[i*depth+p]
			}
		}
		columns, j, n = columns[take*depth:], j+take, n-take
	}
}

// setWords stores n columns in formats other than Float32.
func (w *Matrix) setWords(j, n int, rows []float32) {
	columns, group := make([]uint32, n*w.depth), w.format.group()
	row := make([]float32, Pad(w.K))
	for i := range n {
		copy(row, rows[i*w.K:(i+1)*w.K])
		words := columns[i*w.depth:][:w.depth]
		if w.format == BFloat16 {
			active.toBF16(&words[0], &row[0], len(row))
			continue
		}
		for g := range w.format.groups(w.K) {
			x := row[g*group : min(len(row), (g+1)*group)]
			s := w.format.weights(x)
			words := words[g*group/w.format.values():][:len(x)/w.format.values()]
			w.format.convert(words, x, s)
			w.scales[w.at(g, j+i)] = s.scale
			if w.format == Int8 {
				w.sums[w.at(g, j+i)] = float32(signed(words))
			}
		}
	}
	scatter(w.words, w.depth, j, n, columns)
}

// signed takes off the 128 that weights were stored with, and returns the sum
// of the signed bytes.
func signed(words []uint32) (sum int32) {
	for i, v := range words {
		v ^= 0x80808080
		words[i] = v
		sum += int32(int8(v)) + int32(int8(v>>8)) + int32(int8(v>>16)) + int32(int8(v>>24))
	}
	return sum
}

// Rows is a view of rows [from, to) of the matrix: a slice of its depth. Both
// ends must be multiples of [Group], or to be K.
func (w *Matrix) Rows(from, to int) Matrix {
	v := *w
	v.K = to - from
	if w.format == Float32 {
		v.panels = w.panels[from*panelWidth:]
		return v
	}
	v.words = w.words[from/w.format.values()*panelWidth:]
	if w.format.integer() {
		at := w.at(from/w.format.group(), 0)
		v.scales, v.sums = w.scales[at:], w.sums[at:]
	}
	return v
}

// Columns is a view of columns [from, to) of the matrix, both multiples of [Align].
func (w *Matrix) Columns(from, to int) Matrix {
	v := *w
	v.N = to - from
	v.bias = w.bias[from:to]
	if w.format == Float32 {
		v.panels = w.panels[from*w.depth:]
		return v
	}
	v.words = w.words[from*w.depth:]
	if w.format.integer() {
		v.scales, v.sums = w.scales[w.at(0, from):], w.sums[w.at(0, from):]
	}
	return v
}
