// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package tune finds the settings of a search that give the best results within a latency budget, on judged queries.
//
// What is slow happens once: [Observations.Observe] retrieves each query in each mode and lets each reranker read every
// passage that a setting could ask for. Each setting of a [Space] is then a recombination of lists and logits that are
// known, by the functions that a search uses ([rank.Fuse], [rank.Rerank]), and its time a sum of times that were measured.
// [Observations.Tune] chooses among them, and scores its own choosing on queries that it did not see.
package tune
