// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package tokenizer turns text into the ids a BERT-family model was trained on.
//
// It reads Hugging Face tokenizer.json files (and plain vocab.txt) and implements them literally:
// normaliser, pre-tokeniser, WordPiece model, post-processor and added tokens give the same ids and
// offsets as the Python library tokenizers, version [ReferenceVersion]. A component outside the BERT
// family is refused by name; nothing is approximated. Three sections are read but not applied:
// truncation and padding (callers state a length, and winnow never pads) and decoder (ids are not
// turned back into text).
//
// Text is UTF-8. Each maximal invalid piece counts as one U+FFFD, as Python's errors="replace" gives;
// [ReplaceInvalid] makes that explicit and counts the replacements.
//
// What the reference does with each code point depends on several Unicode versions at once, so the
// tables are measured from it (scripts/reference/tokenizer_tables.py writes unicode.bin) and do not
// change with the Go release.
package tokenizer
