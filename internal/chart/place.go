// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import "slices"

// placer finds room for labels. What is placed never overlaps what was placed before, nor an obstacle, nor the bounds.
type placer struct {
	bounds box
	boxes  []box
	lines  []segment
	dots   []box // better left uncovered, but labels may stand on them
}

type segment struct{ a, b point }

// avoid keeps labels off a rectangle.
func (p *placer) avoid(b box) { p.boxes = append(p.boxes, b) }

// avoidLine keeps labels off a line through points.
func (p *placer) avoidLine(points ...point) {
	for i := 1; i < len(points); i++ {
		p.lines = append(p.lines, segment{points[i-1], points[i]})
	}
}

// free reports whether a rectangle overlaps nothing.
func (p *placer) free(b box) bool {
	const slack = 1e-9
	if b.x0 < p.bounds.x0-slack || b.y0 < p.bounds.y0-slack || b.x1 > p.bounds.x1+slack || b.y1 > p.bounds.y1+slack {
		return false
	}
	return !slices.ContainsFunc(p.boxes, b.overlaps) && !slices.ContainsFunc(p.lines, b.meets)
}

// freeLine reports whether a short line to a label crosses nothing.
func (p *placer) freeLine(a, b point) bool {
	const pieces = 12
	for i := range pieces + 1 {
		t := float64(i) / pieces
		at := point{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t}
		if !p.free(box{at.x, at.y, at.x, at.y}.grown(0.4)) {
			return false
		}
	}
	return true
}

// put takes the first candidate that is free, at best also of dots, and reports which; false if none is. Between labels
// it leaves a gap.
func (p *placer) put(candidates []box) (int, bool) {
	second := -1
	for i, c := range candidates {
		if !p.free(c) {
			continue
		}
		if !slices.ContainsFunc(p.dots, c.overlaps) {
			p.avoid(c.grown(1.5))
			return i, true
		}
		if second < 0 {
			second = i
		}
	}
	if second < 0 {
		return 0, false
	}
	p.avoid(candidates[second].grown(1.5))
	return second, true
}

func (b box) overlaps(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

func (b box) grown(by float64) box { return box{b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by} }

// meets reports whether a part of the segment is inside the rectangle (Liang and Barsky's clipping, 1984).
func (b box) meets(s segment) bool {
	from, to := 0.0, 1.0
	dx, dy := s.b.x-s.a.x, s.b.y-s.a.y
	for _, side := range [4][2]float64{{-dx, s.a.x - b.x0}, {dx, b.x1 - s.a.x}, {-dy, s.a.y - b.y0}, {dy, b.y1 - s.a.y}} {
		switch direction, distance := side[0], side[1]; {
		case direction == 0 && distance < 0:
			return false
		case direction < 0:
			from = max(from, distance/direction)
		case direction > 0:
			to = min(to, distance/direction)
		}
	}
	return from <= to
}

// around lists places for a label of a size near a point, at a distance: beside, above, below, then the corners.
// Each is the label's rectangle.
func around(at point, w, h, distance float64) []box {
	d, slant := distance, distance*0.75
	x, y := at.x, at.y
	return []box{
		{x - w/2, y - d - h, x + w/2, y - d}, // above
		{x - w/2, y + d, x + w/2, y + d + h}, // below
		{x + d, y - h/2, x + d + w, y + h/2}, // right
		{x - d - w, y - h/2, x - d, y + h/2}, // left
		{x + slant, y - slant - h, x + slant + w, y - slant},
		{x + slant, y + slant, x + slant + w, y + slant + h},
		{x - slant - w, y - slant - h, x - slant, y - slant},
		{x - slant - w, y + slant, x - slant, y + slant + h},
	}
}
