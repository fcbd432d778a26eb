// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/bitset"
)

// Snapshot is the index at one moment: nothing changes it. It is safe for concurrent use until it is released.
type Snapshot struct {
	*state
	released atomic.Bool
}

// state is what snapshots of one moment share. The last of them to be released lets go of the segments.
type state struct {
	generation uint64
	parts      []*part
	live       []*bitset.Set // rows that are not deleted; nil for all
	liveRows   []int
	users      atomic.Int64
}

// newState makes a state with one user of the segments that a manifest names, all of which are among parts.
func newState(m *manifest, parts []*part) *state {
	s := &state{generation: m.Generation}
	s.users.Store(1)
	for _, r := range m.Segments {
		// A directory that was made anew has other segments of the same names.
		i := slices.IndexFunc(parts, func(p *part) bool { return p != nil && p.record == r })
		p := parts[i]
		p.retain()
		live := liveRows(r.Rows, m.tombstones[r.Name])
		s.parts, s.live = append(s.parts, p), append(s.live, live)
		if live == nil {
			s.liveRows = append(s.liveRows, r.Rows)
		} else {
			s.liveRows = append(s.liveRows, live.Count())
		}
	}
	return s
}

// view opens the segments that a manifest names. Those that are open already are shared.
func (db *DB) view(m *manifest) (*state, error) {
	var parts []*part // held while this runs
	db.mu.Lock()
	if db.current != nil && !db.closed {
		parts = slices.Clone(db.current.parts)
	}
	for _, p := range parts {
		p.retain()
	}
	db.mu.Unlock()
	defer func() {
		for _, p := range parts {
			_ = p.release() // closing what was only read
		}
	}()
	for _, r := range m.Segments {
		if slices.ContainsFunc(parts, func(p *part) bool { return p.record == r }) {
			continue
		}
		p, err := openPart(db.fs, db.dir, r, &m.Settings)
		if err != nil {
			return nil, err
		}
		p.retain()
		parts = append(parts, p)
	}
	return newState(m, parts), nil
}

// Release ends the use of a snapshot. What it gave out, text and vectors, must not be used afterwards. Releasing it again
// does nothing.
func (s *Snapshot) Release() error {
	if s.released.Swap(true) {
		return nil
	}
	return s.release()
}

// snapshot is another user of the state.
func (s *state) snapshot() *Snapshot {
	s.users.Add(1)
	return &Snapshot{state: s}
}

// release notes that a user is done.
func (s *state) release() error {
	if s.users.Add(-1) > 0 {
		return nil
	}
	var errs []error
	for _, p := range s.parts {
		errs = append(errs, p.release())
	}
	return errors.Join(errs...)
}

func (s *state) has(p *part) bool { return slices.Contains(s.parts, p) }

// Generation grows with every commit.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Rows is the number of passages.
func (s *Snapshot) Rows() (n int) {
	for _, rows := range s.liveRows {
		n += rows
	}
	return n
}

// Docs is the number of documents. It looks through the deleted rows.
func (s *Snapshot) Docs() (n int, err error) {
	for i, p := range s.parts {
		n += p.record.Docs
		if s.live[i] == nil {
			continue
		}
		for doc := range p.record.Docs {
			first, err := p.docs.firstRow(doc)
			if err != nil {
				return 0, err
			}
			if !s.live[i].Contains(first) {
				n--
			}
		}
	}
	return n, nil
}

// Ref is a passage in a snapshot.
type Ref struct{ segment, row int }

// part is the segment that a passage is in; an error for a passage of another snapshot that this one has no place for.
func (s *state) part(r Ref) (*part, error) {
	if r.segment < 0 || r.segment >= len(s.parts) || r.row < 0 || r.row >= s.parts[r.segment].record.Rows {
		return nil, fmt.Errorf("passage %s is of another snapshot: ask this one", r)
	}
	return s.parts[r.segment], nil
}

// compareRefs is the order of adding.
func compareRefs(a, b Ref) int {
	if a.segment != b.segment {
		return a.segment - b.segment
	}
	return a.row - b.row
}

// rowRange is a document's passages.
type rowRange struct{ segment, doc, first, end int }

// lookup finds the live document with an id.
func (s *Snapshot) lookup(id string) (r rowRange, ok bool, err error) {
	for i, p := range slices.Backward(s.parts) { // what was added last is asked for most
		docs, err := p.docs.find(id)
		if err != nil {
			return r, false, err
		}
		for _, doc := range docs {
			first, err := p.docs.firstRow(doc)
			if err != nil {
				return r, false, err
			}
			if s.live[i] != nil && !s.live[i].Contains(first) {
				continue
			}
			stored, err := p.docs.read(doc)
			if err != nil {
				return r, false, err
			}
			if stored.doc.ID == id {
				return rowRange{i, doc, first, first + len(stored.chunks)}, true, nil
			}
		}
	}
	return r, false, nil
}

// String is a name whose byte order is the order of adding.
func (r Ref) String() string { return fmt.Sprintf("%06d:%010d", r.segment, r.row) }
