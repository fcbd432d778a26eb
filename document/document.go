// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import "strings"

// Format says how the text of a document is to be read.
type Format string

// The formats known. The zero value is read as Plain.
const (
	Plain    Format = "text"     // paragraphs separated by blank lines
	Markdown Format = "markdown" // CommonMark headings, fences and tables; what HTML and DOCX files are turned into
	Code     Format = "code"     // source code: lines are kept whole, declarations stay together where they fit
	Pages    Format = "pages"    // as Plain, with a form feed between pages; what PDF files are turned into
)

// Known reports whether Split knows the format. The zero value is known.
func (f Format) Known() bool {
	switch f {
	case "", Plain, Markdown, Code, Pages:
		return true
	}
	return false
}

// Document is one loaded text.
type Document struct {
	// ID is that of the path (see PathID), or for a row of a file the id it gives itself, else the path, "#" and its line.
	// Load sees to it that ids are unique within a load.
	ID    string
	Title string // of front matter, a first level-1 heading, a file's properties or a row; empty when there is none
	// Text is valid UTF-8 without a byte order mark and with CRLF turned into LF, so its line numbers are those of the
	// source. Front matter stays in place (and is skipped by Split) for the same reason.
	Text   string
	Format Format
	Source Source
	// Meta is the metadata of a row, and for what was read from a file "ext" (the extension in lower case, without its dot),
	// "modified" (RFC 3339, UTC, to the second) and, where an HTML or DOCX file states it, "lang". Values are strings, bools, json.Number
	// and, from JSON, lists and objects. A row's own values win. Nil when there is none.
	Meta map[string]any
	// InvalidBytes is the number of bytes that were not UTF-8 and were replaced by U+FFFD.
	InvalidBytes int
}

// Source says where a document came from.
type Source struct {
	Path string // as named by the caller, or found below a named folder; empty for text not read from a file
	Line int    // 1-based line of a row in a file that holds many documents; 0 for a document that is a whole file
}

// FullText is the title and the text joined by one space, or whichever of the two is not empty: what the BEIR benchmark
// gives to an encoder.
func (d Document) FullText() string {
	return strings.TrimSpace(d.Title + " " + d.Text)
}
