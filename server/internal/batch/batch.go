// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package batch joins the work of concurrent callers into batches of a bounded size.
//
// The call goes first that would be done first if all that wait got equal shares: a short one overtakes a long one, none waits for
// ever, and calls of a size are served in the order in which they came. So each is done no later than with equal shares, and most are
// done earlier (Friedman and Henderson, Fairness and efficiency in web server protocols, 2003). A call that does not fit into a batch is
// split, and what is left of a batch is filled from the next ones.
//
// While a batch runs the next one collects. An idle queue begins at once, unless the batch before was of several calls: then it
// waits for company, for a bounded time. A call that would not be done before its deadline, going by what waits when it comes, is refused
// at once.
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

// LateError says that a call would not be done in time, because of what is to be done before it; or that it was not done in time, because
// others came later and went before it: alone it would have been.
type LateError struct {
	Takes, Left time.Duration // until it is done, as it seems; until its deadline: 0 if that has come
	Retry       time.Duration // when it is worth trying again
}

// Error implements error.
func (e *LateError) Error() string {
	if e.Left <= 0 {
		return "the time of the request was over while others were before it"
	}
	return fmt.Sprintf("what waits takes about %s, and the request has %s", e.Takes.Round(time.Second), e.Left.Round(time.Second))
}

// Refusal is a FullError or a LateError.
type Refusal interface {
	error
	Again() time.Duration // when it is worth trying again
}

// Again implements Refusal.
func (e *FullError) Again() time.Duration { return e.Retry }

// Again implements Refusal.
func (e *LateError) Again() time.Duration { return e.Retry }

// Observer is told what a queue does. Its methods must be quick: the queue waits for them.
type Observer interface {
	Batch(items, size, calls int, took time.Duration) // one was run
	Part(ctx context.Context, p Part)                 // of a call, after Batch; ctx is the call's
	Waited(d time.Duration)                           // until the first item of a call was run
	Cancelled(items int)                              // a call ended before so many of its items were run
	Refused()                                         // a call, with a FullError or LateError
}

// Part is what one call had in a batch that was run.
type Part struct {
	Items, Size           int // of the call
	BatchItems, BatchSize int // of all calls
	Calls                 int
	Began                 time.Time
	Took                  time.Duration
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
	calls   []*call[I, O] // with items that no batch has taken; first what is to be done first, and of equals what came first
	waiting int           // what they count against Limit
	busy    int           // size of the batch that runs
	clock   clock
	closed  bool
	perUnit time.Duration // a moving mean of what a unit of size takes in batches that are at least half full; 0: not known
}

// call is one Do.
type call[I, O any] struct {
	ctx     context.Context
	items   []I
	order   []int   // of items, the largest first, so that those of one batch are alike in length
	taken   int     // of order
	left    int     // items without an output
	size    int     // of all items
	rest    int     // size of the items that no batch has taken
	finish  float64 // when it would be done with equal shares, by the clock
	counts  int     // against Limit
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
	c := &call[I, O]{ctx: ctx, items: items, order: make([]int, len(items)), left: len(items), outputs: make([]O, len(items)), arrived: time.Now(), ready: make(chan struct{})}
	for i := range items {
		c.order[i] = i
		c.size += q.o.Size(items[i])
	}
	c.rest = c.size
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(q.o.Size(items[b]), q.o.Size(items[a])) })
	c.counts = min(c.rest, q.o.Most)
	deadline, _ := ctx.Deadline()
	if err := q.add(c, deadline); err != nil {
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
	cause := context.Cause(ctx)
	alone := time.Duration(c.size) * q.perUnit
	if waited := c.taken == 0 || q.perUnit > 0 && alone < time.Since(c.arrived); waited && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		takes := max(q.estimate(c), alone)
		cause = &LateError{Takes: takes, Retry: takes}
	}
	q.end(c, cause)
	if c.running != nil {
		if c.running.live--; c.running.live == 0 {
			c.running.cancel()
		}
	}
	return nil, c.err
}

// add lets a call wait, if there is room for it, and time until its deadline, if that is not zero.
func (q *Queue[I, O]) add(c *call[I, O], deadline time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.finish = q.clock.end(c.rest)
	switch takes, left := q.estimate(c), time.Until(deadline); {
	case q.closed:
		return ErrClosed
	case q.waiting > 0 && q.waiting+c.counts > q.o.Limit:
		q.o.Observer.Refused()
		return &FullError{q.waiting, q.o.Limit, time.Duration(q.waiting) * q.perUnit}
	case !deadline.IsZero() && q.waiting > 0 && takes > left:
		q.o.Observer.Refused()
		return &LateError{takes, left, takes - left}
	}
	q.clock.join(c.finish)
	after, _ := slices.BinarySearchFunc(q.calls, c.finish, func(other *call[I, O], finish float64) int {
		if other.finish <= finish {
			return -1
		}
		return 1
	})
	q.calls = slices.Insert(q.calls, after, c)
	q.waiting += c.counts
	q.wake()
	return nil
}

// estimate is when a call would be done: after the batch that runs, what goes before it, and itself, and a quarter more for
// what comes later and goes first. It is 0 before anything was run. q.mu is held.
func (q *Queue[I, O]) estimate(c *call[I, O]) time.Duration {
	before := q.busy
	for _, other := range q.calls {
		if other != c && other.finish <= c.finish {
			before += other.rest
		}
	}
	return time.Duration(before+c.rest) * q.perUnit * 5 / 4
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
	if c.rest > 0 {
		q.clock.leave(c.finish)
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
			first := slices.MinFunc(q.calls, func(a, b *call[I, O]) int { return a.arrived.Compare(b.arrived) })
			if left := time.Until(first.arrived.Add(q.o.Company)); left > 0 {
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

// take makes a batch: of each call as many items as fit, the largest first, beginning with the call that is to be done first.
func (q *Queue[I, O]) take() (batch []part[I, O], calls []*call[I, O]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.busy = 0
	for _, c := range slices.Clone(q.calls) {
		begin := c.taken
		for c.taken < len(c.order) {
			i := c.order[c.taken]
			size := q.o.Size(c.items[i])
			if q.busy+size > q.o.Most && len(batch) > 0 {
				break
			}
			batch = append(batch, part[I, O]{c, i, size})
			q.busy += size
			c.rest -= size
			c.taken++
		}
		if c.taken == begin {
			continue
		}
		if begin == 0 {
			q.o.Observer.Waited(now.Sub(c.arrived))
		}
		calls = append(calls, c)
		if c.taken == len(c.order) {
			q.drop(c)
		}
	}
	q.clock.serve(q.busy)
	if len(q.calls) == 0 {
		q.clock.ends = nil // all is served, so it is there, too
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
	if !wanted {
		q.busy = 0
	}
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
	q.busy = 0
	// In a small batch a unit takes longer; what waits long is not run in small ones.
	switch each := took / time.Duration(max(1, size)); {
	case err != nil:
	case q.perUnit == 0 && 2*size >= q.o.Most:
		q.perUnit = each
	case 2*size >= q.o.Most || each < q.perUnit:
		q.perUnit = (3*q.perUnit + each) / 4
	}
	for _, c := range calls {
		p := Part{BatchItems: len(items), BatchSize: size, Calls: len(calls), Began: start, Took: took}
		for i := range batch {
			if batch[i].call == c {
				p.Items, p.Size = p.Items+1, p.Size+batch[i].size
			}
		}
		if !c.ended {
			q.o.Observer.Part(c.ctx, p)
		}
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
