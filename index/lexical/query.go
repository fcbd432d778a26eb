// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/index/lexical/analysis"
)

// maxClauses bounds the different clauses of a query that occur in the index, and so the memory of a search.
const maxClauses = 1 << 14

// clause is a term or phrase of a query with what it weighs over all parts.
type clause struct {
	terms   []analysis.PhraseTerm
	occur   analysis.Occur
	count   int     // how often the query has it
	entries []entry // by part, then by term: see in
	df      uint64  // rows of all parts; of a phrase: of its rarest term
	idf     float64 // of a phrase: the sum over its terms
	weight  float32
	base    float64 // what every row of the query gets for it
}

// plan is a query over certain parts.
type plan struct {
	clauses []clause // must before should before must not, heavy before light; the order of summation
	musts   int
	scored  int // musts and shoulds
	base    float32
	rows    uint64
	average float64
	none    bool // nothing can match

	// Memory for fill.
	entries []entry
	found   []clause // in the order of the query
	order   []uint64 // their ranks and places
}

// What memory is kept for from a search to the next.
const (
	keptClauses = 256
	keptEntries = 4096
)

// newPlan is fill with memory of its own.
func newPlan(parts []Part, q analysis.Query, p Params) (*plan, error) {
	pl := new(plan)
	err := pl.fill(parts, q, p)
	return pl, err
}

// release forgets the query, whose strings are the caller's. Memory is kept.
func (pl *plan) release() {
	if len(pl.found) > keptClauses || len(pl.entries) > keptEntries {
		*pl = plan{}
		return
	}
	clear(pl.entries)
	clear(pl.found)
	clear(pl.clauses)
	*pl = plan{clauses: pl.clauses[:0], entries: pl.entries[:0], found: pl.found[:0], order: pl.order[:0]}
}

// fill looks up the query's terms. Rows and lengths of all rows of the parts count, deleted and disallowed ones included: scores
// do not depend on a filter, and change by deletions only when a merge forgets the rows. Lucene does the same.
func (pl *plan) fill(parts []Part, q analysis.Query, p Params) error {
	tokens := 0.0
	for i, part := range parts {
		x := part.Index
		if part.Allowed != nil && part.Allowed.Len() != x.rows {
			return fmt.Errorf("search: the allowed rows of part %d are of %d, but the part has %d rows", i, part.Allowed.Len(), x.rows)
		}
		pl.rows += uint64(x.rows)
		tokens += float64(p.TitleWeight*float64(x.inTitle)) + float64(x.tokens-x.inTitle)
	}
	if pl.rows > math.MaxUint32 {
		return fmt.Errorf("search: %d rows in all parts: the limit is %d", pl.rows, uint32(math.MaxUint32))
	}
	if pl.rows == 0 {
		pl.none = true
		return nil
	}
	pl.average = tokens / float64(pl.rows)
	terms := 0
	for _, c := range q.Clauses {
		terms += len(c.Terms)
	}
	pl.found = slices.Grow(pl.found, min(len(q.Clauses), maxClauses))
	pl.entries = append(pl.entries, make([]entry, terms*len(parts))...)
	entries := pl.entries
	var known map[string]int // of long queries
	if len(q.Clauses) > fewClauses {
		known = map[string]int{}
	}
	for _, c := range q.Clauses {
		if len(c.Terms) == 0 {
			continue
		}
		key, i := "", 0
		if known != nil {
			key = clauseKey(c)
			i = known[key]
		} else {
			i = pl.same(c)
		}
		if i > 0 {
			i--
			pl.found[i].count++
			if c.Occur == analysis.Must {
				pl.found[i].occur = analysis.Must
			}
			continue
		}
		n := len(c.Terms) * len(parts)
		pl.found = append(pl.found, clause{terms: c.Terms, occur: c.Occur, count: 1, entries: entries[:n:n]})
		entries = entries[n:]
		last := len(pl.found) - 1
		if err := pl.found[last].lookup(parts); err != nil {
			return err
		}
		if pl.found[last].df == 0 {
			pl.found[last] = clause{}
			pl.found = pl.found[:last]
			if c.Occur == analysis.Must {
				pl.none = true
				return nil
			}
			continue
		}
		if last == maxClauses {
			return fmt.Errorf("search: the query has more than %d different terms: shorten it", maxClauses)
		}
		if known != nil {
			known[key] = last + 1
		}
	}
	pl.weigh(parts, p)
	return nil
}

