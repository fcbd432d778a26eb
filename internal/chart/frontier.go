// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// FrontierChart shows all settings that were tried, and those that no other beats in both quality and latency.
type FrontierChart struct {
	Title, Subtitle string
	X, Y            string            // what the axes show, with the unit
	LogX            bool              // equal factors of X are equal lengths; X must then be positive
	Settings        []FrontierSetting // 1 to 20,000
	Budget          float64           // X of a vertical line; 0 for none
	BudgetLabel     string            // at that line; "" for "budget" and the number
}

// FrontierSetting is a point of a [FrontierChart].
type FrontierSetting struct {
	X, Y      float64 // latency and quality: finite, at most 1e12 in magnitude
	Low, High float64 // confidence interval around Y, drawn on the frontier only; equal for none
	Label     string  // shown on the frontier only
	Frontier  bool    // no other setting is both faster and better; at most 40
	Chosen    bool    // the one that is recommended: marked; it is labelled if it is off the frontier, too
}

const (
	mostSettings = 20_000
	mostFrontier = 40
)

// Frontier draws settings as grey dots and the frontier as steps: how good one can be within a time. Labels stand at
// their points; if one of them has no room, all are numbers, explained below.
func Frontier(c FrontierChart) Picture {
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

func (c *FrontierChart) check() error {
	if err := count("settings", len(c.Settings), 1, mostSettings); err != nil {
		return err
	}
	for i, p := range c.Settings {
		if err := checkPoint(fmt.Sprintf("of setting %d (%q)", i+1, clean(p.Label)), p.X, p.Low, p.Y, p.High, c.LogX); err != nil {
			return err
		}
	}
	if err := count("settings on the frontier or chosen", len(c.labelled()), 0, mostFrontier); err != nil {
		return err
	}
	return checkBudget(c.Budget, c.LogX)
}

// labelled are the settings of the frontier and the chosen ones, by latency.
func (c *FrontierChart) labelled() []FrontierSetting {
	var out []FrontierSetting
	for _, p := range c.Settings {
		if p.Frontier || p.Chosen {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b FrontierSetting) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y), cmp.Compare(a.Label, b.Label))
	})
	return out
}

func (c *FrontierChart) layout(numbered bool) (s *sheet, all bool) {
	s = newSheet(c.Title)
	xs, ys := newRange(), newRange()
	named := c.labelled()
	for _, p := range c.Settings {
		xs.add(p.X)
	}
	for _, p := range named {
		ys.addInterval(p.Low, p.Y, p.High)
	}
	lowest, below := c.floor(ys)
	ys.add(lowest)
	for _, p := range c.Settings {
		ys.add(max(p.Y, lowest))
	}
	x, y := xs.horizontal(c.Budget, c.LogX), linear(ys.low, ys.high, 6)
	top := s.head(c.Title, c.Subtitle)
	keys := []string{"frontier: none is both faster and better"}
	if others := len(c.Settings) - len(named); others > 0 {
		keys = append(keys, decimal(float64(others), 0)+" others")
	}
	if below > 0 {
		keys = append(keys, decimal(float64(below), 0)+" worse than shown")
	}
	top = s.key(top, keys, func(i int, at point) {
		switch i {
		case 0:
			s.line(stroke{blue, 1.8, nil}, point{at.x - 10, at.y}, point{at.x + 10, at.y})
			s.symbol(0, at, 4)
		case 1:
			s.shape(circle(nil, point{at.x + 4, at.y}, 2), cloud, stroke{})
		default:
			s.shape(symbolPath(nil, 4, point{at.x + 4, at.y}, 3), muted, stroke{})
		}
	})
	area := box{leftOf(y), top + 20, s.width - margin - 8, top + 20 + 280}
	s.height = area.y1 + belowArea
	f := s.axes(area, x, y, c.X, c.Y)
	p := &placer{bounds: box{area.x0 + 2, area.y0 - 4, s.width - 6, area.y1 - 2}}

	var dots, sunk vg.Path // one path for all, so that hundreds are small
	for _, v := range c.Settings {
		switch {
		case v.Frontier || v.Chosen:
		case v.Y < lowest:
			sunk = symbolPath(sunk, 4, point{x: f.x.at(v.X), y: area.y1 - 4}, 3)
		default:
			at := f.at(v.X, v.Y)
			dots = circle(dots, at, 1.9)
			p.dots = append(p.dots, box{at.x, at.y, at.x, at.y}.grown(1.9))
		}
	}
	s.shape(dots, cloud, stroke{})
	s.shape(sunk, muted, stroke{})
	c.drawFrontier(f, p, named)
	if c.Budget != 0 {
		name := readable(c.BudgetLabel, "")
		if name == "" {
			name = "budget " + trimmed(c.Budget)
		}
		f.budget(p, c.Budget, name)
	}
	if numbered {
		return s, c.number(f, p, named)
	}
	return s, c.label(f, p, named)
}

// floor is the quality below which settings are only marked at the lower edge, and their number. A few bad ones would
// otherwise press together what matters.
func (c *FrontierChart) floor(named values) (lowest float64, below int) {
	all := make([]float64, len(c.Settings))
	for i, p := range c.Settings {
		all[i] = p.Y
	}
	slices.Sort(all)
	lowest = min(all[len(all)/20], named.low)
	if highest := max(all[len(all)-1], named.high); lowest-all[0] < (highest-lowest)/4 {
		return all[0], 0
	}
	for _, v := range all {
		if v < lowest {
			below++
		}
	}
	return lowest, below
}

