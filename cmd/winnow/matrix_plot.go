// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// mostCells is the number of rows, and of columns, up to which a picture can be read.
const mostCells = 200

func drawPNG(r *relevance) ([]byte, error) {
	h, err := newHeatMap(r)
	if err != nil {
		return nil, err
	}
	dpi := 144
	for dpi > 36 && float64(h.width.Points()*h.height.Points())/72/72*float64(dpi*dpi) > 40e6 {
		dpi /= 2 // a picture of very many cells stays within 40 million dots
	}
	c := vgimg.NewWith(vgimg.UseWH(h.width, h.height), vgimg.UseDPI(dpi))
	h.draw(draw.New(c))
	var out bytes.Buffer
	_, err = vgimg.PngCanvas{Canvas: c}.WriteTo(&out)
	return out.Bytes(), err
}

func drawSVG(r *relevance) ([]byte, error) {
	h, err := newHeatMap(r)
	if err != nil {
		return nil, err
	}
	c := vgsvg.New(h.width, h.height)
	h.draw(draw.New(c))
	var out bytes.Buffer
	_, err = c.WriteTo(&out)
	return out.Bytes(), err
}

// heatMap is the layout of a picture. Lengths are from the lower left corner.
type heatMap struct {
	r             *relevance
	colors        palette.ColorMap
	rows, columns []string   // labels of queries
	wrapped       [][]string // labels of documents, where cells are wide enough to have them below
	left, bottom  vg.Length  // of the cells
	cellW, cellH  vg.Length
	width, height vg.Length
	text, small   text.Style
}

const (
	margin   = 14 * vg.Length(1) // around everything, and between its parts
	barWidth = 12 * vg.Length(1)
	slant    = math.Pi / 4 // of the documents' labels where cells are narrow
)

var ink = color.RGBA{0x22, 0x2a, 0x35, 0xff}

// relevanceColors go from pale yellow to dark blue, low to high: equal steps of a score are equal
// steps of lightness (CIELAB), so no edge is seen where there is none, in print and by the
// colour-blind as well.
func relevanceColors(low, high float64) (palette.ColorMap, error) {
	m, err := moreland.NewLuminance([]color.Color{
		color.RGBA{0x0d, 0x2c, 0x6b, 0xff},
		color.RGBA{0x1f, 0x6f, 0xa8, 0xff},
		color.RGBA{0x45, 0xae, 0xb5, 0xff},
		color.RGBA{0xa9, 0xdc, 0xbb, 0xff},
		color.RGBA{0xfd, 0xfb, 0xe0, 0xff},
	})
	if err != nil {
		return nil, err
	}
	if low == high { // one score, or all the same
		low, high = low-0.5, high+0.5
	}
	m = palette.Reverse(m)
	m.SetMin(low)
	m.SetMax(high)
	return m, nil
}

func newHeatMap(r *relevance) (*heatMap, error) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range r.Scores {
		for _, v := range row {
			low, high = min(low, float64(v)), max(high, float64(v))
		}
	}
	colors, err := relevanceColors(low, high)
	if err != nil {
		return nil, err
	}
	h := &heatMap{r: r, colors: colors, text: style(10), small: style(9)}
	h.rows, h.columns = h.labels(r.Queries, 34), h.labels(r.Documents, 28)
	var down vg.Length // height of the documents' labels
	h.cellW, h.cellH = 96, 44
	switch n := max(len(h.rows), len(h.columns)); {
	case n > 60:
		h.cellW, h.cellH = 13, 13
	case n > 8:
		h.cellW, h.cellH = 40, 26
	}
	h.left = margin + 6 + widest(h.text, h.rows)
	if h.cellW >= 60 {
		lines := 0
		for _, c := range h.labels(r.Documents, 200) {
			w := wrapTo(h.small, c, h.cellW-8, 4)
			h.wrapped = append(h.wrapped, w)
			lines = max(lines, len(w))
		}
		down = vg.Length(lines)*h.lineHeight() + 6
	} else {
		reach := widest(h.small, h.columns) * vg.Length(math.Cos(slant))
		down = reach + 14
		h.left = max(h.left, margin+reach-h.cellW/2) // the first label leans out to the left
	}
	h.bottom = margin + down
	h.width = h.left + vg.Length(len(h.columns))*h.cellW + margin + barWidth + 44 + margin
	h.height = h.bottom + vg.Length(len(h.rows))*h.cellH + 2*margin + h.text.Font.Size
	h.width = max(h.width, h.left+h.text.Width(h.title())+margin)
	return h, nil
}

func style(size font.Length) text.Style {
	return text.Style{
		Color: ink, Handler: plot.DefaultTextHandler,
		Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
	}
}

func (h *heatMap) lineHeight() vg.Length { return h.small.Font.Size * 1.2 }

func (h *heatMap) title() string { return h.r.Kind + " of " + shorten(h.r.Model, 60) }

// labels are the texts, cut to so many characters; the id where the picture's font lacks a text's letters.
func (h *heatMap) labels(list []labelled, most int) []string {
	face := font.DefaultCache.Lookup(h.text.Font, h.text.Font.Size)
	out := make([]string, len(list))
	for i, l := range list {
		label := shorten(l.Text, most)
		for _, c := range label {
			if g, err := face.Face.GlyphIndex(nil, c); err != nil || g == 0 {
				label = "[" + strings.Map(ascii, shorten(l.ID, most)) + "]"
				break
			}
		}
		out[i] = label
	}
	return out
}

