// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package lexical is the inverted index of one segment, and search by BM25 over several.
//
// A [Builder] collects terms of rows with their frequencies, positions and lengths in two fields, title and text; Write puts
// them into the sections "lex.…" of a segment, which docs/format/lexical.md specifies byte by byte. [Open] reads such
// sections in constant time and believes nothing in them. [Search] scores a query over parts (segments) by one of five variants
// of BM25 and returns exactly the best k rows: blocks of postings that cannot reach them are skipped, which changes no bit
// of any score. An index of few rows keeps the lists that were asked for decoded, up to 16 MiB, and
// adds them up; one of more than 65,536 rows keeps those of frequent terms that were asked for twice, up to 16 MiB or 96 bytes
// for each row, whichever is more. [Merge] joins parts without reading their documents again, to the same bytes as a fresh build.
package lexical
