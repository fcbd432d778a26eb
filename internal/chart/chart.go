// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package chart draws the pictures of an evaluation as SVG and PNG: quality against latency, rank shifts, score
// distributions, reliability, Pareto frontiers and per-query differences. Charts are made from plain data; the same data
// gives the same bytes.
//
// Pictures are 540 points (720 CSS pixels) wide and keep their proportions in a narrower page. Colours are those of
// Okabe and Ito, told apart by the colour-blind; what a colour says, a shape, a label or its lightness says as well, so
// that a grey print can be read. Letters that the embedded font lacks do not reach a picture: a label then shows its id
// or its number, in brackets.
package chart

import (
	"errors"
	"fmt"
	"math"
)

// Picture is a chart, or several on one page.
type Picture interface {
	// SVG returns a document without declaration that can stand alone or inside an HTML page: no scripts, no style
	// sheets, no fonts; text is text. Errors are those of the data.
	SVG() ([]byte, error)
	// PNG returns the same picture with two dots per CSS pixel; fewer if there would be more than 40 million.
	// Errors are those of the data.
	PNG() ([]byte, error)
}

// figure is a picture that knows how to lay itself out.
type figure func() (*sheet, error)

func (f figure) SVG() ([]byte, error) {
	s, err := f()
	if err != nil {
		return nil, err
	}
	return s.svg()
}

func (f figure) PNG() ([]byte, error) {
	s, err := f()
	if err != nil {
		return nil, err
	}
	return s.png()
}

// Page puts pictures of this package below each other, under a title; an empty title takes no room. An error of one
// picture is the error of the page.
func Page(title string, pictures ...Picture) Picture {
	return figure(func() (*sheet, error) {
		if len(pictures) == 0 {
			return nil, errors.New("chart: a page needs at least one picture")
		}
		page := newSheet(title)
		y := 0.0
		if title != "" {
			y = margin
			for _, line := range wrap(bold(17), readable(title, ""), page.width-2*margin, 3) {
				y += 21
				page.text(bold(17), ink, margin, y, start, line)
			}
		}
		for i, p := range pictures {
			f, ours := p.(figure)
			if !ours {
				return nil, fmt.Errorf("chart: picture %d of the page is a %T, not a chart of this package", i+1, p)
			}
			s, err := f()
			if err != nil {
				return nil, fmt.Errorf("picture %d of the page: %w", i+1, err)
			}
			if i > 0 {
				page.line(stroke{grid, 1, nil}, point{margin, y}, point{page.width - margin, y})
			}
			page.width = max(page.width, s.width)
			page.put(s, y)
			y += s.height
		}
		page.height = y
		if y > tallest {
			return nil, fmt.Errorf("chart: the page would be %.0f points tall, more than %d: put fewer pictures on it", y, tallest)
		}
		return page, nil
	})
}

// largest is the magnitude up to which a value can be drawn: beyond it tick labels are no longer numbers one reads.
const largest = 1e12

// number checks that a value can be drawn.
func number(what string, v float64) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("chart: %s is %v: only finite numbers can be drawn", what, v)
	case math.Abs(v) > largest:
		return fmt.Errorf("chart: %s is %g: numbers beyond ±%g cannot be drawn", what, v, float64(largest))
	}
	return nil
}

// horizontal checks a value of the horizontal axis.
func horizontal(what string, v float64, log bool) error {
	if err := number(what, v); err != nil {
		return err
	}
	if log && v < 1/largest {
		return fmt.Errorf("chart: %s is %g: on a logarithmic axis only positive numbers can be drawn", what, v)
	}
	return nil
}

// interval checks the ends of an interval around a value; two equal ends are none.
func interval(what string, low, v, high float64) error {
	if err := number("lower end of "+what, low); err != nil {
		return err
	}
	if err := number("upper end of "+what, high); err != nil {
		return err
	}
	if low != high && (low > v || v > high) {
		return fmt.Errorf("chart: %s is %g, outside of its interval from %g to %g", what, v, low, high)
	}
	return nil
}

// count checks how many there are of a thing.
func count(what string, n, least, most int) error {
	switch {
	case n < least && n == 0:
		return fmt.Errorf("chart: no %s: there is nothing to draw", what)
	case n < least:
		return fmt.Errorf("chart: %d %s, need at least %d", n, what, least)
	case n > most:
		return fmt.Errorf("chart: %d %s, at most %d can be drawn", n, what, most)
	}
	return nil
}
