// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package vector finds the nearest vectors to a query.
//
// [Flat] grows in memory and compares the query with every vector: exact, and the yardstick for the others. [Index] does not
// change once it is built, is stored in sections of a segment, and is searched as its [Spec] says: by a scan, by a graph
// (HNSW) or by lists (IVF), over vectors as float32, float16, 8-bit integers, product quantisation or bits. What coarse
// encodings find is scored again by the finest vectors, so that scores of all indexes are of one kind.
//
// The same query gives the same hits, to the bit, alone or in a batch and on any number of threads; equal scores come in
// the order of rows. Bytes are not trusted: damaged ones give a *segment.CorruptionError.
package vector
