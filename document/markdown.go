// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
)

// maxHeading is the longest line, in bytes, taken for a heading. Longer ones are ordinary text: a heading's words reach
// the encoder only through the heading path, which must stay short.
const maxHeading = 400

type blockKind uint8

const (
	paragraph blockKind = iota
	list                // a paragraph that holds list items
	verbatim            // fenced code or a table: kept whole when it fits, else cut at lines
	heading
)

// block is one piece of a text's structure, as a byte range that ends before its last line break.
type block struct {
	kind       blockKind
	start, end int
	level      int    // headings: 1 to 6
	title      string // headings
}

// scanPlain calls emit for each paragraph: a run of lines that are not blank.
func scanPlain(text string, emit func(block)) {
	start := -1
	last := 0
	for pos := 0; pos < len(text); {
		end, next := lineAt(text, pos)
		if isBlank(text[pos:end]) {
			if start >= 0 {
				emit(block{start: start, end: last})
			}
			start = -1
		} else {
			if start < 0 {
				start = pos
			}
			last = end
		}
		pos = next
	}
	if start >= 0 {
		emit(block{start: start, end: last})
	}
}

// markdown is the state of one pass over Markdown text. It knows the block structure a chunker needs and no more: ATX and
// setext headings, fences, tables, comments and thematic breaks (CommonMark 0.31, tables as in GitHub's extension).
// Everything else is paragraphs.
type markdown struct {
	text string
	emit func(block)

	para     int // start of the open paragraph, -1 when there is none
	paraLine int // start of its last line
	paraEnd  int // end of its last line
	kind     blockKind
	lines    int  // lines in the open paragraph
	quoted   bool // it holds a quotation or list item, so that a line of dashes under it is no heading

	fence      int // start of the open fence, -1 when there is none
	fenceChar  byte
	fenceWidth int
	table      int  // start of the open table, -1 when there is none
	inList     bool // deeper indentation belongs to a list item, so a fence may be indented
	noComment  bool // there is no further end of comment: do not look again
}

// scanMarkdown calls emit for each block after the front matter, in order.
func scanMarkdown(text string, emit func(block)) {
	m := markdown{text: text, emit: emit, para: -1, fence: -1, table: -1}
	body, _ := frontMatter(text)
	afterBlank := true
	for pos := body; pos < len(text); {
		end, next := lineAt(text, pos)
		line := strings.TrimRight(text[pos:end], " \t\r")
		if skip := m.line(line, pos, end, afterBlank); skip > 0 {
			next = skip
		}
		afterBlank = line == ""
		pos = next
	}
	if m.fence >= 0 {
		m.emit(block{kind: verbatim, start: m.fence, end: len(text)}) // an unclosed fence runs to the end
	}
	m.flush()
}

// line takes in one line, without its trailing blanks. A result above zero is where to go on instead of the next line.
func (m *markdown) line(line string, pos, end int, afterBlank bool) (skip int) {
	if m.fence >= 0 {
		if closesFence(line, m.fenceChar, m.fenceWidth) {
			m.emit(block{kind: verbatim, start: m.fence, end: end})
			m.fence = -1
		}
		return 0
	}
	if isBlank(line) {
		m.flush()
		return 0
	}
	if m.table >= 0 {
		if strings.Contains(line, "|") {
			m.paraEnd = end
			return 0
		}
		m.flush()
	}
	indent, rest := cutIndent(line)
	item := isListItem(rest)
	if indent == 0 && !item && afterBlank {
		m.inList = false
	}
	if c, width := opensFence(rest); width > 0 && (indent < 4 || m.inList) {
		m.flush()
		m.fence, m.fenceChar, m.fenceWidth = pos, c, width
		return 0
	}
	if indent < 4 {
		if strings.HasPrefix(rest, "<!--") {
			if after := m.comment(pos); after > 0 {
				m.flush()
				return after
			}
		}
		if level, title := atxHeading(rest); level > 0 && len(title) <= maxHeading {
			m.flush()
			m.inList = false
			m.emit(block{kind: heading, start: pos, end: end, level: level, title: title})
			return 0
		}
		if level := setextLevel(rest); level > 0 && m.para >= 0 && !m.quoted && m.paraEnd-m.para <= maxHeading {
			title := strings.Join(strings.Fields(m.text[m.para:m.paraEnd]), " ")
			m.emit(block{kind: heading, start: m.para, end: end, level: level, title: title})
			m.para = -1
			return 0
		}
		if isThematicBreak(rest) {
			m.flush()
			return 0
		}
		if m.para >= 0 && isDelimiterRow(rest) && strings.Contains(m.text[m.paraLine:m.paraEnd], "|") {
			m.openTable(end)
			return 0
		}
	}
	m.paragraphLine(rest, item, pos, end)
	return 0
}

