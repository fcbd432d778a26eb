// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import "errors"

// Idle gives the mapped pages of all segments back to the system: what a search touched stays in the file cache, and is no
// longer counted as this process's memory. Searches that run meanwhile or later are right, and slower by some page faults.
// A server calls it when nothing has been asked for a while.
func (db *DB) Idle() error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	var errs []error
	for _, p := range s.parts {
		if p.file != nil {
			errs = append(errs, p.file.Release())
		}
	}
	return errors.Join(errs...)
}
