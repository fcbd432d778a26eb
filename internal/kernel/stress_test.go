// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Products stay right while goroutines are preempted, threads change and the
// collector runs all the time: registers that a kernel sets up (the matrix
// unit's above all) must survive signals and never outlive the call.
func TestProductsUnderPreemption(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 30
	}
	eachFormat(t, func(t *testing.T, o *ops, f Format) {
		if o.tier == Scalar || !Supported(f) {
			return // plain Go has no state to lose
		}
		const m, k, n = 37, 384, 64
		r := rand.New(rand.NewPCG(33, 34))
		a := randomRows(r, m, k, k)
		w, _, _ := randomMatrix(r, f, k, n)
		want := make([]float32, m*n)
		Multiply(want, n, converted(f, a, k, m, k), m, w, 0, n, false)

		var stop atomic.Bool
		var noise sync.WaitGroup
		for range 2 {
			noise.Go(func() {
				for !stop.Load() {
					runtime.GC()
					runtime.Gosched()
				}
			})
		}
		var work sync.WaitGroup
		for range 3 * runtime.GOMAXPROCS(0) {
			work.Go(func() {
				c := make([]float32, m*n)
				for range rounds {
					clear(c)
					Multiply(c, n, converted(f, a, k, m, k), m, w, 0, n, false)
					for i, v := range c {
						if v != want[i] {
							t.Errorf("element %d is %v, undisturbed %v", i, v, want[i])
							return
						}
					}
				}
			})
		}
		work.Wait()
		stop.Store(true)
		noise.Wait()
	})
}
