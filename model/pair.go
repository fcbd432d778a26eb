// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

// Pair names the two models of a search.
type Pair struct {
	Retriever string // a bi-encoder, as Open takes it
	Reranker  string // a cross-encoder, as Open takes it
	// Fuse orders reranked candidates by the sum of standardised retrieval score and logit instead of by the logit
	// alone. It suits a reranker that is no stronger than the retriever but errs elsewhere.
	Fuse bool
}
