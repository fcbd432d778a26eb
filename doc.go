// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package winnow searches text in two stages, in pure Go: a bi-encoder
// retrieves candidates by comparing vectors, and a cross-encoder, which reads
// the query and a passage together, puts the best of them first.
//
//	eng, err := winnow.New(builtin.Models())
//	err = eng.Add(ctx, winnow.Document{ID: "d1", Text: text})
//	res, err := eng.Search(ctx, "why rerank?", winnow.TopK(5))
//	for _, hit := range res.Hits {
//		fmt.Println(hit.Rank, hit.Score, hit.ID)
//	}
//
// Everything runs in the process and offline: models are directories in the
// Hugging Face layout, or the two embedded by package model/builtin. The parts
// work alone, too: see packages encoder, tokenizer, document, rank and eval.
package winnow
