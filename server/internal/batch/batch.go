// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package batch joins the work of concurrent callers into batches of a bounded size.
//
// A batch takes from every waiting call in turn, the oldest first, so that a long call delays a short one by its share of a
// batch and no more; a call that does not fit is split. While a batch runs the next one collects. An idle queue begins at once,
// unless the batch before was of several calls: then it waits for company, for a bounded time.
package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrClosed is returned by calls on a queue that has been closed.
var ErrClosed = errors.New("the queue is closed")

// FullError says that too much is waiting.
type FullError struct {
	Waiting, Limit int           // in units of size
	Retry          time.Duration // when it is worth trying again
}

// Error implements error.
func (e *FullError) Error() string {
	return fmt.Sprintf("too much is waiting: %d tokens of at most %d", e.Waiting, e.Limit)
}

// Observer is told what a queue does. Its methods must be quick: the queue waits for them.
type Observer interface {
	Batch(items, size, calls int, took time.Duration) // one was run
	Waited(d time.Duration)                           // until the first item of a call was run
	Cancelled(items int)                              // a call ended before so many of its items were run
	Refused()                                         // a call, with a FullError
}

// Options say how a queue works. All are needed.
type Options[I, O any] struct {
	// Run computes a batch: one output an item. What an output is must not depend on the items beside. An error is that of all
	// calls in the batch.
	Run      func(ctx context.Context, items []I) ([]O, error)
	Size     func(I) int   // of an item, at least 1
	Most     int           // size of a batch; an item larger than that is one by itself
	Limit    int           // of what may wait; a call counts no more than Most, however large it is
	Company  time.Duration // how long to wait for company
	Observer Observer
}

// Queue runs batches, one at a time.
type Queue[I, O any] struct {
	o       Options[I, O]
	changed chan struct{} // holds a token when calls were added or the queue was closed
	done    chan struct{} // closed when the worker has ended

	mu      sync.Mutex
	calls   []*call[I, O] // with items that no batch has taken, in the order of arrival
	waiting int           // what they count against Limit
	closed  bool
	perUnit time.Duration // a moving mean of what a unit of size takes
}

// call is one Do.
type call[I, O any] struct {
	items   []I
	order   []int // of items, the largest first, so that those of one batch are alike in length
	taken   int   // of order
	left    int   // items without an output
	counts  int   // against Limit
	arrived time.Time
	outputs []O
	err     error
	ended   bool
	ready   chan struct{}
	running *running // the batch that has items of it
}

// running is a batch on its way.
type running struct {
	cancel context.CancelFunc
	live   int // calls that still want it
}

// New starts a queue. It is to be closed.
func New[I, O any](o Options[I, O]) *Queue[I, O] {
	q := &Queue[I, O]{o: o, changed: make(chan struct{}, 1), done: make(chan struct{})}
	go q.work()
	return q
}

// Do computes the outputs of items, in their order, in one batch or several, with those of other callers. When the context ends,
// what no batch has taken is dropped, and a batch that nobody else is in is stopped.
func (q *Queue[I, O]) Do(ctx context.Context, items []I) ([]O, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(items) == 0 {
		return nil, nil
	}
	c := &call[I, O]{items: items, order: make([]int, len(items)), left: len(items), outputs: make([]O, len(items)), arrived: time.Now(), ready: make(chan struct{})}
	size := 0
	for i := range items {
		c.order[i] = i
		size += q.o.Size(items[i])
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(q.o.Size(items[b]), q.o.Size(items[a])) })
	c.counts = min(size, q.o.Most)
	if err := q.add(c); err != nil {
		return nil, err
	}
	select {
	case <-c.ready:
		return c.outputs, c.err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.ended { // at the same moment
		return c.outputs, c.err
	}
	q.o.Observer.Cancelled(len(c.order) - c.taken)
	q.end(c, context.Cause(ctx))
	if c.running != nil {
		if c.running.live--; c.running.live == 0 {
			c.running.cancel()
		}
	}
	return nil, c.err
}

func (q *Queue[I, O]) add(c *call[I, O]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.waiting > 0 && q.waiting+c.counts > q.o.Limit:
		q.o.Observer.Refused()
		return &FullError{q.waiting, q.o.Limit, time.Duration(q.waiting) * q.perUnit}
	}
	q.calls = append(q.calls, c)
	q.waiting += c.counts
	q.wake()
	return nil
}

// wake lets the worker look again.
func (q *Queue[I, O]) wake() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

