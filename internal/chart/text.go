// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
)

var fonts = font.NewCache(liberation.Collection())

func regular(size float64) font.Face {
	return fonts.Lookup(font.Font{Typeface: "Liberation", Variant: "Sans"}, font.Length(size))
}

func bold(size float64) font.Face { return fonts.Lookup(boldFont, font.Length(size)) }

var boldFont = func() font.Font {
	for _, f := range liberation.Collection() {
		if f.Font.Name() == "LiberationSans-Bold" {
			return f.Font
		}
	}
	return font.Font{Typeface: "Liberation", Variant: "Sans"}
}()

const (
	textSize   = 11.0 // 15 CSS pixels at 720, 7 at 360
	lineHeight = 13.5
	capHeight  = 0.72 // of the font's size: letters rise so far above the baseline
	descent    = 0.22 // and reach so far below
)

// label is the font of everything but titles.
func label() font.Face { return regular(textSize) }

func width(f font.Face, text string) float64 { return f.Width(text).Points() }

// room is the rectangle of a text on a baseline.
func room(f font.Face, x, baseline float64, a anchor, text string) box {
	w, size := width(f, text), f.Font.Size.Points()
	left := x - w*float64(a)
	return box{left, baseline - capHeight*size, left + w, baseline + descent*size}
}

// centred is the baseline of a text whose letters are to be centred on y.
func centred(y float64) float64 { return y + capHeight*textSize/2 }

// longestText bounds what is measured; no label has room for more.
const longestText = 400

// clean puts a text on one line without anything that is not a character, cut at a bound.
func clean(s string) string {
	if len(s) > 4*longestText {
		s = s[:4*longestText]
	}
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Cf, r) || r == 0xfffe || r == 0xffff: // marks of direction and what XML forbids
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > longestText {
		return string([]rune(s)[:longestText-1]) + "…"
	}
	return s
}

// readable is a cleaned text, or the id in brackets where the font lacks one of its letters. Without an id the missing
// letters become question marks.
func readable(text, id string) string {
	text = clean(text)
	if drawable(text) {
		return text
	}
	if id = clean(id); id != "" {
		return "[" + strings.Map(ascii, id) + "]"
	}
	return strings.Map(ascii, text)
}

func drawable(text string) bool {
	face := label()
	for _, r := range text {
		if g, err := face.Face.GlyphIndex(nil, r); err != nil || g == 0 {
			return false
		}
	}
	return true
}

func ascii(r rune) rune {
	if r < 0x20 || r > 0x7e {
		return '?'
	}
	return r
}

// fit cuts a text to a width; what is cut shows as an ellipsis.
func fit(f font.Face, text string, most float64) string {
	if width(f, text) <= most {
		return text
	}
	runes := []rune(text)
	low, high := 0, len(runes) // so many fit, so many do not
	for low+1 < high {
		mid := (low + high) / 2
		if width(f, strings.TrimRight(string(runes[:mid]), " ,.;:-")+"…") <= most {
			low = mid
		} else {
			high = mid
		}
	}
	return strings.TrimRight(string(runes[:low]), " ,.;:-") + "…"
}

// wrap breaks a text into at most so many lines of a width. What has no room is cut.
func wrap(f font.Face, text string, most float64, lines int) []string {
	var out []string
	words := strings.Fields(text)
	for len(words) > 0 {
		if len(out) == lines-1 {
			return append(out, fit(f, strings.Join(words, " "), most))
		}
		n := 1
		for n < len(words) && width(f, strings.Join(words[:n+1], " ")) <= most {
			n++
		}
		out = append(out, fit(f, strings.Join(words[:n], " "), most))
		words = words[n:]
	}
	return out
}

// widest is the width of the longest of the texts.
func widest(f font.Face, texts ...string) float64 {
	w := 0.0
	for _, t := range texts {
		w = max(w, width(f, t))
	}
	return w
}
