// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

// Source gives the vectors that an index is made of, at the finest precision there is. They are normalised under [Cosine].
type Source interface {
	Len() int
	// Row returns vector i, which must not be changed. It is safe for concurrent use, and it panics if i is out of range.
	// Rows of a source that decodes (float16, mapped files) may be new slices: do not call it where speed matters.
	Row(i int) []float32
}

// Storage holds n vectors of one dimension in one encoding. It is safe for concurrent use.
type Storage interface {
	Len() int
	Dim() int
	// Query prepares q, a vector of Dim finite floats, normalised under [Cosine], to be compared with rows.
	Query(q []float32) Scorer
	// RowQuery prepares a stored row as the query: what graphs are built with. In lossy encodings it compares codes with
	// codes, so its scores may differ a little from those of a Query with the vector the row was made from.
	RowQuery(row int) Scorer
	// RowQueryInto is RowQuery that reuses s, which RowQuery or RowQueryInto of the same Storage returned before and which
	// is lost; nil makes a new one.
	RowQueryInto(row int, s Scorer) Scorer
}

// Scorer gives the scores of rows for one query: higher is nearer. A row's score does not depend on which other rows are
// asked for in the same call. A Scorer belongs to one goroutine at a time.
//
// Errors are about the bytes that the rows lie in (checksums): *segment.CorruptionError. A row out of range is an error
// too. Scores may be NaN or infinite if rows hold such values; hits are then in the order that [Hit] documents.
type Scorer interface {
	// Gather sets dst[i] to the score of rows[i]. len(dst) is at least len(rows).
	Gather(dst []float32, rows []uint32) error
	// Scan sets dst[i] to the score of row first+i.
	Scan(dst []float32, first int) error
}
