// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The sinks keep results alive.
var (
	searchSink any
	encodeSink *Index
)

// BenchmarkSearch is one search for ten of 20,000 vectors, by structure and encoding, on one thread.
func BenchmarkSearch(b *testing.B) {
	const n, dim, queries = 20_000, 384, 64
	r := rand.New(rand.NewPCG(31, 32))
	rows := clustered(r, n+queries, dim)
	rows, asked := rows[:n*dim], rows[n*dim:]
	for _, spec := range []string{"flat", "flat,fp16,none", "flat,int8", "flat,pq48", "flat,binary", "ivf,int8", "hnsw16", "hnsw16,int8"} {
		b.Run(spec, func(b *testing.B) {
			x := mustIndex(b, rows, dim, Cosine, spec)
			i := 0
			b.ResetTimer()
			for b.Loop() {
				hits, _, err := x.Search(b.Context(), asked[i%queries*dim:(i%queries+1)*dim], 10, Params{Threads: 1})
				if err != nil {
					b.Fatal(err)
				}
				searchSink = hits
				i++
			}
			if spec == "flat" {
				b.ReportMetric(float64(n*dim*4*b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			}
		})
	}
}

// BenchmarkBatch is exact searches by one matrix product.
func BenchmarkBatch(b *testing.B) {
	const n, dim = 20_000, 384
	r := rand.New(rand.NewPCG(33, 34))
	f := mustBuild(b, clustered(r, n, dim), dim, Cosine)
	f.SetThreads(1)
	for _, queries := range []int{8, 16, 64, 256} {
		b.Run(fmt.Sprint(queries), func(b *testing.B) {
			asked := randomRows(r, queries, dim)
			for b.Loop() {
				hits, err := f.SearchBatch(b.Context(), asked, 10)
				if err != nil {
					b.Fatal(err)
				}
				searchSink = hits
			}
			b.ReportMetric(float64(n*dim*queries*b.N)/b.Elapsed().Seconds()/1e9, "GFMA/s")
		})
	}
}

// BenchmarkEncode is encoding 20,000 vectors on one thread, training and all.
func BenchmarkEncode(b *testing.B) {
	const n, dim = 20_000, 384
	r := rand.New(rand.NewPCG(35, 36))
	src := mustBuild(b, clustered(r, n, dim), dim, Cosine)
	for _, spec := range []string{"flat,fp16,none", "flat,int8,none", "flat,pq48", "flat,binary", "ivf"} {
		b.Run(spec, func(b *testing.B) {
			for b.Loop() {
				x, err := Build(b.Context(), src, dim, Cosine, mustSpec(b, spec), BuildOptions{Threads: 1})
				if err != nil {
					b.Fatal(err)
				}
				encodeSink = x
			}
		})
	}
}
