// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package dataset reads training data: rows of texts that belong together, with
// labels and scores, as a stream. It reads JSON Lines, CSV, TSV (each perhaps compressed with gzip) and
// folders in the BEIR layout, and shuffles them in a bounded buffer.
//
// The columns of a row go by the names that sentence-transformers' data sets use; see [Columns].
package dataset
