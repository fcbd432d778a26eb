// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// searchCase is a query, rows and a list of rows, in operands that end where
// their memory ends: a kernel that reads on gets a fault.
type searchCase struct {
	n, stride, count int
	q                []float32
	rows             []float32
	halves           []uint16
	q8, rows8        []int8
	qBits, bits      []uint64
	tables           []float32
	codes            []uint8
	ids              []uint32
}

// newSearchCase makes n values a row, of which float16 and int8 have as many as
// fill lines, and words a row of bits.
func newSearchCase(t testing.TB, r *rand.Rand, n, count, listed int, scale float64) *searchCase {
	c := &searchCase{n: n, count: count, stride: (n+63)/64*64 + r.IntN(3)*3}
	half, whole := (n+31)/32*32, (n+63)/64*64
	words := (n + 63) / 64
	c.q, c.rows = fenced[float32](t, half), fenced[float32](t, count*n)
	c.halves = fenced[uint16](t, count*half)
	c.q8, c.rows8 = fenced[int8](t, whole), fenced[int8](t, (count-1)*c.stride+whole)
	c.qBits, c.bits = fenced[uint64](t, words), fenced[uint64](t, count*words)
	c.tables, c.codes = fenced[float32](t, 256*words), fenced[uint8](t, count*words)
	for _, x := range [][]float32{c.q, c.rows, c.tables} {
		for i := range x {
			x[i] = float32(r.NormFloat64() * scale)
		}
	}
	for i := range c.halves {
		c.halves[i] = toHalf(float32(r.NormFloat64() * scale))
	}
	extreme := r.IntN(4) == 0
	for _, x := range [][]int8{c.q8, c.rows8} {
		for i := range x {
			x[i] = int8(r.Uint32())
			if extreme {
				x[i] = -128
			}
		}
	}
	for _, x := range [][]uint64{c.qBits, c.bits} {
		for i := range x {
			x[i] = r.Uint64()
		}
	}
	for i := range c.codes {
		c.codes[i] = uint8(r.Uint32())
	}
	c.ids = fenced[uint32](t, listed)
	for i := range c.ids {
		c.ids[i] = uint32(r.IntN(count))
	}
	return c
}

// results runs every kernel on the tier in use. Those of the lists follow those
// of the consecutive rows.
func (c *searchCase) results(t testing.TB) (floats map[string][]float32, integers map[string][]int32) {
	floats, integers = map[string][]float32{}, map[string][]int32{}
	total := c.count + len(c.ids)
	float := func(name string, scan, gather func(dst []float32)) {
		whole, dst := guarded(total)
		scan(dst[:c.count])
		gather(dst[c.count:])
		checkGuards(t, name, whole)
		floats[name] = dst
	}
	q, half := c.q[:c.n], c.q
	float("dot",
		func(dst []float32) { DotRows(dst, q, c.rows) },
		func(dst []float32) { GatherDot(dst, q, c.rows, c.ids) })
	float("squared",
		func(dst []float32) { SquaredDistanceRows(dst, q, c.rows) },
		func(dst []float32) { GatherSquaredDistance(dst, q, c.rows, c.ids) })
	float("dot of halves",
		func(dst []float32) { DotRowsF16(dst, half, c.halves) },
		func(dst []float32) { GatherDotF16(dst, half, c.halves, c.ids) })
	float("squared of halves",
		func(dst []float32) { SquaredDistanceRowsF16(dst, half, c.halves) },
		func(dst []float32) { GatherSquaredDistanceF16(dst, half, c.halves, c.ids) })
	float("lookup",
		func(dst []float32) { LookupRows(dst, c.tables, c.codes) },
		func(dst []float32) { GatherLookup(dst, c.tables, c.codes, c.ids) })

	whole, dst := guardedIntegers[int32](total)
	DotRowsI8(dst[:c.count], c.q8, c.rows8, c.stride)
	GatherDotI8(dst[c.count:], c.q8, c.rows8, c.stride, c.ids)
	checkIntegers(t, "int8", whole)
	integers["int8"] = dst

	wholeU, dstU := guardedIntegers[uint32](total)
	HammingRows(dstU[:c.count], c.qBits, c.bits)
	GatherHamming(dstU[c.count:], c.qBits, c.bits, c.ids)
	checkIntegers(t, "hamming", wholeU)
	integers["hamming"] = signedAll(dstU)

	for _, bound := range []uint32{0, uint32(32 * len(c.qBits)), math.MaxUint32} {
		wholeI, ids := guardedIntegers[uint32](c.count)
		wholeD, distances := guardedIntegers[uint32](c.count)
		kept := HammingSelect(ids, distances, c.qBits, c.bits, c.count, 1000, bound)
		checkIntegers(t, "ids", wholeI)
		checkIntegers(t, "distances", wholeD)
		integers[fmt.Sprintf("select %d", bound)] = append(signedAll(ids[:kept]), signedAll(distances[:kept])...)
	}
	return floats, integers
}

