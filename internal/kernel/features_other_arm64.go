// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin && !noasm && gc

package kernel

// hasBF16 says whether the processor is known to have FEAT_BF16.
func hasBF16() bool { return false }
