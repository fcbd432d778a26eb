// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"image/color"
	"slices"
	"strconv"
)

// SlopeChart shows how ranks shift from one order to another: what a reranker moved.
type SlopeChart struct {
	Title, Subtitle string
	Left, Right     string      // what the two orders are: "dense retrieval", "reranked"
	Items           []SlopeItem // 1 to 200, in any order
	Top             int         // a line is drawn below this rank on both sides; 0 for none
	Grades          []string    // what grades 0, 1, … mean; nil for "grade 0" and so on. One of two names makes it binary
}

// SlopeItem is a document of a [SlopeChart].
type SlopeItem struct {
	ID, Text    string // the text is shown; the id where the font lacks letters of it, or it is empty
	Left, Right int    // ranks from 1, each at most once a side; 0 where the document is not in the list
	Grade       int    // 0 not relevant, up to 9; -1 without judgment
}

const mostItems = 200

// Slope draws two orders side by side with a line for each document, darker and thicker the more relevant it is.
// Documents stand in the order of their ranks, without room for ranks that no document has.
func Slope(c SlopeChart) Picture {
	return figure(func() (*sheet, error) {
		if err := c.check(); err != nil {
			return nil, err
		}
		return c.layout(), nil
	})
}

func (c *SlopeChart) check() error {
	if err := count("documents", len(c.Items), 1, mostItems); err != nil {
		return err
	}
	left, right := map[int]int{}, map[int]int{}
	for i, d := range c.Items {
		if d.Left < 0 || d.Right < 0 || d.Left == 0 && d.Right == 0 || max(d.Left, d.Right) > largest {
			return fmt.Errorf("chart: document %d (%q) has ranks %d and %d: they count from 1, and only one may be 0, not in the list", i+1, clean(d.ID), d.Left, d.Right)
		}
		if d.Grade < -1 || d.Grade > 9 {
			return fmt.Errorf("chart: document %d (%q) has grade %d: grades go from 0 to 9, and -1 is without judgment", i+1, clean(d.ID), d.Grade)
		}
		for _, side := range []struct {
			name  string
			rank  int
			taken map[int]int
		}{{"left", d.Left, left}, {"right", d.Right, right}} {
			if other, twice := side.taken[side.rank]; twice && side.rank > 0 {
				return fmt.Errorf("chart: documents %d and %d both have rank %d on the %s", other+1, i+1, side.rank, side.name)
			}
			side.taken[side.rank] = i
		}
	}
	if c.Top < 0 {
		return fmt.Errorf("chart: the top is %d documents: it must not be negative", c.Top)
	}
	return nil
}

// grade says how a line looks: the darker and the thicker, the more relevant.
type grade struct {
	name  string
	line  stroke
	label color.Color
}

func (c *SlopeChart) grade(g, highest int) grade {
	name := "grade " + strconv.Itoa(g)
	if g >= 0 && g < len(c.Grades) {
		name = readable(c.Grades[g], name)
	}
	switch {
	case g < 0:
		return grade{"not judged", stroke{cloud, 1, []float64{2.5, 2.5}}, muted}
	case g == 0:
		return grade{name, stroke{color.RGBA{0xc4, 0xca, 0xd2, 0xff}, 1.2, nil}, muted}
	}
	steps := []color.RGBA{orange, vermillion, {0x7f, 0x2d, 0x00, 0xff}} // falling lightness
	i := 1
	if highest > 1 {
		i = (g - 1) * (len(steps) - 1) / (highest - 1)
	}
	return grade{name, stroke{steps[i], 1.6 + 0.5*float64(i), nil}, ink}
}

const slopeRow = 16.0

