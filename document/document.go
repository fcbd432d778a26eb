// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import "strings"

// Format says how the text of a document is to be read.
type Format string

// The formats known. The zero value is read as Plain.
const (
	Plain    Format = "text"     // paragraphs separated by blank lines
	Markdown Format = "markdown" // CommonMark headings, fences and tables
)

// Document is one loaded text.
type Document struct {
	ID    string // unique within a load: the path with forward slashes, or the id given in a JSON line
	Title string // front matter title or first level-1 heading; empty when there is none
	// Text is valid UTF-8 without a byte order mark and with CRLF turned into LF, so its line numbers are those of the
	// source. Front matter stays in place (and is skipped by Split) for the same reason.
	Text   string
	Format Format
	Source Source
	Meta   map[string]any // metadata of a JSON line; numbers are json.Number; nil when there is none
	// InvalidBytes is the number of bytes that were not UTF-8 and were replaced by U+FFFD.
	InvalidBytes int
}

// Source says where a document came from.
type Source struct {
	Path string // as named by the caller, or found below a named folder; empty for text not read from a file
}

// FullText is the title and the text joined by one space, or whichever of the two is not empty: what the BEIR benchmark
// gives to an encoder.
func (d Document) FullText() string {
	return strings.TrimSpace(d.Title + " " + d.Text)
}
