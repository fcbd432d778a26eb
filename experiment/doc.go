// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package experiment measures retrievers and rerankers on judged queries: quality, latency and cost of each depth of
// reranking, with significance, runs in TREC's format and a manifest that says how they came about.
//
// A [System] is a [Retriever] and the stages that rerank what it finds. [Observe] runs it over queries, one at a time, and keeps
// all scores, so that [Observed.At] has the list and the cost of every smaller depth without reading again. [Run] does that
// for several systems and gives a [Collection]: what tables, pictures and reports are made from.
package experiment
