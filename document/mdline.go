// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import "strings"

// The tests below look at one line. Unless they say otherwise the line has lost its indentation and trailing blanks.

// lineAt returns the end of the line that begins at pos, without its line break, and the start of the next one.
func lineAt(text string, pos int) (end, next int) {
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i, pos + i + 1
	}
	return len(text), len(text)
}

func isBlank(line string) bool { return strings.Trim(line, " \t\r\v\f") == "" }

// cutIndent returns the width of the indentation, a tab reaching to the next multiple of four, and the rest of the line.
func cutIndent(line string) (width int, rest string) {
	for i := range len(line) {
		switch line[i] {
		case ' ':
			width++
		case '\t':
			width += 4 - width%4
		default:
			return width, line[i:]
		}
	}
	return width, ""
}

// atxHeading returns the level (1 to 6) and text of a "# heading" line, or level 0.
func atxHeading(line string) (level int, title string) {
	for level < len(line) && line[level] == '#' {
		level++
	}
	if level == 0 || level > 6 {
		return 0, ""
	}
	title = line[level:]
	if title != "" && title[0] != ' ' && title[0] != '\t' {
		return 0, ""
	}
	title = strings.TrimSpace(title)
	// A closing run of # counts only after a blank, or when there is nothing else.
	if cut := strings.TrimRight(title, "#"); cut == "" || strings.HasSuffix(cut, " ") || strings.HasSuffix(cut, "\t") {
		title = strings.TrimSpace(cut)
	}
	return level, title
}

// setextLevel returns 1 for a line of =, 2 for a line of -, else 0.
func setextLevel(line string) int {
	switch {
	case line == "":
		return 0
	case strings.Trim(line, "=") == "":
		return 1
	case strings.Trim(line, "-") == "":
		return 2
	}
	return 0
}

// isThematicBreak reports whether a line is three or more of the same -, * or _, blanks allowed between.
func isThematicBreak(line string) bool {
	c := line[0]
	if c != '-' && c != '*' && c != '_' {
		return false
	}
	n := 0
	for i := range len(line) {
		switch line[i] {
		case c:
			n++
		case ' ', '\t':
		default:
			return false
		}
	}
	return n >= 3
}

// isDelimiterRow reports whether a line is the second line of a table, as in |---|:-:|.
func isDelimiterRow(line string) bool {
	return strings.Contains(line, "-") && strings.Contains(line, "|") && strings.Trim(line, "|:- \t") == ""
}

// isListItem reports whether a line begins with a bullet or a number of up to nine digits, and a blank.
func isListItem(line string) bool {
	i := 0
	for i < len(line) && i < 9 && line[i] >= '0' && line[i] <= '9' {
		i++
	}
	switch {
	case i == 0 && line != "" && strings.IndexByte("-*+", line[0]) >= 0:
	case i > 0 && i < len(line) && (line[i] == '.' || line[i] == ')'):
	default:
		return false
	}
	return i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t')
}

// opensFence returns the character and width of a code fence that begins with this line, or width 0.
func opensFence(line string) (c byte, width int) {
	c = line[0]
	if c != '`' && c != '~' {
		return 0, 0
	}
	for width < len(line) && line[width] == c {
		width++
	}
	if width < 3 || c == '`' && strings.IndexByte(line[width:], '`') >= 0 {
		return 0, 0
	}
	return c, width
}

// closesFence reports whether a line, indentation and all, ends a fence of the given character and width.
func closesFence(line string, c byte, width int) bool {
	line = strings.TrimLeft(line, " \t")
	return len(line) >= width && strings.Trim(line, string(rune(c))) == ""
}
