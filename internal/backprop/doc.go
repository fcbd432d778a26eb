// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package backprop runs encoders of the BERT family forwards and backwards:
// token ids in, hidden states out, gradients of the states in, gradients of every
// parameter out. It is package transformer's counterpart for training, written by hand
// and in float32 or bfloat16 products with float32 sums.
//
// Sequences are packed, never padded. Forwards, a worker carries a chunk of whole
// sequences through all layers. Backwards, each layer has two phases: chunks give the
// gradients of their activations, then blocks of the weights gather theirs from all tokens.
// Chunks and blocks do not depend on the number of workers and every sum has a fixed order, so that
// neither does any bit of the result.
//
// A tape keeps of each layer what only a product could give again (queries, keys,
// values, contexts, and the inputs of activation and norms); the rest, dropout masks included,
// is computed anew on the way back.
package backprop
