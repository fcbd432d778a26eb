// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Lengths are points, 1/72 inch. On a sheet y goes down from the upper edge.
const (
	wide    = 540   // of every chart: 720 CSS pixels
	tallest = 14000 // the last height that SVG coordinates of five digits place to a point
	margin  = 14.0
)

type point struct{ x, y float64 }

// box is a rectangle, from its left upper to its right lower corner.
type box struct{ x0, y0, x1, y1 float64 }

// sheet is a laid-out picture: what is drawn, in order. Tests look at the layout here, before it becomes bytes.
type sheet struct {
	width, height float64
	title         string // for readers who hear the picture: in any script
	marks         []mark
}

// mark is one path or one text.
type mark struct {
	path   vg.Path // with y down; arcs full circles only
	fill   color.Color
	stroke stroke

	label string // not empty: a text, its baseline starting at the point
	at    point
	font  font.Face
}

// stroke is how a line is drawn; without a colour it is not.
type stroke struct {
	color color.Color
	width float64
	dash  []float64
}

func newSheet(title string) *sheet { return &sheet{width: wide, title: clean(title)} }

// hundredth rounds a coordinate: no eye sees less, and the SVG stays small.
func hundredth(v float64) vg.Length { return vg.Length(math.Round(v*100) / 100) }

// outline joins points to a path.
func outline(path vg.Path, closed bool, points ...point) vg.Path {
	for i, p := range points {
		if at := (vg.Point{X: hundredth(p.x), Y: hundredth(p.y)}); i == 0 {
			path.Move(at)
		} else {
			path.Line(at)
		}
	}
	if closed {
		path.Close()
	}
	return path
}

func rectangle(path vg.Path, b box) vg.Path {
	return outline(path, true, point{b.x0, b.y0}, point{b.x1, b.y0}, point{b.x1, b.y1}, point{b.x0, b.y1})
}

func circle(path vg.Path, p point, radius float64) vg.Path {
	at := vg.Point{X: hundredth(p.x), Y: hundredth(p.y)}
	path.Move(vg.Point{X: at.X + hundredth(radius), Y: at.Y})
	path.Arc(at, hundredth(radius), 0, 2*math.Pi)
	path.Close()
	return path
}

// shape draws a path, filled, stroked, or both.
func (s *sheet) shape(path vg.Path, fill color.Color, st stroke) {
	if len(path) > 0 {
		s.marks = append(s.marks, mark{path: path, fill: fill, stroke: st})
	}
}

func (s *sheet) line(st stroke, points ...point) { s.shape(outline(nil, false, points...), nil, st) }

// anchor says which part of a text is at a point.
type anchor float64

const (
	start  anchor = 0
	middle anchor = 0.5
	end    anchor = 1
)

// text draws a text on a baseline and returns the room it takes.
func (s *sheet) text(f font.Face, c color.Color, x, baseline float64, a anchor, label string) box {
	b := room(f, x, baseline, a, label)
	if label != "" {
		s.marks = append(s.marks, mark{label: label, at: point{b.x0, baseline}, font: f, fill: c})
	}
	return b
}

// put copies another sheet's marks, so far down.
func (s *sheet) put(other *sheet, down float64) {
	for _, m := range other.marks {
		m.at.y += down
		path := make(vg.Path, len(m.path))
		for i, c := range m.path {
			c.Pos.Y += vg.Length(down)
			path[i] = c
		}
		m.path = path
		s.marks = append(s.marks, m)
	}
}

// drawOn draws the sheet on a canvas of its size. Canvases have y going up.
func (s *sheet) drawOn(c vg.Canvas) {
	c.SetColor(color.White)
	c.Fill(rectangle(nil, box{0, 0, s.width, s.height}))
	for _, m := range s.marks {
		if m.label != "" {
			c.SetColor(m.fill)
			c.FillString(m.font, vg.Point{X: hundredth(m.at.x), Y: hundredth(s.height - m.at.y)}, m.label)
			continue
		}
		path := make(vg.Path, len(m.path))
		for i, p := range m.path {
			p.Pos.Y = hundredth(s.height) - p.Pos.Y
			path[i] = p
		}
		if m.fill != nil {
			c.SetColor(m.fill)
			c.Fill(path)
		}
		if m.stroke.color != nil {
			c.SetColor(m.stroke.color)
			c.SetLineWidth(vg.Length(m.stroke.width))
			dash := make([]vg.Length, len(m.stroke.dash))
			for i, d := range m.stroke.dash {
				dash[i] = vg.Length(d)
			}
			c.SetLineDash(dash, 0)
			c.Stroke(path)
		}
	}
}

func (s *sheet) png() ([]byte, error) {
	dpi := 192 // two dots a CSS pixel
	for dpi > 48 && s.width*s.height/72/72*float64(dpi*dpi) > 40e6 {
		dpi /= 2
	}
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(s.width), vg.Length(s.height)), vgimg.UseDPI(dpi))
	s.drawOn(c)
	var out bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(&out)
	return out.Bytes(), err
}

// families are fonts of the same widths as the embedded one, then whatever the reader has.
const families = "Liberation Sans, Arimo, Helvetica, Arial, sans-serif"

func (s *sheet) svg() ([]byte, error) {
	c := vgsvg.New(vg.Length(s.width), vg.Length(s.height))
	s.drawOn(c)
	var drawn bytes.Buffer
	if _, err := c.WriteTo(&drawn); err != nil {
		return nil, err
	}
	body := drawn.Bytes()
	if _, after, found := bytes.Cut(body, []byte("<svg")); found {
		_, body, found = bytes.Cut(after, []byte(">"))
		if !found {
			return nil, errors.New("chart: the SVG canvas wrote no root element")
		}
	}
	// The canvas writes the embedded font's name on every text; once, on the root and with others to
	// fall back on, is better. Quotes of labels are escaped, so none is taken for a style.
	const sans, upright = "style=\"font-family:Liberation Sans;font-variant:normal;", "font-style:normal;"
	body = bytes.ReplaceAll(body, []byte("\n\t"+sans+"font-weight:normal;"+upright), []byte(" style=\""))
	body = bytes.ReplaceAll(body, []byte("\n\t"+sans+"font-weight:bold;"+upright), []byte(" style=\"font-weight:bold;"))

	var out bytes.Buffer
	length := func(points float64) string { return strconv.FormatFloat(points, 'f', -1, 64) }
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" width=\"%s\" height=\"%s\" role=\"img\" font-family=\"%s\" style=\"max-width:100%%;height:auto\">\n<title>",
		length(s.width), length(s.height), length(math.Round(s.width*96/72)), length(math.Round(s.height*96/72)), families)
	if err := xml.EscapeText(&out, []byte(s.title)); err != nil {
		return nil, err
	}
	out.WriteString("</title>")
	// Labels keep the width they were laid out with, whatever font they are shown in. They are on the
	// canvas in the order of the marks; a bracket in a label is escaped, so none is taken for an element.
	const element = "<text "
	for _, m := range s.marks {
		if m.label == "" {
			continue
		}
		before, after, found := bytes.Cut(body, []byte(element))
		if !found {
			return nil, fmt.Errorf("chart: the SVG canvas lost the text %q", m.label)
		}
		out.Write(before)
		fmt.Fprintf(&out, "%stextLength=\"%s\" lengthAdjust=\"spacingAndGlyphs\" ", element, length(math.Round(width(m.font, m.label)*100)/100))
		body = after
	}
	out.Write(body)
	return out.Bytes(), nil
}
