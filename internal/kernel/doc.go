// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package kernel holds the vectorised numerics of winnow: matrix
// multiplication by packed weights, GELU, softmax, layer norm and distances,
// each in plain Go and in assembly for AVX2 and AVX-512.
//
// One table of functions is chosen at start-up by what the processor has;
// WINNOW_SIMD=scalar|avx2|avx512|amx masks it downwards, and the build tag noasm
// leaves only plain Go. The assembly is generated: see _gen.
//
// Results do not depend on how work is cut up. An element of a product is one
// chain of fused multiply-adds in ascending k wherever the tile's borders lie,
// and sums run over a fixed number of lanes. A tier therefore gives the same
// bits for a row alone, in any batch and on any number of threads; the two
// vector tiers even agree with each other.
package kernel

//go:generate go -C _gen run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel
