// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// siftByDefinition is the comparison of each float by itself.
func siftByDefinition(x []float32, limit float32) (marks []uint64, left []float32) {
	marks, left = make([]uint64, len(x)/64), make([]float32, len(x))
	for i, v := range x {
		if v > limit {
			marks[i/64] |= 1 << (i % 64)
			left[i] = v
		}
	}
	return marks, left
}

func testSift(t *testing.T, x []float32, limit float32) {
	t.Helper()
	marks := fenced[uint64](t, len(x)/64)
	for i := range marks {
		marks[i] = 0xaaaaaaaaaaaaaaaa
	}
	wantMarks, wantLeft := siftByDefinition(x, limit)
	Sift(marks, x, limit)
	for i, want := range wantMarks {
		if marks[i] != want {
			t.Fatalf("limit %v, word %d of %d: %#016x, want %#016x", limit, i, len(marks), marks[i], want)
		}
	}
	for i, want := range wantLeft {
		if math.Float32bits(x[i]) != math.Float32bits(want) {
			t.Fatalf("limit %v, float %d of %d: %g is left, want %g", limit, i, len(x), x[i], want)
		}
	}
}

// Operands end where memory ends; values are the limit, its neighbours and others, at every place.
func TestSift(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(61, 62))
		Sift(nil, nil, 1)
		for _, words := range []int{1, 2, 3, 64} {
			x := fenced[float32](t, 64*words)
			for _, limit := range []float32{0, 1, 0.7, math.SmallestNonzeroFloat32, math.MaxFloat32} {
				near := []float32{
					limit, math.Nextafter32(limit, 0), math.Nextafter32(limit, float32(math.Inf(1))), 0,
					float32(math.Inf(1)), math.MaxFloat32, 3 * r.Float32(),
				}
				for i := range x {
					x[i] = near[r.IntN(len(near))]
				}
				testSift(t, x, limit)
			}
		}
	})
}

func FuzzSift(f *testing.F) {
	f.Add(uint64(1), float32(0.5), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, limit float32, words uint8) {
		if !(limit >= 0) || math.Signbit(float64(limit)) {
			return
		}
		r := rand.New(rand.NewPCG(seed, 63))
		x := make([]float32, 64*(int(words)%65+1))
		for i := range x {
			x[i] = math.Float32frombits(r.Uint32() % 0x7f800001) // up to infinity
			if r.IntN(4) == 0 {
				x[i] = limit
			}
		}
		for i := range tiers {
			use(t, tiers[i].tier)
			testSift(t, x, limit)
		}
	})
}

// BenchmarkSift compares the sums of a window of 4,096 rows.
func BenchmarkSift(b *testing.B) {
	x, marks := make([]float32, 4096), make([]uint64, 64)
	r := rand.New(rand.NewPCG(64, 65))
	for i := range x {
		x[i] = r.Float32()
	}
	for i := range tiers {
		b.Run(string(tiers[i].tier), func(b *testing.B) {
			use(b, tiers[i].tier)
			for b.Loop() {
				Sift(marks, x, 0)
			}
			sinkMarks = marks[0]
		})
	}
}

var sinkMarks uint64
