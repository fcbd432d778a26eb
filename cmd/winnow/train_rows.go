// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"github.com/winnow-search/winnow/train"
	"github.com/winnow-search/winnow/train/dataset"
)

// trainRows are the rows of a run's data: those to train on, and those held out to measure on.
type trainRows struct {
	all  func() iter.Seq2[dataset.Row, error]
	seed int
	part float64 // of the queries, from 0 to 0.5, whose rows are held out
	held []dataset.Row
	left int // rows to train on, or 0 if they have not been counted
}

// share of all rows that a row's query lies at, from 0 to 1: rows of one query are held out together.
func share(anchor string, seed int) float64 {
	h := sha256.Sum256(fmt.Appendf(nil, "%d %s", seed, anchor))
	return float64(binary.BigEndian.Uint64(h[:])>>11) / (1 << 53)
}

// splitRows reads the data once if rows are to be held out, and not at all otherwise. read is told how many rows have been read.
func (f *trainFlags) splitRows(ctx context.Context, paths []string, read func(rows int)) (*trainRows, error) {
	r := &trainRows{all: func() iter.Seq2[dataset.Row, error] { return dataset.Rows(paths, dataset.Options{Split: f.split}) }, seed: f.seed}
	if f.holdOut == 0 {
		return r, nil
	}
	n, most := 0, 0
	outside := func(row dataset.Row) bool { return share(row.Anchor, f.seed) >= r.part }
	for row, err := range r.all() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		n++
		// The part only falls as rows are counted: what lies outside of it now is not held out in the end.
		r.part = float64(f.holdOut) / float64(n)
		if !outside(row) {
			r.held = append(r.held, row)
		}
		if len(r.held) > most {
			r.held = slices.DeleteFunc(r.held, outside)
			most = 2*len(r.held) + 1000
		}
		read(n)
	}
	if r.part > 0.5 {
		return nil, fmt.Errorf("--hold-out is %d of %d rows: leave at least half of them to train on", f.holdOut, n)
	}
	r.held = slices.DeleteFunc(r.held, outside)
	r.left = n - len(r.held)
	if n > 0 && (len(r.held) == 0 || r.left == 0) {
		return nil, fmt.Errorf("--hold-out %d: rows are held out by chance, all of a query together, and this time it came to %d of %d: take another number, or another --seed", f.holdOut, len(r.held), n)
	}
	return r, nil
}

// rows are those to train on, for [train.Plan].
func (r *trainRows) rows() iter.Seq2[dataset.Row, error] {
	if r.part == 0 {
		return r.all()
	}
	return func(yield func(dataset.Row, error) bool) {
		for row, err := range r.all() {
			if (err != nil || share(row.Anchor, r.seed) >= r.part) && !yield(row, err) {
				return
			}
		}
	}
}

// sources are the data as the model card names them; trained counts the rows of each path that were trained on.
func (r *trainRows) sources(paths []string, trained map[string]int, l *licences) (list []train.Data) {
	held := map[string]int{}
	for _, row := range r.held {
		held[row.Place.File]++
	}
	for i, path := range paths {
		if !slices.Contains(paths[:i], path) { // its rows were counted together
			list = append(list, train.Data{Name: filepath.Base(filepath.Clean(path)), Rows: trained[path] + held[path], Licence: l.of(path)})
		}
	}
	return list
}
