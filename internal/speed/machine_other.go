// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package speed

func systemCPU() string { return "" }

// Peak memory cannot be counted from a point in time on this system.
func forgetPeak() {}

func peakMemory() int64 { return 0 }
