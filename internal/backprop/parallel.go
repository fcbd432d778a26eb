// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"sync"
	"sync/atomic"
)

// Parallel calls do for each i below n, on up to workers goroutines. w tells
// them apart: calls with one w do not overlap. It returns when all have.
func Parallel(workers, n int, do func(w, i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(w, i)
			}
		})
	}
	wg.Wait()
}

// sized returns a buffer of n elements, the old one if it is large enough. What
// is in it is left.
func sized[T any](buffer []T, n int) []T {
	if cap(buffer) < n {
		return make([]T, n)
	}
	return buffer[:n]
}
