// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// tally counts what came of requests. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	from, to  time.Time       // answers within are counted as throughput
	latencies []time.Duration // of answers with 200 to requests that were due within
	done      int             // answers with 200 that came within
	statuses  map[string]int  // all, by status or error
	differ    int             // answers with 200 that are not those without load
}

// add counts a request that was due at a time and is answered now.
func (t *tally) add(due time.Time, what string, differs bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.statuses[what]++
	if differs {
		t.differ++
	}
	if what != "200" {
		return
	}
	if !due.Before(t.from) && due.Before(t.to) {
		t.latencies = append(t.latencies, now.Sub(due))
	}
	if !now.Before(t.from) && now.Before(t.to) {
		t.done++
	}
}

// rate is the throughput in answers a second.
func (t *tally) rate() float64 { return float64(t.done) / t.to.Sub(t.from).Seconds() }

// load sends the requests of a workload.
type load struct {
	*process
	*workload
	known []answer // without load, by request; nil before that is known
}

// send sends request n and says what came of it: a status, or an error. retry is what a 429 asks for.
func (l *load) send(ctx context.Context, n int) (what string, got answer, retry time.Duration) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+l.path, bytes.NewReader(l.bodies[n%len(l.bodies)]))
	if err != nil {
		return err.Error(), got, 0
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := l.client.Do(r)
	if err != nil {
		return kindOf(err), got, 0
	}
	defer func() { _ = a.Body.Close() }()
	body, err := io.ReadAll(a.Body)
	switch {
	case err != nil:
		return "cut short: " + kindOf(err), got, 0
	case a.StatusCode != http.StatusOK:
		seconds, _ := strconv.Atoi(a.Header.Get("Retry-After")) // 0 if it is not there
		return strconv.Itoa(a.StatusCode), got, time.Duration(seconds) * time.Second
	}
	if got, err = l.answer(body); err != nil {
		return "unreadable: " + err.Error(), got, 0
	}
	return "200", got, 0
}

// kindOf is an error without what differs from request to request, such as ports.
func kindOf(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// one sends request n, due at a time, and counts it.
func (l *load) one(ctx context.Context, t *tally, n int, due time.Time) (retry time.Duration) {
	what, got, retry := l.send(ctx, n)
	t.add(due, what, what == "200" && l.known != nil && got != l.known[n%len(l.known)])
	return retry
}

// learn sends each request once, so that its answer without load is known, and the server is warm.
func (l *load) learn(ctx context.Context) error {
	known := make([]answer, len(l.bodies))
	for n := range l.bodies {
		what, got, _ := l.send(ctx, n)
		if what != "200" {
			return fmt.Errorf("request %d without load: %s", n, what)
		}
		known[n] = got
	}
	l.known = known
	return nil
}

func newTally(warm, d time.Duration) *tally {
	now := time.Now()
	return &tally{from: now.Add(warm), to: now.Add(warm + d), statuses: map[string]int{}}
}

// closed lets clients send one request after the other for a time, after some to warm up. A client whose request is answered with 429 waits
// as long as it is told to, and goes on with its next. Requests that are on their way in the end are waited for.
func (l *load) closed(ctx context.Context, clients int, warm, d time.Duration) *tally {
	t := newTally(warm, d)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := c; ctx.Err() == nil && time.Now().Before(t.to); n += clients {
				if retry := l.one(ctx, t, n, time.Now()); retry > 0 {
					sleep(ctx, retry)
				}
			}
		})
	}
	wg.Wait()
	return t
}

// paced lets clients send at an even pace, so many a second together, each from a moment of its own. A client sends when its next request is
// due and its last is answered; one that it sends late for that counts from when it was due.
func (l *load) paced(ctx context.Context, clients int, rate float64, warm, d time.Duration, seed uint64) (*tally, error) {
	t := newTally(warm, d)
	period := time.Duration(float64(clients) / rate * float64(time.Second))
	random := rand.New(rand.NewPCG(seed, 1))
	var wg sync.WaitGroup
	for c := range clients {
		due := time.Now().Add(time.Duration(random.Float64() * float64(period)))
		wg.Go(func() {
			for n := c; due.Before(t.to); n += clients {
				if sleep(ctx, time.Until(due)); ctx.Err() != nil {
					return
				}
				l.one(ctx, t, n, due)
				due = due.Add(period)
			}
		})
	}
	wg.Wait()
	return t, ctx.Err()
}

// mostWaiting bounds the requests of the open loop that are on their way. What a server that does not keep up is not sent counts as an error.
const mostWaiting = 4096

// open sends requests at random moments, at a rate a second, whether or not others have been answered.
func (l *load) open(ctx context.Context, rate float64, warm, d time.Duration, seed uint64) (*tally, error) {
	t := newTally(warm, d)
	random := rand.New(rand.NewPCG(seed, 0))
	var wg sync.WaitGroup
	slots := make(chan struct{}, mostWaiting)
	defer wg.Wait()
	due := time.Now()
	for n := 0; ; n++ {
		due = due.Add(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
		if !due.Before(t.to) {
			break
		}
		sleep(ctx, time.Until(due))
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		select {
		case slots <- struct{}{}:
		default:
			t.add(due, fmt.Sprintf("not sent, as %d were on their way", mostWaiting), false)
			continue
		}
		at, number := due, n
		wg.Go(func() {
			defer func() { <-slots }()
			l.one(ctx, t, number, at)
		})
	}
	wg.Wait()
	return t, ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
