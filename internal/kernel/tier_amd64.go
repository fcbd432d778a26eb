// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !noasm && gc

package kernel

import "golang.org/x/sys/cpu"

// vectorTiers lists the vector tables this processor can run, in ascending order.
func vectorTiers() []ops {
	var list []ops
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, ops{
			tier: AVX2, rows: 6, panels: 1,
			tile: tileAVX2, gelu: geluAVX2, softmax: softmaxAVX2, layerNorm: layerNormAVX2,
			transpose: transposeAVX2, dot: dotAVX2, squared: squaredAVX2, manhattan: manhattanAVX2,
		})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		list = append(list, ops{
			tier: AVX512, rows: 14, panels: 2,
			tile: tileAVX512, gelu: geluAVX512, softmax: softmaxAVX512, layerNorm: layerNormAVX512,
			transpose: transposeAVX2, dot: dotAVX512, squared: squaredAVX512, manhattan: manhattanAVX512,
		})
	}
	return list
}
