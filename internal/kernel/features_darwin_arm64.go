// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !noasm && gc

package kernel

import "golang.org/x/sys/unix"

// hasBF16 says whether the processor has FEAT_BF16, which package cpu does not
// tell. A system too old to know the name has none.
func hasBF16() bool {
	v, err := unix.SysctlUint32("hw.optional.arm.FEAT_BF16")
	return err == nil && v != 0
}