// drawFrontier draws the steps, intervals and points of the labelled settings and makes them obstacles.
func (c *FrontierChart) drawFrontier(f frame, p *placer, named []FrontierSetting) {
	var steps []point
	for _, v := range named {
		if v.Frontier {
			at := f.at(v.X, v.Y)
			if n := len(steps); n > 0 {
				steps = append(steps, point{at.x, steps[n-1].y})
			}
			steps = append(steps, at)
		}
	}
	if n := len(steps); n > 0 { // what is reached stays reached
		steps = append(steps, point{f.area.x1, steps[n-1].y})
	}
	f.line(stroke{blue, 1.6, nil}, steps...)
	p.avoidLine(steps...)
	for _, v := range named {
		if v.Low != v.High {
			f.whisker(tint(blue, 0.55), v.X, v.Low, v.High)
			p.avoidLine(f.at(v.X, v.Low), f.at(v.X, v.High))
		}
	}
	for _, v := range named {
		at := f.at(v.X, v.Y)
		r := 4.0
		if v.Chosen {
			r = 8
			f.shape(circle(nil, at, 6.5), color.White, stroke{vermillion, 2, nil})
		}
		f.symbol(0, at, 3.8)
		p.avoid(box{at.x - r, at.y - r, at.x + r, at.y + r})
	}
}

// settingName is the label of a setting.
func settingName(v FrontierSetting, i int) string {
	other := "setting " + strconv.Itoa(i+1)
	name := cmp.Or(readable(v.Label, other), other)
	if v.Chosen {
		name += " (chosen)"
	}
	return name
}

// label puts the labels at their points, farther ones with a thin line; all says whether each found its place.
func (c *FrontierChart) label(f frame, p *placer, named []FrontierSetting) (all bool) {
	all = true
	for i, v := range slices.Backward(named) { // from the best down, as the free room is above the frontier
		if v.Label == "" && !v.Chosen {
			continue
		}
		text := settingName(v, i)
		if width(label(), text) > 2*120 {
			return false
		}
		all = c.placeLabel(f, p, v, text) && all
	}
	return all
}

// placeLabel tries a label on few lines and on more, near and far, above the frontier first.
func (c *FrontierChart) placeLabel(f frame, p *placer, v FrontierSetting, text string) bool {
	at := f.at(v.X, v.Y)
	var candidates []box
	var blocks []block
	for _, distance := range []float64{9, 18, 30, 44} {
		for _, most := range []float64{140, 100, 70} {
			b := newBlock(text, most, 3)
			for k, in := range aboveFirst(at, b.w, b.h, distance) {
				if distance == 9 || k < 4 && p.freeLine(leader(in, at)) {
					candidates, blocks = append(candidates, in), append(blocks, b)
				}
			}
		}
	}
	k, found := p.put(candidates)
	if !found {
		return false
	}
	in, a := candidates[k], start
	switch {
	case in.x1 < at.x:
		a = end
	case in.x0 < at.x:
		a = middle
	}
	if from, to := leader(in, at); math.Hypot(from.x-at.x, from.y-at.y) > 15 {
		f.line(stroke{axis, 0.7, nil}, from, to)
		p.avoidLine(from, to)
	}
	color := ink
	if v.Chosen {
		color = legible(vermillion)
	}
	f.block(blocks[k], color, in, a)
	return true
}

// aboveFirst lists places around a point: above a frontier and left of it nothing is.
func aboveFirst(at point, w, h, distance float64) []box {
	b := around(at, w, h, distance)
	return []box{b[6], b[0], b[3], b[4], b[5], b[2], b[1], b[7]}
}

// leader is the line from a label to its point, without its ends.
func leader(in box, at point) (from, to point) {
	from = point{min(max(at.x, in.x0), in.x1), min(max(at.y, in.y0), in.y1)}
	d := math.Hypot(at.x-from.x, at.y-from.y)
	if d < 15 {
		return from, from
	}
	along := func(t float64) point { return point{from.x + (at.x-from.x)*t/d, from.y + (at.y-from.y)*t/d} }
	return along(2), along(d - 12)
}

// number puts numbers at the points, and the labels below the chart.
func (c *FrontierChart) number(f frame, p *placer, named []FrontierSetting) bool {
	y := f.area.y1 + belowArea + 8
	heading := readable(c.X, "") + " → " + readable(c.Y, "")
	f.text(label(), muted, f.width-margin, y+capHeight*textSize, end, fit(label(), heading, f.width-2*margin))
	y += lineHeight + 3
	indent := width(bold(textSize), strconv.Itoa(len(named))) + 8
	for i, v := range named {
		number := strconv.Itoa(i + 1)
		b := newBlock(number, 40, 1)
		b.w = width(bold(textSize), number)
		at := f.at(v.X, v.Y)
		var candidates []box
		for _, distance := range []float64{7, 10, 14, 20, 30, 44, 60} {
			candidates = append(candidates, aboveFirst(at, b.w, b.h, distance)...)
		}
		color := ink
		if v.Chosen {
			color = legible(vermillion)
		}
		if k, found := p.put(candidates); found {
			in := candidates[k]
			if k >= 24 {
				from, to := leader(in, at)
				f.line(stroke{axis, 0.7, nil}, from, to)
			}
			f.text(bold(textSize), color, in.x0, in.y0+capHeight*textSize, start, number)
		}
		f.text(bold(textSize), color, margin+indent-8, y+capHeight*textSize, end, number)
		f.text(label(), muted, f.width-margin, y+capHeight*textSize, end, trimmed3(v.X)+" → "+decimal(v.Y, f.y.digits+2))
		for _, line := range wrap(label(), settingName(v, i), f.width-2*margin-indent-110, 3) {
			f.text(label(), color, margin+indent, y+capHeight*textSize, start, line)
			y += lineHeight
		}
		y += 3
	}
	f.height = y + margin - 4
	return true
}

// trimmed3 sets a number with three digits that count.
func trimmed3(v float64) string {
	text, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return trimmed(v)
	}
	return trimmed(text)
}
