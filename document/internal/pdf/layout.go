// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// glyphs is a shown string, in the coordinates of the page.
type glyphs struct {
	x, y, endX, endY float64 // where its baseline begins and ends
	size, angle      float64
	text             string
	hidden           bool // part of an artifact, such as a running head
}

// layout joins shown strings into lines and paragraphs by where they are.
type layout struct {
	b      strings.Builder
	last   glyphs
	any    bool
	limit  int
	pitch  float64 // distance of the last two lines
	artful strings.Builder
}

// Distances in sizes of the type.
const (
	sameLine    = 0.4 // baselines closer than this are one line
	wordGap     = 0.15
	backwards   = 0.5
	paragraphAt = 1.9 // a line further below begins a paragraph, unless lines are set that wide
)

// add takes the next string that the page paints.
func (l *layout) add(g glyphs) {
	if g.text == "" || math.IsNaN(g.x) || math.IsNaN(g.y) {
		return
	}
	if l.b.Len()+l.artful.Len() > l.limit {
		panic(fmt.Errorf("%w: more than %d bytes of text", ErrTooLarge, l.limit))
	}
	if g.hidden {
		l.artful.WriteString(g.text)
		l.artful.WriteByte(' ')
		return
	}
	if !l.any {
		l.any = true
		l.b.WriteString(g.text)
		l.last = g
		return
	}
	prev := l.last
	l.last = g
	size := max(min(g.size, prev.size), 0.1)
	if math.Abs(math.Sin((g.angle-prev.angle)/2)) > 0.05 {
		l.breakLine(true) // turned text stands apart
		l.b.WriteString(g.text)
		return
	}
	cos, sin := math.Cos(prev.angle), math.Sin(prev.angle)
	dx, dy := g.x-prev.endX, g.y-prev.endY
	along, down := dx*cos+dy*sin, dx*sin-dy*cos
	switch {
	case math.Abs(down) <= sameLine*max(g.size, prev.size) && along > -backwards*size:
		if along > wordGap*size && !l.endsInSpace() && g.text[0] != ' ' {
			l.b.WriteByte(' ')
		}
	case math.Abs(down) <= sameLine*size:
		l.breakLine(false) // back to the left on the same line: another column or cell
	default:
		step := math.Abs(down)
		limit := paragraphAt * max(g.size, prev.size)
		if l.pitch > 0 && l.pitch < 3*size {
			limit = max(limit, 1.3*l.pitch)
		}
		apart := down > limit || math.Abs(g.size-prev.size) > 0.2*size && g.size > 0
		l.breakLine(apart)
		l.pitch = 0
		if down > 0 && !apart {
			l.pitch = step
		}
	}
	l.b.WriteString(g.text)
}

func (l *layout) endsInSpace() bool {
	s := l.b.String()
	return s == "" || s[len(s)-1] == ' ' || s[len(s)-1] == '\n'
}

func (l *layout) breakLine(paragraph bool) {
	l.b.WriteByte('\n')
	if paragraph {
		l.b.WriteByte('\n')
	}
}

// text is the text of the page. Artifacts are all there is on some pages; then they are the text.
func (l *layout) text() string {
	s := l.b.String()
	if strings.TrimSpace(s) == "" {
		s = l.artful.String()
	}
	return tidy(s)
}

var ligatures = strings.NewReplacer("\uFB00", "ff", "\uFB01", "fi", "\uFB02", "fl", "\uFB03", "ffi", "\uFB04", "ffl", "\uFB05", "st", "\uFB06", "st",
	"\u00A0", " ", "\u00AD\n", "", "\u00AD", "", "\f", " ", "\r", "\n", "\x00", "")

// tidy trims lines, joins words that were divided at the end of a line, and drops control characters.
func tidy(s string) string {
	s = ligatures.Replace(strings.ToValidUTF8(s, ""))
	out := make([]byte, 0, len(s))
	blank := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if line == "" {
			blank++
			continue
		}
		switch {
		case len(out) == 0:
		case blank == 0 && divided(out, line):
			out = out[:len(out)-1]
		default:
			out = append(out, "\n\n"[:1+min(blank, 1)]...)
		}
		blank = 0
		for _, r := range line {
			if r == '\t' || !unicode.IsControl(r) {
				out = utf8.AppendRune(out, r)
			}
		}
	}
	return string(out)
}

// divided reports whether a word was divided between two lines: a hyphen after a small letter and before one.
func divided(before []byte, line string) bool {
	rest, ok := bytes.CutSuffix(before, []byte("-"))
	if !ok {
		return false
	}
	last, _ := utf8.DecodeLastRune(rest)
	first, _ := utf8.DecodeRuneInString(line)
	return unicode.IsLower(last) && unicode.IsLower(first)
}
