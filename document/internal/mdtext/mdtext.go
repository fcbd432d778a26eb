// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package mdtext writes Markdown: what loaders of formats with a structure of their own turn them into.
package mdtext

import "strings"

const (
	maxTableColumns = 64 // a wider table is written as lines
	maxIndent       = 8  // levels of lists
	maxTitle        = 400
)

// Writer collects blocks of Markdown, separated by blank lines. The zero value is ready to use.
type Writer struct {
	// Limit is the longest text in bytes; 0 means none. What comes after it is lost, and [Writer.Full] tells.
	Limit int

	b      strings.Builder
	inList bool
	full   bool
}

// Full reports whether text was lost because of the limit.
func (w *Writer) Full() bool { return w.full }

// put writes a string. Once one did not fit, nothing more is written: marks around cells and lines take more than the text.
func (w *Writer) put(s string) {
	if w.full = w.full || w.Limit > 0 && w.b.Len()+len(s) > w.Limit; !w.full {
		w.b.WriteString(s)
	}
}

// String is the text written so far.
func (w *Writer) String() string { return w.b.String() }

// Len is the length of the text written so far in bytes.
func (w *Writer) Len() int { return w.b.Len() }

// open begins a block. Items of a list follow each other without a blank line.
func (w *Writer) open(item bool) {
	if w.b.Len() > 0 {
		w.put("\n")
		if !item || !w.inList {
			w.put("\n")
		}
	}
	w.inList = item
}

// Heading writes a heading of level 1 to 6; one too long to be a heading becomes a paragraph.
func (w *Writer) Heading(level int, text string) {
	text = Line(text)
	if text == "" {
		return
	}
	if len(text) > maxTitle {
		w.Paragraph(text)
		return
	}
	w.open(false)
	w.put(strings.Repeat("#", min(max(level, 1), 6)))
	w.put(" ")
	w.put(strings.TrimRight(text, "# ")) // closing hashes would be lost
}

// Paragraph writes a paragraph. Line breaks in it are kept, other white space is one space.
func (w *Writer) Paragraph(text string) { w.lines(text, "", "", false) }

// Item writes an item of a list, indented by its depth from 0.
func (w *Writer) Item(depth int, marker, text string) {
	indent := strings.Repeat("  ", min(max(depth, 0), maxIndent))
	w.lines(text, indent+marker+" ", indent+strings.Repeat(" ", len(marker)+1), true)
}

// Quote writes a quotation.
func (w *Writer) Quote(text string) { w.lines(text, "> ", "> ", false) }

func (w *Writer) lines(text, first, others string, item bool) {
	begun := false
	for line := range strings.SplitSeq(text, "\n") {
		if line = Line(line); line == "" {
			continue
		}
		if begun {
			w.put("\n")
			w.put(others)
		} else {
			w.open(item)
			w.put(first)
			begun = true
		}
		w.put(escape(line))
	}
}

// Code writes text as it stands, in a fence that it does not contain.
func (w *Writer) Code(text string) {
	text = strings.Trim(text, "\r\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	w.open(false)
	for _, part := range []string{fence, "\n", text, "\n", fence} {
		w.put(part)
	}
}

// Table writes rows of cells, the first as the head. A table of one column, or of very many, is written as paragraphs.
func (w *Writer) Table(rows [][]string) {
	columns := 0
	for _, r := range rows {
		columns = max(columns, len(r))
	}
	if columns == 0 {
		return
	}
	if columns == 1 || columns > maxTableColumns || len(rows) == 1 {
		for _, r := range rows {
			w.Paragraph(strings.Join(r, " "))
		}
		return
	}
	w.open(false)
	for i, r := range rows {
		if w.full {
			return
		}
		if i > 0 {
			w.put("\n")
		}
		for c := range columns {
			w.put("| ")
			if c < len(r) {
				w.put(strings.ReplaceAll(Line(r[c]), "|", `\|`))
				w.put(" ")
			}
		}
		w.put("|")
		if i == 0 {
			w.put("\n")
			w.put(strings.Repeat("| --- ", columns))
			w.put("|")
		}
	}
}

// Line puts text on one line: every run of white space becomes one space.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// escape puts a backslash before a line that Markdown would take for something else than text.
func escape(line string) string {
	switch c := line[0]; {
	case c == '#', c == '`' && strings.HasPrefix(line, "```"), c == '~' && strings.HasPrefix(line, "~~~"), strings.HasPrefix(line, "<!--"):
		return `\` + line
	case (c == '-' || c == '=' || c == '*' || c == '_' || c == '|' || c == ':') && strings.Trim(line, "-=*_|: ") == "":
		return `\` + line
	}
	return line
}
