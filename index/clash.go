// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"strconv"
	"strings"
)

// Allows returns the error that [DB.Apply] would give for the ids of a change, before vectors have been made for it.
// Vectors are not looked at.
func (db *DB) Allows(c Change) error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	return db.allows(s, &c)
}

// EntryError names the document of a change that is refused. It wraps [ErrEntry]: the others may be added without it.
type EntryError struct {
	ID  string
	Err error
}

// Error says what is wrong with the document.
func (e *EntryError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *EntryError) Unwrap() error { return e.Err }

// refuse is the error about the document with an id.
func refuse(id, format string, args ...any) error {
	return &EntryError{id, fmt.Errorf("%w: "+format, append([]any{ErrEntry}, args...)...)}
}

// allows looks for ids that two documents, or a document and another's passage, would share. Of two documents of the change
// the later one is refused.
func (db *DB) allows(s *Snapshot, c *Change) error {
	if !db.write {
		return ErrReadOnly
	}
	added := make(map[string]int, len(c.Add)) // their place in the change
	for i := range c.Add {
		id := c.Add[i].Document.ID
		if id == "" {
			return fmt.Errorf("%w: document %d has no id", ErrEntry, i+1)
		}
		if _, twice := added[id]; twice {
			return refuse(id, "two documents have the id %q", id)
		}
		added[id] = i
	}
	gone := make(map[string]bool, len(c.Delete))
	for _, id := range c.Delete {
		if _, both := added[id]; both {
			return refuse(id, "%q is to be added and deleted at once", id)
		}
		gone[id] = true
	}
	// count is the number of passages that a document will have, 0 if there will be none.
	count := func(id string) (int, error) {
		if i, ok := added[id]; ok {
			return len(c.Add[i].Chunks), nil
		}
		if gone[id] {
			return 0, nil
		}
		r, ok, err := s.lookup(id)
		if err != nil || !ok {
			return 0, err
		}
		return r.end - r.first, nil
	}
	for i := range c.Add {
		id := c.Add[i].Document.ID
		for n := 1; n < len(c.Add[i].Chunks); n++ {
			inner := PassageID(id, n)
			other, err := count(inner)
			switch {
			case err != nil:
				return err
			case added[inner] > i: // found again when it is looked at itself
			case other > 0:
				return refuse(id, "%q is the id of a document and of passage %d of %q: rename one", inner, n+1, id)
			}
		}
		outer, number, ok := splitPassageID(id)
		if !ok {
			continue
		}
		n, err := count(outer)
		switch {
		case err != nil:
			return err
		case added[outer] > i:
		case number <= n:
			return refuse(id, "%q is the id of a document and of passage %d of %q: rename one", id, number, outer)
		}
	}
	return nil
}

// splitPassageID takes an id like "a#2" apart: the document's and the number of the passage, from 2.
func splitPassageID(id string) (document string, number int, ok bool) {
	cut := strings.LastIndexByte(id, '#')
	if cut < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(id[cut+1:])
	if err != nil || number < 2 || id[cut+1:] != strconv.Itoa(number) {
		return "", 0, false
	}
	return id[:cut], number, true
}
