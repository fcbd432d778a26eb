// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build amd64 && !noasm && gc

package kernel

import (
	"golang.org/x/sys/cpu"
	"golang.org/x/sys/unix"
)

// amxPermitted says whether the processor has a matrix unit for 8-bit integers
// and bfloat16, and asks the kernel to let this process use its registers: they
// are not part of a thread's state otherwise (Linux, arch/x86/xstate.rst).
func amxPermitted() bool {
	const (
		requestPermission = 0x1023 // ARCH_REQ_XCOMP_PERM
		tileData          = 18     // XFEATURE_XTILEDATA
	)
	if !cpu.X86.HasAMXTile || !cpu.X86.HasAMXInt8 || !cpu.X86.HasAMXBF16 {
		return false
	}
	_, _, errno := unix.RawSyscall(unix.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return errno == 0
}