func signedAll(x []uint32) []int32 {
	out := make([]int32, len(x))
	for i, v := range x {
		out[i] = int32(v)
	}
	return out
}

const integerSentinel = 0x5a5a5a5a

// guardedIntegers is guarded for results that have no NaN.
func guardedIntegers[T int32 | uint32](n int) (whole, inner []T) {
	whole = make([]T, n+2*guard+1)
	for i := range whole {
		whole[i] = integerSentinel
	}
	return whole, whole[guard+1 : guard+1+n : guard+1+n]
}

func checkIntegers[T int32 | uint32](t testing.TB, name string, whole []T) {
	t.Helper()
	for i, v := range whole {
		if (i <= guard || i >= len(whole)-guard) && v != integerSentinel {
			t.Fatalf("%s: wrote outside its operand, at %d of %d", name, i-guard-1, len(whole)-2*guard-1)
		}
	}
}

// row gives the number of the row that result i of a searchCase is about.
func (c *searchCase) row(i int) int {
	if i < c.count {
		return i
	}
	return int(c.ids[i-c.count])
}

// check holds the results of the tier in use against the definitions.
func (c *searchCase) check(t testing.TB) {
	t.Helper()
	floats, integers := c.results(t)
	half := len(c.q)
	wide := make([]float32, half)
	compare := func(name string, i int, got float32, q, row []float32, squared bool) {
		var want, magnitude float64
		for j, v := range q {
			x := float64(v) * float64(row[j])
			if squared {
				x = float64(v) - float64(row[j])
				x *= x
			}
			want += x
			magnitude += math.Abs(x)
		}
		if !(math.Abs(float64(got)-want) <= magnitude*float64(len(q)+3)*0x1p-24) {
			t.Fatalf("%s: n=%d result %d of %d+%d is %v, want %v", name, c.n, i, c.count, len(c.ids), got, want)
		}
	}
	for i := range c.count + len(c.ids) {
		row := c.row(i)
		single := c.rows[row*c.n : (row+1)*c.n]
		compare("dot", i, floats["dot"][i], c.q[:c.n], single, false)
		compare("squared", i, floats["squared"][i], c.q[:c.n], single, true)
		if got := Dot(c.q[:c.n], single); got != floats["dot"][i] {
			t.Fatalf("dot: n=%d result %d is %v, of two vectors %v", c.n, i, floats["dot"][i], got)
		}
		if got := SquaredDistance(c.q[:c.n], single); got != floats["squared"][i] {
			t.Fatalf("squared: n=%d result %d is %v, of two vectors %v", c.n, i, floats["squared"][i], got)
		}
		FromF16(wide, c.halves[row*half:(row+1)*half])
		compare("dot of halves", i, floats["dot of halves"][i], c.q, wide, false)
		compare("squared of halves", i, floats["squared of halves"][i], c.q, wide, true)
		if got := Dot(c.q, wide); got != floats["dot of halves"][i] {
			t.Fatalf("dot of halves: n=%d result %d is %v, of floats %v", c.n, i, floats["dot of halves"][i], got)
		}
		if got := SquaredDistance(c.q, wide); got != floats["squared of halves"][i] {
			t.Fatalf("squared of halves: n=%d result %d is %v, of floats %v", c.n, i, floats["squared of halves"][i], got)
		}
		var product, distance int
		for j, v := range c.q8 {
			product += int(v) * int(c.rows8[row*c.stride+j])
		}
		if got := int(integers["int8"][i]); got != product {
			t.Fatalf("int8: n=%d stride %d result %d is %d, want %d", len(c.q8), c.stride, i, got, product)
		}
		words := len(c.qBits)
		for j, v := range c.qBits {
			distance += bits.OnesCount64(v ^ c.bits[row*words+j])
		}
		if got := int(integers["hamming"][i]); got != distance {
			t.Fatalf("hamming: %d words, result %d is %d, want %d", words, i, got, distance)
		}
		var sum [4]float32
		for j, v := range c.codes[row*words : (row+1)*words] {
			sum[j%4] += c.tables[256*j+int(v)]
		}
		if got := floats["lookup"][i]; got != (sum[0]+sum[1])+(sum[2]+sum[3]) {
			t.Fatalf("lookup: %d codes, result %d is %v, want %v", words, i, got, (sum[0]+sum[1])+(sum[2]+sum[3]))
		}
	}
	for _, bound := range []uint32{0, uint32(32 * len(c.qBits)), math.MaxUint32} {
		var want, distances []int32
		for i, d := range integers["hamming"][:c.count] {
			if uint32(d) <= bound {
				want, distances = append(want, 1000+int32(i)), append(distances, d)
			}
		}
		want = append(want, distances...)
		if got := integers[fmt.Sprintf("select %d", bound)]; !slices.Equal(got, want) {
			t.Fatalf("select: %d words, bound %d: %v, want %v", len(c.qBits), bound, got, want)
		}
	}
}