// fewClauses is how many clauses are compared with each other; more of them are kept by key.
const fewClauses = 32

// same returns the place of a clause that asks for the same, counted from 1, or 0.
func (pl *plan) same(c analysis.Clause) int {
	for i := range pl.found {
		d := &pl.found[i]
		if (c.Occur == analysis.MustNot) == (d.occur == analysis.MustNot) &&
			slices.EqualFunc(c.Terms, d.terms, func(a, b analysis.PhraseTerm) bool {
				return a.Term == b.Term && a.Offset-c.Terms[0].Offset == b.Offset-d.terms[0].Offset
			}) {
			return i + 1
		}
	}
	return 0
}

// clauseKey is equal for clauses that are asked for twice: then they count twice. What must not be there is kept apart.
func clauseKey(c analysis.Clause) string {
	var b strings.Builder
	b.WriteByte('+')
	if c.Occur == analysis.MustNot {
		b.Reset()
		b.WriteByte('-')
	}
	for _, t := range c.Terms {
		b.WriteString(strconv.Itoa(t.Offset - c.Terms[0].Offset))
		b.WriteByte(0)
		b.WriteString(t.Term)
		b.WriteByte(0)
	}
	return b.String()
}

// lookup finds the clause's terms in all parts. df stays 0 if a term is in none.
func (c *clause) lookup(parts []Part) error {
	for j, t := range c.terms {
		for i, part := range parts {
			var err error
			if c.in(i)[j], err = part.Index.find(t.Term); err != nil {
				return fmt.Errorf("search: part %d: %w", i, err)
			}
		}
		if df := c.termDF(j, len(parts)); j == 0 || df < c.df {
			c.df = df
		}
	}
	return nil
}

// in returns what the dictionary of a part says of the terms.
func (c *clause) in(part int) []entry { return c.entries[part*len(c.terms):][:len(c.terms)] }

// termDF is the number of rows of all parts that have a term.
func (c *clause) termDF(term, parts int) (df uint64) {
	for i := range parts {
		df += uint64(c.in(i)[term].df)
	}
	return df
}

// weigh computes weights and order. Clauses of the same weight are in the order of the query.
func (pl *plan) weigh(parts []Part, p Params) {
	_, factor, base := p.shape()
	total := 0.0
	pl.order, pl.clauses = slices.Grow(pl.order, len(pl.found)), slices.Grow(pl.clauses, len(pl.found))
	for i := range pl.found {
		c := &pl.found[i]
		for j := range c.terms {
			c.idf += p.idf(float64(pl.rows), float64(c.termDF(j, len(parts))))
		}
		rank := uint64(2)
		if c.occur != analysis.MustNot {
			c.weight = float32(float64(c.count)*c.idf*factor) + 0 // no -0, whose bits are in another order
			c.base = float64(c.count) * c.idf * base
			total += c.base
			pl.scored++
			rank = 1
		}
		if c.occur == analysis.Must {
			pl.musts++
			rank = 0
		}
		lightness := uint64(^math.Float32bits(c.weight)) // no weight is negative, so their bits are in their order
		pl.order = append(pl.order, rank<<48|lightness<<16|uint64(i))
	}
	pl.base = float32(total)
	pl.none = pl.scored == 0
	slices.Sort(pl.order)
	for _, key := range pl.order {
		pl.clauses = append(pl.clauses, pl.found[key&(1<<16-1)])
	}
}
