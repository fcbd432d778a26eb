// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"fmt"
	"testing"

	"github.com/winnow-search/winnow/internal/bitset"
)

var (
	graphSink *graph
	hitsSink  []Hit
)

func BenchmarkGraphBuild(b *testing.B) {
	const n = 5000
	st, _ := clusteredRows(1, n, 0, 96, Cosine)
	for b.Loop() {
		graphSink = mustGraph(b, st, 16, 100, 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}

func BenchmarkGraphSearch(b *testing.B) {
	const n = 20000
	st, queries := clusteredRows(1, n, 64, 96, Cosine)
	g := mustGraph(b, st, 16, 100, 0)
	tenth := bitset.New(n)
	for i := 0; i < n; i += 10 {
		tenth.Add(i)
	}
	run := func(name string, ef int, allowed *bitset.Set) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			scored := 0
			scorers := make([]Scorer, len(queries))
			for i, q := range queries {
				scorers[i] = st.Query(q)
			}
			for i := 0; b.Loop(); i++ {
				hits, stats, err := g.search(b.Context(), scorers[i%len(scorers)], 10, ef, allowed)
				if err != nil {
					b.Fatal(err)
				}
				hitsSink = hits
				scored += stats.scored
			}
			b.ReportMetric(float64(scored)/float64(b.N), "rows/op")
		})
	}
	for _, ef := range []int{10, 40, 100, 400} {
		run(fmt.Sprintf("ef=%d", ef), ef, nil)
	}
	run("ef=100,tenth", 100, tenth)
}
