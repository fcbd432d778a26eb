// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package docx takes the text out of Word documents (ECMA-376 Office Open XML), as Markdown.
//
// Paragraphs, headings by their style, lists, tables and footnotes are kept; deleted text, field codes, pictures, headers
// and footers are not. The parts of the package are unpacked under a bound, and XML entities beyond the five of XML itself
// are errors, so neither kind of bomb goes off.
package docx
