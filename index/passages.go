// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/internal/bitset"
)

// Passage is a part of a document, as it was added.
type Passage struct {
	ID        string             // the document's, with "#2" and so on for the second passage and those after
	Document  *document.Document // shared by its passages: not to be changed
	Chunk     document.Chunk
	Number    int // of the passage in its document, from 0
	Truncated int // tokens that the bi-encoder left out
}

// PassageID is the id of a document's passage, numbered from 0.
func PassageID(document string, number int) string {
	if number == 0 {
		return document
	}
	return document + "#" + strconv.Itoa(number+1)
}

// Passages reads passages in the order of refs.
func (s *Snapshot) Passages(ctx context.Context, refs []Ref) ([]Passage, error) {
	out := make([]Passage, len(refs))
	order := make([]int, len(refs)) // by place, so that every block is unpacked once
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareRefs(refs[a], refs[b]) })
	var held *stored
	var where rowRange
	for n, i := range order {
		if n%64 == 0 {
			if err := canceled(ctx, "read passages"); err != nil {
				return nil, err
			}
		}
		r := refs[i]
		p, err := s.part(r)
		if err != nil {
			return nil, err
		}
		if held == nil || where.segment != r.segment || r.row < where.first || r.row >= where.end {
			doc, first, err := p.docs.docOf(r.row)
			if err != nil {
				return nil, err
			}
			if held, err = p.docs.read(doc); err != nil {
				return nil, err
			}
			where = rowRange{r.segment, doc, first, first + len(held.chunks)}
		}
		out[i] = held.passage(r.row - where.first)
	}
	return out, nil
}

func (s *stored) passage(number int) Passage {
	return Passage{PassageID(s.doc.ID, number), &s.doc, s.chunks[number], number, s.truncated[number]}
}

// Find returns the passages of the document with an id, or the one passage with it.
func (s *Snapshot) Find(id string) ([]Ref, error) {
	r, ok, err := s.lookup(id)
	if err != nil {
		return nil, err
	}
	if ok {
		refs := make([]Ref, 0, r.end-r.first)
		for row := r.first; row < r.end; row++ {
			refs = append(refs, Ref{r.segment, row})
		}
		return refs, nil
	}
	document, number, ok := splitPassageID(id)
	if !ok {
		return nil, nil
	}
	r, ok, err = s.lookup(document)
	if err != nil || !ok || number > r.end-r.first {
		return nil, err
	}
	return []Ref{{r.segment, r.first + number - 1}}, nil
}

// Documents calls f with every live document and its passages, in the order of adding.
func (s *Snapshot) Documents(ctx context.Context, f func(*document.Document, []Passage) error) error {
	for i, p := range s.parts {
		for doc := range p.record.Docs {
			if err := canceled(ctx, "read documents"); err != nil {
				return err
			}
			first, err := p.docs.firstRow(doc)
			if err != nil {
				return err
			}
			if s.live[i] != nil && !s.live[i].Contains(first) {
				continue
			}
			d, err := p.docs.read(doc)
			if err != nil {
				return err
			}
			passages := make([]Passage, len(d.chunks))
			for n := range passages {
				passages[n] = d.passage(n)
			}
			if err := f(&d.doc, passages); err != nil {
				return err
			}
		}
	}
	return nil
}

// Refs calls f with every live passage, in the order of adding.
func (s *Snapshot) Refs(f func(Ref) error) error {
	for i, p := range s.parts {
		for row := range p.record.Rows {
			if s.live[i] != nil && !s.live[i].Contains(row) {
				continue
			}
			if err := f(Ref{i, row}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Entries calls f with every document of a selection, nil for all live ones, as it was added, vectors and all, in the order
// of adding.
func (s *Snapshot) Entries(ctx context.Context, sel *Selection, f func(Entry) error) error {
	if err := s.owns(sel); err != nil {
		return err
	}
	for i, p := range s.parts {
		rows, _ := s.allowed(i, sel)
		if rows == nil {
			rows = bitset.Full(p.record.Rows)
		}
		last := -1
		for row := range rows.All() {
			if row < last {
				continue // the same document
			}
			if err := canceled(ctx, "read documents"); err != nil {
				return err
			}
			doc, first, err := p.docs.docOf(row)
			if err != nil {
				return err
			}
			d, err := p.docs.read(doc)
			if err != nil {
				return err
			}
			last = first + len(d.chunks)
			e, err := s.entry(i, first, d)
			if err != nil {
				return err
			}
			if err := f(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// entry is a stored document as it was added.
func (s *Snapshot) entry(segment, first int, d *stored) (Entry, error) {
	e := Entry{Document: d.doc, Chunks: d.chunks, Truncated: d.truncated}
	if s.parts[segment].vectors == nil {
		return e, nil
	}
	for row := first; row < first+len(d.chunks); row++ {
		v, err := s.Vector(Ref{segment, row})
		if err != nil {
			return e, err
		}
		e.Vectors = append(e.Vectors, v...)
	}
	return e, nil
}

// Entry reads the document with an id as it was added, vectors and all; nil if there is none.
func (s *Snapshot) Entry(id string) (*Entry, error) {
	r, ok, err := s.lookup(id)
	if err != nil || !ok {
		return nil, err
	}
	d, err := s.parts[r.segment].docs.read(r.doc)
	if err != nil {
		return nil, err
	}
	e, err := s.entry(r.segment, r.first, d)
	return &e, err
}

// Get reads the document with an id; nil if there is none.
func (s *Snapshot) Get(id string) (*document.Document, error) {
	r, ok, err := s.lookup(id)
	if err != nil || !ok {
		return nil, err
	}
	d, err := s.parts[r.segment].docs.read(r.doc)
	if err != nil {
		return nil, err
	}
	return &d.doc, nil
}

// FromFile selects the documents that came from a file.
func (s *Snapshot) FromFile(ctx context.Context, path string) (*Selection, error) {
	e, err := filter.Parse(fieldPath + " = " + filter.Quote(path))
	if err != nil {
		return nil, err
	}
	return s.Filter(ctx, e)
}
