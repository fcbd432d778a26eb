// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// What is placed lies within the bounds and overlaps no obstacle, no line and nothing placed before; what is not placed
// had no free candidate.
func TestPlacing(t *testing.T) {
	coordinate := rapid.Float64Range(0, 200)
	rapid.Check(t, func(t *rapid.T) {
		at := func() point { return point{coordinate.Draw(t, "x"), coordinate.Draw(t, "y")} }
		p := &placer{bounds: box{10, 10, 190, 190}}
		for range rapid.IntRange(0, 10).Draw(t, "obstacles") {
			o := at()
			p.avoid(box{o.x, o.y, o.x, o.y}.grown(rapid.Float64Range(0, 20).Draw(t, "size")))
		}
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			p.avoidLine(at(), at(), at())
		}
		for range rapid.IntRange(0, 20).Draw(t, "dots") {
			o := at()
			p.dots = append(p.dots, box{o.x, o.y, o.x, o.y}.grown(2))
		}
		var obstacles, placed []box
		obstacles = append(obstacles, p.boxes...)
		for range 12 {
			candidates := around(at(), rapid.Float64Range(1, 60).Draw(t, "w"), 10, rapid.Float64Range(0, 20).Draw(t, "distance"))
			free := map[int]bool{}
			for i, c := range candidates {
				free[i] = p.free(c)
			}
			i, found := p.put(candidates)
			if !found {
				for k := range candidates {
					if free[k] {
						t.Fatalf("candidate %d was free", k)
					}
				}
				continue
			}
			b := candidates[i]
			if b.x0 < 10 || b.y0 < 10 || b.x1 > 190 || b.y1 > 190 {
				t.Fatalf("%v is out of bounds", b)
			}
			for _, o := range append(obstacles, placed...) {
				if b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 {
					t.Fatalf("%v overlaps %v", b, o)
				}
			}
			for _, l := range p.lines { // many points of the line, checked one by one
				for k := range 1001 {
					f := float64(k) / 1000
					x, y := l.a.x+(l.b.x-l.a.x)*f, l.a.y+(l.b.y-l.a.y)*f
					if x > b.x0+1e-6 && x < b.x1-1e-6 && y > b.y0+1e-6 && y < b.y1-1e-6 {
						t.Fatalf("%v is on the line %v", b, l)
					}
				}
			}
			placed = append(placed, b)
		}
	})
}

func TestDotsAreCoveredOnlyInNeed(t *testing.T) {
	p := &placer{bounds: box{0, 0, 100, 100}, dots: []box{{10, 10, 12, 12}}}
	first, second := box{5, 5, 20, 20}, box{50, 50, 60, 60}
	if i, found := p.put([]box{first, second}); i != 1 || !found {
		t.Errorf("candidate %d, %v", i, found)
	}
	if i, found := p.put([]box{first, second}); i != 0 || !found {
		t.Errorf("candidate %d, %v", i, found)
	}
	if _, found := p.put([]box{first, second}); found {
		t.Error("two labels in one place")
	}
}

// An axis has a few ticks in its range, from left to right, all labels different and as exact as the tick.
func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Float64Range(0, 1)).Draw(t, "low")
		high := low + rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 1), rapid.Float64Range(0, 1e6)).Draw(t, "span")
		positive := rapid.Float64Range(1e-6, 1e6).Draw(t, "positive")
		factor := rapid.OneOf(rapid.Float64Range(1, 10), rapid.Float64Range(1, 1e6)).Draw(t, "factor")
		for name, s := range map[string]scale{
			"linear": linear(low, high, 6), "from zero": fromZero(positive, 5), "signed": signed(min(low, 0), max(high, 0), 6),
			"log": logarithmic(positive, positive*factor),
		} {
			if len(s.ticks) < 2 || len(s.ticks) > 10 {
				t.Fatalf("%s has %d ticks from %g to %g: %v", name, len(s.ticks), s.low, s.high, s.ticks)
			}
			seen := map[string]bool{}
			last := math.Inf(-1)
			for _, v := range s.ticks {
				text := s.label(v)
				if v <= last || v < s.low-1e-6*(s.high-s.low) || v > s.high+1e-6*(s.high-s.low) || seen[text] {
					t.Fatalf("%s: tick %g (%q) of %v in %g to %g", name, v, text, s.ticks, s.low, s.high)
				}
				seen[text], last = true, v
			}
		}
		if s := linear(low, high, 6); s.low > low || s.high < high {
			t.Fatalf("%g to %g is outside of the axis %g to %g", low, high, s.low, s.high)
		}
	})
}

