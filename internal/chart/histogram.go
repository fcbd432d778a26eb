// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
)

// HistogramChart overlays distributions of a value, such as the scores of relevant and of other documents. Heights are
// shares of each distribution, so that a small one can be seen beside a large one.
type HistogramChart struct {
	Title, Subtitle string
	X               string         // what the values are, with the unit: "logit"
	Sets            []Distribution // 1 to 4
	Bins            int            // about so many, 2 to 200; 0 to choose by the number of values. Widths are round numbers
	Marks           []Mark         // vertical lines, up to 8: borders of bands
}

// Distribution is one of the distributions.
type Distribution struct {
	Name   string
	Values []float64 // 1 to 10 million, in any order
}

// Mark is a vertical line at a value.
type Mark struct {
	X     float64
	Label string
}

const (
	mostValues = 10_000_000
	mostMarks  = 8
)

// Histogram draws distributions over each other, filled and outlined.
func Histogram(c HistogramChart) Picture {
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

func (c *HistogramChart) check() error {
	if err := count("distributions", len(c.Sets), 1, 4); err != nil {
		return err
	}
	for _, s := range c.Sets {
		if err := count(fmt.Sprintf("values in distribution %q", clean(s.Name)), len(s.Values), 1, mostValues); err != nil {
			return err
		}
		for i, v := range s.Values {
			if err := number(fmt.Sprintf("value %d of distribution %q", i+1, clean(s.Name)), v); err != nil {
				return err
			}
		}
	}
	if err := count("marks", len(c.Marks), 0, mostMarks); err != nil {
		return err
	}
	for i, m := range c.Marks {
		if err := number(fmt.Sprintf("mark %d", i+1), m.X); err != nil {
			return err
		}
	}
	if c.Bins != 0 {
		return count("bins", c.Bins, 2, 200)
	}
	return nil
}

// bins are equal intervals that begin at a multiple of their width.
type bins struct {
	low, width float64
	n          int
}

func (c *HistogramChart) bins() bins {
	all, most := newRange(), 0
	for _, s := range c.Sets {
		for _, v := range s.Values {
			all.add(v)
		}
		most = max(most, len(s.Values))
	}
	low, high := widen(all.low, all.high)
	want := c.Bins
	if want == 0 { // the cube root of n, doubled (Rice's rule)
		want = min(max(int(2*math.Cbrt(float64(most))), 12), 48)
	}
	step := roundStep((high - low) / float64(want))
	b := bins{low: math.Floor(low/step+1e-9) * step, width: step}
	b.n = max(int(math.Ceil((high-b.low)/step-1e-9)), 1)
	return b
}

// shares counts values in each bin, as per cent of all.
func (b bins) shares(values []float64) []float64 {
	counts := make([]int, b.n)
	for _, v := range values {
		counts[min(max(int((v-b.low)/b.width), 0), b.n-1)]++
	}
	out := make([]float64, b.n)
	for i, n := range counts {
		out[i] = 100 * float64(n) / float64(len(values))
	}
	return out
}

func (c *HistogramChart) layout(inKey bool) (s *sheet, all bool) {
	s = newSheet(c.Title)
	names := make([]string, len(c.Sets))
	for i, d := range c.Sets {
		names[i] = fit(label(), readable(d.Name, "distribution "+strconv.Itoa(i+1)), 300) + " (" + decimal(float64(len(d.Values)), 0) + ")"
	}
	top := s.head(c.Title, c.Subtitle)
	if inKey {
		top = s.key(top, names, func(i int, at point) {
			swatch := box{at.x - 8, at.y - 5, at.x + 8, at.y + 5}
			s.shape(rectangle(nil, swatch), tint(seriesColors[i], 0.25), stroke{seriesColors[i], 1.4, outlineDashes[i]})
		})
	}
	b := c.bins()
	shares, highest := make([][]float64, len(c.Sets)), 0.0
	for i, d := range c.Sets {
		shares[i] = b.shares(d.Values)
		highest = max(highest, slices.Max(shares[i]))
	}
	y := fromZero(highest, 5)
	ends := values{b.low, b.low + float64(b.n)*b.width}
	for _, m := range c.Marks {
		ends.add(m.X)
	}
	x := scale{low: ends.low, high: ends.high}.stepped(roundStep((ends.high - ends.low) / 8))
	area := box{leftOf(y), top + 20, s.width - margin - 4, top + 20 + 220}
	s.height = area.y1 + belowArea
	f := s.axes(area, x, y, c.X, "share of each group (%), in intervals of "+trimmed(b.width))
	p := &placer{bounds: box{area.x0 + 2, area.y0 - 2, area.x1, area.y1 - 2}}
	c.draw(f, p, b, shares)
	for _, m := range c.Marks {
		at := f.x.at(m.X)
		s.line(stroke{ink, 1, []float64{4, 3}}, point{at, area.y0}, point{at, area.y1})
		p.avoidLine(point{at, area.y0}, point{at, area.y1})
	}
	for i, m := range c.Marks {
		if name := readable(m.Label, "mark "+strconv.Itoa(i+1)); name != "" {
			f.note(p, f.x.at(m.X), name)
		}
	}
	all = true
	if !inKey {
		for i := range names {
			all = c.placeName(f, p, i, b, shares[i], newBlock(names[i], 150, 3)) && all
		}
	}
	return s, all
}

// steps is the outline of a distribution, from the base and back to it.
func steps(f frame, b bins, shares []float64) []point {
	out := []point{f.at(b.low, 0)}
	for i, v := range shares {
		out = append(out, f.at(b.low+float64(i)*b.width, v), f.at(b.low+float64(i+1)*b.width, v))
	}
	return append(out, f.at(b.low+float64(b.n)*b.width, 0))
}

func (c *HistogramChart) draw(f frame, p *placer, b bins, shares [][]float64) {
	for i := range c.Sets { // transparent, or the last would hide the others
		fill := seriesColors[i]
		f.shape(outline(nil, true, steps(f, b, shares[i])...), color.NRGBA{fill.R, fill.G, fill.B, 0x38}, stroke{})
	}
	for i := range c.Sets {
		first, last := 0, b.n-1
		for shares[i][first] == 0 {
			first++
		}
		for shares[i][last] == 0 {
			last--
		}
		part := bins{b.low + float64(first)*b.width, b.width, last - first + 1}
		outline := steps(f, part, shares[i][first:last+1]) // on the base it would be taken for an axis
		f.line(stroke{seriesColors[i], 1.6, outlineDashes[i]}, outline...)
		p.avoidLine(outline...)
		for j, v := range shares[i] { // and nothing is written on a fill
			if v > 0 {
				x := b.low + float64(j)*b.width
				p.avoid(box{f.x.at(x), f.y.at(v), f.x.at(x + b.width), f.area.y1})
			}
		}
	}
	f.line(stroke{axis, 0.8, nil}, point{f.area.x0, f.area.y1}, point{f.area.x1, f.area.y1})
}

// placeName puts a name beside the highest step, where the distribution is most itself; then at lower ones.
func (c *HistogramChart) placeName(f frame, p *placer, i int, b bins, shares []float64, name block) bool {
	byHeight := make([]int, len(shares))
	for j := range byHeight {
		byHeight[j] = j
	}
	slices.SortStableFunc(byHeight, func(x, y int) int {
		if shares[x] > shares[y] {
			return -1
		}
		if shares[x] < shares[y] {
			return 1
		}
		return 0
	})
	var candidates []box
	for _, j := range byHeight[:min(len(byHeight), 6)] {
		x0, x1 := f.x.at(b.low+float64(j)*b.width), f.x.at(b.low+float64(j+1)*b.width)
		y := f.y.at(shares[j])
		candidates = append(candidates,
			box{(x0+x1)/2 - name.w/2, y - 6 - name.h, (x0+x1)/2 + name.w/2, y - 6})
		for _, down := range []float64{0, 10, 20} {
			candidates = append(candidates,
				box{x1 + 7, y + down, x1 + 7 + name.w, y + down + name.h},
				box{x0 - 7 - name.w, y + down, x0 - 7, y + down + name.h})
		}
	}
	k, found := p.put(candidates)
	if found {
		f.block(name, legible(seriesColors[i]), candidates[k], start)
	}
	return found
}
