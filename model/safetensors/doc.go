// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package safetensors reads and writes the safetensors file format.
//
// A file is an 8-byte little-endian header length, a JSON header that names each tensor with its
// element type, shape and byte range, and one buffer that holds all tensors in row-major order.
// The rules followed are those of the format's own description and of its reference library: at
// most 100 MB of header, no duplicate names, no holes, no overlaps, every byte of the buffer named
// exactly once. Every length is checked before anything is allocated, so a hostile file gives an
// error and nothing else.
//
// Open maps a file into memory and reads its header only; tensor data is paged in when it is used.
// Float32 converts f32, f16, bf16 and int8 elements to float32. The int8 form is winnow's own: a
// tensor X of type I8 goes with a float32 tensor X.scale that holds one factor for each row, and
// element (r, c) stands for X[r][c] * X.scale[r].
package safetensors
