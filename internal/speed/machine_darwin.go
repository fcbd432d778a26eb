// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package speed

import "golang.org/x/sys/unix"

func systemCPU() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}

// Peak memory cannot be counted from a point in time on this system.
func forgetPeak() {}

func peakMemory() int64 { return 0 }