func (c *SlopeChart) layout() *sheet {
	s := newSheet(c.Title)
	y := s.head(c.Title, c.Subtitle)
	highest := 0
	present := map[int]bool{}
	for _, d := range c.Items {
		highest = max(highest, d.Grade)
		present[d.Grade] = true
	}
	y = c.drawGrades(s, y, highest, present)

	left := c.order(func(d SlopeItem) int { return d.Left })
	right := c.order(func(d SlopeItem) int { return d.Right })
	row := func(place int) float64 { return y + 22 + slopeRow*(float64(place)+0.5) }
	texts := make([]string, len(c.Items))
	for i, d := range c.Items {
		if texts[i] = readable(d.Text, d.ID); texts[i] == "" {
			texts[i] = readable(d.ID, "document "+strconv.Itoa(i+1))
		}
	}
	f := label()
	room := min(164, widest(f, texts...))
	ranks := width(f, "0") * float64(len(strconv.Itoa(c.lastRank())))
	x0, x1 := margin+room+10+ranks+8, s.width-margin-room-10-ranks-8

	heading := bold(textSize)
	for i, text := range []string{readable(cmp.Or(c.Left, "before"), "before"), readable(cmp.Or(c.Right, "after"), "after")} {
		text = fit(heading, text, s.width/2-margin-10)
		if at := max(x0-8, margin+width(heading, text)); i == 0 {
			s.text(heading, ink, at, y+14, end, text)
		} else {
			s.text(heading, ink, s.width-at, y+14, start, text)
		}
	}
	c.drawTop(s, left, x0, row, false, func(d SlopeItem) int { return d.Left })
	c.drawTop(s, right, x1, row, true, func(d SlopeItem) int { return d.Right })

	leftPlace, rightPlace := places(left), places(right)
	for g := -1; g <= highest; g++ { // the relevant on top
		for _, i := range left {
			if c.Items[i].Grade != g {
				continue
			}
			look := c.grade(g, highest)
			a, b := point{x0, row(leftPlace[i])}, point{x1, row(rightPlace[i])}
			s.line(look.line, a, b)
			s.end(look.line.color, a, c.Items[i].Left)
			s.end(look.line.color, b, c.Items[i].Right)
		}
	}
	for i, d := range c.Items {
		text, look := fit(f, texts[i], room), c.grade(d.Grade, highest)
		ly, ry := centred(row(leftPlace[i])), centred(row(rightPlace[i]))
		s.text(f, look.label, x0-8, ly, end, rankLabel(d.Left))
		s.text(f, look.label, x0-8-ranks-10, ly, end, text)
		s.text(f, look.label, x1+8+ranks, ry, end, rankLabel(d.Right))
		s.text(f, look.label, x1+8+ranks+10, ry, start, text)
	}
	s.height = row(len(c.Items)-1) + slopeRow/2 + margin
	return s
}

// end draws the end of a line: a ring where the document is not in the list.
func (s *sheet) end(c color.Color, at point, rank int) {
	if rank == 0 {
		s.shape(circle(nil, at, 3), color.White, stroke{c, 1.4, nil})
		return
	}
	s.shape(circle(nil, at, 2.6), c, stroke{color.White, 0.8, nil})
}

func rankLabel(rank int) string {
	if rank == 0 {
		return "–"
	}
	return strconv.Itoa(rank)
}

func (c *SlopeChart) lastRank() int {
	last := 1
	for _, d := range c.Items {
		last = max(last, d.Left, d.Right)
	}
	return last
}

// order lists the documents by one side's rank; those not in the list come last.
func (c *SlopeChart) order(rank func(SlopeItem) int) []int {
	out := make([]int, len(c.Items))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int {
		ra, rb := rank(c.Items[a]), rank(c.Items[b])
		if (ra == 0) != (rb == 0) {
			return cmp.Compare(rb, ra)
		}
		return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(c.Items[a].Left+c.Items[a].Right, c.Items[b].Left+c.Items[b].Right), cmp.Compare(a, b))
	})
	return out
}

func places(order []int) []int {
	out := make([]int, len(order))
	for place, i := range order {
		out[i] = place
	}
	return out
}

// drawTop draws the line below the last document of the top on one side.
func (c *SlopeChart) drawTop(s *sheet, order []int, x float64, row func(int) float64, toRight bool, rank func(SlopeItem) int) {
	n := 0
	for _, i := range order {
		if r := rank(c.Items[i]); r > 0 && r <= c.Top {
			n++
		}
	}
	if n == 0 || n == len(order) {
		return
	}
	y := (row(n-1) + row(n)) / 2
	from, to := margin, x
	if toRight {
		from, to = x, s.width-margin
	}
	s.line(stroke{ink, 0.8, []float64{4, 3}}, point{from, y}, point{to, y})
}

// drawGrades draws what the lines mean.
func (c *SlopeChart) drawGrades(s *sheet, y float64, highest int, present map[int]bool) float64 {
	var shown []grade
	var names []string
	for g := highest; g >= -1; g-- {
		if present[g] {
			look := c.grade(g, highest)
			shown, names = append(shown, look), append(names, look.name)
		}
	}
	if c.Top > 0 {
		shown = append(shown, grade{line: stroke{ink, 0.8, []float64{4, 3}}})
		names = append(names, "end of the top "+strconv.Itoa(c.Top))
	}
	absent := slices.ContainsFunc(c.Items, func(d SlopeItem) bool { return d.Left == 0 || d.Right == 0 })
	if absent {
		names = append(names, "not in the list")
	}
	return s.key(y, names, func(i int, at point) {
		if i == len(shown) {
			s.end(muted, point{at.x + 4, at.y}, 0)
			return
		}
		s.line(shown[i].line, point{at.x - 10, at.y}, point{at.x + 10, at.y})
	})
}
