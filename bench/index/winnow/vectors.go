// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/vfs"
)

// vectors has one index over a segment file, as an index directory has it.
type vectors struct {
	index   *vector.Index
	file    *segment.File
	queries matrix
	from    string // file of the queries
}

func (v *vectors) do(ctx context.Context, r request) (answer, error) {
	switch r.Task {
	case "open":
		return v.open(ctx, r)
	case "search":
		return v.search(ctx, r)
	}
	return answer{}, errors.New("no such task")
}

// open builds the index into its file, unless that is there, and opens the file. The seconds are those of building and
// writing; reading the matrix is not in them.
func (v *vectors) open(ctx context.Context, r request) (a answer, err error) {
	_, err = os.Stat(r.File)
	if err == nil && r.Rebuild {
		err = errors.Join(os.Remove(r.File), os.ErrNotExist)
	}
	if errors.Is(err, os.ErrNotExist) {
		if a, err = build(ctx, r); err != nil {
			return a, err
		}
	} else if err != nil {
		return a, fmt.Errorf("opening the index: %w", err)
	}
	if v.file, err = segment.Open(vfs.OS, r.File); err != nil {
		return a, err
	}
	if v.index, err = vector.Open(v.file); err != nil {
		return a, err
	}
	a.Spec = v.index.Spec().String()
	a.Bytes, err = size(r.File)
	return a, err
}

// close ends the mapping of the index.
func (v *vectors) close() error {
	if v.file == nil {
		return nil
	}
	return v.file.Close()
}

func build(ctx context.Context, r request) (a answer, err error) {
	rows, err := readMatrix(r.Data, r.Rows)
	if err != nil {
		return a, err
	}
	spec, err := vector.ParseSpec(r.Variant)
	if err != nil {
		return a, err
	}
	start := time.Now()
	x, err := vector.Build(ctx, rows, rows.dim, vector.Cosine, spec, vector.BuildOptions{Threads: r.Threads, Seed: 1})
	if err != nil {
		return a, err
	}
	w, err := segment.Create(vfs.OS, r.File)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	if err := x.Write(w); err != nil {
		return a, err
	}
	if _, err := w.Finish(); err != nil {
		return a, err
	}
	return answer{Seconds: since(start)}, nil
}

func (v *vectors) search(ctx context.Context, r request) (a answer, err error) {
	if v.from != r.Queries {
		if v.queries, err = readMatrix(r.Queries, 0); err != nil {
			return a, err
		}
		v.from = r.Queries
	}
	queries := v.queries.first(r.Limit)
	// With "loop" each search has one thread, and as many searches run at once as there are threads.
	p := vector.Params{Ef: r.Ef, Oversample: r.Fine, Threads: 1}
	if r.Save != "" {
		return v.found(ctx, queries, r, p)
	}
	if r.Way == "batch" {
		p.Threads = r.Threads
		return measure(queries.Len(), r.Threads, r.Seconds, true, func(int) error {
			_, err := v.index.SearchBatch(ctx, queries.data, r.K, p)
			return err
		})
	}
	if r.Way == "team" {
		p.Threads = r.Threads
		r.Threads = 1
	}
	return measure(queries.Len(), r.Threads, r.Seconds, false, func(i int) error {
		_, _, err := v.index.Search(ctx, queries.Row(i), r.K, p)
		return err
	})
}

// found writes the rows found for each query, k int64 each, -1 where there are fewer.
func (v *vectors) found(ctx context.Context, queries matrix, r request, p vector.Params) (answer, error) {
	ids := make([]int64, 0, queries.Len()*r.K)
	for i := range queries.Len() {
		hits, _, err := v.index.Search(ctx, queries.Row(i), r.K, p)
		if err != nil {
			return answer{}, err
		}
		for j := range r.K {
			if j < len(hits) {
				ids = append(ids, int64(hits[j].Row))
			} else {
				ids = append(ids, -1)
			}
		}
	}
	return answer{Queries: queries.Len()}, save(r.Save, ids)
}
