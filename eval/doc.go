// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package eval measures ranked lists against human judgments, with the definitions of trec_eval. It reads and writes runs and
// judgments in the formats of TREC, and test collections in the layout of BEIR.
//
// A [Measure] has a name such as nDCG@10 ([ParseMeasure]), and [Evaluate] gives the values of a [Run] for all queries. The
// definitions are those of the functions: [PrecisionAt], [NDCG] and so on, which take ids, best first.
//
// trec_eval does not take a list but scores, compares them as float32 and breaks ties by document id ([Order]). What it reports
// then hangs on the names of documents. Evaluate says how many queries have a tie across the cut-off, and gives the expectation
// over all orders of the ties beside trec_eval's value ([Measure.TieAware]).
package eval
