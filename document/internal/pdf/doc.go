// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package pdf takes the text out of PDF files (ISO 32000), page by page.
//
// It reads cross-reference tables and streams, rebuilds them for files where they are broken, reads object streams and the
// filters text is kept in, files encrypted under an empty password, simple and composite fonts with their encodings and
// ToUnicode maps, and forms. Text comes in the order in which the file paints it, which is the reading order of nearly all
// programs that write PDF; lines and paragraphs are found by where it is painted. Scanned pages have no text.
//
// Files are hostile: nesting, unpacked bytes, pages and the work done are bounded, and references may form any graph.
package pdf
