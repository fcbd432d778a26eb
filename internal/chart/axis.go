// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"strconv"
	"strings"
)

// scale maps values to points of a sheet.
type scale struct {
	low, high float64 // values at the ends
	from, to  float64 // points at the ends
	log       bool
	ticks     []float64
	digits    int  // after the decimal point, of tick labels
	blank     bool // only the grid, no labels
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		low, high, v = math.Log(low), math.Log(high), math.Log(v)
	}
	return s.from + (s.to-s.from)*(v-low)/(high-low)
}

// label is a tick's number.
func (s scale) label(v float64) string {
	if s.log {
		return trimmed(v)
	}
	return decimal(v, s.digits)
}

// least is the length of the shortest axis: what differs by less is drawn as the same.
const least = 1e-9

// widen gives values that are all the same a range around them.
func widen(low, high float64) (float64, float64) {
	magnitude := max(math.Abs(low), math.Abs(high))
	if high-low > least*max(magnitude, 1) {
		return low, high
	}
	if magnitude < least {
		return -1, 1
	}
	return low - 0.1*magnitude, high + 0.1*magnitude
}

// linear is a scale over values from low to high with some air. What cannot be beyond 0 or 1, such as a share, is not
// drawn as if it could.
func linear(low, high float64, ticks int) scale {
	from, to := low, high
	low, high = widen(low, high)
	low, high = low-0.04*(high-low), high+0.04*(high-low)
	if from >= 0 {
		low = max(low, 0)
		if to <= 1 {
			high = min(high, 1)
		}
	}
	return scale{low: low, high: high}.stepped(roundStep((high - low) / float64(ticks)))
}

// fromZero is linear with zero in the range, for lengths that are compared.
func fromZero(high float64, ticks int) scale {
	if high < least {
		high = 1
	}
	high *= 1.06
	return scale{low: 0, high: high}.stepped(roundStep(high / float64(ticks)))
}

// stepped sets ticks at multiples of a step.
func (s scale) stepped(step float64) scale {
	s.digits = max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(s.low/step - 1e-6); i*step <= s.high+1e-6*step; i++ {
		s.ticks = append(s.ticks, i*step)
	}
	return s
}

// roundStep is the least of 1, 2, 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logarithmic is a scale of equal factors; values are positive.
func logarithmic(low, high float64) scale {
	if high < low*1.05 {
		low, high = low/2, high*2
	}
	air := math.Pow(high/low, 0.06)
	s := scale{low: low / air, high: high * air, log: true}
	// The densest of these that is not too many: a decade has three, two or one.
	for _, digits := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		s.ticks = nil
		for e := math.Floor(math.Log10(s.low)); e <= math.Log10(s.high); e++ {
			for _, d := range digits {
				if v, err := strconv.ParseFloat(strconv.FormatFloat(d, 'f', 0, 64)+"e"+strconv.Itoa(int(e)), 64); err == nil && v >= s.low && v <= s.high {
					s.ticks = append(s.ticks, v)
				}
			}
		}
		if len(s.ticks) <= 8 {
			break
		}
	}
	if every := (len(s.ticks) + 7) / 8; every > 1 { // very many decades
		var few []float64
		for i := 0; i < len(s.ticks); i += every {
			few = append(few, s.ticks[i])
		}
		s.ticks = few
	}
	if len(s.ticks) < 3 { // about a decade or less: equal steps
		s.ticks = scale{low: s.low, high: s.high}.stepped(roundStep((s.high - s.low) / 5)).ticks
	}
	return s
}

// decimal sets a number: with the sign that is as wide as a plus, and thousands apart.
func decimal(v float64, digits int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if v < 0 && strings.Trim(text, "0.") != "" {
		return "−" + whole
	}
	return whole
}

// trimmed sets a number with as many digits as it needs, six at most.
func trimmed(v float64) string {
	text := strconv.FormatFloat(v, 'g', 6, 64)
	exact, err := strconv.ParseFloat(text, 64)
	if err != nil {
		exact = v
	}
	shortest := strconv.FormatFloat(exact, 'f', -1, 64)
	_, fraction, _ := strings.Cut(shortest, ".")
	return decimal(exact, len(fraction))
}
