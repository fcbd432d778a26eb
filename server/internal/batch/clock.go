// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package batch

import "slices"

// clock is the time of a queue that serves all calls at once, each with the same share: what a call has got there since it came. It goes
// the slower the more calls there are (the virtual time of processor sharing).
type clock struct {
	now  float64
	ends []float64 // of the calls that are not done there, rising
}

// end is when a call of a size that comes now would be done.
func (c *clock) end(size int) float64 { return c.now + float64(size) }

// join adds a call by its end.
func (c *clock) join(end float64) {
	at, _ := slices.BinarySearch(c.ends, end)
	c.ends = slices.Insert(c.ends, at, end)
}

// leave forgets a call that is not to be done, if the clock has not reached its end.
func (c *clock) leave(end float64) {
	if at, found := slices.BinarySearch(c.ends, end); found {
		c.ends = slices.Delete(c.ends, at, at+1)
	}
}

// serve divides work among the calls.
func (c *clock) serve(work int) {
	for left := float64(work); left > 0 && len(c.ends) > 0; {
		n := float64(len(c.ends))
		first := (c.ends[0] - c.now) * n // until the next one is done
		if first > left {
			c.now += left / n
			return
		}
		left -= first
		c.now, c.ends = c.ends[0], c.ends[1:]
	}
}