func TestSharesStayWithinTheirRange(t *testing.T) {
	for _, r := range [][2]float64{{0, 1}, {0.99, 1}, {0.3, 0.3}, {1, 1}, {0, 0.001}} {
		if s := linear(r[0], r[1], 6); s.low < 0 || s.high > 1 {
			t.Errorf("%v is drawn from %v to %v", r, s.low, s.high)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{decimal(-1234567.891, 2), "−1,234,567.89"},
		{decimal(-0.001, 2), "0.00"},
		{decimal(999, 0), "999"},
		{decimal(1000, 0), "1,000"},
		{trimmed(0.25), "0.25"},
		{trimmed(50), "50"},
		{trimmed(1e6), "1,000,000"},
		{trimmed3(0.123456), "0.123"},
		{signedNumber(0.5), "+0.5"},
		{signedNumber(0), "0"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestTexts(t *testing.T) {
	f := label()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(rapid.String(), rapid.StringMatching("[a-zé]{0,30}( [a-z]{1,9}){0,20}")).Draw(t, "text")
		text := readable(raw, rapid.String().Draw(t, "id"))
		if !utf8.ValidString(text) || !drawable(text) {
			t.Fatalf("%q cannot be drawn", text)
		}
		most := rapid.Float64Range(15, 300).Draw(t, "width")
		if cut := fit(f, text, most); width(f, cut) > most {
			t.Fatalf("%q does not fit into %v", cut, most)
		}
		lines := wrap(f, text, most, 3)
		if len(lines) > 3 || widest(f, lines...) > most {
			t.Fatalf("%q in lines %q of %v", text, lines, most)
		}
		if joined := strings.Join(lines, " "); !strings.Contains(joined, "…") && joined != text {
			t.Fatalf("%q became %q", text, joined)
		}
	})
	for text, want := range map[string]string{
		"Grüße, Ελλάδα": "Grüße, Ελλάδα", "日本語": "[d7]", "a\x1b[31m\n b": "a [31m b", "\u202eabc": "abc", "a\xffb": "a?b",
	} {
		if got := readable(text, "d7"); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got := clean(strings.Repeat("ü", 9999)); utf8.RuneCountInString(got) != longestText {
		t.Errorf("%d letters", utf8.RuneCountInString(got))
	}
}

func TestColors(t *testing.T) {
	for _, c := range seriesColors {
		if got := contrastWithWhite(legible(c)); got < 4.5 {
			t.Errorf("text in %v has contrast %.1f", c, got)
		}
	}
}

// Wilson's interval of 8 of 10 is known: 0.490 to 0.943.
func TestWilson(t *testing.T) {
	if low, high := wilson(0.8, 10); math.Abs(low-0.4902) > 5e-4 || math.Abs(high-0.9433) > 5e-4 {
		t.Errorf("%.4f to %.4f", low, high)
	}
	if low, high := wilson(0, 3); low != 0 || high < 0.5 || high > 0.6 {
		t.Errorf("%.4f to %.4f", low, high)
	}
}

func TestBinsCountEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-20, 20), 1, 200).Draw(t, "values")
		c := HistogramChart{Sets: []Distribution{{Values: v}}, Bins: rapid.SampledFrom([]int{0, 2, 10, 200}).Draw(t, "bins")}
		b := c.bins()
		sum := 0.0
		for _, share := range b.shares(v) {
			sum += share
		}
		if math.Abs(sum-100) > 1e-9 || b.n > 401 {
			t.Fatalf("%v %% in %d bins", sum, b.n)
		}
		for _, x := range v {
			if x < b.low-1e-8*b.width || x > b.low+float64(b.n)*b.width+1e-8*b.width { // an edge but for rounding
				t.Fatalf("%v is outside of %+v", x, b)
			}
		}
	})
}
