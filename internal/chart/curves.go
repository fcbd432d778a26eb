// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// CurveChart shows quality against latency, one line a series.
type CurveChart struct {
	Title, Subtitle string
	X, Y            string   // what the axes show, with the unit: "time per query (ms)", "nDCG@10"
	LogX            bool     // equal factors of X are equal lengths; X must then be positive
	Series          []Series // 1 to 7, in the order of their colours
	PointLabels     string   // what the labels of points are, such as "documents reranked"; "" to say nothing
	Budget          float64  // X of a vertical line; 0 for none
	BudgetLabel     string   // at that line; "" for "budget" and the number
}

// Series is one line of a [CurveChart].
type Series struct {
	Name   string
	Points []CurvePoint // 1 to 1,000, joined in this order
}

// CurvePoint is a point of a line.
type CurvePoint struct {
	X, Y      float64 // finite, at most 1e12 in magnitude
	Low, High float64 // confidence interval around Y; equal for none
	Label     string  // such as the depth; left out where there is no room
}

const mostPoints = 1000

// Curves draws lines of quality against latency. Names stand at the lines where there is room, above the area otherwise.
func Curves(c CurveChart) Picture {
	return figure(func() (*sheet, error) {
		if err := c.check(); err != nil {
			return nil, err
		}
		if s, all := c.layout(false); all {
			return s, nil
		}
		s, _ := c.layout(true)
		return s, nil
	})
}

func (c *CurveChart) check() error {
	if err := count("series", len(c.Series), 1, len(seriesColors)); err != nil {
		return err
	}
	for _, s := range c.Series {
		if err := count(fmt.Sprintf("points in series %q", clean(s.Name)), len(s.Points), 1, mostPoints); err != nil {
			return err
		}
		for i, p := range s.Points {
			if err := checkPoint(fmt.Sprintf("of point %d in series %q", i+1, clean(s.Name)), p.X, p.Low, p.Y, p.High, c.LogX); err != nil {
				return err
			}
		}
	}
	return checkBudget(c.Budget, c.LogX)
}

func checkPoint(of string, x, low, y, high float64, log bool) error {
	if err := horizontal("X "+of, x, log); err != nil {
		return err
	}
	if err := number("Y "+of, y); err != nil {
		return err
	}
	return interval("Y "+of, low, y, high)
}

func checkBudget(x float64, log bool) error {
	if x == 0 {
		return nil
	}
	return horizontal("the budget", x, log)
}

func (c *CurveChart) names() []string {
	out := make([]string, len(c.Series))
	for i, s := range c.Series {
		out[i] = readable(s.Name, "series "+strconv.Itoa(i+1))
	}
	return out
}

// scales are those that hold all points, their intervals and the budget.
func (c *CurveChart) scales() (x, y scale) {
	xs, ys := newRange(), newRange()
	for _, s := range c.Series {
		for _, p := range s.Points {
			xs.add(p.X)
			ys.addInterval(p.Low, p.Y, p.High)
		}
	}
	return xs.horizontal(c.Budget, c.LogX), linear(ys.low, ys.high, 6)
}

// layout lays the chart out, with the names in a key or at the lines; all says whether every name found its place.
func (c *CurveChart) layout(inKey bool) (s *sheet, all bool) {
	s = newSheet(c.Title)
	names := c.names()
	top := s.head(c.Title, c.Subtitle)
	if inKey {
		top = s.key(top, names, func(i int, at point) {
			s.line(seriesStroke(i), point{at.x - 10, at.y}, point{at.x + 10, at.y})
			s.symbol(i, at, 3.6)
		})
	}
	x, y := c.scales()
	area := box{x0: leftOf(y), y0: top + 20, x1: s.width - margin - 8, y1: top + 20 + 250}
	blocks := make([]block, len(names))
	if !inKey { // room for names beyond lines that go on to the right
		x.from, x.to = 0, 1
		for i, name := range names {
			blocks[i] = newBlock(name, 118, 3)
			if last := c.Series[i].last(); x.at(last.X) > 0.72 {
				area.x1 = min(area.x1, s.width-margin-(blocks[i].w+10)*0.96)
			}
		}
	}
	s.height = area.y1 + belowArea
	f := s.axes(area, x, y, c.X, c.Y)
	if c.PointLabels != "" {
		f.noteAbove("numbers at points: "+readable(c.PointLabels, ""), c.Y)
	}
	p := &placer{bounds: box{area.x0 + 2, area.y0 - 4, s.width - 6, area.y1 - 2}}
	for i, series := range c.Series {
		c.draw(f, p, i, series)
	}
	if c.Budget != 0 {
		name := readable(c.BudgetLabel, "")
		if name == "" {
			name = "budget " + trimmed(c.Budget)
		}
		f.budget(p, c.Budget, name)
	}
	all = true
	if !inKey {
		for i := range names {
			all = c.placeName(f, p, i, blocks[i]) && all
		}
	}
	c.placePointLabels(f, p)
	return s, all
}

