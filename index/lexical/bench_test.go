// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lexical

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

// What benchmarks compute goes here, so that it is computed.
var (
	sinkHits  []Hit
	sinkIndex *Index
	sinkRows  [blockRows]uint32
)

const (
	benchRows  = 50000
	benchWords = 40000
)

var benchTokens = sync.OnceValue(func() (rows [][2][]analysis.Token) {
	for _, r := range zipfRows(11, benchRows, benchWords) {
		rows = append(rows, [2][]analysis.Token{tokens(r.title), tokens(r.text)})
	}
	return rows
})

func benchBuild(b testing.TB) (*Builder, int) {
	n := 0
	builder := NewBuilder(nil)
	for _, r := range benchTokens() {
		if err := builder.AddTokens(r[0], r[1]); err != nil {
			b.Fatal(err)
		}
		n += len(r[0]) + len(r[1])
	}
	return builder, n
}

var benchIndex = sync.OnceValue(func() *Index {
	builder := NewBuilder(nil)
	for _, r := range benchTokens() {
		if err := builder.AddTokens(r[0], r[1]); err != nil {
			panic(err)
		}
	}
	m := segment.NewMemory()
	if err := builder.Write(m); err != nil {
		panic(err)
	}
	x, err := Open(m.Reader())
	if err != nil {
		panic(err)
	}
	return x
})

// benchQueries draws words as texts do, so that queries have frequent and rare ones.
func benchQueries(words int) (qs []analysis.Query) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 64 {
		qs = append(qs, query(zipfText(r, words, benchWords, 17)))
	}
	return qs
}

func BenchmarkSearch(b *testing.B) {
	x := benchIndex()
	for _, words := range []int{1, 2, 5, 10} {
		qs := benchQueries(words)
		for _, k := range []int{10, 100, 1000} {
			for name, how := range map[string]way{"any": anyWay, "windows": byWindows, "exhaustive": exhaustive} {
				b.Run(fmt.Sprintf("terms=%d/k=%d/way=%s", words, k, name), func(b *testing.B) {
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						var err error
						if sinkHits, _, err = run(b.Context(), []Part{{Index: x}}, qs[i%len(qs)], Params{}, k, how); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkSearchOperators(b *testing.B) {
	x := benchIndex()
	for _, s := range []string{"+w3 +w40", "+w3 w0 w1 w2", "w0~w1", "w3~w7 -w2"} {
		b.Run(strings.ReplaceAll(s, " ", ","), func(b *testing.B) {
			for b.Loop() {
				var err error
				if sinkHits, _, err = Search(b.Context(), []Part{{Index: x}}, query(s), Params{}, 10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBuild counts tokens, already analysed.
func BenchmarkBuild(b *testing.B) {
	benchTokens()
	n := 0
	for b.Loop() {
		var builder *Builder
		builder, n = benchBuild(b)
		if err := builder.Write(discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkMerge(b *testing.B) {
	x := benchIndex()
	for b.Loop() {
		if err := Merge(b.Context(), discard{}, []MergePart{{Index: x}, {Index: x}}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkOpen(b *testing.B) {
	builder, _ := benchBuild(b)
	m := segment.NewMemory()
	if err := builder.Write(m); err != nil {
		b.Fatal(err)
	}
	r := m.Reader()
	for b.Loop() {
		var err error
		if sinkIndex, err = Open(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	var values [blockRows]uint32
	for i := range values {
		values[i] = uint32(i)
	}
	for _, w := range []int{1, 4, 7, 12, 20, 30} {
		packed := append(appendPacked(nil, &values, w), make([]byte, packSlack)...)
		b.Run(fmt.Sprintf("width=%d", w), func(b *testing.B) {
			b.SetBytes(4 * blockRows)
			for b.Loop() {
				unpack(&sinkRows, packed, uint(w))
				prefixRows(&sinkRows, 0)
			}
		})
	}
}

// discard is a segment.SectionWriter that keeps nothing.
type discard struct{}

func (discard) Section(string) (io.Writer, error) { return io.Discard, nil }
