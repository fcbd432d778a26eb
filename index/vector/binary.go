// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"github.com/winnow-search/winnow/internal/kernel"
)

// bitRows is the encoding binary: a bit for each component, 1 where it is above the mean over all rows, in rows of words.
// The score is (dim - 2·differing bits)/dim, from -1 to 1, whatever the metric: it finds candidates.
type bitRows struct {
	table
	words  []uint64
	center []float32 // dim floats
}

// bitStride is the number of bytes of a row of dim bits.
func bitStride(dim int) int { return pad(dim, 64) / 8 }

// encodeBits sets dst, a row of words, to the signs of v - center.
func encodeBits(dst []uint64, v, center []float32) {
	clear(dst)
	for i, x := range v {
		if x > center[i] {
			dst[i>>6] |= 1 << (i & 63)
		}
	}
}

// Len is the number of rows.
func (r *bitRows) Len() int { return r.n }

// Dim is the number of components of a vector.
func (r *bitRows) Dim() int { return len(r.center) }

// Query prepares a query.
func (r *bitRows) Query(q []float32) Scorer { return r.query(q) }

func (r *bitRows) query(q []float32) *bitScorer {
	s := &bitScorer{rows: r, q: make([]uint64, r.stride/8)}
	encodeBits(s.q, q, r.center)
	return s
}

// RowQuery prepares a row as the query.
func (r *bitRows) RowQuery(row int) Scorer { return r.RowQueryInto(row, nil) }

// RowQueryInto prepares a row as the query.
func (r *bitRows) RowQueryInto(row int, s Scorer) Scorer {
	b, ok := s.(*bitScorer)
	if !ok {
		b = &bitScorer{rows: r}
	}
	if b.err = r.check(row, 1); b.err == nil {
		width := r.stride / 8
		b.q = r.words[row*width : (row+1)*width]
	}
	return b
}

type bitScorer struct {
	rows      *bitRows
	q         []uint64
	distances []uint32
	err       error
}

func (s *bitScorer) room(n int) []uint32 {
	if cap(s.distances) < n {
		s.distances = make([]uint32, max(n, 64))
	}
	return s.distances[:n]
}

// scores turns numbers of differing bits into scores.
func (s *bitScorer) scores(dst []float32, distances []uint32) {
	dim := s.rows.Dim()
	for i, d := range distances {
		dst[i] = bitScore(d, dim)
	}
}

// bitScore is the score of a row of which d of dim bits differ.
func bitScore(d uint32, dim int) float32 { return (float32(dim) - 2*float32(d)) / float32(dim) }

func (s *bitScorer) Gather(dst []float32, rows []uint32) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.checkRows(rows); err != nil {
		return err
	}
	distances := s.room(len(rows))
	kernel.GatherHamming(distances, s.q, s.rows.words, rows)
	s.scores(dst, distances)
	return nil
}

func (s *bitScorer) Scan(dst []float32, first int) error {
	if s.err != nil {
		return s.err
	}
	if err := s.rows.check(first, len(dst)); err != nil {
		return err
	}
	distances := s.room(len(dst))
	kernel.HammingRows(distances, s.q, s.rows.words[first*len(s.q):])
	s.scores(dst, distances)
	return nil
}
