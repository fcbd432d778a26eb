// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// ReliabilityChart shows predicted against observed probability, and how many predictions each point stands for.
type ReliabilityChart struct {
	Title, Subtitle string
	X, Y            string              // "" for "predicted probability" and "observed share of relevant"
	Series          []ReliabilitySeries // 1 to 4: before and after a calibration, say
}

// ReliabilitySeries is one line of a [ReliabilityChart].
type ReliabilitySeries struct {
	Name string
	Bins []ReliabilityBin // 1 to 100; those without predictions are not drawn, but one must have some
}

// ReliabilityBin sums up predictions of about the same probability.
type ReliabilityBin struct {
	Predicted float64 // their mean, 0 to 1
	Observed  float64 // the share that came true, 0 to 1
	Count     int     // how many they are
}

// Reliability draws the observed share of each bin with its 95 % interval (Wilson, 1927), the diagonal of a perfect
// calibration, and the number of predictions below.
func Reliability(c ReliabilityChart) Picture {
	return figure(func() (*sheet, error) {
		if err := c.check(); err != nil {
			return nil, err
		}
		return c.layout(), nil
	})
}

func (c *ReliabilityChart) check() error {
	if err := count("series", len(c.Series), 1, 4); err != nil {
		return err
	}
	for _, s := range c.Series {
		if err := count(fmt.Sprintf("bins in series %q", clean(s.Name)), len(s.Bins), 1, 100); err != nil {
			return err
		}
		total := 0
		for i, b := range s.Bins {
			of := fmt.Sprintf("of bin %d in series %q", i+1, clean(s.Name))
			if b.Count < 0 || b.Count > largest {
				return fmt.Errorf("chart: the count %s is %d: it must be from 0 to %g", of, b.Count, float64(largest))
			}
			if total += b.Count; b.Count == 0 {
				continue // means of nothing may be NaN
			}
			if !(b.Predicted >= 0 && b.Predicted <= 1) || !(b.Observed >= 0 && b.Observed <= 1) {
				return fmt.Errorf("chart: predicted and observed probability %s are %v and %v: they go from 0 to 1", of, b.Predicted, b.Observed)
			}
		}
		if total == 0 {
			return fmt.Errorf("chart: series %q has no predictions: there is nothing to draw", clean(s.Name))
		}
	}
	return nil
}

// wilson is the 95 % score interval of a share of n.
func wilson(share float64, n int) (low, high float64) {
	const z = 1.959964
	m := float64(n)
	centre := (share + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(share*(1-share)/m+z*z/(4*m*m))
	return max(0, min(centre-half, share)), min(1, max(centre+half, share))
}

func (c *ReliabilityChart) layout() *sheet {
	s := newSheet(c.Title)
	top := s.head(c.Title, c.Subtitle)
	unit := scale{low: 0, high: 1}.stepped(0.2)
	highest := 0
	for _, r := range c.Series {
		for _, b := range r.Bins {
			highest = max(highest, b.Count)
		}
	}
	counts := fromZero(float64(highest), 2)
	if highest < 4 {
		counts = scale{low: 0, high: float64(highest + 1)}.stepped(1)
	}
	const side, strip = 300.0, 52.0
	left := max(leftOf(unit), leftOf(counts))
	area := box{left, top + 20, left + side, top + 20 + side}
	below := box{left, area.y1 + 30, left + side, area.y1 + 30 + strip}
	s.height = below.y1 + belowArea

	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	f := s.axes(area, unit.withoutLabels(), unit, "", or(c.Y, "observed share of relevant"))
	g := s.axes(below, unit, counts, or(c.X, "predicted probability"), "predictions")
	s.line(stroke{muted, 1, []float64{4, 3}}, f.at(0, 0), f.at(1, 1))
	for i, r := range c.Series {
		c.draw(f, i, r)
		c.drawCounts(g, i, r)
	}
	c.legend(f)
	return s
}

// withoutLabels keeps the grid of a scale only.
func (s scale) withoutLabels() scale {
	s.blank = true
	return s
}

func (c *ReliabilityChart) draw(f frame, i int, r ReliabilitySeries) {
	var points []point
	for _, b := range r.Bins {
		if b.Count > 0 {
			low, high := wilson(b.Observed, b.Count)
			f.whisker(tint(seriesColors[i], 0.6), b.Predicted, low, high)
			points = append(points, f.at(b.Predicted, b.Observed))
		}
	}
	f.line(seriesStroke(i), points...)
	for _, at := range points {
		f.symbol(i, at, 3.8)
	}
}

// drawCounts draws bars at the means of bins, those of several series side by side.
func (c *ReliabilityChart) drawCounts(g frame, i int, r ReliabilitySeries) {
	thick := min(9, 0.6*(g.area.x1-g.area.x0)/float64(len(r.Bins)*len(c.Series)))
	shift := (float64(i) - float64(len(c.Series)-1)/2) * thick
	for _, b := range r.Bins {
		if b.Count > 0 {
			x := g.x.at(b.Predicted) + shift
			top := min(g.y.at(float64(b.Count)), g.area.y1-0.8) // one of many is still seen
			g.shape(rectangle(nil, box{x - thick/2, top, x + thick/2, g.area.y1}), seriesColors[i], stroke{color.White, 0.4, nil})
		}
	}
}

// legend stands beside the square.
func (c *ReliabilityChart) legend(f frame) {
	x, y := f.area.x1+20, f.area.y0+2
	row := func(lines []string, c color.Color, draw func(at point)) {
		draw(point{x + 10, y + 5})
		for _, line := range lines {
			f.text(label(), c, x+27, centred(y+5), start, line)
			y += lineHeight
		}
		y += 6
	}
	most := f.width - margin - x - 27
	for i, r := range c.Series {
		total := 0
		for _, b := range r.Bins {
			total += b.Count
		}
		lines := wrap(label(), readable(r.Name, "series "+strconv.Itoa(i+1)), most, 3)
		if total == 1 {
			lines = append(lines, "1 prediction")
		} else {
			lines = append(lines, decimal(float64(total), 0)+" predictions")
		}
		row(lines, legible(seriesColors[i]), func(at point) {
			f.line(seriesStroke(i), point{at.x - 10, at.y}, point{at.x + 10, at.y})
			f.symbol(i, at, 3.8)
		})
	}
	row([]string{"perfect calibration"}, muted, func(at point) {
		f.line(stroke{muted, 1, []float64{4, 3}}, point{at.x - 10, at.y}, point{at.x + 10, at.y})
	})
	row(wrap(label(), "95 % interval of the observed share", most, 3), muted, func(at point) {
		f.line(stroke{axis, 1, nil}, point{at.x, at.y - 6}, point{at.x, at.y + 6})
		f.line(stroke{axis, 1, nil}, point{at.x - 2.5, at.y - 6}, point{at.x + 2.5, at.y - 6})
		f.line(stroke{axis, 1, nil}, point{at.x - 2.5, at.y + 6}, point{at.x + 2.5, at.y + 6})
	})
}
