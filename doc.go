// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package winnow searches text in two stages, in pure Go: a bi-encoder
// retrieves candidates by comparing vectors, and a cross-encoder, which reads
// the query and a passage together, puts the best of them first.
//
//	eng, err := winnow.Open("notes.winnow", builtin.Models())
//	err = eng.Add(ctx, winnow.Document{ID: "d1", Text: text, Meta: winnow.Meta{"lang": "en"}})
//	res, err := eng.Search(ctx, "why rerank?", winnow.TopK(5), winnow.Budget(50*time.Millisecond))
//	for _, hit := range res.Hits {
//		fmt.Println(hit.Rank, hit.Score, hit.ID)
//	}
//
// [Open] keeps everything in a directory, [New] in memory. Candidates are found
// by vectors, by words (BM25) or by both, and filtered by metadata.
//
// Everything runs in the process and offline: models are directories in the
// Hugging Face layout, or the two embedded by package model/builtin. The parts
// work alone, too: see packages encoder, tokenizer, document, rank and eval.
package winnow
