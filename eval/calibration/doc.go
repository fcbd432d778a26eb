// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package calibration turns a reranker's logits into probabilities of relevance, by a map fitted on judged pairs, and
// measures how far such probabilities can be trusted. Numbers in, numbers out: running the model and keeping the map with
// the model's fingerprint is the caller's.
//
// A cross-encoder's own sigmoid gives numbers between 0 and 1 that mean "relevant" only for the mixture of pairs it was
// trained on. [Fit] learns what they mean for a user's queries; [Sigmoid] is the map to use without judgments. No map
// changes the order of documents, apart from making some of them equal.
//
// A fitted probability is that of the pairs it was fitted on: when only the top of each list was judged, it is the
// probability of relevance at the top of a list.
package calibration
