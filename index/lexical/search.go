// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"context"
	"fmt"
	"sync"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/internal/bitset"
)

// Part is one segment of a search.
type Part struct {
	Index   *Index
	Allowed *bitset.Set // rows that may be hits; nil: all
}

// Hit is a row that matches.
type Hit struct {
	Part  int // its place among the parts
	Row   int
	Score float32
}

// Stats say how much work a search was.
type Stats struct {
	Rows   int // rows of all parts
	Scored int // postings whose contribution was computed
	Blocks int // blocks of postings decoded
}

// Search returns the k best rows of the parts, best first; equal scores are in the order of (part, row). A hit has every Must
// clause, no MustNot clause and, if there is no Must clause, at least one Should clause. A query without Must and Should
// clauses gives nothing.
//
// The result is that of scoring every row, to the last bit: contributions are summed in float32, in one order that
// depends only on the query and the statistics. These are summed over the parts and count all rows, allowed or not.
//
// A phrase is a term whose frequency is the number of its occurrences and whose idf is the sum of those of its terms.
//
// Errors: unusable parameters, ctx's error, *segment.CorruptionError.
func Search(ctx context.Context, parts []Part, q analysis.Query, p Params, k int) ([]Hit, Stats, error) {
	return run(ctx, parts, q, p, k, anyWay)
}

// way restricts how a search is done, for tests.
type way uint8

const (
	anyWay     way = iota
	byWindows      // never by kept lists
	exhaustive     // by windows, scoring every row that matches
)

// run is Search in a certain way.
func run(ctx context.Context, parts []Part, q analysis.Query, p Params, k int, how way) ([]Hit, Stats, error) {
	if p == (Params{}) {
		p = DefaultParams()
	}
	if err := p.Validate(); err != nil {
		return nil, Stats{}, err
	}
	s, _ := searches.Get().(*search)
	hits, stats, err := s.run(ctx, parts, q, p, k, how)
	if err == nil {
		s.release()
		searches.Put(s) // after an error it may hold sums of a window
	}
	return hits, stats, err
}

// run searches with the memory of s.
func (s *search) run(ctx context.Context, parts []Part, q analysis.Query, p Params, k int, how way) ([]Hit, Stats, error) {
	pl := &s.own
	if err := pl.fill(parts, q, p); err != nil {
		return nil, Stats{}, err
	}
	stats := Stats{Rows: int(pl.rows)}
	if pl.none || k <= 0 {
		return nil, stats, ctx.Err()
	}
	s.ctx, s.plan, s.way, s.scored, s.decoded = ctx, pl, how, 0, 0
	s.top.reset(min(k, int(pl.rows)))
	s.slack = 1 / (1 + float64(pl.scored+8)/(1<<23))
	bases := make([]uint32, len(parts))
	for i, part := range parts {
		if i+1 < len(parts) {
			bases[i+1] = bases[i] + uint32(part.Index.rows)
		}
		if err := s.part(i, part, p, bases[i]); err != nil {
			return nil, stats, fmt.Errorf("search: part %d: %w", i, err)
		}
	}
	stats.Scored, stats.Blocks = s.scored, s.decoded
	return s.top.hits(bases), stats, nil
}

// release forgets what the caller passed, and lists of indexes. Memory is kept.
func (s *search) release() {
	s.plan, s.ctx, s.allowed, s.scorer.x, s.scorer.lengths, s.lengths = nil, nil, nil, nil, nil, nil
	s.own.release()
	clear(s.heavy[:cap(s.heavy)])
	clear(s.banned[:cap(s.banned)])
}

var searches = sync.Pool{New: func() any { return new(search) }}

// cursor is a clause in one part.
type cursor struct {
	list
	weight float32
	must   bool
	here   bool   // it may have postings in the present window
	coded  *coded // the postings as codes, if the index keeps them
	most   *most  // of them, if known

	short       bool // the list is decoded and scored as a whole
	shortRows   []uint32
	shortValues []float32
}

