// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

const absent = "qqqqqqqqqq" // a term that no passage has

// words has a lexical index of as many segments as it was built with threads.
type words struct {
	analyzer *analysis.Analyzer
	raw      bool // texts, not terms: analysing a query is a part of the task
	params   lexical.Params
	files    []*segment.File
	parts    []lexical.Part
	folder   string
	texts    []string
	queries  []analysis.Query
	from     string // file of the queries
}

func (w *words) do(ctx context.Context, r request) (answer, error) {
	switch r.Task {
	case "index":
		return w.build(ctx, r)
	case "search":
		return w.search(ctx, r)
	}
	return answer{}, errors.New("no such task")
}

// build indexes lines, with a segment for each thread, written and synced to a file each. The seconds are of all that but
// reading the lines.
func (w *words) build(ctx context.Context, r request) (a answer, err error) {
	if err := w.close(); err != nil {
		return a, err
	}
	options := analysis.Options{}
	w.params = lexical.DefaultParams()
	w.params.K1, w.params.B = 1.2, 0.75 // fixed in tantivy
	if w.raw = r.Variant == "english"; w.raw {
		options = analysis.Default()
	} else if w.params.Variant, err = lexical.ParseVariant(r.Variant); err != nil {
		return a, err
	}
	if w.analyzer, err = analysis.New(options); err != nil {
		return a, err
	}
	lines, err := readLines(r.Data, r.Rows)
	if err != nil {
		return a, err
	}
	if w.folder, err = os.MkdirTemp(r.Folder, "winnow-"); err != nil {
		return a, fmt.Errorf("a folder for the index: %w", err)
	}
	start := time.Now()
	errs := make([]error, r.Threads)
	path := func(i int) string { return filepath.Join(w.folder, fmt.Sprintf("%d.seg", i)) }
	var group sync.WaitGroup
	for i := range r.Threads {
		group.Go(func() { errs[i] = w.segment(path(i), lines[i*len(lines)/r.Threads:(i+1)*len(lines)/r.Threads]) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return a, err
	}
	a = answer{Seconds: since(start), Segments: r.Threads}
	for i := range r.Threads {
		f, err := segment.Open(vfs.OS, path(i))
		if err != nil {
			return a, err
		}
		w.files = append(w.files, f)
		x, err := lexical.Open(f)
		if err != nil {
			return a, err
		}
		w.parts = append(w.parts, lexical.Part{Index: x})
		a.Bytes += f.Size()
	}
	return a, ctx.Err()
}

func (w *words) segment(path string, lines []string) error {
	b := lexical.NewBuilder(w.analyzer)
	for _, line := range lines {
		b.Add("", line)
	}
	out, err := segment.Create(vfs.OS, path)
	if err != nil {
		return err
	}
	if err := b.Write(out); err != nil {
		return errors.Join(err, out.Abort())
	}
	_, err = out.Finish()
	return err
}

func (w *words) search(ctx context.Context, r request) (a answer, err error) {
	if w.from != r.Queries {
		if w.texts, err = queries(r.Queries); err != nil {
			return a, err
		}
		w.queries = make([]analysis.Query, len(w.texts))
		for i, text := range w.texts {
			if w.queries[i], err = analysis.ParseQuery(text, w.analyzer); err != nil {
				return a, err
			}
		}
		w.from = r.Queries
	}
	n := len(w.texts)
	if r.Limit > 0 {
		n = min(n, r.Limit)
	}
	if r.Save != "" {
		return w.found(ctx, n, r)
	}
	return measure(n, r.Threads, r.Seconds, false, func(i int) error {
		q := w.queries[i]
		if w.raw {
			var err error
			if q, err = analysis.ParseQuery(w.texts[i], w.analyzer); err != nil {
				return err
			}
		}
		_, _, err := lexical.Search(ctx, w.parts, q, w.params, r.K)
		return err
	})
}

func queries(path string) ([]string, error) {
	if path == "absent" {
		return []string{absent}, nil
	}
	return readLines(path, 0)
}

// found writes k rows (int64, -1 where there are fewer) and scores (float32, 0) of each query.
func (w *words) found(ctx context.Context, n int, r request) (answer, error) {
	rows, scores := make([]int64, n*r.K), make([]float32, n*r.K)
	for i := range rows {
		rows[i] = -1
	}
	for i := range n {
		hits, _, err := lexical.Search(ctx, w.parts, w.queries[i], w.params, r.K)
		if err != nil {
			return answer{}, err
		}
		for j, h := range hits {
			row := h.Row
			for _, p := range w.parts[:h.Part] {
				row += p.Index.Rows()
			}
			rows[i*r.K+j], scores[i*r.K+j] = int64(row), h.Score
		}
	}
	return answer{Queries: n}, errors.Join(save(r.Save+".rows", rows), save(r.Save+".scores", scores))
}

// close drops the last index and its files.
func (w *words) close() error {
	var errs []error
	for _, f := range w.files {
		errs = append(errs, f.Close())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	*w = words{}
	return errors.Join(errs...)
}
