// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package kernel holds the vectorised numerics of winnow: products with packed
// weights in float32, bfloat16, 16-bit and 8-bit integers, GELU, softmax, layer
// norm, distances, what training needs to go back through these, and the
// comparisons of a query with many stored rows that vector search is made of, each
// in plain Go and in assembly for AVX2, AVX-512, AMX and NEON.
//
// One table of functions is chosen at start-up by what the processor has;
// WINNOW_SIMD=scalar|avx2|avx512|amx|neon masks it downwards, and the build tag
// noasm leaves only plain Go. The assembly is generated: see _gen.
//
// Results do not depend on how work is cut up. An element of a float product is
// one chain of fused multiply-adds in ascending k wherever the tile's borders
// lie, an integer product is exact, and sums run over a fixed number of lanes. A
// tier therefore gives the same bits for a row alone, in any batch and on any
// number of threads. AVX2, AVX-512 and NEON agree with each other in float32,
// and all tiers in integer products.
package kernel

//go:generate go -C _gen run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel -neon ../kernel_arm64.s -neon-stubs ../stubs_arm64.go
