// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"sync"
	"time"
)

// The product that [Peak] repeats: a worker's share of rows by a square matrix
// of a small encoder. Its operands fit into a core's second-level cache.
const (
	peakRows  = 192
	peakDepth = 384
	peakWidth = 384
)

// Peak is the speed of [Multiply] where memory does not slow it down: threads
// goroutines repeat a product of 192×384 by 384×384, each with operands of its
// own, for the duration d. It returns the operations of all of them in a
// second, a multiplication and an addition being two, and the context's error
// if that ends first. Making rows ready ([Input.Convert]) is not counted.
func Peak(ctx context.Context, f Format, threads int, d time.Duration) (float64, error) {
	counts := make([]int, threads)
	begin := make(chan struct{})
	var start time.Time // of all: goroutines that take turns share a processor
	var ready, done sync.WaitGroup
	for i := range counts {
		ready.Add(1)
		done.Go(func() {
			p := newPeakProduct(f)
			p.run() // reads the operands into the cache
			ready.Done()
			<-begin
			for time.Since(start) < d && ctx.Err() == nil || counts[i] == 0 {
				p.run()
				counts[i]++
			}
		})
	}
	ready.Wait()
	start = time.Now()
	close(begin)
	done.Wait()
	took := time.Since(start).Seconds()
	products := 0
	for _, n := range counts {
		products += n
	}
	return 2 * peakRows * peakDepth * peakWidth * float64(products) / took, ctx.Err()
}

// peakProduct is one goroutine's operands.
type peakProduct struct {
	input   Input
	weights *Matrix
	out     []float32
}

func newPeakProduct(f Format) *peakProduct {
	p := &peakProduct{weights: NewMatrix(f, peakDepth, peakWidth), out: make([]float32, peakRows*peakWidth)}
	rows, columns := make([]float32, peakRows*peakDepth), make([]float32, peakDepth*peakWidth)
	for i := range rows {
		rows[i] = wave(i)
	}
	for i := range columns {
		columns[i] = wave(i + len(rows))
	}
	p.weights.SetColumns(0, columns, make([]float32, peakWidth))
	var b Buffer
	b.Fit(f, peakRows, peakDepth)
	p.input = b.Input(f, rows, peakDepth, peakRows, peakDepth)
	p.input.Convert(0, peakRows)
	return p
}

// wave is a value of -1 … 1 that differs from its neighbours. Zeros would do
// for time on most processors, but draw less power and so may clock higher.
func wave(i int) float32 { return float32(i*7919%2048-1024) / 1024 }

func (p *peakProduct) run() {
	Multiply(p.out, peakWidth, &p.input, peakRows, p.weights, 0, peakWidth, false)
}
