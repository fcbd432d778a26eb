// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
)

// commitRows is how many passages a commit adds to an index directory.
const commitRows = 50_000

// directory is an index directory, as `winnow index` makes it, of passages with given vectors.
type directory struct {
	db       *index.DB
	snapshot *index.Snapshot
}

func (d *directory) do(ctx context.Context, r request) (answer, error) {
	switch r.Task {
	case "build":
		return d.build(ctx, r)
	case "first":
		return d.first(ctx, r)
	case "search":
		return d.search(ctx, r)
	case "idle":
		return answer{}, d.idle()
	}
	return answer{}, errors.New("no such task")
}

// build indexes the first rows of a matrix together with lines of text (r.File), merges all into one segment and closes.
func (d *directory) build(ctx context.Context, r request) (a answer, err error) {
	rows, err := readMatrix(r.Data, r.Rows)
	if err != nil {
		return a, err
	}
	lines, err := readLines(r.File, r.Rows)
	if err != nil {
		return a, err
	}
	if len(lines) != rows.Len() {
		return a, fmt.Errorf("%d texts and %d vectors: they must be as many", len(lines), rows.Len())
	}
	start := time.Now()
	settings := index.Settings{Model: "synthetic", Fingerprint: "synthetic", Dim: rows.dim, Metric: vector.Cosine, Vectors: r.Variant, Analyzer: analysis.Default()}
	db, err := index.Create(r.Folder, settings, index.Options{Threads: r.Threads})
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for from := 0; from < len(lines); from += commitRows {
		var c index.Change
		for i := from; i < min(from+commitRows, len(lines)); i++ {
			c.Add = append(c.Add, entry(i, lines[i], rows.Row(i)))
		}
		if _, err := db.Apply(ctx, c); err != nil {
			return a, err
		}
	}
	if err := db.Merge(ctx, index.MergeOptions{All: true}); err != nil {
		return a, err
	}
	a.Seconds = since(start)
	return a, nil
}

// entry is a document of one passage.
func entry(i int, text string, row []float32) index.Entry {
	return index.Entry{
		Document: document.Document{ID: strconv.Itoa(i), Text: text, Format: document.Plain},
		Chunks:   []document.Chunk{{Text: text, End: len(text), StartLine: 1, EndLine: 1}},
		Vectors:  row,
	}
}

// first opens the directory and answers one query. It must be the first task of its process.
func (d *directory) first(ctx context.Context, r request) (a answer, err error) {
	queries, err := readMatrix(r.Queries, 1)
	if err != nil {
		return a, err
	}
	start := time.Now()
	if d.db, err = index.Open(r.Folder, index.Options{Threads: r.Threads}); err != nil {
		return a, err
	}
	if d.snapshot, err = d.db.Snapshot(); err != nil {
		return a, err
	}
	a.Opened = since(start)
	if err := d.dense(ctx, queries.Row(0), r.K); err != nil {
		return a, err
	}
	a.Seconds = since(start)
	if err := d.idle(); err != nil {
		return a, err
	}
	return a, filepath.WalkDir(r.Folder, func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			info, failed := e.Info()
			if failed != nil {
				return fmt.Errorf("size of the index: %w", failed)
			}
			a.Bytes += info.Size()
		}
		return err
	})
}

// idle gives back what garbage took, as happens by and by in an idle process, and the pages of the index, as a server does.
func (d *directory) idle() error {
	if err := d.db.Idle(); err != nil {
		return err
	}
	debug.FreeOSMemory()
	return nil
}

// close releases the snapshot and the directory.
func (d *directory) close() error {
	var errs []error
	if d.snapshot != nil {
		errs = append(errs, d.snapshot.Release())
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	return errors.Join(errs...)
}

func (d *directory) dense(ctx context.Context, q []float32, k int) error {
	hits, _, err := d.snapshot.Dense(ctx, q, k, index.DenseParams{})
	if err == nil && len(hits) == 0 {
		err = errors.New("the search found nothing")
	}
	return err
}

// search measures queries, vectors or (with the way "lexical") lines of text, one at a time.
func (d *directory) search(ctx context.Context, r request) (answer, error) {
	if r.Way != "lexical" {
		queries, err := readMatrix(r.Queries, r.Limit)
		if err != nil {
			return answer{}, err
		}
		return measure(queries.Len(), r.Threads, r.Seconds, false, func(i int) error { return d.dense(ctx, queries.Row(i), r.K) })
	}
	texts, err := readLines(r.Queries, r.Limit)
	if err != nil {
		return answer{}, err
	}
	params := index.LexicalParams{Params: lexical.DefaultParams()}
	return measure(len(texts), r.Threads, r.Seconds, false, func(i int) error {
		q, err := analysis.ParseQuery(texts[i], d.db.Analyzer())
		if err != nil {
			return err
		}
		_, _, err = d.snapshot.Lexical(ctx, q, r.K, params)
		return err
	})
}
