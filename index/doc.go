// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package index keeps documents, their passages and vectors in a directory, and searches them.
//
// A directory holds index.db, a bbolt file that names the live segments and the rows deleted from them, and seg-*.win,
// immutable files with documents, metadata, vectors and postings. A change writes its segment, syncs it, syncs the
// directory, and then becomes real in one commit of index.db: what was acknowledged is there after a crash, and what was
// not has never been. Searches run on a [Snapshot], which nothing changes; they never wait for a writer. One process at a
// time writes; any number read.
//
// The package turns no text into vectors: the caller gives them, and gets told when they come from another model than
// before. docs/format describes every byte.
package index
