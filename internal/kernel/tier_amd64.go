// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !noasm && gc

package kernel

import (
	"math"

	"golang.org/x/sys/cpu"
)

// vectorTiers lists the vector tables this processor can run, in ascending order.
func vectorTiers() []ops {
	var list []ops
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, avx2())
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		list = append(list, avx512())
		if cpu.X86.HasAVX512VNNI && cpu.X86.HasAVX512BF16 && amxPermitted() {
			list = append(list, amx())
		}
	}
	return list
}

func avx2() ops {
	t := ops{
		tier: AVX2, rows: 6, panels: 1,
		tile: tileAVX2, gelu: geluAVX2, softmax: softmaxAVX2, layerNorm: layerNormAVX2,
		transpose: transposeAVX2, dot: dotAVX2, squared: squaredAVX2, manhattan: manhattanAVX2,
		words: scalar.words, extent: extentAVX2,
		toBF16: scalar.toBF16, interleave: scalar.interleave, toInt16: toInt16AVX2, toInt8: toInt8AVX2, activations8: activations8AVX2,
		search: searchAVX2(), gradient: gradientAVX2(),
	}
	t.words[Int16] = wordProduct{tile: tileAVX2Int16, rows: 6, panels: 1, native: true}
	if cpu.X86.HasAVXVNNI {
		t.words[Int16] = wordProduct{tile: tileAVX2Int16VNNI, rows: 6, panels: 1, native: true}
		t.words[Int8] = wordProduct{tile: tileAVX2Int8VNNI, rows: 6, panels: 1, native: true}
	}
	return t
}

func avx512() ops {
	t := ops{
		tier: AVX512, rows: 14, panels: 2,
		tile: tileAVX512, gelu: geluAVX512, softmax: softmaxAVX512, layerNorm: layerNormAVX512,
		transpose: transposeAVX2, dot: dotAVX512, squared: squaredAVX512, manhattan: manhattanAVX512,
		words: scalar.words, extent: extentAVX512,
		toBF16: scalar.toBF16, interleave: interleaveAVX512, toInt16: toInt16AVX512, toInt8: toInt8AVX512, activations8: activations8AVX512,
		search: searchAVX512(), gradient: gradientAVX512(),
	}
	t.words[Int16] = wordProduct{tile: tileAVX512Int16, rows: 14, panels: 2, native: true}
	if cpu.X86.HasAVX512VNNI {
		t.words[Int16] = wordProduct{tile: tileAVX512Int16VNNI, rows: 14, panels: 2, native: true}
		t.words[Int8] = wordProduct{tile: tileAVX512Int8VNNI, rows: 7, panels: 2, native: true, whole: true}
	}
	if cpu.X86.HasAVX512BF16 {
		t.words[BFloat16] = wordProduct{tile: tileAVX512BF16, rows: 14, panels: 2, native: true, whole: true}
		t.toBF16 = toBF16AVX512
	}
	return t
}

// amx is AVX-512 with products of 8-bit integers and bfloat16 on the matrix
// unit, which takes any number of rows in one call.
func amx() ops {
	t := avx512()
	t.tier = AMX
	t.words[BFloat16] = wordProduct{tile: tileAMXBF16, rows: math.MaxInt, panels: 2, native: true, whole: true}
	t.words[Int8] = wordProduct{tile: tileAMXInt8, rows: math.MaxInt, panels: 2, native: true}
	return t
}

func searchAVX2() searchKernels {
	t := searchScalar
	t.dot, t.squared, t.dotI8, t.lookup = dotRowsAVX2, squaredRowsAVX2, dotRowsI8AVX2, lookupRowsAVX2
	t.prefetch, t.sift = prefetchRowsAVX2, siftAVX2
	if cpu.X86.HasF16C {
		t.dotF16, t.squaredF16 = dotRowsF16AVX2, squaredRowsF16AVX2
		t.toF16, t.fromF16 = toF16AVX2, fromF16AVX2
	}
	if cpu.X86.HasPOPCNT {
		t.hamming, t.hammingSelect = hammingRowsAVX2, hammingSelectAVX2
	}
	if cpu.X86.HasAVXVNNI {
		t.dotI8 = dotRowsI8AVX2VNNI
	}
	return t
}

func searchAVX512() searchKernels {
	t := searchAVX2()
	t.dot, t.squared = dotRowsAVX512, squaredRowsAVX512
	t.dotF16, t.squaredF16 = dotRowsF16AVX512, squaredRowsF16AVX512
	t.sift = siftAVX512
	if cpu.X86.HasAVX512VNNI {
		t.dotI8 = dotRowsI8AVX512VNNI
	}
	if cpu.X86.HasAVX512VPOPCNTDQ {
		t.hamming, t.hammingSelect = hammingRowsAVX512, hammingSelectAVX512
	}
	return t
}

func gradientAVX2() gradientKernels {
	return gradientKernels{
		outer: outerAVX2, panels: 1, outerBF16: outerBF16Scalar, panels16: 1,
		gelu: geluBackwardAVX2, softmax: softmaxBackwardAVX2, layerNorm: layerNormBackwardAVX2, add: addAVX2, adamW: adamWAVX2,
		panel: panelRowsAVX2, dropout: dropoutAVX2,
	}
}

func gradientAVX512() gradientKernels {
	t := gradientKernels{
		outer: outerAVX512, panels: 2, outerBF16: outerBF16Scalar, panels16: 1,
		gelu: geluBackwardAVX512, softmax: softmaxBackwardAVX512, layerNorm: layerNormBackwardAVX512, add: addAVX512, adamW: adamWAVX512,
		panel: panelRowsAVX512, dropout: dropoutAVX512,
	}
	if cpu.X86.HasAVX512BF16 {
		t.outerBF16, t.panels16 = outerAVX512BF16, 2
	}
	return t
}
