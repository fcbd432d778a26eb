// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"bytes"
	"context"
	"fmt"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

// MergePart is a part of a merge.
type MergePart struct {
	Index *Index
	Keep  *bitset.Set // rows to keep; nil: all
}

// mergeCheck is how many terms are merged before a merge looks whether it is to stop.
const mergeCheck = 256

// gone stands for a row that is not kept.
const gone = 1<<32 - 1

// Merge writes the index of the kept rows of all parts, in order, as if a Builder had been given these rows: to the same bytes.
// Documents are not needed. Memory is 12 bytes a row and what Write needs.
//
// Errors are *segment.CorruptionError for what the parts hold, those of Write, and that of ctx if it ends.
func Merge(ctx context.Context, w segment.SectionWriter, parts []MergePart) error {
	m := merge{terms: make([]*dictionaryReader, len(parts)), rows: make([][]uint32, len(parts))}
	for i, p := range parts {
		if err := m.lengths(i, p); err != nil {
			return fmt.Errorf("merge lexical indexes: part %d: %w", i, err)
		}
	}
	out, err := newOutput(w, m.total, m.title)
	if err != nil {
		return err
	}
	m.out = out
	for i, p := range parts {
		m.terms[i] = p.Index.dictionaryReader()
		if err := m.advance(i); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		if n%mergeCheck == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("merge lexical indexes: %w", err)
			}
		}
		term := m.least()
		if term == nil {
			return out.close()
		}
		out.start()
		for i := range parts {
			if r := m.terms[i]; r != nil && bytes.Equal(r.term, term) {
				if err := m.copy(i, r.entry); err != nil {
					return fmt.Errorf("merge lexical indexes: part %d: %w", i, err)
				}
				if err := m.advance(i); err != nil {
					return err
				}
			}
		}
		if err := out.finish(term); err != nil {
			return err
		}
	}
}

type merge struct {
	out          *output
	terms        []*dictionaryReader // nil: at the end
	rows         [][]uint32          // by part: new number of each row, or gone
	total, title []uint32
	term         []byte
	places       places
}

// lengths numbers the kept rows of a part and takes their lengths.
func (m *merge) lengths(i int, p MergePart) error {
	x := p.Index
	if p.Keep != nil && p.Keep.Len() != x.rows {
		return fmt.Errorf("the rows to keep are of %d, but the part has %d rows", p.Keep.Len(), x.rows)
	}
	if err := x.verifyRows(); err != nil {
		return err
	}
	m.rows[i] = make([]uint32, x.rows)
	for row := range m.rows[i] {
		if p.Keep != nil && !p.Keep.Contains(row) {
			m.rows[i][row] = gone
			continue
		}
		if len(m.total) == maxRows {
			return errTooManyRows
		}
		m.rows[i][row] = uint32(len(m.total))
		total, title := x.lengthsOf(uint32(row))
		if title > total || total > x.greatest {
			return x.lengths.Corrupt(2*row, fmt.Errorf("row %d has %d tokens, %d of them in the title; the greatest length is %d", row, total, title, x.greatest))
		}
		m.total, m.title = append(m.total, total), append(m.title, title)
	}
	return nil
}

// advance goes to the next term of a part.
func (m *merge) advance(i int) error {
	if m.terms[i].next() {
		return nil
	}
	if err := m.terms[i].err; err != nil {
		return fmt.Errorf("merge lexical indexes: part %d: %w", i, err)
	}
	m.terms[i] = nil
	return nil
}

// least is the first of the parts' present terms, nil at the end.
func (m *merge) least() []byte {
	var least []byte
	for _, r := range m.terms {
		if r != nil && (least == nil || bytes.Compare(r.term, least) < 0) {
			least = r.term
		}
	}
	if least == nil {
		return nil
	}
	m.term = append(m.term[:0], least...)
	return m.term
}

// copy adds the postings of a term in the kept rows of a part.
func (m *merge) copy(part int, e entry) error {
	p := &m.places
	if err := p.openEntry(m.terms[part].x, e); err != nil {
		return err
	}
	if err := p.decode(); err != nil {
		return err
	}
	for {
		if row := m.rows[part][p.rows[p.list.at]]; row != gone {
			positions, err := p.raw()
			if err != nil {
				return err
			}
			m.out.begin()
			m.out.positions = append(m.out.positions, positions...)
			m.out.add(row, p.freqs[p.list.at], p.titles[p.list.at])
		}
		if more, err := p.advance(); !more || err != nil {
			return err
		}
	}
}
