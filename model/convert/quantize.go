// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Search for the factor of a row: steps candidates from the plain one, max|w|/127, down to
// lowest times it. Below that, clipping costs more than finer steps gain in any row of a trained
// network; the last few steps are there to show that the minimum is inside.
const (
	steps  = 32
	lowest = 0.6
)

// quantizeRow writes q and returns the factor s that make sum((w - s*q)^2) small, with q whole
// numbers from -127 to 127. The plain factor s = max|w|/127 is the first candidate and is kept
// unless a smaller one, which clips the largest weights, has less error. Each candidate is followed
// by the best factor for its q, s = sum(w*q)/sum(q*q). A row of zeros gets s = 0.
//
// Products are rounded before they are added, so that the result is the same on every machine.
func quantizeRow(q []int8, w []float32) float32 {
	var top float64
	for _, x := range w {
		top = max(top, math.Abs(float64(x)))
	}
	var best float32
	bestErr := math.Inf(1)
	for i := range steps {
		s := float32(top / 127 * (1 - (1-lowest)*float64(i)/(steps-1)))
		for range 2 {
			if s == 0 {
				break
			}
			sum, wq, qq := rowError(w, s)
			if sum < bestErr {
				best, bestErr = s, sum
			}
			s = float32(wq / qq)
		}
	}
	for i, x := range w {
		q[i] = 0
		if best != 0 {
			q[i] = int8(nearestStep(x, best))
		}
	}
	return best
}

// rowError returns the squared error of factor s and the sums that give the best factor for the
// same whole numbers. The largest weight is never rounded to zero, so qq is at least 1.
func rowError(w []float32, s float32) (sum, wq, qq float64) {
	for _, x := range w {
		q := nearestStep(x, s)
		d := float64(x) - float64(float64(s)*q)
		sum += float64(d * d)
		wq += float64(float64(x) * q)
		qq += float64(q * q)
	}
	return sum, wq, qq
}

func nearestStep(x, s float32) float64 {
	return max(-127, min(127, math.RoundToEven(float64(x)/float64(s))))
}

// quantizeRows quantises a matrix of rows × width. The error tells where a weight is not finite.
func quantizeRows(w []float32, rows, width int) (q []int8, scales []float32, err error) {
	for i, x := range w {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, nil, fmt.Errorf("element (%d, %d) is %g: weights must be finite", i/width, i%width, x)
		}
	}
	q = make([]int8, len(w))
	scales = make([]float32, rows)
	workers := min(runtime.GOMAXPROCS(0), rows)
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for r := k; r < rows; r += workers {
				scales[r] = quantizeRow(q[r*width:(r+1)*width], w[r*width:(r+1)*width])
			}
		})
	}
	wg.Wait()
	return q, scales, nil
}
