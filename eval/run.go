// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/internal/unpack"
)

// DefaultTag is the last column of a run that has no tag.
const DefaultTag = "winnow"

// Run is what a system found for a set of queries.
type Run struct {
	Tag   string              // what trec_eval calls the run id
	Lists map[string][]Scored // by query id; each in TREC order (see Order), scores rounded to float32
}

// Queries returns the ids of the queries, sorted.
func (r *Run) Queries() []string { return slices.Sorted(maps.Keys(r.Lists)) }

// Add puts a query's list into the run: scores are rounded to float32, and the list is put in TREC order, whatever order it
// comes in. The argument is not changed. A query that is there already, an id given twice and a score that is not finite as
// float32 are errors.
func (r *Run) Add(query string, list []Scored) error {
	if _, ok := r.Lists[query]; ok {
		return fmt.Errorf("run: query %q was already added", query)
	}
	ordered, err := Order(list)
	if err != nil {
		return fmt.Errorf("run: query %q: %w", query, err)
	}
	for i := range ordered {
		if err := finite(ordered[i]); err != nil {
			return fmt.Errorf("run: query %q: %w", query, err)
		}
		ordered[i].Score = float64(float32(ordered[i].Score))
	}
	if r.Lists == nil {
		r.Lists = map[string][]Scored{}
	}
	r.Lists[query] = ordered
	return nil
}

// finite refuses a score that is infinite, or would be as float32: a file could not say which of several is higher.
func finite(s Scored) error {
	if math.IsInf(float64(float32(s.Score)), 0) {
		return fmt.Errorf("document %q: score %v is not a finite number of 32 bits", s.ID, s.Score)
	}
	return nil
}

// LoadRun is [ReadRun] of a file.
func LoadRun(path string) (*Run, error) {
	f, err := unpack.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadRun(f, path)
}

// ReadRun reads a run in the format of TREC: six columns separated by spaces or tabs, which are query, a column that is not
// read, document, rank, score and tag. As in trec_eval the order is that of the scores, not of the ranks; scores are rounded
// to float32, ties are in the order of ids from high to low. Of different tags the first is kept. The input may be compressed
// with gzip. name is what errors call it.
//
// Errors name the line: a wrong number of columns, a rank or score that is no number, a score that is not finite as float32, a
// document that comes twice for a query, a line of more than 64 KiB. A run without lines is an error that wraps document.ErrEmpty.
func ReadRun(r io.Reader, name string) (*Run, error) {
	return readRun(r, name, nil, nil)
}

// readRun refuses ids that are not among queries and docs, where these are given.
func readRun(r io.Reader, name string, queries, docs map[string]bool) (*Run, error) {
	run := &Run{Lists: map[string][]Scored{}}
	type reading struct {
		query string // one string for all lines
		list  []Scored
		lines []int
	}
	all := map[string]*reading{}
	var last *reading
	var c [6]string
	err := eachLine(r, name, func(number int, line string) error {
		if n := columns(line, c[:]); n != len(c) {
			return fmt.Errorf("want 6 columns (query Q0 document rank score tag), got %d", n)
		}
		score, err := runScore(c[3], c[4])
		switch {
		case err != nil:
			return err
		case queries != nil && !queries[c[0]]:
			return fmt.Errorf("query %q is not in the collection", c[0])
		case docs != nil && !docs[c[2]]:
			return fmt.Errorf("document %q is not in the collection", c[2])
		}
		if last == nil || last.query != c[0] {
			if last = all[c[0]]; last == nil {
				last = &reading{query: c[0]}
				all[c[0]] = last
			}
		}
		if run.Tag == "" {
			run.Tag = c[5]
		}
		last.list = append(last.list, Scored{c[2], score})
		last.lines = append(last.lines, number)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the run has no lines: %w", name, document.ErrEmpty)
	}
	var twice *document.LineError // the first of the file
	seen := map[string]int{}
	for query, q := range all {
		clear(seen)
		for i, s := range q.list {
			if first, ok := seen[s.ID]; ok && (twice == nil || q.lines[i] < twice.Number) {
				err := fmt.Errorf("query %q has document %q on line %d already", query, s.ID, first)
				twice = &document.LineError{Name: name, Number: q.lines[i], Err: err}
			}
			seen[s.ID] = q.lines[i]
		}
		slices.SortFunc(q.list, compareTREC)
		run.Lists[query] = q.list
	}
	if twice != nil {
		return nil, twice
	}
	return run, nil
}

// runScore reads the columns rank and score. The rank is not used, but one that is no number tells of swapped columns.
func runScore(rank, score string) (float64, error) {
	if _, err := strconv.ParseFloat(rank, 64); err != nil {
		return 0, fmt.Errorf("rank %q is not a number", rank)
	}
	// Through float64, as trec_eval does.
	s, err := strconv.ParseFloat(score, 64)
	switch rounded := float64(float32(s)); {
	case err != nil && s == 0:
		return 0, fmt.Errorf("score %q is not a number", score)
	case s != s:
		return 0, fmt.Errorf("score %q has no place in an order", score)
	case math.IsInf(rounded, 0):
		return 0, fmt.Errorf("score %q is not finite: scores are compared as numbers of 32 bits, up to %.1e", score, math.MaxFloat32)
	default:
		return rounded, nil
	}
}

// scoreText is the shortest text of a float32. Reading goes through float64, and rounding twice can end one step off: then the
// text has the digits of float64.
func scoreText(score float64) string {
	rounded := float64(float32(score))
	text := strconv.FormatFloat(rounded, 'g', -1, 32)
	if back, err := strconv.ParseFloat(text, 64); err == nil && float64(float32(back)) != rounded {
		return strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return text
}

// Write writes the run in the format of TREC, queries sorted by id, ranks from 1, and scores with the shortest text that reads
// back as the same float32. The same run gives the same bytes. Ids with white space, which the format cannot hold, scores that are
// not finite as float32 and documents given twice are errors. The error of w is returned.
func (r *Run) Write(w io.Writer) error {
	tag := r.Tag
	if tag == "" {
		tag = DefaultTag
	}
	if err := column("the tag", tag); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	out := bufio.NewWriter(w)
	var line []byte
	for _, query := range r.Queries() {
		if err := column("query", query); err != nil {
			return fmt.Errorf("write run: %w", err)
		}
		list, err := Order(r.Lists[query])
		if err != nil {
			return fmt.Errorf("write run: query %q: %w", query, err)
		}
		for i, s := range list {
			if err := cmp.Or(column("document", s.ID), finite(s)); err != nil {
				return fmt.Errorf("write run: query %q: %w", query, err)
			}
			line = append(append(append(line[:0], query...), " Q0 "...), s.ID...)
			line = strconv.AppendInt(append(line, ' '), int64(i+1), 10)
			line = append(append(line, ' '), scoreText(s.Score)...)
			line = append(append(append(line, ' '), tag...), '\n')
			if _, err := out.Write(line); err != nil {
				return fmt.Errorf("write run: %w", err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}
