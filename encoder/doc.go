// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package encoder turns text into numbers with the two kinds of encoder:
//
// A [BiEncoder] maps each text to a vector, queries and documents separately
// (Reimers & Gurevych 2019); vectors are compared by a [Similarity] and can be
// computed ahead. A [CrossEncoder] reads a query and a document together and
// gives one score for the pair (Nogueira & Cho 2019): slower, more accurate.
//
// The results are those of the Python library sentence-transformers for the
// same model, within 1e-5, and they do not depend on what else is in a batch,
// on the order, or on the number of threads: not by a single bit.
package encoder
