// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

// Greys of the house.
var (
	ink   = color.RGBA{0x22, 0x2a, 0x35, 0xff}
	muted = color.RGBA{0x5b, 0x66, 0x73, 0xff} // second to ink; contrast with white is 5.8
	axis  = color.RGBA{0x8a, 0x94, 0x9f, 0xff}
	grid  = color.RGBA{0xe4, 0xe8, 0xed, 0xff}
	cloud = color.RGBA{0xb4, 0xbc, 0xc5, 0xff} // dots of which there are many
)

// The colours of Okabe and Ito (Color Universal Design, 2008), without the yellow, which white paper swallows.
var (
	blue       = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	vermillion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	green      = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	purple     = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	orange     = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	sky        = color.RGBA{0x56, 0xb4, 0xe9, 0xff}
)

// seriesColors are in the order in which series take them.
var seriesColors = []color.RGBA{blue, vermillion, green, purple, orange, sky, ink}

// outlineDashes tell outlines without symbols apart where colours do not.
var outlineDashes = [][]float64{nil, {6, 2.5}, {2, 2}, {8, 2.5, 2, 2.5}}

// legible is a colour dark enough for text on white.
func legible(c color.RGBA) color.RGBA {
	for contrastWithWhite(c) < 4.5 {
		c = color.RGBA{uint8(float64(c.R) * 0.92), uint8(float64(c.G) * 0.92), uint8(float64(c.B) * 0.92), 0xff}
	}
	return c
}

// contrastWithWhite is the contrast ratio of WCAG 2, from 1 to 21, with a plain square for the transfer function.
func contrastWithWhite(c color.RGBA) float64 {
	square := func(x uint8) float64 { return float64(x) / 255 * float64(x) / 255 }
	return 1.05 / (0.2126*square(c.R) + 0.7152*square(c.G) + 0.0722*square(c.B) + 0.05)
}

// tint is a colour mixed with white: 0 is white, 1 the colour. Opaque, so that every canvas shows the same.
func tint(c color.RGBA, share float64) color.RGBA {
	mix := func(x uint8) uint8 { return uint8(255 - (255-float64(x))*share + 0.5) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// symbol is the point of the i-th series: of a form of its own, with a white rim that lifts it off lines.
func (s *sheet) symbol(i int, at point, size float64) {
	c := seriesColors[i%len(seriesColors)]
	s.shape(symbolPath(nil, i, at, size), c, stroke{color.White, 1, nil})
}

func symbolPath(path vg.Path, i int, at point, r float64) vg.Path {
	x, y := at.x, at.y
	switch i % 7 {
	case 0:
		return circle(path, at, r)
	case 1:
		return rectangle(path, box{x - r*0.9, y - r*0.9, x + r*0.9, y + r*0.9})
	case 2:
		return outline(path, true, point{x, y - r*1.25}, point{x + r*1.2, y + r*0.85}, point{x - r*1.2, y + r*0.85})
	case 3:
		return outline(path, true, point{x, y - r*1.3}, point{x + r*1.3, y}, point{x, y + r*1.3}, point{x - r*1.3, y})
	case 4:
		return outline(path, true, point{x, y + r*1.25}, point{x + r*1.2, y - r*0.85}, point{x - r*1.2, y - r*0.85})
	case 5: // an upright cross
		a, b := r*1.2, r*0.45
		return outline(path, true, point{x - b, y - a}, point{x + b, y - a}, point{x + b, y - b}, point{x + a, y - b},
			point{x + a, y + b}, point{x + b, y + b}, point{x + b, y + a}, point{x - b, y + a}, point{x - b, y + b},
			point{x - a, y + b}, point{x - a, y - b}, point{x - b, y - b})
	}
	return outline(path, true, point{x - r*0.7, y - r*1.2}, point{x + r*0.7, y - r*1.2}, point{x + r*1.3, y}, // a hexagon
		point{x + r*0.7, y + r*1.2}, point{x - r*0.7, y + r*1.2}, point{x - r*1.3, y})
}
