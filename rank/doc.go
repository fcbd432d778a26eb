// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package rank holds what is done to scored lists: one total order, fusion of several lists, diversity, rank shifts,
// agreement of two rankings, and named bands of scores. Its functions are pure: no result depends on the order of the input
// or on maps.
package rank