func TestSearch(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		r := rand.New(rand.NewPCG(41, 42))
		for n := 1; n <= 400; n += 1 + r.IntN(8) {
			newSearchCase(t, r, n, 1+r.IntN(20), r.IntN(100), 1).check(t)
		}
		for _, n := range []int{16, 32, 48, 64, 128, 192, 384, 768, 1024, 1536} {
			for count := range 18 {
				newSearchCase(t, r, n, 1+count, count, 1).check(t)
			}
		}
		// Lists are fetched 32 rows at a time.
		for _, listed := range []int{31, 32, 33, 63, 64, 65, 96, 97, 300} {
			newSearchCase(t, r, 64, 3, listed, 1).check(t)
		}
	})
}

// Lists and queries of nothing.
func TestSearchNothing(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		GatherDot(nil, make([]float32, 16), nil, nil)
		DotRowsF16(nil, make([]float32, 32), nil)
		GatherHamming(nil, []uint64{1}, nil, nil)
		PrefetchRows(nil, 0, 0, []uint32{7})
		Prefetch[uint64](nil)
		Prefetch([]struct{}{{}})
		Prefetch(fenced[uint16](t, 3))
		PrefetchRows(make([]byte, 100), 100, 100, []uint32{0, math.MaxUint32})
		if n := HammingSelect(nil, nil, []uint64{1}, nil, 0, 0, 1); n != 0 {
			t.Errorf("selected %d rows of none", n)
		}
		dst := []float32{1, 1}
		LookupRows(dst, nil, nil)
		if dst[0] != 0 || dst[1] != 0 {
			t.Errorf("sums over no tables are %v", dst)
		}
		ids, distances := []uint32{1, 1}, []uint32{1, 1}
		if n := HammingSelect(ids, distances, nil, nil, 2, 5, 0); n != 2 || ids[1] != 6 || distances[1] != 0 {
			t.Errorf("rows of no words: %d, %v, %v", n, ids, distances)
		}
	})
}

// What lies outside is caught before a kernel runs.
func TestSearchBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, o *ops) {
		use(t, o.tier)
		f, h, b, w := make([]float32, 64), make([]uint16, 64), make([]int8, 128), make([]uint64, 6)
		dst, dst8, dstU := make([]float32, 2), make([]int32, 2), make([]uint32, 2)
		for name, call := range map[string]func(){
			"row out of range":        func() { GatherDot(dst, f, f, []uint32{1}) },
			"largest row":             func() { GatherDot(dst, f, f, []uint32{0, math.MaxUint32}) },
			"odd row out of range":    func() { GatherDot(dst, f[:63], f, []uint32{1}) },
			"short dst":               func() { GatherSquaredDistance(dst[:0:0], f, f, []uint32{0}) },
			"too few rows":            func() { DotRows(dst, f, f) },
			"too few halves":          func() { DotRowsF16(dst, f, h) },
			"halves not padded":       func() { DotRowsF16(dst[:1], f[:48], h) },
			"halves out of range":     func() { GatherDotF16(dst, f, h, []uint32{1}) },
			"bytes not padded":        func() { DotRowsI8(dst8[:1], b[:60], b, 60) },
			"bytes out of range":      func() { GatherDotI8(dst8, b[:64], b, 65, []uint32{1}) },
			"negative stride":         func() { GatherDotI8(dst8, b[:64], b, -64, []uint32{1}) },
			"bits out of range":       func() { GatherHamming(dstU, w[:3], w, []uint32{2}) },
			"too few rows of bits":    func() { HammingSelect(dstU, dstU, w, w, 2, 0, 0) },
			"no room for ids":         func() { HammingSelect(dstU[:1:1], dstU, w[:3], w, 2, 0, 0) },
			"no room for distances":   func() { HammingSelect(dstU, dstU[:1:1], w[:3], w, 2, 0, 0) },
			"codes out of range":      func() { GatherLookup(dst, make([]float32, 512), []uint8{1, 2, 3}, []uint32{1}) },
			"no room for halves":      func() { ToF16(h[:8:8], f[:16]) },
			"no room for wide halves": func() { FromF16(f[:8:8], h[:16]) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			})
		}
	})
}
