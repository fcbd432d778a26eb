// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// since is a pointer to the seconds since start.
func since(start time.Time) *float64 {
	s := time.Since(start).Seconds()
	return &s
}

// measure answers n queries with one, round and round, from so many goroutines, until the seconds have passed; an error ends
// it. With whole, one answers all n in a call, and the calls come one after the other.
func measure(n, threads int, seconds float64, whole bool, one func(i int) error) (answer, error) {
	step := 1
	if whole {
		threads, step = 1, n
	}
	var count, failed atomic.Int64
	var first error
	var once sync.Once
	start := time.Now()
	until := start.Add(time.Duration(seconds * float64(time.Second)))
	work := func(worker int) {
		for i := worker; failed.Load() == 0; i = (i + threads) % n {
			if err := one(i); err != nil {
				once.Do(func() { first = err })
				failed.Store(1)
				return
			}
			count.Add(int64(step))
			if time.Now().After(until) {
				return
			}
		}
	}
	var group sync.WaitGroup
	for w := 1; w < threads; w++ {
		group.Go(func() { work(w) })
	}
	work(0)
	group.Wait()
	return answer{Seconds: since(start), Queries: int(count.Load())}, first
}
