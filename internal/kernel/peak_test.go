// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// Every format gives a speed, even if there is time for one product only.
func TestPeak(t *testing.T) {
	for f := range Format(formats) {
		rate, err := Peak(t.Context(), f, 2, time.Nanosecond)
		if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
			t.Errorf("%s: %v operations a second, %v", f, rate, err)
		}
	}
}

func TestPeakEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Peak(ctx, Float32, 1, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What is timed is a product: the result is that of the definition.
func TestPeakProduct(t *testing.T) {
	for f := range Format(formats) {
		p := newPeakProduct(f)
		p.run()
		const i, j = peakRows - 1, peakWidth - 1
		var want, size float64
		for k := range peakDepth {
			term := float64(wave(i*peakDepth+k)) * float64(wave(j*peakDepth+k+peakRows*peakDepth))
			want += term
			size += math.Abs(term)
		}
		if got := float64(p.out[i*peakWidth+j]); math.Abs(got-want) > size/64 {
			t.Errorf("%s: %v, want %v", f, got, want)
		}
	}
}
