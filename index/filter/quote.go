// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

// Quote writes a string as a literal of an expression: Parse reads it as the same string, if it is valid UTF-8.
func Quote(s string) string { return quote(s) }
