// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package model finds and opens text models: configuration, tokenizer, pooling, prompts, weights.
//
// A model is a directory in the Hugging Face layout, a Hub id whose files are in the Hugging Face
// cache of this machine, or a name that a package registered (model/builtin registers
// builtin:retriever and builtin:reranker). Nothing is downloaded.
//
// Open reads the small files, maps the weights into memory without reading them and checks that
// every tensor the architecture needs is there with the right shape. What is not supported is
// refused by name; nothing is replaced by a default that the reference library would not use.
// Package encoder turns an open model into vectors and scores.
package model
