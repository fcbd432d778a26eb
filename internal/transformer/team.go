// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// team is the workers that share a chunk: usually one. Every member runs the
// same steps, does its share of each, and waits for the others between them.
type team struct {
	*run
	*arena
	members int

	chunk *chunk // in hand; written by member 0 between two barriers
	stop  bool   // the chunk is abandoned; likewise

	arrived    atomic.Int32
	generation atomic.Uint32
	asleep     atomic.Int32 // members in or about to enter the wait on awake
	mu         sync.Mutex
	awake      sync.Cond
}

func newTeam(r *run, members int, a *arena) *team {
	t := &team{run: r, members: members, arena: a}
	t.awake.L = &t.mu
	return t
}

// wait returns when every member has called it. What a member wrote before is
// then visible to all.
func (t *team) wait() {
	if t.members == 1 {
		return
	}
	g := t.generation.Load()
	if int(t.arrived.Add(1)) == t.members {
		t.arrived.Store(0)
		t.generation.Add(1)
		// A member that is not counted yet looks at the generation afterwards.
		if t.asleep.Load() > 0 {
			t.mu.Lock()
			t.awake.Broadcast()
			t.mu.Unlock()
		}
		return
	}
	// Steps last some ten microseconds, so spinning beats sleeping for as long;
	// other goroutines get their turn, in case there are more members than
	// processors. After a tenth of a millisecond the others have lost theirs,
	// perhaps to this spinning: only sleep gives it to them.
	const turns, spins = 64, 1 << 12
	for range turns {
		for range spins {
			if t.generation.Load() != g {
				return
			}
		}
		runtime.Gosched()
	}
	t.asleep.Add(1)
	t.mu.Lock()
	for t.generation.Load() == g {
		t.awake.Wait()
	}
	t.mu.Unlock()
	t.asleep.Add(-1)
}

// share is member m's part [from, to) of n units.
func (t *team) share(m, n int) (from, to int) {
	return n * m / t.members, n * (m + 1) / t.members
}

// columns is member m's part of the columns of a matrix, in whole tiles.
func (t *team) columns(m, n, unit int) (from, to int) {
	from, to = t.share(m, n/unit)
	return from * unit, to * unit
}

// work takes chunks until there are none.
func (t *team) work(m int) {
	for {
		if m == 0 {
			if t.chunk = t.take(); t.chunk != nil {
				t.fit(t.Encoder, t.batch, *t.chunk)
			}
		}
		t.wait()
		if t.chunk == nil {
			return
		}
		t.process(m)
		t.wait() // the arena is free again
	}
}

// halt lets member 0 look whether to go on and tells the others; it is a barrier.
func (t *team) halt(m int) bool {
	if m == 0 {
		t.stop = t.stopped()
	}
	t.wait()
	return t.stop
}
