// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package train trains bi-encoders and cross-encoders: rows of texts in, a model directory out.
//
// [Bi] and [Cross] open a model for training; [Run] is the loop over batches with its schedule, checkpoints and validation.
// Batches are packed without padding and may be of any size: activations are held for a part of
// a batch at a time (GradCache, Gao et al. 2021). Equal data, options and seed give equal bits on one tier of kernels,
// whatever the number of threads, and whether or not a run was interrupted and resumed.
package train
