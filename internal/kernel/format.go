// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
)

// Format is how both operands of a product with weights are stored. Whatever
// it is, rows go in and come out as float32.
type Format uint8

// The formats. Those after Float32 put several values of k into a word of 32
// bits, which one instruction multiplies and adds.
const (
	// Float32 is stored as it is.
	Float32 Format = iota
	// BFloat16 is float32 with the last 16 bits rounded off: 8 bits of
	// significand. Sums are float32.
	BFloat16
	// Int16 is fixed point of up to 16 bits. Sums are int32 and exact; scales
	// are chosen so that none can overflow.
	Int16
	// Int8 is fixed point of 8 bits: of weights signed, of activations unsigned
	// with an offset. Sums are int32 and exact.
	Int8

	formats = iota
)

// String names the format.
func (f Format) String() string {
	switch f {
	case Float32:
		return "float32"
	case BFloat16:
		return "bfloat16"
	case Int16:
		return "int16"
	case Int8:
		return "int8"
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// Supported says whether the tier in use has instructions that make products
// in this format faster than float32's. Without, the results are the same, but
// come slowly.
func Supported(f Format) bool { return f == Float32 || active.words[f].native }

// Group is a number of values of k that is a whole number of groups in every
// format. Depth may be cut at its multiples.
const Group = 384

// group is how many values of k share a scale, in integer formats: few enough
// that one large value spoils few others, many enough that scaling costs
// little beside the product. At 8 bits, groups of 128 make a quarter to half of
// the error of whole rows.
func (f Format) group() int {
	if f == Int8 {
		return 128
	}
	return Group
}

// depthAlign is what the length of a group is rounded up to: the values that
// one step of a matrix unit takes, at 8 bits.
const depthAlign = 64

func padDepth(n int) int { return (n + depthAlign - 1) / depthAlign * depthAlign }

// values is how many values of k a word holds.
func (f Format) values() int { return [formats]int{1, 2, 2, 4}[f] }

// integer says whether values are scaled integers.
func (f Format) integer() bool { return f >= Int16 }

// wordsFor is how many words hold k values.
func (f Format) wordsFor(k int) int { return padDepth(k) / f.values() }

func (f Format) groups(k int) int { return (k + f.group() - 1) / f.group() }

// scale is how a group of values is made into integers, q = x·factor + shift,
// and back, x = (q + offset)·scale.
type scale struct{ scale, offset, factor, shift float32 }

const (
	// most16 is the greatest magnitude in Int16.
	most16 = math.MaxInt16
	// length16 is the greatest Euclidean length of a group in Int16. By the
	// Cauchy–Schwarz inequality no sum of products is above length16² plus what
	// rounding adds, which stays below 2³¹.
	length16 = 46000
)

// scale16 chooses the scale of a group with these extremes and Σ x².
func scale16(lo, hi, squares float32) scale {
	s := max(max(-lo, hi)/most16, float32(math.Sqrt(float64(squares)))/length16)
	return scale{scale: s, factor: reciprocal(s)}
}

// scaleActivations8 maps [lo, hi], and zero, to whole numbers of 0 … 255. An
// offset by row spreads rounding errors better than a fixed one: values of a
// feature that are alike in all tokens are then not all rounded alike.
func scaleActivations8(lo, hi, squares float32) scale {
	lo, hi = min(lo, 0), max(hi, 0)
	// 254 steps: rounding the offset may move values up by half of one.
	s := (hi-lo)/254 + 0*squares // minima and maxima may lose a NaN, sums do not
	f := min(1/s, math.MaxFloat32)
	shift := float32(math.RoundToEven(float64(-lo * f)))
	return scale{scale: s, offset: -shift, factor: f, shift: shift}
}

// scaleWeights8 maps [-top, top] to -127 … 127, as unsigned numbers 128 higher.
func scaleWeights8(lo, hi, squares float32) scale {
	s := max(-lo, hi)/127 + 0*squares
	return scale{scale: s, factor: reciprocal(s), shift: 128}
}

// reciprocal is 1/x, and 0 where that is no number to multiply by.
func reciprocal(x float32) float32 {
	r := 1 / x
	if x == 0 || math.IsInf(float64(r), 0) {
		return 0
	}
	return r
}

// Input is rows of activations, as products in a format read them.
type Input struct {
	format Format
	k      int // values in a row

	floats []float32 // the rows themselves
	stride int       // floats from one row to the next

	words  []uint32  // of formats other than Float32
	scales []float32 // of integer formats: scale and offset of each group
}

// Buffer is the memory of an [Input]'s converted rows, reused from one to the next.
type Buffer struct {
	words  []uint32
	scales []float32
}

// Fit makes the buffer large enough for rows of k values; it never shrinks.
func (b *Buffer) Fit(f Format, rows, k int) {
	if f == Float32 {
		return
	}
	if n := rows * f.wordsFor(k); len(b.words) < n {
		b.words = make([]uint32, n)
	}
	if n := rows * f.groups(k) * 2; len(b.scales) < n {
		b.scales = make([]float32, n)
	}
}

// Input gives the rows of x, k floats each, stride floats apart, as input of
// products in format f. Other formats than Float32 need the buffer, of which
// [Buffer.Fit] has been called with no less, and each row [Input.Convert]ed
// after it was written. Floats from k to [Pad](k) must be zero.
func (b *Buffer) Input(f Format, x []float32, stride, rows, k int) Input {
	in := Input{format: f, k: k, floats: x, stride: stride}
	if f != Float32 {
		in.words = b.words[:rows*f.wordsFor(k)]
		in.scales = b.scales[:rows*f.groups(k)*2]
	}
	return in
}

// Convert makes the rows [from, to) ready for products. It may run for
// different rows at once.
func (in *Input) Convert(from, to int) {
	if in.format == Float32 {
		return
	}
	width, group, groups := in.format.wordsFor(in.k), in.format.group(), in.format.groups(in.k)
	for i := from; i < to; i++ {
		words := in.words[i*width:][:width]
		row := in.floats[i*in.stride:][:Pad(in.k)]
		if in.format == BFloat16 {
			clear(words[len(row)/2:])
			active.toBF16(&words[0], &row[0], len(row))
			continue
		}
		clear(words[len(row)/in.format.values():])
		pairs := in.scales[i*groups*2:][:groups*2]
		if in.format == Int8 {
			active.activations8(&words[0], &pairs[0], &row[0], len(row))
			continue
		}
		for g := range groups {
			x := row[g*group : min(len(row), (g+1)*group)]
			s := scale16(active.extent(&x[0], len(x)))
			pairs[2*g], pairs[2*g+1] = s.scale, s.offset
			in.format.convert(words[g*group/in.format.values():], x, s)
		}
	}
}

// weights chooses the scale of a group of weights.
func (f Format) weights(x []float32) scale {
	lo, hi, squares := active.extent(&x[0], len(x))
	if f == Int16 {
		return scale16(lo, hi, squares)
	}
	return scaleWeights8(lo, hi, squares)
}

// convert stores the integers for x in words. len(x) is a multiple of [Align].
func (f Format) convert(words []uint32, x []float32, s scale) {
	_ = words[len(x)/f.values()-1]
	if f == Int16 {
		active.toInt16(&words[0], &x[0], len(x), s.factor)
		return
	}
	active.toInt8(&words[0], &x[0], len(x), s.factor, s.shift)
}
