// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder keeps what a queue did. An item is its own size, takes a millisecond a unit, and gives its double.
type recorder struct {
	mu                 sync.Mutex
	batches            [][]int
	calls              []int
	parts              []Part
	waited             []time.Duration
	cancelled, refused int
	fail               error
}

func (r *recorder) Batch(_, _, calls int, _ time.Duration) { r.calls = append(r.calls, calls) }
func (r *recorder) Part(_ context.Context, p Part)         { r.parts = append(r.parts, p) }
func (r *recorder) Waited(d time.Duration)                 { r.waited = append(r.waited, d) }
func (r *recorder) Cancelled(n int)                        { r.cancelled += n }
func (r *recorder) Refused()                               { r.refused++ }

func (r *recorder) run(ctx context.Context, items []int) ([]int, error) {
	r.mu.Lock()
	r.batches = append(r.batches, slices.Clone(items))
	r.mu.Unlock()
	total := 0
	out := make([]int, len(items))
	for i, n := range items {
		total += n
		out[i] = 2 * n
	}
	select {
	case <-time.After(time.Duration(total) * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return out, r.fail
}

func queue(r *recorder, most, limit int) *Queue[int, int] {
	return New(Options[int, int]{Run: r.run, Size: func(n int) int { return n }, Most: most, Limit: limit, Company: 5 * time.Millisecond, Observer: r})
}

// ask calls Do in the background; what it gives is sent once.
func ask(ctx context.Context, q *Queue[int, int], items ...int) <-chan string {
	c := make(chan string, 1)
	go func() {
		out, err := q.Do(ctx, items)
		if err != nil {
			c <- err.Error()
			return
		}
		c <- fmt.Sprint(out)
	}()
	synctest.Wait()
	return c
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestBatchesJoinCallsAndSplitThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 100)
		defer q.Close()
		first := ask(t.Context(), q, 1) // an idle queue does not wait
		long := ask(t.Context(), q, 3, 6, 5, 2, 4)
		short := ask(t.Context(), q, 2)
		huge := ask(t.Context(), q, 25)
		want(t, "first", <-first, "[2]")
		want(t, "short", <-short, "[4]")
		want(t, "long", <-long, "[6 12 10 4 8]")
		want(t, "huge", <-huge, "[50]")
		// The shortest call first, the rest from the next ones; within a batch the longest first; what is larger than a batch is alone.
		want(t, "batches", r.batches, "[[1] [6 2] [5 4] [3 2] [25]]")
		want(t, "calls", r.calls, "[1 2 1 1 1]")
		var parts []string
		for _, p := range r.parts {
			parts = append(parts, fmt.Sprint(p.Items, p.Size, " of ", p.BatchItems, p.BatchSize, p.Calls, p.Took))
		}
		want(t, "parts", strings.Join(parts, ", "), "1 1 of 1 1 1 1ms, 1 2 of 2 8 2 8ms, 1 6 of 2 8 2 8ms, 2 9 of 2 9 1 9ms, 2 5 of 2 5 1 5ms, 1 25 of 1 25 1 25ms")
		want(t, "waited", r.waited, "[0s 1ms 1ms 23ms]")
		want(t, "waiting", q.Waiting(), 0)
	})
}

func TestCompanyIsAwaitedForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 100)
		defer q.Close()
		ask(t.Context(), q, 1)
		a, b := ask(t.Context(), q, 2), ask(t.Context(), q, 2)
		<-a
		<-b // a batch of two calls: now it is worth waiting
		start := time.Now()
		<-ask(t.Context(), q, 3)
		want(t, "alone", time.Since(start), 8*time.Millisecond)
		start = time.Now()
		<-ask(t.Context(), q, 3)
		want(t, "after one that was alone", time.Since(start), 3*time.Millisecond)

		ask(t.Context(), q, 1)
		a, b = ask(t.Context(), q, 2), ask(t.Context(), q, 2)
		<-a
		<-b
		start = time.Now()
		<-ask(t.Context(), q, 9, 2)
		want(t, "full at once", time.Since(start), 11*time.Millisecond)
	})
}

