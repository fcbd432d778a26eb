// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/internal/kernel"
)

// rowSource is rows in memory.
type rowSource struct {
	rows []float32
	dim  int
}

func (s rowSource) Len() int            { return len(s.rows) / s.dim }
func (s rowSource) Row(i int) []float32 { return s.rows[i*s.dim : (i+1)*s.dim] }

func TestPairsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const dim = 40
	for _, n := range []int{0, 1, 2, 511, 512, 513, 1300} {
		rows := randomRows(r, n, dim)
		for i := 3; i < n; i += 7 { // copies and near copies
			copy(rows[i*dim:(i+1)*dim], rows[(i-3)*dim:(i-2)*dim])
			rows[i*dim] += float32(i%3) * 0.1
		}
		for i := range n {
			normalize(rows[i*dim : (i+1)*dim])
		}
		src := rowSource{rows, dim}
		const threshold = 0.97
		var want []Pair
		for a := range n {
			for b := a + 1; b < n; b++ {
				if s := kernel.Dot(src.Row(a), src.Row(b)); s >= threshold {
					want = append(want, Pair{a, b, s})
				}
			}
		}
		for _, threads := range []int{1, 3} {
			var got []Pair
			last := 0
			err := Pairs(t.Context(), src, dim, Cosine, threshold, threads, func(done, total int) { last = total - done }, func(p Pair) error {
				got = append(got, p)
				return nil
			})
			if err != nil || last != 0 {
				t.Fatalf("%d rows: %v, %d left", n, err, last)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%d rows, %d threads: %s", n, threads, d)
			}
		}
		if n > 100 && len(want) == 0 {
			t.Errorf("%d rows: no pairs: the test shows nothing", n)
		}
	}
}

func TestPairsEnd(t *testing.T) {
	src := rowSource{make([]float32, 100*4), 4}
	stop := errors.New("enough")
	if err := Pairs(t.Context(), src, 4, Dot, 0, 1, nil, func(Pair) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Pairs(ctx, src, 4, Dot, 0, 1, nil, func(Pair) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := Pairs(t.Context(), src, 4, Euclidean, 0, 1, nil, func(Pair) error { return nil }); err == nil {
		t.Error("pairs by distance")
	}
}
