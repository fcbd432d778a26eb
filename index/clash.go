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

// allows looks for ids that two documents, or a document and another's passage, would share.
func (db *DB) allows(s *Snapshot, c *Change) error {
	if !db.write {
		return ErrReadOnly
	}
	passages := make(map[string]int, len(c.Add)) // of the documents to add
	for i := range c.Add {
		id := c.Add[i].Document.ID
		if id == "" {
			return fmt.Errorf("%w: document %d has no id", ErrEntry, i+1)
		}
		if _, twice := passages[id]; twice {
			return fmt.Errorf("%w: two documents have the id %q", ErrEntry, id)
		}
		passages[id] = len(c.Add[i].Chunks)
	}
	gone := make(map[string]bool, len(c.Delete))
	for _, id := range c.Delete {
		if _, added := passages[id]; added {
			return fmt.Errorf("%w: %q is to be added and deleted at once", ErrEntry, id)
		}
		gone[id] = true
	}
	// count is the number of passages that a document will have, 0 if there will be none.
	count := func(id string) (int, error) {
		if n, ok := passages[id]; ok || gone[id] {
			return n, nil
		}
		r, ok, err := s.lookup(id)
		if err != nil || !ok {
			return 0, err
		}
		return r.end - r.first, nil
	}
	for id, own := range passages {
		for n := 1; n < own; n++ {
			other, err := count(PassageID(id, n))
			if err != nil {
				return err
			}
			if other > 0 {
				return fmt.Errorf("%w: %q is the id of a document and of passage %d of %q: rename one", ErrEntry, PassageID(id, n), n+1, id)
			}
		}
		outer, number, ok := splitPassageID(id)
		if !ok {
			continue
		}
		n, err := count(outer)
		if err != nil {
			return err
		}
		if number <= n {
			return fmt.Errorf("%w: %q is the id of a document and of passage %d of %q: rename one", ErrEntry, id, number, outer)
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
