// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package safetensors

import (
	"encoding/binary"
	"math"
	"testing"
)

// slowFloat decodes sign, exponent and fraction by arithmetic, the way the standard defines them.
// NaN is reported apart because it has no value.
func slowFloat(bitsValue uint32, expBits, fracBits int) (v float64, nan bool) {
	exp := int(bitsValue>>fracBits) & (1<<expBits - 1)
	frac := float64(bitsValue & (1<<fracBits - 1))
	bias := 1<<(expBits-1) - 1
	switch {
	case exp == 1<<expBits-1 && frac != 0:
		return 0, true
	case exp == 1<<expBits-1:
		v = math.Inf(1)
	case exp == 0:
		v = math.Ldexp(frac, 1-bias-fracBits)
	default:
		v = math.Ldexp(1+math.Ldexp(frac, -fracBits), exp-bias)
	}
	if bitsValue>>(expBits+fracBits)&1 == 1 {
		v = -v
	}
	return v, false
}

func TestHalfPrecisionExhaustive(t *testing.T) {
	kinds := []struct {
		name              string
		expBits, fracBits int
		to                func(uint16) float32
		from              func(float32) uint16
		convert           func([]float32, []byte)
	}{
		{"f16", 5, 10, F16ToFloat32, Float32ToF16, convertF16},
		{"bf16", 8, 7, BF16ToFloat32, Float32ToBF16, convertBF16},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			raw := make([]byte, 1+2*65536) // odd start: sources need not be aligned
			for i := range 65536 {
				binary.LittleEndian.PutUint16(raw[1+2*i:], uint16(i))
			}
			all := make([]float32, 65536)
			k.convert(all, raw[1:])
			for i := range 65536 {
				h := uint16(i)
				want, nan := slowFloat(uint32(i), k.expBits, k.fracBits)
				got := k.to(h)
				if math.Float32bits(got) != math.Float32bits(all[i]) {
					t.Fatalf("%#04x: slice conversion gives %x, single %x", i, all[i], got)
				}
				if nan {
					if got == got || math.Signbit(float64(got)) != (i&0x8000 != 0) {
						t.Fatalf("%#04x: got %v, want NaN with the same sign", i, got)
					}
					if back := k.to(k.from(got)); back == back {
						t.Fatalf("%#04x: NaN became %v on the way back", i, back)
					}
					continue
				}
				if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
					t.Fatalf("%#04x: got %g, want %g", i, got, want)
				}
				if back := k.from(got); back != h {
					t.Fatalf("%#04x: back from %g gives %#04x", i, got, back)
				}
			}
		})
	}
}

// Between two neighbours everything below the middle rounds down, everything above it up, and the
// middle goes to the even one. The middle of two 16-bit numbers is exact in float32.
func TestRoundingBetweenNeighbours(t *testing.T) {
	kinds := []struct {
		name string
		top  uint16 // the largest finite number
		to   func(uint16) float32
		from func(float32) uint16
	}{
		{"f16", 0x7bff, F16ToFloat32, Float32ToF16},
		{"bf16", 0x7f7f, BF16ToFloat32, Float32ToBF16},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			for h := uint16(0); h < k.top; h++ {
				lo, hi := k.to(h), k.to(h+1)
				mid := float32((float64(lo) + float64(hi)) / 2)
				even := h + h&1
				for _, c := range []struct {
					v    float32
					want uint16
				}{
					{mid, even},
					{math.Nextafter32(mid, lo), h},
					{math.Nextafter32(mid, hi), h + 1},
					{math.Nextafter32(lo, hi), h},
					{math.Nextafter32(hi, lo), h + 1},
				} {
					if got := k.from(c.v); got != c.want {
						t.Fatalf("%g between %#04x and %#04x: got %#04x, want %#04x", c.v, h, h+1, got, c.want)
					}
					if got := k.from(-c.v); got != c.want|0x8000 {
						t.Fatalf("%g: got %#04x, want %#04x", -c.v, got, c.want|0x8000)
					}
				}
			}
		})
	}
	for v, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, -65520: 0xfc00, 1e-30: 0, -1e-30: 0x8000} {
		if got := Float32ToF16(v); got != want {
			t.Errorf("%g: got %#04x, want %#04x", v, got, want)
		}
	}
	if got := Float32ToBF16(math.MaxFloat32); got != 0x7f80 {
		t.Errorf("the largest float32 rounds to %#04x, want infinity", got)
	}
}
