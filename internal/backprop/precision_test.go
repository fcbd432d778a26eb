// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package backprop

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/internal/kernel"
)

// At every tier, with instructions for bf16 or step by step, gradients in bf16 are near those in float32, and they are the same for any number of
// threads. Package train says what rounding makes of a gradient: 1.1 % of its length for two layers. Four times as much is allowed, since the
// loss is a random sum of states, whose parts cancel.
func TestGradientsInBF16AtEveryTier(t *testing.T) {
	for _, tier := range kernel.Available() {
		t.Run(string(tier), func(t *testing.T) {
			undo, err := kernel.Use(tier)
			if err != nil {
				t.Fatal(err)
			}
			defer undo()
			gradients := func(f kernel.Format, threads int) (list [][]float32) {
				r := rand.New(rand.NewPCG(1, 2))
				e, err := New(small, random{small, r}, "", Options{Format: f, Threads: threads})
				if err != nil {
					t.Fatal(err)
				}
				tape := &Tape{}
				if err := e.Forward(tape, batch(r, small, 7, 1, 33, 60, 12), Pass{}); err != nil {
					t.Fatal(err)
				}
				rows, stride := tape.States()
				d := make([]float32, len(rows))
				for i := range d {
					if i%stride < small.Hidden {
						d[i] = float32(r.NormFloat64())
					}
				}
				e.Backward(tape, d)
				for _, p := range e.Parameters() {
					list = append(list, p.Gradient)
				}
				return list
			}
			exact, got := gradients(kernel.Float32, 1), gradients(kernel.BFloat16, 1)
			var off, length float64
			for i, want := range exact {
				for j, w := range want {
					d := float64(got[i][j] - w)
					off += d * d
					length += float64(w) * float64(w)
				}
			}
			if part := math.Sqrt(off / length); !(part > 0 && part < 0.045) {
				t.Errorf("gradients are off by %v of their length", part)
			} else {
				t.Logf("gradients are off by %.2e of their length", part)
			}
			for i, several := range gradients(kernel.BFloat16, 3) {
				if !slices.Equal(several, got[i]) {
					t.Fatalf("three threads give another gradient of parameter %d", i)
				}
			}
		})
	}
}
