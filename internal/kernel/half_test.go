// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"testing"
)

// Every half, widened: the value its bits stand for (IEEE 754-2019, 3.4), and
// back again.
func TestFromF16(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		whole, wide := guarded(len(all))
		FromF16(wide, all)
		checkGuards(t, "dst", whole)
		back := make([]uint16, len(all))
		ToF16(back, wide)
		for i, v := range wide {
			exponent, mantissa := i>>10&31, float64(i&1023)
			want := math.Ldexp(mantissa, -24)
			switch {
			case exponent == 31 && mantissa == 0:
				want = math.Inf(1)
			case exponent == 31:
				// Quiet, the sign and the payload kept.
				if bits := uint32(i)>>15<<31 | 0x7fc00000 | uint32(i)&1023<<13; math.Float32bits(v) != bits {
					t.Fatalf("%#04x: %#08x, want %#08x", i, math.Float32bits(v), bits)
				}
				if back[i] != uint16(i)|0x200 {
					t.Fatalf("%#04x: %#04x after there and back", i, back[i])
				}
				continue
			case exponent > 0:
				want = math.Ldexp(1024+mantissa, exponent-25)
			}
			if i >= 1<<15 {
				want = -want
			}
			if float64(v) != want || math.Signbit(float64(v)) != (i >= 1<<15) || back[i] != uint16(i) {
				t.Fatalf("%#04x: %v, want %v; back %#04x", i, v, want, back[i])
			}
		}
	})
}

// Rounding: the nearest half, of two the even one, by the definition. All
// neighbours of all halves and of the middles between them.
func TestToF16(t *testing.T) {
	var in []float32
	var want []uint16
	for h := range uint16(0x7c00) { // all that are finite
		low := fromHalf(h)
		high, even := fromHalf(h+1), h+h&1
		if h+1 == 0x7c00 {
			high = 1 << 16 // where the next would be
		}
		middle := (low + high) / 2
		for _, c := range []struct {
			x float32
			h uint16
		}{
			{low, h},
			{math.Nextafter32(low, high), h},
			{math.Nextafter32(middle, low), h},
			{middle, even},
			{math.Nextafter32(middle, high), h + 1},
			{math.Nextafter32(high, low), h + 1},
		} {
			in, want = append(in, c.x, -c.x), append(want, c.h, c.h|0x8000)
		}
	}
	for _, x := range []float32{math.MaxFloat32, float32(math.Inf(1)), 1 << 16} {
		in, want = append(in, x, -x), append(want, 0x7c00, 0xfc00)
	}
	in, want = append(in, math.SmallestNonzeroFloat32, 0x1p-126), append(want, 0, 0)
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		for _, n := range []int{0, 1, 15, 16, 17, 100, len(in)} {
			dst := fenced[uint16](t, n)
			ToF16(dst, in[:n])
			for i, got := range dst {
				if got != want[i] {
					t.Fatalf("%v: %#04x, want %#04x", in[i], got, want[i])
				}
			}
		}
	})
}

// A NaN of float32 stays one, with its sign and what fits of its payload.
func TestNaNToF16(t *testing.T) {
	in, want := make([]float32, 0, 64), make([]uint16, 0, 64)
	for i := range 23 {
		for sign := range uint32(2) {
			in = append(in, math.Float32frombits(sign<<31|0x7f800000|1<<i))
			want = append(want, uint16(sign)<<15|0x7e00|uint16(uint32(1)<<i>>13))
		}
	}
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		dst := make([]uint16, len(in))
		ToF16(dst, in)
		for i, got := range dst {
			if got != want[i] {
				t.Errorf("%#08x: %#04x, want %#04x", math.Float32bits(in[i]), got, want[i])
			}
		}
	})
}
