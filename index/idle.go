// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import "errors"

// Idle gives the mapped pages of all segments back to the system: what a search touched stays in the file cache, and is no
// longer counted as this process's memory. What searches by words have kept of frequent terms is forgotten, up to 96 bytes a passage.
// Searches that run meanwhile or later are right, and slower until they have both again.
// On systems that cannot give pages back, as Windows, it frees the documents that were read last and these lists, and no more.
//
// Nothing here calls it by itself: when an index is idle is known to the program that has it open. A server calls it when
// nothing has been asked for some seconds, and may call debug.FreeOSMemory then, for what searches have left on the heap.
func (db *DB) Idle() error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
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
