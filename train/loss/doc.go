// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package loss holds the losses that encoders are trained with: numbers in,
// a loss and its gradients out. It knows nothing of models, texts or files.
//
// Losses of bi-encoders ([Bi]) read the vectors of a batch's texts; those of
// cross-encoders ([Cross]) read the logits of its pairs. Each type's comment gives
// its formula, its source, what the rows of data must have, and the class of sentence-transformers that tests of package train
// hold it against, with the arguments under which both are equal where the class's defaults are others.
//
// Values are float32, sums are float64 in a fixed order.
package loss