// Calls of a size are served in the order in which they came, wholly, one after the other.
func TestCallsOfASizeComeInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 100)
		defer q.Close()
		var calls []<-chan string
		start := time.Now()
		for range 4 {
			calls = append(calls, ask(t.Context(), q, 5, 5, 5, 5))
		}
		for i, c := range calls {
			want(t, "call", <-c, "[10 10 10 10]")
			want(t, "done", time.Since(start), time.Duration(20*(i+1))*time.Millisecond)
		}
	})
}

// Short calls overtake a long one, but only as many as would be done before it with equal shares.
func TestShortCallsDoNotKeepALongOneFromBeingDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 1000)
		defer q.Close()
		start := time.Now()
		long := ask(t.Context(), q, 10, 10, 10, 10)
		done := make(chan int, 100)
		go func() { // one after the other, as long as it takes
			for i := range 100 {
				<-ask(t.Context(), q, 10)
				done <- i
			}
		}()
		want(t, "first short one", <-done, 0)
		want(t, "when it is done", time.Since(start), 20*time.Millisecond)
		want(t, "long", <-long, "[20 20 20 20]")
		if took := time.Since(start); took > 80*time.Millisecond {
			t.Errorf("the long call took %s; with equal shares it takes 80ms", took)
		}
	})
}

func TestWhatWouldBeTooLateIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 1000)
		defer q.Close()
		for range 20 { // until it is known that a unit takes a millisecond
			<-ask(t.Context(), q, 10)
		}
		within := func(d time.Duration) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			t.Cleanup(cancel)
			return ctx
		}
		running := ask(within(15*time.Millisecond), q, 10, 10) // nothing is before it, and it may be faster than it seems
		a := ask(t.Context(), q, 10, 10, 10)
		var late *LateError
		_, err := q.Do(within(60*time.Millisecond), []int{10, 10, 10}) // 10 run, 10 and 30 wait, 30 of its own, and a quarter
		if !errors.As(err, &late) || late.Left != 60*time.Millisecond || late.Takes < 90*time.Millisecond || late.Takes > 100*time.Millisecond || late.Retry != late.Takes-late.Left {
			t.Fatalf("got %v, %+v", err, late)
		}
		want(t, "refused", r.refused, 1)
		short := ask(within(30*time.Millisecond), q, 5) // goes before the others
		want(t, "short", <-short, "[10]")
		want(t, "running", <-running, context.DeadlineExceeded)
		want(t, "a", <-a, "[20 20 20]")
	})
}

// What comes later and is smaller goes first: a call that is not begun, or not done, before its deadline for that is told that it was too much,
// not that it was too slow.
func TestWhatGetsNoTurnInTimeIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 1000)
		defer q.Close()
		<-ask(t.Context(), q, 10) // a unit takes a millisecond
		first := ask(t.Context(), q, 10)
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Millisecond)
		defer cancel()
		large := make(chan error)
		go func() {
			_, err := q.Do(ctx, []int{10, 10})
			large <- err
		}()
		synctest.Wait()
		var small []<-chan string
		for range 4 {
			small = append(small, ask(t.Context(), q, 10))
		}
		var late *LateError
		if err := <-large; !errors.As(err, &late) || late.Left != 0 || late.Retry != late.Takes || !strings.Contains(err.Error(), "while others were before it") {
			t.Fatalf("got %v, %+v", err, late)
		}
		for _, c := range append(small, first) {
			want(t, "small", <-c, "[20]")
		}
	})
}

func TestWhatIsNotDoneInTimeForOthersIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue(&recorder{}, 10, 1000)
		defer q.Close()
		<-ask(t.Context(), q, 10) // a unit takes a millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Millisecond)
		defer cancel()
		large := make(chan error)
		go func() {
			_, err := q.Do(ctx, []int{10, 10, 10}) // 30 ms alone, and the first 10 are begun at once
			large <- err
		}()
		synctest.Wait()
		var small []<-chan string
		for range 6 {
			small = append(small, ask(t.Context(), q, 5))
		}
		var late *LateError
		if err := <-large; !errors.As(err, &late) || late.Retry < 30*time.Millisecond {
			t.Errorf("a call that others kept from being done: %v", err)
		}
		for _, s := range small {
			<-s
		}
	})
}

func TestTooMuchIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 15)
		defer q.Close()
		ask(t.Context(), q, 8) // runs
		long := ask(t.Context(), q, 9, 9, 9, 9)
		a := ask(t.Context(), q, 5) // a long call counts as one batch
		var full *FullError
		_, err := q.Do(t.Context(), []int{1})
		if !errors.As(err, &full) || full.Waiting != 15 || full.Limit != 15 {
			t.Fatalf("got %v", err)
		}
		want(t, "refused", r.refused, 1)
		<-a
		<-long
		want(t, "a call larger than the limit", <-ask(t.Context(), q, 20, 20), "[40 40]")
		ask(t.Context(), q, 10)
		ask(t.Context(), q, 10)
		if _, err = q.Do(t.Context(), []int{10}); !errors.As(err, &full) || full.Retry < 5*time.Millisecond || full.Retry > 20*time.Millisecond {
			t.Errorf("try again in %v, want about 10ms: %v", full.Retry, err)
		}
	})
}

func TestCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 100)
		defer q.Close()
		gone := errors.New("the client has gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		later, cancelLater := context.WithCancelCause(t.Context())
		running := ask(ctx, q, 10)
		waiting := ask(later, q, 4, 4, 4)
		other := ask(t.Context(), q, 3)
		cancelLater(gone)
		want(t, "waiting", <-waiting, gone)
		cancel(gone)
		want(t, "running", <-running, gone)
		want(t, "other", <-other, "[6]")
		want(t, "cancelled", r.cancelled, 3)
		want(t, "batches", r.batches, "[[10] [3]]")
		if _, err := q.Do(ctx, []int{1}); !errors.Is(err, gone) {
			t.Errorf("ended before it began: %v", err)
		}

		// A batch that others are in goes on.
		ctx, cancel = context.WithCancelCause(t.Context())
		ask(t.Context(), q, 1)
		a, b := ask(ctx, q, 2), ask(t.Context(), q, 2)
		time.Sleep(2 * time.Millisecond)
		cancel(gone)
		want(t, "a", <-a, gone)
		want(t, "b", <-b, "[4]")
	})
}

func TestAnErrorIsThatOfItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{fail: errors.New("damaged")}
		q := queue(r, 10, 100)
		defer q.Close()
		want(t, "one of two batches", <-ask(t.Context(), q, 9, 9), "damaged")
		want(t, "batches", r.batches, "[[9]]")
		r.fail = nil
		want(t, "later", <-ask(t.Context(), q, 1), "[2]")
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 100)
		running := ask(t.Context(), q, 8)
		waiting := ask(t.Context(), q, 5)
		q.Close()
		want(t, "running", <-running, "[16]")
		want(t, "waiting", <-waiting, ErrClosed)
		if _, err := q.Do(t.Context(), []int{1}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if out, err := q.Do(t.Context(), nil); len(out) != 0 || err != nil {
			t.Errorf("nothing to do: %v, %v", out, err)
		}
	})
}

// With equal shares, three calls of 40 have 13 each when 40 are done: one of 10 that comes then goes before what is left of the others.
func TestACallGoesBeforeSeveralLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := queue(r, 10, 1000)
		defer q.Close()
		long := []int{10, 10, 10, 10}
		a, b, c := ask(t.Context(), q, long...), ask(t.Context(), q, long...), ask(t.Context(), q, long...)
		<-a
		short := ask(t.Context(), q, 9, 1)
		<-short
		<-b
		<-c
		// a's four, one that had begun, and then the short one.
		want(t, "batches", r.batches, "[[10] [10] [10] [10] [10] [9 1] [10] [10] [10] [10] [10] [10] [10]]")
	})
}

// The clock by its definition: in every moment each call that is not done has the same share.
func TestClock(t *testing.T) {
	var c clock
	c.join(c.end(4))
	c.join(c.end(8))
	c.serve(6) // 3 each
	want(t, "now", c.now, 3)
	c.join(c.end(2)) // done at 5
	c.serve(3)       // 1 each: the first is done
	want(t, "now", c.now, 4)
	c.serve(2)
	want(t, "now and ends", fmt.Sprint(c.now, c.ends), "5 [8]")
	c.leave(8)
	c.serve(100)
	want(t, "now and ends", fmt.Sprint(c.now, c.ends), "5 []")
}
