// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package significance says whether a difference between two systems is more than chance. It takes numbers: one value a
// query for each of two systems, in the same order of queries.
//
// [Compare] does everything that a report needs. The tests are two-sided, and their null hypothesis is that the sign of
// each query's difference is a coin's throw: the randomisation test ([SignFlips]) says just that about the mean, the
// Wilcoxon test ([SignedRank]) about the ranks, and Student's t test ([PairedT]) about the mean of normal differences.
// Smucker, Allan and Carterette ("A Comparison of Statistical Significance Tests for Information Retrieval Evaluation",
// CIKM 2007) find randomisation, bootstrap and t test to agree on means of retrieval measures, and Wilcoxon's test to answer
// a different question; the randomisation test is the one to quote. Where several comparisons are made at once, correct
// them with [Holm].
//
// Nothing here depends on time or on threads: what is random takes a seed and gives the same bits for it.
package significance
