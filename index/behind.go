// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// smallMerge is how many rows are merged to the end though the index is closed meanwhile, which takes a moment. Else a program
	// that opens an index for each of its changes would never merge any.
	smallMerge = 4096
	// mergePause is how long nothing is tried after a merge has failed, as on a full disk.
	mergePause = time.Minute
)

// behind is the merging that goes on behind changes.
type behind struct {
	mu      sync.Mutex // guards what follows
	ctx     context.Context
	cancel  context.CancelFunc // ends the merge and all to come
	running bool
	again   bool      // there was a change since the merge began
	until   time.Time // nothing is tried before
	damaged bool      // nothing is tried any more: the same damage would be met
	err     error     // of the last merge that failed and that nobody was told of
	done    sync.WaitGroup
}

// MergeBehind merges segments in the background until the policy has nothing left to do, one range after the other and with half of
// the threads. It returns at once, and does nothing where that goes on already. Changes wait for a merge as little as for each
// other: while it is committed.
//
// failed is told why a merge failed, which takes nothing away; if it is nil, [DB.Close] returns the last such error. After a
// failure the next calls do nothing for a minute; after damage until the index is opened again. Close cancels a merge unless it is small.
func (db *DB) MergeBehind(failed func(error)) {
	b := &db.behind
	b.mu.Lock()
	defer b.mu.Unlock()
	if !db.write || b.ctx.Err() != nil {
		return
	}
	if b.running {
		b.again = true
		return
	}
	s, err := db.Snapshot()
	if err != nil {
		return
	}
	from, to := s.choose()
	_ = s.Release() // the changes are made; what unmapping says is not about them
	if from == to {
		return
	}
	b.running, b.again = true, true
	b.done.Go(func() {
		for b.next() {
			b.ended(db.Merge(b.ctx, MergeOptions{behind: true}), failed)
		}
	})
}

// Merging reports whether a merge goes on in the background.
func (db *DB) Merging() bool {
	b := &db.behind
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running
}

// next begins a round if there was a change since the one before began.
func (b *behind) next() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = b.again && !b.damaged && !time.Now().Before(b.until)
	b.again = false
	return b.running
}

// ended notes what became of a round.
func (b *behind) ended(err error, failed func(error)) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	err = fmt.Errorf("in the background: %w", err)
	_, damaged := errors.AsType[*CorruptionError](err)
	b.mu.Lock()
	b.until, b.damaged = time.Now().Add(mergePause), damaged
	if failed == nil {
		b.err = err
	}
	b.mu.Unlock()
	if failed != nil {
		failed(err)
	}
}

// stop cancels the merge, waits until it has ended, and returns what nobody was told.
func (b *behind) stop() error {
	b.mu.Lock()
	b.cancel() // none begins any more
	b.mu.Unlock()
	b.done.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.err
	b.err = nil
	return err
}