func (s Series) last() CurvePoint {
	last := s.Points[0]
	for _, p := range s.Points {
		if p.X >= last.X {
			last = p
		}
	}
	return last
}

func seriesStroke(i int) stroke { return stroke{seriesColors[i], 1.8, nil} }

// draw draws a line with its points and makes both obstacles.
func (c *CurveChart) draw(f frame, p *placer, i int, series Series) {
	points := make([]point, len(series.Points))
	for j, v := range series.Points {
		points[j] = f.at(v.X, v.Y)
		f.whisker(tint(seriesColors[i], 0.55), v.X, v.Low, v.High)
		if v.Low != v.High {
			p.avoidLine(f.at(v.X, v.Low), f.at(v.X, v.High))
		}
	}
	p.avoidLine(points...)
	f.line(seriesStroke(i), points...)
	size := 3.6
	if len(points) > 60 {
		size = 2
	}
	for _, at := range points {
		f.symbol(i, at, size)
		p.avoid(box{at.x, at.y, at.x, at.y}.grown(size))
	}
}

// placeName puts a series' name at its last point, else at another, the later the better.
func (c *CurveChart) placeName(f frame, p *placer, i int, b block) bool {
	last := c.Series[i].last()
	at := f.at(last.X, last.Y)
	candidates := around(at, b.w, b.h, 8)
	candidates = append([]box{candidates[2]}, candidates...) // to the right, best of all
	points := c.Series[i].Points
	for _, shift := range []float64{-0.35, 0.35, -0.7, 0.7} {
		right := candidates[0]
		right.y0 += shift * b.h
		right.y1 += shift * b.h
		candidates = append(candidates, right)
	}
	first := max(0, len(points)-60)
	if len(c.Series) > 4 { // in a bundle of lines a name far from its end is a riddle
		first = len(points) - 1
	}
	for _, distance := range []float64{8, 14, 21, 28} {
		for j := len(points) - 1; j >= first; j-- {
			candidates = append(candidates, around(f.at(points[j].X, points[j].Y), b.w, b.h, distance)...)
		}
	}
	candidates = slices.DeleteFunc(candidates, func(b box) bool { return c.closer(f, i, b) })
	k, found := p.put(candidates)
	if found {
		a := middle
		switch in := candidates[k]; {
		case in.x0 > at.x:
			a = start
		case in.x1 < at.x:
			a = end
		}
		f.block(b, legible(seriesColors[i]), candidates[k], a)
	}
	return found
}

// closer reports whether a line of another series is as close to a label of series i as one could take for the label's.
func (c *CurveChart) closer(f frame, i int, b box) bool {
	near := b.grown(7)
	for j, s := range c.Series {
		for k := 1; k < len(s.Points) && j != i; k++ {
			if p, q := s.Points[k-1], s.Points[k]; near.meets(segment{f.at(p.X, p.Y), f.at(q.X, q.Y)}) {
				return true
			}
		}
	}
	return false
}

// placePointLabels labels the ends of lines first, then what is between, as far as there is room.
func (c *CurveChart) placePointLabels(f frame, p *placer) {
	place := func(i, j int) {
		v := c.Series[i].Points[j]
		text := fit(label(), readable(v.Label, ""), 70)
		if text == "" {
			return
		}
		b := newBlock(text, 80, 1)
		candidates := around(f.at(v.X, v.Y), b.w, b.h, 6)
		if k, found := p.put(candidates); found {
			f.block(b, legible(seriesColors[i]), candidates[k], start) // in the colour of its line
		}
	}
	for i, s := range c.Series {
		place(i, len(s.Points)-1)
		if len(s.Points) > 1 {
			place(i, 0)
		}
	}
	for i, s := range c.Series {
		for j := len(s.Points) - 2; j > 0; j-- {
			place(i, j)
		}
	}
}

// noteAbove puts a text at the right end above the area, if the title of y leaves room.
func (f frame) noteAbove(text, yTitle string) {
	right := f.width - margin
	left := margin + width(label(), readable(yTitle, "")) + 24
	if text = fit(label(), text, right-margin); right-width(label(), text) > left {
		f.text(label(), muted, right, f.area.y0-12, end, text)
	}
}

// values collects the range of an axis.
type values struct{ low, high float64 }

func newRange() values { return values{math.Inf(1), math.Inf(-1)} }

func (r *values) add(v float64) { r.low, r.high = min(r.low, v), max(r.high, v) }

func (r *values) addInterval(low, v, high float64) {
	r.add(v)
	if low != high {
		r.add(low)
		r.add(high)
	}
}

// horizontal is a scale with the budget in it.
func (r values) horizontal(budget float64, log bool) scale {
	if budget != 0 {
		r.add(budget)
	}
	if log {
		return logarithmic(r.low, r.high)
	}
	if r.low >= 0 && r.low < r.high/2 {
		return fromZero(r.high, 7)
	}
	return linear(r.low, r.high, 7)
}
