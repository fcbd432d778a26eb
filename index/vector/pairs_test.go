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

// TestPairsWhereAllAreAlike: more pairs than are held at once come in order, each once.
func TestPairsWhereAllAreAlike(t *testing.T) {
	const n = 2600 // the first 512 rows have 1.2 million pairs
	src := rowSource{make([]float32, n*4), 4}
	for i := range n {
		src.rows[4*i] = 1
	}
	a, b, last := 0, 0, 0
	err := Pairs(t.Context(), src, 4, Cosine, 0.9, 2, func(done, _ int) { last = done }, func(p Pair) error {
		if b++; b == n {
			a, b = a+1, a+2
		}
		if p != (Pair{a, b, 1}) {
			t.Fatalf("got %v, want %d and %d", p, a, b)
		}
		return nil
	})
	if err != nil || a != n-2 || b != n-1 || last != n {
		t.Errorf("%v; the last pair is %d and %d, %d rows done", err, a, b, last)
	}
}

// TestPairsOfLongVectors: rounding that grows with the vectors loses no pair.
func TestPairsOfLongVectors(t *testing.T) {
	const n, dim = 300, 384
	src := rowSource{randomRows(rand.New(rand.NewPCG(9, 10)), n, dim), dim}
	for i := range src.rows {
		src.rows[i] *= 1000
	}
	for b := 1; b < n; b++ { // each pair's score is a threshold once
		threshold := kernel.Dot(src.Row(b-1), src.Row(b))
		found := false
		if err := Pairs(t.Context(), src, dim, Dot, threshold, 1, nil, func(p Pair) error {
			found = found || p == Pair{b - 1, b, threshold}
			return nil
		}); err != nil || !found {
			t.Fatalf("rows %d and %d have %v and are not found (%v)", b-1, b, threshold, err)
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
