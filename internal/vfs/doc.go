// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package vfs is the small file-system interface below an index directory. [OS] is the real one. [Crash] plays power cuts on a
// real directory: it knows what was synced, and writes what a disk may hold afterwards. [Fault] lets chosen operations fail.
// With the three, crash and disk-full tests of an index are ordinary unit tests.
//
// The interface has what an index of immutable files needs and no more: a file is written once from its beginning to its end,
// synced, and from then on only mapped for reading.
package vfs
