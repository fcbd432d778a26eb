// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// BarChart shows differences, query by query, from the greatest win to the greatest loss.
type BarChart struct {
	Title, Subtitle string
	Y               string // what the bars are, with the unit: "difference of nDCG@10"
	Better, Worse   string // who wins above and below zero; "" for "better" and "worse"
	Bars            []Bar  // 1 to 100,000, in any order
}

// Bar is one difference.
type Bar struct {
	Label string  // the query; the six extreme ones are shown, as far as there is room
	Value float64 // above zero is better
}

const mostBars = 100_000

// Bars draws sorted differences: how many are better, equal and worse, and by how much.
func Bars(c BarChart) Picture {
	return figure(func() (*sheet, error) {
		if err := count("bars", len(c.Bars), 1, mostBars); err != nil {
			return nil, err
		}
		for i, b := range c.Bars {
			if err := number(fmt.Sprintf("bar %d (%q)", i+1, clean(b.Label)), b.Value); err != nil {
				return nil, err
			}
		}
		return c.layout(), nil
	})
}

func (c *BarChart) layout() *sheet {
	s := newSheet(c.Title)
	bars := slices.Clone(c.Bars)
	slices.SortStableFunc(bars, func(a, b Bar) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Label, b.Label))
	})
	wins, losses, sum := 0, 0, 0.0
	r := values{0, 0}
	for _, b := range bars {
		r.add(b.Value)
		sum += b.Value
		switch {
		case b.Value > 0:
			wins++
		case b.Value < 0:
			losses++
		}
	}
	mean := sum / float64(len(bars))
	top := c.drawCounts(s, s.head(c.Title, c.Subtitle), wins, len(bars)-wins-losses, losses)
	y := signed(r.low, r.high, 6)
	area := box{leftOf(y), top + 20, s.width - margin, top + 20 + 230}
	f := s.axes(area, scale{low: 0, high: float64(len(bars))}, y, "", c.Y)
	p := &placer{bounds: box{area.x0, area.y0 - 2, area.x1, area.y1 + 1}}
	drawBars(f, p, bars[:wins], 0, blue)
	drawBars(f, p, bars[len(bars)-losses:], len(bars)-losses, vermillion)
	zero := f.y.at(0)
	s.line(stroke{ink, 0.9, nil}, point{area.x0, zero}, point{area.x1, zero})
	p.avoidLine(point{area.x0, zero}, point{area.x1, zero})

	at := f.y.at(mean)
	s.line(stroke{ink, 1, []float64{4, 3}}, point{area.x0, at}, point{area.x1, at})
	p.avoidLine(point{area.x0, at}, point{area.x1, at})
	b := newBlock("mean "+signedNumber(mean), 150, 1)
	x0, x1 := area.x1-4-b.w, area.x1-4
	middleX := (area.x0 + area.x1 - b.w) / 2
	candidates := []box{
		{x0, at - 4 - b.h, x1, at - 4},
		{x0, at + 4, x1, at + 4 + b.h},
		{middleX, at - 4 - b.h, middleX + b.w, at - 4},
		{middleX, at + 4, middleX + b.w, at + 4 + b.h},
	}
	if mean < 0 {
		candidates[0], candidates[1] = candidates[1], candidates[0]
	}
	for _, x := range []float64{area.x0 + 6, area.x0 + 120, area.x1 - 200} {
		candidates = append(candidates, box{x, at - 4 - b.h, x + b.w, at - 4}, box{x, at + 4, x + b.w, at + 4 + b.h})
	}
	if k, found := p.put(candidates); found {
		s.block(b, ink, candidates[k], start)
	}
	c.labelExtremes(f, p, bars, wins, losses)
	note := decimal(float64(len(bars)), 0) + " queries, from the greatest win to the greatest loss"
	if len(bars) == 1 {
		note = "1 query"
	}
	s.text(label(), muted, (area.x0+area.x1)/2, area.y1+16, middle, note)
	s.height = area.y1 + 16 + margin
	return s
}

// signed is a scale around zero, with room for labels at its ends.
func signed(low, high float64, ticks int) scale {
	if high-low < least {
		low, high = -1, 1
	}
	span := high - low
	if low < 0 {
		low -= 0.1 * span
	}
	if high > 0 {
		high += 0.1 * span
	}
	return scale{low: low, high: high}.stepped(roundStep((high - low) / float64(ticks)))
}