// paragraphLine opens a paragraph or adds a line to the open one.
func (m *markdown) paragraphLine(rest string, item bool, pos, end int) {
	if m.para < 0 {
		m.para, m.kind, m.lines, m.quoted = pos, paragraph, 0, false
	}
	m.quoted = m.quoted || item || rest[0] == '>'
	if item {
		m.kind, m.inList = list, true
	}
	m.paraLine, m.paraEnd = pos, end
	m.lines++
}

// openTable turns the last line of the open paragraph into the head of a table.
func (m *markdown) openTable(end int) {
	head := m.paraLine
	if m.lines > 1 {
		m.emit(block{kind: m.kind, start: m.para, end: head})
	}
	m.para, m.table, m.paraEnd = -1, head, end
}

// flush emits the open paragraph or table.
func (m *markdown) flush() {
	switch {
	case m.table >= 0:
		m.emit(block{kind: verbatim, start: m.table, end: m.paraEnd})
	case m.para >= 0:
		m.emit(block{kind: m.kind, start: m.para, end: m.paraEnd})
	}
	m.table, m.para = -1, -1
}

// comment returns the start of the line after an HTML comment that begins at pos, or 0 when it does not end, or ends
// before other text on its last line. Such text is kept, so it is read as a paragraph.
func (m *markdown) comment(pos int) int {
	if m.noComment {
		return 0
	}
	i := strings.Index(m.text[pos:], "-->")
	if i < 0 {
		m.noComment = true
		return 0
	}
	after := pos + i + len("-->")
	end, next := lineAt(m.text, after)
	if !isBlank(m.text[after:end]) {
		return 0
	}
	return next
}

// markdownTitle is the title in the front matter or the first level-1 heading, else empty.
func markdownTitle(text string) string {
	if _, title := frontMatter(text); title != "" {
		return title
	}
	title := ""
	scanMarkdown(text, func(b block) {
		if title == "" && b.kind == heading && b.level == 1 {
			title = b.title
		}
	})
	return title
}

// frontMatter returns the offset after a YAML front matter block, 0 when the text has none, and the block's title.
func frontMatter(text string) (body int, title string) {
	end, pos := lineAt(text, 0)
	if strings.TrimRight(text[:end], " \t") != "---" {
		return 0, ""
	}
	for pos < len(text) {
		end, next := lineAt(text, pos)
		line := strings.TrimRight(text[pos:end], " \t")
		if line == "---" || line == "..." {
			return next, title
		}
		if v, ok := strings.CutPrefix(line, "title:"); ok && title == "" {
			title = yamlScalar(v)
		}
		pos = next
	}
	return 0, "" // never closed: a thematic break, not front matter
}

// yamlScalar reads the value of a one-line YAML scalar: plain, or in quotes. Block scalars give nothing.
func yamlScalar(v string) string {
	v = strings.TrimSpace(v)
	switch {
	case v == "" || strings.ContainsAny(v[:1], "|>&*!{[") || len(v) > maxHeading:
		return ""
	case v[0] == '"' || v[0] == '\'':
		quote := v[:1]
		i := strings.LastIndex(v[1:], quote)
		if i < 0 {
			return ""
		}
		v = v[1 : 1+i]
		if quote == "'" {
			return strings.ReplaceAll(v, "''", "'")
		}
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(v)
	}
	if i := strings.Index(v, " #"); i >= 0 {
		v = strings.TrimSpace(v[:i])
	}
	return v
}
