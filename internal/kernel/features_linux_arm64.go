// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !noasm && gc

package kernel

import "golang.org/x/sys/unix"

// hasBF16 says whether the processor has FEAT_BF16, which package cpu does not
// tell: bit 14 of the kernel's second word of capabilities (HWCAP2_BF16).
func hasBF16() bool {
	const atHWCAP2, bf16 = 26, 1 << 14
	pairs, err := unix.Auxv()
	if err != nil {
		return false
	}
	for _, p := range pairs {
		if p[0] == atHWCAP2 {
			return p[1]&bf16 != 0
		}
	}
	return false
}
