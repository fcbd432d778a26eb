// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package server serves search, embeddings and reranking over HTTP: the APIs of OpenAI, Cohere, Jina and text-embeddings-inference for
// clients that are there already, and winnow's own.
//
// A [Server] is an http.Handler; [Server.Run] listens. The models of all requests run in one [batch.Queue] each, so that concurrent
// requests share the work. docs/serving.md is for those who run it, docs/openapi.json for those who write clients.
package server