func ascii(r rune) rune {
	if r < 0x20 || r > 0x7e {
		return '?'
	}
	return r
}

// shorten puts a text on one line of at most so many columns.
func shorten(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return term.Truncate(strings.Join(strings.Fields(s), " "), most)
}

func widest(s text.Style, list []string) vg.Length {
	var w vg.Length
	for _, l := range list {
		w = max(w, s.Width(l))
	}
	return w
}

// wrapTo breaks a text into at most so many lines that fit into a width.
func wrapTo(s text.Style, label string, width vg.Length, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(label) {
		for s.Width(word) > width && len(word) > 1 {
			word = term.Truncate(word, term.Width(word)-1)
		}
		switch {
		case line == "":
			line = word
		case s.Width(line+" "+word) <= width:
			line += " " + word
		case len(lines) == most-1:
			for s.Width(line+" …") > width && term.Width(line) > 1 {
				line = strings.TrimRight(term.Truncate(line, term.Width(line)-1), "…")
			}
			return append(lines, line+" …")
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

func (h *heatMap) draw(c draw.Canvas) {
	c.FillPolygon(color.White, rectangle(0, 0, h.width, h.height))
	top := h.bottom + vg.Length(len(h.rows))*h.cellH
	title := h.text
	title.YAlign = text.YBottom
	c.FillText(title, vg.Point{X: h.left, Y: top + 10}, h.title())
	h.drawCells(c, top)
	h.drawLabels(c, top)
	h.drawBar(c, top)
}

// cell returns the lower left corner of a cell.
func (h *heatMap) cell(row, column int, top vg.Length) vg.Point {
	return vg.Point{X: h.left + vg.Length(column)*h.cellW, Y: top - vg.Length(row+1)*h.cellH}
}

func (h *heatMap) drawCells(c draw.Canvas, top vg.Length) {
	value := h.text
	value.XAlign, value.YAlign = text.XCenter, text.YCenter
	digits := 2
	if h.cellW < 60 {
		value.Font.Size, digits = 8, 1
		if h.colors.Max()-h.colors.Min() < 3 {
			digits = 2
		}
	}
	for i, row := range h.r.Scores {
		for j, v := range row {
			at := h.cell(i, j, top)
			fill, err := h.colors.At(float64(v))
			if err != nil { // rounding at the ends of the range
				fill = color.Transparent
			}
			// Cells touch but for a hair, so that a row reads as one.
			c.FillPolygon(fill, rectangle(at.X+0.5, at.Y+0.5, h.cellW-1, h.cellH-1))
			if h.cellW < 30 {
				continue
			}
			value.Color = contrast(fill)
			c.FillText(value, vg.Point{X: at.X + h.cellW/2, Y: at.Y + h.cellH/2}, minus(strconv.FormatFloat(float64(v), 'f', digits, 32)))
		}
	}
}

func (h *heatMap) drawLabels(c draw.Canvas, top vg.Length) {
	side := h.text
	side.XAlign, side.YAlign = text.XRight, text.YCenter
	if h.cellH < 20 {
		side.Font.Size = 8
	}
	for i, label := range h.rows {
		c.FillText(side, vg.Point{X: h.left - 6, Y: h.cell(i, 0, top).Y + h.cellH/2}, label)
	}
	below := h.small
	for j := range h.columns {
		x := h.cell(0, j, top).X + h.cellW/2
		if h.wrapped == nil {
			below.XAlign, below.YAlign, below.Rotation = text.XRight, text.YCenter, slant
			c.FillText(below, vg.Point{X: x, Y: h.bottom - 5}, h.columns[j])
			continue
		}
		below.XAlign, below.YAlign = text.XCenter, text.YTop
		for n, line := range h.wrapped[j] {
			c.FillText(below, vg.Point{X: x, Y: h.bottom - 6 - vg.Length(n)*h.lineHeight()}, line)
		}
	}
}

// drawBar draws what the colours mean.
func (h *heatMap) drawBar(c draw.Canvas, top vg.Length) {
	x := h.left + vg.Length(len(h.columns))*h.cellW + margin
	low, high := h.colors.Min(), h.colors.Max()
	tall := top - h.bottom - 1
	const steps = 128
	for i := range steps {
		fill, err := h.colors.At(low + (high-low)*(float64(i)+0.5)/steps)
		if err != nil {
			continue
		}
		y := h.bottom + 0.5 + tall*vg.Length(i)/steps
		c.FillPolygon(fill, rectangle(x, y, barWidth, min(tall/steps+0.4, top-0.5-y))) // they overlap, or gaps would shine through
	}
	label := h.small
	label.YAlign = text.YCenter
	for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
		if t.IsMinor() {
			continue
		}
		y := h.bottom + 0.5 + tall*vg.Length((t.Value-low)/(high-low))
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.5}, x+barWidth, y, x+barWidth+3, y)
		c.FillText(label, vg.Point{X: x + barWidth + 6, Y: y}, minus(t.Label))
	}
}

// minus sets a number with the sign that is as wide as a plus.
func minus(number string) string { return strings.Replace(number, "-", "−", 1) }

func rectangle(x, y, w, h vg.Length) []vg.Point {
	return []vg.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}}
}

// contrast is dark ink on light colours and white on dark ones, by relative luminance (WCAG 2, with
// a plain square for the transfer function).
func contrast(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	square := func(x uint32) float64 { return float64(x) / 0xffff * float64(x) / 0xffff }
	if 0.2126*square(r)+0.7152*square(g)+0.0722*square(b) > 0.3 {
		return ink
	}
	return color.White
}
