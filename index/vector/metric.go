// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"fmt"
	"math"
)

// Metric says how two vectors are compared. In every metric a higher score is nearer.
type Metric string

// The metrics.
const (
	Cosine    Metric = "cosine"    // a·b / (|a|·|b|), -1 to 1 up to rounding; 0 when either vector is zero
	Dot       Metric = "dot"       // a·b, unbounded
	Euclidean Metric = "euclidean" // -|a - b|: minus the distance, at most 0
)

// ErrNotFinite is wrapped by errors about a vector that holds NaN or an infinity.
var ErrNotFinite = errors.New("vector holds a value that is not a finite number")

// check returns an error for a metric that is not one of the above.
func (m Metric) check() error {
	switch m {
	case Cosine, Dot, Euclidean:
		return nil
	}
	return fmt.Errorf("unknown metric %q: known metrics: %s, %s, %s", string(m), Cosine, Dot, Euclidean)
}

// checkFinite returns an error that names the first value of rows that is NaN or infinite. what names a row.
func checkFinite(what string, rows []float32, dim int) error {
	for i, x := range rows {
		if x-x != 0 {
			return fmt.Errorf("%s %d, component %d: %w: %v", what, i/dim, i%dim, ErrNotFinite, x)
		}
	}
	return nil
}

// normalize divides a vector by its length, in place; a zero vector stays as it is. The length is summed up in float64,
// where the square of no float32 overflows or vanishes, so that a vector's scale does not change its direction's bits much.
func normalize(v []float32) {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	if squares == 0 {
		return
	}
	inverse := 1 / math.Sqrt(squares)
	for i, x := range v {
		v[i] = float32(float64(x) * inverse)
	}
}
