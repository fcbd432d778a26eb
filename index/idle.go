// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"time"
)

// Idle gives the mapped pages of all segments back to the system: what a search touched stays in the file cache, and is no
// longer counted as this process's memory. What searches by words have kept of frequent terms is forgotten, up to 96 bytes a passage.
// Searches that run meanwhile or later are right, and slower until they have both again.
// On systems that cannot give pages back, as Windows, it frees the documents that were read last and these lists, and no more.
//
// Nothing here calls it by itself: when an index is idle is known to the program that has it open. `winnow index --watch` calls it after
// each update, and a server [DB.IdleAfter] every second, with debug.FreeOSMemory then, for what searches have left on the heap.
func (db *DB) Idle() error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	return s.idle()
}

// IdleAfter does what [DB.Idle] does if no snapshot has been asked for since some time, once until one is asked for again, or what another
// process has written is taken over. It reports whether it did.
func (db *DB) IdleAfter(d time.Duration) (bool, error) {
	db.mu.Lock()
	if db.closed || db.used.IsZero() || time.Since(db.used) < d {
		db.mu.Unlock()
		return false, nil
	}
	db.used = time.Time{}
	s := db.current.snapshot()
	db.mu.Unlock()
	defer s.Release()
	return true, s.idle()
}

func (s *state) idle() error {
	var errs []error
	for _, p := range s.parts {
		p.docs.forget()
		p.lexical.Forget()
		if p.file != nil {
			errs = append(errs, p.file.Release())
		}
	}
	return errors.Join(errs...)
}
