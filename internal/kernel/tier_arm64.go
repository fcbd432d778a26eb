// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !noasm && gc

package kernel

import "golang.org/x/sys/cpu"

// vectorTiers lists the vector tables this processor can run. Advanced SIMD is
// part of what Go requires of every arm64 processor.
func vectorTiers() []ops {
	t := ops{
		tier: NEON, rows: 6, panels: 1,
		tile: tileNEON, gelu: geluNEON, softmax: softmaxNEON, layerNorm: layerNormNEON,
		transpose: transposeNEON, dot: dotNEON, squared: squaredNEON, manhattan: manhattanNEON,
		words: scalar.words, extent: extentNEON,
		toBF16: scalar.toBF16, interleave: interleaveNEON, toInt16: scalar.toInt16, toInt8: toInt8NEON,
		activations8: activations8By(extentNEON, toInt8NEON),
		search:       searchNEON(), gradient: gradientNEON(),
	}
	if cpu.ARM64.HasASIMDDP {
		t.words[Int8] = wordProduct{tile: tileNEONInt8, rows: 6, panels: 1, native: true}
	}
	if hasBF16() {
		t.words[BFloat16] = wordProduct{tile: tileNEONBF16, rows: 6, panels: 1, native: true, whole: true}
		t.toBF16 = toBF16NEON
	}
	return []ops{t}
}

func searchNEON() searchKernels {
	t := searchKernels{
		dot: dotRowsNEON, squared: squaredRowsNEON, dotF16: dotRowsF16NEON, squaredF16: squaredRowsF16NEON,
		dotI8: dotRowsI8NEON, hamming: hammingRowsNEON, hammingSelect: hammingSelectBy(hammingRowsNEON),
		lookup: lookupScalar, toF16: toF16NEON, fromF16: fromF16NEON, prefetch: prefetchRowsNEON, sift: siftScalar,
	}
	if cpu.ARM64.HasASIMDDP {
		t.dotI8 = dotRowsI8NEONDot
	}
	return t
}

func gradientNEON() gradientKernels {
	t := gradientKernels{
		outer: outerNEON, panels: 1, outerBF16: outerBF16Scalar, panels16: 1,
		gelu: geluBackwardNEON, softmax: softmaxBackwardNEON, layerNorm: layerNormBackwardNEON, add: addNEON, adamW: adamWNEON,
		panel: panelRowsNEON, dropout: dropoutNEON,
	}
	if hasBF16() {
		t.outerBF16 = outerNEONBF16
	}
	return t
}
