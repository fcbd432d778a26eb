// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
)

// encoded is vectors in an encoding: the bytes as they are written, and the Storage over them.
type encoded struct {
	rows    []byte // n rows of stride bytes
	side    []byte // what they need besides: scales, centroids, means
	storage Storage
}

// rowStride is the bytes of a row.
func rowStride(e Encoding, dim, subQuantisers int) int {
	switch e {
	case Float16:
		return float16Stride(dim)
	case Int8:
		return int8Stride(dim)
	case PQ:
		return subQuantisers
	case Binary:
		return bitStride(dim)
	}
	return 4 * pad(dim, float32Align)
}

// sideBytes is the length of what an encoding needs besides its rows.
func sideBytes(e Encoding, n, dim int) int {
	switch e {
	case Int8:
		return int8Pair*n + 4*dim
	case PQ:
		return 4 * dim * pqCodes
	case Binary:
		return 4 * dim
	}
	return 0
}

// hasSide reports whether an encoding needs more than its rows.
func hasSide(e Encoding) bool { return e == Int8 || e == PQ || e == Binary }

// encodePiece is the number of rows that a goroutine encodes at a time.
const encodePiece = 256

// encodeRows encodes row order(i) of a source as row i.
func encodeRows(ctx context.Context, src Source, dim int, m Metric, s Spec, order func(int) int, o BuildOptions) (encoded, error) {
	n, stride := src.Len(), rowStride(s.Encoding, dim, s.SubQuantisers)
	e := encoded{rows: aligned[byte](n * stride), side: aligned[byte](sideBytes(s.Encoding, n, dim))}
	var book *codebook
	switch s.Encoding {
	case PQ:
		sample, err := copyRows(src, sampleRows(n, pqSample, o.Seed), dim)
		if err != nil {
			return encoded{}, err
		}
		if book, err = trainCodebook(ctx, sample, dim, s.SubQuantisers, o.Seed, o.Threads); err != nil {
			return encoded{}, err
		}
		copy(e.side, raw(book.centroids))
	case Int8, Binary:
		center, err := meanRow(src, sampleRows(n, pqSample, o.Seed), dim)
		if err != nil {
			return encoded{}, err
		}
		copy(e.side[len(e.side)-4*dim:], raw(center))
	}
	side := view[float32](e.side)
	err := parallel(ctx, n, encodePiece, o.Threads, func() func(from, to int) error {
		one := rowEncoder(e.rows, side, stride, dim, m, s.Encoding)
		if book != nil {
			return pqPiece(e.rows, src, order, book)
		}
		return func(from, to int) error {
			for i := from; i < to; i++ {
				v, err := sourceRow(src, order(i), dim)
				if err != nil {
					return err
				}
				if err := one(i, v); err != nil {
					return err
				}
			}
			return nil
		}
	})
	if err != nil {
		return encoded{}, err
	}
	e.storage = newStorage(s.Encoding, storageParts{
		rows: table{n: n, stride: stride}, data: e.rows,
		factors: table{n: n, stride: int8Pair}, side: side,
	}, dim, m, s.SubQuantisers)
	return e, nil
}

// rowEncoder encodes one row of the encodings that take each row alone.
func rowEncoder(rows []byte, side []float32, stride, dim int, m Metric, e Encoding) func(i int, v []float32) error {
	switch e {
	case Float16:
		data, width := view[uint16](rows), stride/2
		return func(i int, v []float32) error { return encodeFloat16(data[i*width:(i+1)*width], v, i) }
	case Int8:
		data, center, rest := view[int8](rows), side[len(side)-dim:], make([]float32, dim)
		return func(i int, v []float32) error {
			side[2*i], side[2*i+1] = encodeCentered(data[i*stride:(i+1)*stride], rest, v, center, m)
			return nil
		}
	case Binary:
		data, width := view[uint64](rows), stride/8
		return func(i int, v []float32) error {
			encodeBits(data[i*width:(i+1)*width], v, side)
			return nil
		}
	}
	data, width := view[float32](rows), stride/4
	return func(i int, v []float32) error {
		copy(data[i*width:(i+1)*width], v)
		return nil
	}
}

// pqPiece encodes pieces of rows by product quantisation.
func pqPiece(rows []byte, src Source, order func(int) int, book *codebook) func(from, to int) error {
	encode, buffer := book.encoder(), make([]float32, encodePiece*book.dim)
	return func(from, to int) error {
		for i := from; i < to; i++ {
			v, err := sourceRow(src, order(i), book.dim)
			if err != nil {
				return err
			}
			copy(buffer[(i-from)*book.dim:], v)
		}
		encode(rows[from*book.m:to*book.m], buffer, book.dim)
		return nil
	}
}

// meanRow is the mean of the listed rows.
func meanRow(src Source, rows []int, dim int) ([]float32, error) {
	sums, mean := make([]float64, dim), make([]float32, dim)
	for _, i := range rows {
		v, err := sourceRow(src, i, dim)
		if err != nil {
			return nil, err
		}
		for j, x := range v {
			sums[j] += float64(x)
		}
	}
	for j, s := range sums {
		mean[j] = float32(s / float64(max(len(rows), 1)))
	}
	return mean, nil
}

// storageParts is what a Storage lies over.
type storageParts struct {
	rows    table
	data    []byte
	factors table // of Int8
	side    []float32
}

// newStorage is the Storage of an encoding.
func newStorage(e Encoding, p storageParts, dim int, m Metric, subQuantisers int) Storage {
	switch e {
	case Float16:
		return newHalfRows(p.rows, view[uint16](p.data), dim, m)
	case Int8:
		return newByteRows(p.rows, view[int8](p.data), p.factors, p.side, dim, m)
	case PQ:
		return &pqRows{p.rows, p.data, newCodebook(dim, subQuantisers, p.side, m), m}
	case Binary:
		return &bitRows{p.rows, view[uint64](p.data), p.side}
	}
	return newFloatRows(p.rows, view[float32](p.data), dim, m)
}

// openEncoded makes the Storage over two sections. Rows and int8's pairs are verified when they are used, centroids and
// means here.
func openEncoded(r segment.SectionReader, name string, n, dim int, m Metric, e Encoding, subQuantisers int) (encoded, error) {
	rows, err := r.Section(name)
	if err != nil {
		return encoded{}, err
	}
	p := storageParts{data: rows.Bytes()}
	if p.rows, err = openTable(rows, n, rowStride(e, dim, subQuantisers)); err != nil {
		return encoded{}, err
	}
	out := encoded{rows: p.data}
	if hasSide(e) {
		want := sideBytes(e, n, dim)
		side, err := r.Section(name + ".side")
		if err != nil {
			return encoded{}, err
		}
		if side.Len() != want {
			return encoded{}, side.Corrupt(0, fmt.Errorf("%d bytes, want %d", side.Len(), want))
		}
		out.side = side.Bytes()
		p.side, p.factors = view[float32](out.side), table{side, n, int8Pair}
		small := 0 // where what is checked here begins
		if e == Int8 {
			small = int8Pair * n
		}
		if err := side.Verify(small, want-small); err != nil {
			return encoded{}, err
		}
		if err := checkFinite("row", p.side[small/4:], dim); err != nil {
			return encoded{}, side.Corrupt(small, err)
		}
	}
	out.storage = newStorage(e, p, dim, m, subQuantisers)
	return out, nil
}
