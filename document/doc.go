// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package document turns files and lines into text ready for an encoder: loading, JSON lines and token-aware chunking.
//
// [Walk] finds files by the ignore rules, [Read] turns one into documents (Markdown, text, HTML, PDF, DOCX, CSV, JSON lines,
// source code), [Hash] tells whether it changed, and [Watch] when; [Load] is Walk and Read in memory. [ReadLines] reads
// plain lines or JSON objects from a stream, and [Split] cuts a document into passages that know their headings, lines and
// byte range. Everything read is treated as hostile: sizes are bounded, invalid UTF-8 is replaced and counted, and a bad
// file is a [Problem] in the report instead of the end of the run.
package document
