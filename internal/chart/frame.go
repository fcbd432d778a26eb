// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"image/color"
	"strings"
)

// head draws title and subtitle and returns the y below them.
func (s *sheet) head(title, subtitle string) float64 {
	y := margin
	for _, line := range wrap(bold(14), readable(title, ""), s.width-2*margin, 2) {
		y += 16
		s.text(bold(14), ink, margin, y-3, start, line)
	}
	for _, line := range wrap(label(), readable(subtitle, ""), s.width-2*margin, 2) {
		y += lineHeight + 1.5
		s.text(label(), muted, margin, y-3, start, line)
	}
	return y + 8
}

// frame is the area of a chart with its axes.
type frame struct {
	*sheet
	x, y scale
	area box
}

// axes draws the grid, ticks and axis titles of an area. The title of y stands above the axis, to be read without
// turning one's head.
func (s *sheet) axes(area box, x, y scale, xTitle, yTitle string) frame {
	x.from, x.to = area.x0, area.x1
	y.from, y.to = area.y1, area.y0
	f := frame{s, x, y, area}
	if yTitle != "" {
		s.text(label(), muted, margin, area.y0-12, start, fit(label(), readable(yTitle, ""), s.width-2*margin))
	}
	for _, t := range y.ticks {
		at := y.at(t)
		s.line(stroke{grid, 0.8, nil}, point{area.x0, at}, point{area.x1, at})
		s.text(label(), muted, area.x0-6, centred(at), end, y.label(t))
	}
	last := -1e9
	for _, t := range x.ticks {
		at := x.at(t)
		s.line(stroke{grid, 0.8, nil}, point{at, area.y0}, point{at, area.y1})
		if x.blank {
			continue
		}
		text := x.label(t)
		if b := room(label(), at, 0, middle, text); b.x0 > max(last+6, 2) && b.x1 < s.width-2 {
			s.text(label(), muted, at, area.y1+14, middle, text)
			s.line(stroke{axis, 0.8, nil}, point{at, area.y1}, point{at, area.y1 + 3})
			last = b.x1
		}
	}
	if len(x.ticks) > 0 {
		s.line(stroke{axis, 0.8, nil}, point{area.x0, area.y1}, point{area.x1, area.y1})
	}
	if xTitle != "" {
		text := fit(label(), readable(xTitle, ""), s.width-2*margin)
		at := (area.x0 + area.x1) / 2
		half := width(label(), text) / 2
		at = min(max(at, margin+half), s.width-margin-half)
		s.text(label(), muted, at, area.y1+31, middle, text)
	}
	return f
}

const belowArea = 38.0 // tick labels and title of x

func labels(s scale) []string {
	out := make([]string, len(s.ticks))
	for i, t := range s.ticks {
		out[i] = s.label(t)
	}
	return out
}

// leftOf is where the area begins when y has these ticks.
func leftOf(y scale) float64 { return margin + widest(label(), labels(y)...) + 6 }

func (f frame) at(x, y float64) point { return point{f.x.at(x), f.y.at(y)} }

// whisker draws an interval around a point.
func (f frame) whisker(c color.Color, x, low, high float64) {
	if low == high {
		return
	}
	a, b := f.at(x, low), f.at(x, high)
	f.line(stroke{c, 1, nil}, a, b)
	f.line(stroke{c, 1, nil}, point{a.x - 2.5, a.y}, point{a.x + 2.5, a.y})
	f.line(stroke{c, 1, nil}, point{b.x - 2.5, b.y}, point{b.x + 2.5, b.y})
}

// budget draws a vertical line with a label at its top, and keeps other labels off both.
func (f frame) budget(p *placer, x float64, name string) {
	at := f.x.at(x)
	f.line(stroke{ink, 1, []float64{4, 3}}, point{at, f.area.y0}, point{at, f.area.y1})
	p.avoidLine(point{at, f.area.y0}, point{at, f.area.y1})
	f.note(p, at, name)
}

// note puts a text beside a vertical line, as far up as there is room.
func (f frame) note(p *placer, at float64, name string) {
	name = fit(label(), name, 150)
	w := width(label(), name)
	const h = textSize * (capHeight + descent)
	for y := f.area.y0 + 2; y+h < f.area.y1; y += 7 {
		if i, found := p.put([]box{{at - 5 - w, y, at - 5, y + h}, {at + 5, y, at + 5 + w, y + h}}); found {
			x := at - 5 - w
			if i == 1 {
				x = at + 5
			}
			f.shape(rectangle(nil, box{x, y, x + w, y + h}), paper, stroke{})
			f.text(label(), ink, x, y+capHeight*textSize, start, name)
			return
		}
	}
}

// block is a label of several lines.
type block struct {
	lines []string
	w, h  float64
}

// newBlock breaks a text into at most so many lines, about as long as each other.
func newBlock(text string, most float64, lines int) block {
	b := block{lines: wrap(label(), text, most, lines)}
	for n := len(b.lines); n > 1 && most > 30; { // as narrow as goes without another line or a cut
		most -= 4
		narrower := wrap(label(), text, most, lines+1)
		if len(narrower) > n || strings.Join(narrower, " ") != strings.Join(b.lines, " ") {
			break
		}
		b.lines = narrower
	}
	b.w = widest(label(), b.lines...)
	b.h = float64(len(b.lines)-1)*lineHeight + (capHeight+descent)*textSize
	return b
}

// paper is what a label is written on: grid lines and dots below it fade.
var paper = color.NRGBA{0xff, 0xff, 0xff, 0xc8}

// block draws the lines of a label into its rectangle.
func (s *sheet) block(b block, c color.Color, in box, a anchor) {
	s.shape(rectangle(nil, in), paper, stroke{})
	for i, line := range b.lines {
		s.text(label(), c, in.x0+(in.x1-in.x0)*float64(a), in.y0+capHeight*textSize+float64(i)*lineHeight, a, line)
	}
}

const keySwatch = 26.0

// key is a line of names with their symbols, for where there is no room beside the lines. It returns the y below.
func (s *sheet) key(y float64, names []string, draw func(i int, at point)) float64 {
	x := margin
	for i, name := range names {
		name = fit(label(), name, s.width-2*margin-28)
		w := width(label(), name)
		if x > margin && x+keySwatch+w > s.width-margin {
			x, y = margin, y+16
		}
		draw(i, point{x + keySwatch/2 - 3, y + 5})
		s.text(label(), ink, x+keySwatch, centred(y+5), start, name)
		x += keySwatch + w + 16
	}
	return y + 20
}
