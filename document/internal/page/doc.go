// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package page takes the main text out of an HTML page, as Markdown.
//
// Scripts, navigation, headers and footers of the page, forms and hidden elements are left out. The main text is that of
// the main element, else of the article elements, else of the innermost element that holds nearly all of the text outside
// links. A page too large or nested too deeply for a tree is read as a stream of tags: all of its text, with headings.
package page
