// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package kernel

import "testing"

// fenced returns n elements; only Linux ends the memory there.
func fenced[T any](_ testing.TB, n int) []T { return make([]T, n) }