func signedNumber(v float64) string {
	if v > 0 {
		return "+" + trimmed3(v)
	}
	return trimmed3(v)
}

// drawCounts says how many won and lost.
func (c *BarChart) drawCounts(s *sheet, y float64, wins, ties, losses int) float64 {
	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return readable(text, otherwise)
	}
	names := []string{
		decimal(float64(wins), 0) + " " + or(c.Better, "better"),
		decimal(float64(losses), 0) + " " + or(c.Worse, "worse"),
		decimal(float64(ties), 0) + " equal",
	}
	return s.key(y, names, func(i int, at point) {
		switch fill := []color.RGBA{blue, tint(vermillion, 0.75), cloud}[i]; i {
		case 2:
			s.line(stroke{ink, 0.9, nil}, point{at.x - 8, at.y}, point{at.x + 8, at.y})
		default:
			s.shape(rectangle(nil, box{at.x - 7, at.y - 5, at.x + 7, at.y + 5}), fill, stroke{})
		}
	})
}

// drawBars draws bars of one side as one path. Where they are narrower than half a point, each column takes its
// greatest bar: they are sorted, so hardly anything is hidden.
func drawBars(f frame, p *placer, bars []Bar, first int, c color.RGBA) {
	if len(bars) == 0 {
		return
	}
	if c == vermillion {
		c = tint(c, 0.75) // lighter than the wins, in grey as well
	}
	zero := f.y.at(0)
	n := len(bars)
	x0, x1 := f.x.at(float64(first)), f.x.at(float64(first+n))
	columns := min(n, max(1, int((x1-x0)*2)))
	step := (x1 - x0) / float64(columns)
	gap := 0.0
	if step >= 3 {
		gap = max(min(step*0.12, 2), step-44) // few bars are no walls
	}
	var path vg.Path
	area := []point{{x0, zero}}
	for i := range columns {
		greatest := i * n / columns
		if bars[0].Value < 0 {
			greatest = (i+1)*n/columns - 1
		}
		y := f.y.at(bars[greatest].Value)
		left, right := x0+float64(i)*step, x0+float64(i+1)*step
		if y < zero {
			y = min(y, zero-0.8)
		} else {
			y = max(y, zero+0.8)
		}
		p.avoid(box{left, min(y, zero), right, max(y, zero)})
		if gap > 0 {
			path = rectangle(path, box{left + gap/2, min(y, zero), right - gap/2, max(y, zero)})
			continue
		}
		if last := area[len(area)-1]; last.y != y || len(area) == 1 {
			area = append(area, point{left, y}, point{right, y})
		} else {
			area[len(area)-1].x = right // the same height goes on
		}
	}
	if gap == 0 {
		path = outline(nil, true, append(area, point{x1, zero})...)
	}
	f.shape(path, c, stroke{})
}

// labelExtremes names the greatest wins and losses, in the free corners beside the bars. The greatest comes first; no
// line to a label crosses another bar.
func (c *BarChart) labelExtremes(f frame, p *placer, bars []Bar, wins, losses int) {
	write := func(i int, out float64) { // out is the direction in which bars of this side grow
		if bars[i].Label == "" {
			return
		}
		name := newBlock(readable(bars[i].Label, "query "+strconv.Itoa(i+1)), 200, 1)
		tip := f.at(float64(i)+0.5, bars[i].Value)
		tip.y += 1.5 * out
		for _, aside := range []float64{12, 20, 32} {
			for far := -2.0; far < 60; far += 3 {
				in := box{x0: tip.x + aside, x1: tip.x + aside + name.w}
				if out > 0 {
					in = box{x0: tip.x - aside - name.w, x1: tip.x - aside}
				}
				middle := tip.y + out*far
				in.y0, in.y1 = middle-name.h/2, middle+name.h/2
				from := point{in.x0 - 2, middle}
				if out > 0 {
					from.x = in.x1 + 2
				}
				if !p.freeLine(from, tip) {
					continue
				}
				if _, found := p.put([]box{in}); found {
					p.avoidLine(from, tip)
					f.line(stroke{axis, 0.7, nil}, from, tip)
					f.block(name, muted, in, start)
					return
				}
			}
		}
	}
	for i := range min(3, wins) {
		write(i, -1)
	}
	for i := range min(3, losses) {
		write(len(bars)-1-i, 1)
	}
}
