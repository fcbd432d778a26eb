// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math/rand/v2"
	"testing"
)

// TestBytesOfCodesAndGraph compares what a walk over int8 codes reads with the same of float32 vectors; docs/benchmarks/index.md says
// what that means.
func TestBytesOfCodesAndGraph(t *testing.T) {
	const n, dim = 300, 384
	random := rand.New(rand.NewPCG(5, 6))
	data := make([]float32, n*dim)
	for i := range data {
		data[i] = float32(random.NormFloat64())
	}
	bytes := func(spec string) Sizes {
		s, err := ParseSpec(spec)
		if err != nil {
			t.Fatal(err)
		}
		x, err := Build(t.Context(), sliceSource{data, dim}, dim, Cosine, s, BuildOptions{Threads: 1, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return x.Bytes()
	}
	whole := bytes("hnsw16").Total()
	codes := bytes("hnsw16,int8")
	if share := float64(codes.Coarse+codes.Graph) / float64(whole); share > 0.35 {
		t.Errorf("codes and graph are %.3f of float32 and graph", share)
	}
	if codes.Fine != 4*n*dim {
		t.Errorf("finer vectors take %d bytes", codes.Fine)
	}
	for spec, most := range map[string]float64{"hnsw16,int8,none": 0.35, "hnsw16,int8,fp16": 0.8} {
		b := bytes(spec)
		share := float64(b.Total()) / float64(whole)
		t.Logf("%s: %.3f of float32 and graph, %+v", spec, share, b)
		if share > most {
			t.Errorf("%s is %.3f of float32 and graph", spec, share)
		}
	}
}