// search is the working memory of one search. See windows.go for how rows are found.
type search struct {
	ctx     context.Context
	plan    *plan
	own     plan // its memory
	way     way
	top     top
	slack   float64 // a sum of contributions times this is below any rounding of it
	scorer  scorer
	ranker  ranker
	scored  int
	decoded int

	// Of the present part.
	base         uint32 // ordinal of its first row
	rows         uint32
	allowed      []uint64
	fewRows      bool
	unrestricted bool      // every row with a posting may be a hit, and none has to be scored: promise needs this
	cursors      []*cursor // scored clauses that occur in it, in the order of summation
	not          []*cursor
	free         []*cursor
	musts        int
	rest         []float64 // rest[i]: limit of what cursors i and following add to a row of the present window
	limits       []float32 // by cursor and window of the span: limit of what it adds to a row, 0 if it has none
	totals       [span]float64
	threshold    float32
	cut          float64 // threshold in terms of sums: a row whose sum cannot pass it is no hit

	// Of the present window.
	sums       [window]float32     // all 0 between windows
	marks      [window / 64]uint64 // a bit for each row; all 0 between windows
	words      [window / 64]uint8  // memory for marked
	marked     []uint8             // which words of the marks are not 0, in order
	out        [blockRows]float32
	places     [window]uint16 // of rows that may become candidates, in order
	noted      int            // places
	added      int            // postings whose rows' sums may not be 0, at least
	lengths    *windowLengths
	candidates []candidate

	lastLengths windowLengths // of a window that is not full

	// Of dense.
	heavy  []heavy
	banned []*shares
}

// candidate is a row with the sum of the contributions so far.
type candidate struct {
	row uint32
	sum float32
}

// part searches one part.
func (s *search) part(i int, part Part, p Params, base uint32) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	x := part.Index
	if x.rows == 0 {
		return nil
	}
	if err := x.verifyRows(); err != nil {
		return err
	}
	s.base, s.rows, s.allowed, s.fewRows = base, uint32(x.rows), nil, false
	s.unrestricted = part.Allowed == nil && s.plan.musts == 0 && s.plan.scored == len(s.plan.clauses) && s.way != exhaustive
	if part.Allowed != nil {
		s.allowed = part.Allowed.Words()
		s.fewRows = part.Allowed.Count() < x.rows/fewAllowed
	}
	s.scorer.begin(x, p, s.plan.average)
	if done, err := s.dense(i, x); done || err != nil {
		return err
	}
	s.free = append(append(s.free, s.cursors...), s.not...)
	s.cursors, s.not, s.musts = s.cursors[:0], s.not[:0], s.plan.musts
	for j := range s.plan.clauses {
		c := &s.plan.clauses[j]
		cur := s.cursor()
		some, err := s.openClause(cur, x, c, c.in(i))
		switch {
		case err != nil:
			s.free = append(s.free, cur)
			return err
		case !some:
			s.free = append(s.free, cur)
			if c.occur == analysis.Must {
				return nil
			}
		case c.occur == analysis.MustNot:
			s.not = append(s.not, cur)
		default:
			s.cursors = append(s.cursors, cur)
		}
	}
	if len(s.cursors) == 0 {
		return nil
	}
	if err := s.windows(); err != nil {
		return err
	}
	for _, c := range s.cursors {
		c.coded, c.most = nil, nil
	}
	return nil
}

func (s *search) cursor() *cursor {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return new(cursor)
}

// openClause points a cursor to the postings of a clause. It returns false if the part has none.
func (s *search) openClause(c *cursor, x *Index, cl *clause, entries []entry) (bool, error) {
	for _, e := range entries {
		if e.df == 0 {
			return false, nil
		}
	}
	c.weight, c.must, c.coded, c.short = cl.weight, cl.occur == analysis.Must, nil, false
	if len(entries) > 1 {
		section, n, df, err := s.phrase(x, cl.terms, entries)
		if err != nil || df == 0 {
			return false, err
		}
		if err := c.open(section, 0, n, df, s.rows); err != nil {
			return false, err
		}
	} else if err := c.openEntry(x, entries[0]); err != nil {
		return false, err
	}
	if cl.occur == analysis.MustNot {
		return true, nil
	}
	var err error
	if len(entries) == 1 {
		if c.coded, err = s.coded(entries[0]); err != nil {
			return false, err
		}
	}
	if c.df <= shortList {
		return true, s.score(c)
	}
	c.greatest, err = s.scorer.greatest(&c.list, c.weight)
	c.greatest = max(c.greatest, leastLimit)
	return true, err
}

func (l *list) openEntry(x *Index, e entry) error {
	return l.open(x.postings, int(e.postings), int(e.postingsLen), int(e.df), uint32(x.rows))
}
