// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// searchBenchmark is a kernel of vector search in its two forms.
type searchBenchmark[D, R any] struct {
	width  int // elements of a row
	scan   func(dst []D, rows []R)
	gather func(dst []D, rows []R, ids []uint32)
}

// run measures every tier on consecutive rows and on 32 at a time from
// anywhere, as a search of a graph asks for them: of all rows, which fit no
// cache, and of a few.
func (k searchBenchmark[D, R]) run(b *testing.B) {
	const size, listed = 384 << 20, 32
	var element R
	count := size / (k.width * int(unsafe.Sizeof(element))) &^ 1023
	rows, dst := make([]R, count*k.width), make([]D, 1024)
	r := rand.New(rand.NewPCG(51, 52))
	for words := unsafe.Slice((*uint64)(unsafe.Pointer(&rows[0])), size/8/1024*1023); len(words) > 0; words = words[1:] {
		words[0] = r.Uint64() & 0xbbffbbffbbffbbff // floats and halves below 1
	}
	measure := func(name string, of, take int, f func(dst []D, at int)) {
		for i := range tiers {
			b.Run(name+"/"+string(tiers[i].tier), func(b *testing.B) {
				use(b, tiers[i].tier)
				at := 0
				for b.Loop() {
					f(dst[:take], at)
					at = (at + take) % of
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*take), "ns/row")
			})
		}
	}
	measure("rows", count, len(dst), func(dst []D, at int) { k.scan(dst, rows[at*k.width:(at+len(dst))*k.width]) })
	for _, c := range []struct {
		name string
		of   int
	}{{"gather", count}, {"gatherHot", 32}} {
		ids := make([]uint32, 1<<18)
		for i := range ids {
			ids[i] = uint32(r.IntN(c.of))
		}
		measure(c.name, len(ids), listed, func(dst []D, at int) { k.gather(dst, rows, ids[at:at+listed]) })
	}
}

func BenchmarkSearch(b *testing.B) {
	const n = 384
	q, q8, bits, tables := make([]float32, n), make([]int8, n), make([]uint64, n/64), make([]float32, 48*256)
	b.Run("float32", searchBenchmark[float32, float32]{
		n,
		func(dst, rows []float32) { DotRows(dst, q, rows) },
		func(dst, rows []float32, ids []uint32) { GatherDot(dst, q, rows, ids) },
	}.run)
	b.Run("float16", searchBenchmark[float32, uint16]{
		n,
		func(dst []float32, rows []uint16) { DotRowsF16(dst, q, rows) },
		func(dst []float32, rows []uint16, ids []uint32) { GatherDotF16(dst, q, rows, ids) },
	}.run)
	b.Run("int8", searchBenchmark[int32, int8]{
		n,
		func(dst []int32, rows []int8) { DotRowsI8(dst, q8, rows, n) },
		func(dst []int32, rows []int8, ids []uint32) { GatherDotI8(dst, q8, rows, n, ids) },
	}.run)
	b.Run("binary", searchBenchmark[uint32, uint64]{
		n / 64,
		func(dst []uint32, rows []uint64) { HammingRows(dst, bits, rows) },
		func(dst []uint32, rows []uint64, ids []uint32) { GatherHamming(dst, bits, rows, ids) },
	}.run)
	kept := make([]uint32, 1024)
	b.Run("binarySelect", searchBenchmark[uint32, uint64]{
		n / 64,
		func(dst []uint32, rows []uint64) { HammingSelect(kept, dst, bits, rows, len(dst), 0, n/3) },
		func(dst []uint32, rows []uint64, ids []uint32) { GatherHamming(dst, bits, rows, ids) },
	}.run)
	b.Run("codes", searchBenchmark[float32, uint8]{
		48,
		func(dst []float32, rows []uint8) { LookupRows(dst, tables, rows) },
		func(dst []float32, rows []uint8, ids []uint32) { GatherLookup(dst, tables, rows, ids) },
	}.run)
}
