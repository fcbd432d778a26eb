// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import "strings"

const (
	maxCodeDepth   = 3   // headings of a passage of code: a method in a class in a namespace
	maxDeclaration = 160 // bytes of a line taken for a heading
)

// code packs source code. What belongs together is found by layout alone, which most languages share: a unit begins at a
// line that is not indented after a blank line, and holds all lines to the next such one. Units that fit are packed like
// paragraphs; one that is too long is cut in the same way one level deeper, under its declaration as a heading, and in the
// end at blank lines and lines.
func (s *splitter) code(start, end, depth int) {
	for _, u := range s.units(start, end) {
		s.codeSection(depth)
		p, ok := s.measure(s.trim(u.start, u.end))
		switch {
		case ok && p.cost <= s.target:
			s.place(p)
		case depth == maxCodeDepth || u.body <= u.start || u.body >= u.end:
			s.paragraphs(u.start, u.end)
		default:
			s.ids++
			s.stack = append(s.stack[:depth], openHeading{level: depth + 1, title: u.title, id: s.ids})
			s.codeSection(depth + 1)
			s.paragraphs(u.start, u.body)
			s.code(u.body, u.end, depth+1)
		}
	}
}

// codeSection makes the innermost of the first depth headings the section being packed.
func (s *splitter) codeSection(depth int) {
	s.stack = s.stack[:depth]
	s.enter()
}

// paragraphs packs runs of lines that are not blank, each kept whole where it fits.
func (s *splitter) paragraphs(start, end int) {
	scanPlain(s.text[start:end], func(b block) { s.add(verbatim, start+b.start, start+b.end) })
}

// unit is a range of lines that belong together.
type unit struct {
	start, end int
	body       int    // start of the line after the declaration; start when there is no declaration
	title      string // the declaration, shortened
}

// units cuts a range before every line that follows a blank one and is indented no deeper than the least indented line.
func (s *splitter) units(start, end int) []unit {
	least := -1
	s.lines(start, end, func(_, _, indent int, _ string) {
		if least < 0 || indent < least {
			least = indent
		}
	})
	var units []unit
	afterBlank := true
	last := start
	s.lines(start, end, func(pos, next, indent int, line string) {
		afterBlank = afterBlank || strings.Contains(s.text[last:pos], "\n")
		if indent == least && afterBlank && !closes(line) || len(units) == 0 {
			units = append(units, unit{start: pos, body: pos})
		}
		u := &units[len(units)-1]
		u.end = next
		if u.title == "" && indent == least && !isComment(line) {
			u.title, u.body = declaration(line), next
		}
		afterBlank, last = false, next
	})
	return units
}

// lines calls f for each line that is not blank, with its indentation and without white space around it.
func (s *splitter) lines(start, end int, f func(pos, next, indent int, line string)) {
	for pos := start; pos < end; {
		stop, next := lineAt(s.text[:end], pos)
		if line := s.text[pos:stop]; !isBlank(line) {
			indent, rest := codeIndent(line)
			f(pos, next, indent, rest)
		}
		pos = next
	}
}

// codeIndent returns the width of the indentation, a tab counting as four, and the line without white space around it.
func codeIndent(line string) (width int, rest string) {
	rest = strings.TrimLeft(line, " \t")
	for _, c := range line[:len(line)-len(rest)] {
		width++
		if c == '\t' {
			width += 3
		}
	}
	return width, strings.TrimRight(rest, " \t\r\v\f")
}

// closes reports whether a line only ends what was begun before.
func closes(line string) bool {
	return strings.Trim(line, ")}];,") == "" || strings.HasPrefix(line, "*/")
}

// isComment reports whether a line is a comment, an annotation or a decorator in one of the usual languages.
func isComment(line string) bool {
	for _, p := range []string{"//", "/*", "*", "#", "--", ";", "@", `"""`, "'''", "<!--", "%"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}

// declaration shortens a line to what names it.
func declaration(line string) string {
	line = strings.TrimRight(line, "{(:= \t")
	if len(line) > maxDeclaration {
		line = strings.ToValidUTF8(line[:maxDeclaration], "")
	}
	return strings.Join(strings.Fields(line), " ")
}
