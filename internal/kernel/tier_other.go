// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build (!amd64 && !arm64) || noasm || !gc

package kernel

func vectorTiers() []ops { return nil }