// Waiting is the size of what waits, as it counts against the limit.
func (q *Queue[I, O]) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

// Close ends calls that wait with ErrClosed, and waits for the batch that runs. Calls whose items are all in it get their outputs.
func (q *Queue[I, O]) Close() {
	q.mu.Lock()
	q.closed = true
	for _, c := range slices.Clone(q.calls) {
		q.end(c, ErrClosed)
	}
	q.mu.Unlock()
	q.wake()
	<-q.done
}

// end ends a call. q.mu is held.
func (q *Queue[I, O]) end(c *call[I, O], err error) {
	if c.ended {
		return
	}
	c.ended, c.err = true, err
	if err != nil {
		c.outputs = nil
	}
	q.drop(c)
	close(c.ready)
}

// drop takes a call out of those that wait. q.mu is held.
func (q *Queue[I, O]) drop(c *call[I, O]) {
	if i := slices.Index(q.calls, c); i >= 0 {
		q.calls = slices.Delete(q.calls, i, i+1)
		q.waiting -= c.counts
	}
}

// part is an item of a batch.
type part[I, O any] struct {
	call *call[I, O]
	item int
	size int
}

func (q *Queue[I, O]) work() {
	defer close(q.done)
	company := false // the batch before was of several calls
	for {
		if !q.await(company) {
			return
		}
		batch, calls := q.take()
		if len(batch) > 0 {
			q.run(batch, calls)
		}
		company = len(calls) > 1
	}
}

// await waits until a batch should begin. It is false when the queue is closed.
func (q *Queue[I, O]) await(company bool) bool {
	var late <-chan time.Time
	for {
		q.mu.Lock()
		closed, begin := q.closed, len(q.calls) > 0
		if begin && company && q.waiting < q.o.Most {
			if left := time.Until(q.calls[0].arrived.Add(q.o.Company)); left > 0 {
				begin, late = false, time.After(left)
			}
		}
		q.mu.Unlock()
		switch {
		case closed:
			return false
		case begin:
			return true
		}
		select {
		case <-q.changed:
		case <-late:
		}
	}
}

// take makes a batch: one item of each call in turn, as long as they fit, the largest first.
func (q *Queue[I, O]) take() (batch []part[I, O], calls []*call[I, O]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.o.Most
	now := time.Now()
	for progress := true; progress; {
		progress = false
		for _, c := range q.calls {
			if c.taken == len(c.order) {
				continue
			}
			i := c.order[c.taken]
			size := q.o.Size(c.items[i])
			if size > left && len(batch) > 0 {
				continue
			}
			if c.taken == 0 {
				q.o.Observer.Waited(now.Sub(c.arrived))
			}
			if !slices.Contains(calls, c) {
				calls = append(calls, c)
			}
			batch, left, progress = append(batch, part[I, O]{c, i, size}), left-size, true
			c.taken++
		}
	}
	for _, c := range calls {
		if c.taken == len(c.order) {
			q.drop(c)
		}
	}
	slices.SortStableFunc(batch, func(a, b part[I, O]) int { return cmp.Compare(b.size, a.size) })
	return batch, calls
}

// run computes a batch and ends the calls that are then complete.
func (q *Queue[I, O]) run(batch []part[I, O], calls []*call[I, O]) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	q.mu.Lock()
	r := &running{cancel: cancel}
	for _, c := range calls {
		if !c.ended {
			c.running = r
			r.live++
		}
	}
	wanted := r.live > 0
	q.mu.Unlock()
	if !wanted {
		return
	}
	items, size := make([]I, len(batch)), 0
	for i, p := range batch {
		items[i] = p.call.items[p.item]
		size += p.size
	}
	start := time.Now()
	outputs, err := q.o.Run(ctx, items)
	took := time.Since(start)
	if err == nil && len(outputs) != len(items) {
		err = fmt.Errorf("%d outputs for %d items", len(outputs), len(items))
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	q.o.Observer.Batch(len(items), size, len(calls), took)
	q.perUnit = (3*q.perUnit + took/time.Duration(max(1, size))) / 4
	for _, c := range calls {
		c.running = nil
		if err != nil {
			q.end(c, err)
		}
	}
	if err != nil {
		return
	}
	for i, p := range batch {
		if p.call.ended {
			continue
		}
		p.call.outputs[p.item] = outputs[i]
		if p.call.left--; p.call.left == 0 {
			q.end(p.call, nil)
		}
	}
}
