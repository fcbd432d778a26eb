// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"runtime/debug"
)

// mergeFailed logs what a merge in the background met.
func (c *collection) mergeFailed(err error) {
	c.options.Log.Error("merge", "collection", c.name, "error", err)
}

// rest gives memory back if nothing has been asked of the index for a while, once until something is asked again.
func (c *collection) rest() (rested bool, err error) {
	r, _ := c.use()
	if r == nil {
		return false, nil
	}
	defer func() { err = errors.Join(err, c.letGo(r)) }()
	return r.Index().IdleAfter(c.options.idle)
}

// rest lets indexes that are not in use give memory back, and with it the system have what searches have left on the heap.
func (s *Server) rest() {
	some := false
	for _, c := range s.collections.all() {
		rested, err := c.rest()
		if err != nil {
			s.options.Log.Error("idle", "collection", c.name, "error", err)
		}
		some = some || rested
	}
	if some {
		debug.FreeOSMemory()
	}
}
