// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

func smallMatrix() *relevance {
	return &relevance{
		Model: "m", Kind: "logit", Queries: numbered([]string{"one query", "another"}),
		Documents: numbered([]string{"first document", "second", "third"}),
		Scores:    [][]float32{{3, -4, 0}, {-5, 2, 2}},
	}
}

// lightness is CIELAB's L*, 0 to 100.
func lightness(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(x uint32) float64 {
		v := float64(x) / 0xffff
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	y := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	if y <= 216.0/24389 {
		return y * 24389 / 27
	}
	return 116*math.Cbrt(y) - 16
}

// Equal steps of a score are equal steps of lightness, from light to dark.
func TestColorsAreEven(t *testing.T) {
	m, err := relevanceColors(-7, 3)
	if err != nil {
		t.Fatal(err)
	}
	at := func(v float64) float64 {
		c, err := m.At(v)
		if err != nil {
			t.Fatal(err)
		}
		return lightness(c)
	}
	light, dark := at(-7), at(3)
	if light < 90 || dark > 30 {
		t.Errorf("lightness goes from %.0f to %.0f", light, dark)
	}
	for i := range 21 {
		f := float64(i) / 20
		if got, want := at(-7+10*f), light+(dark-light)*f; math.Abs(got-want) > 1.5 {
			t.Errorf("at %.0f %% the lightness is %.1f, want %.1f", 100*f, got, want)
		}
	}
	if _, err := relevanceColors(2, 2); err != nil {
		t.Error(err)
	}
}

// Text on a cell has the better contrast of the two inks, or nearly so.
func TestContrast(t *testing.T) {
	m, err := relevanceColors(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 11 {
		fill, err := m.At(float64(i) / 10)
		if err != nil {
			t.Fatal(err)
		}
		if d := math.Abs(lightness(contrast(fill)) - lightness(fill)); d < 40 {
			t.Errorf("at %d: lightness %.0f on %.0f", i, lightness(contrast(fill)), lightness(fill))
		}
	}
}

func TestDrawPNG(t *testing.T) {
	r := smallMatrix()
	data, err := drawPNG(r)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHeatMap(r)
	if err != nil {
		t.Fatal(err)
	}
	// A dot near a corner of each cell has the colour of its score.
	top := h.bottom + vg.Length(len(h.rows))*h.cellH
	for i, row := range r.Scores {
		for j, v := range row {
			at := h.cell(i, j, top)
			x, y := int((at.X + 6).Dots(144)), img.Bounds().Dy()-int((at.Y+6).Dots(144))
			want, err := h.colors.At(float64(v))
			if err != nil {
				t.Fatal(err)
			}
			if got := img.At(x, y); math.Abs(lightness(got)-lightness(want)) > 1 {
				t.Errorf("cell %d, %d: lightness %.1f, want %.1f", i, j, lightness(got), lightness(want))
			}
		}
	}
	if got := lightness(img.At(2, 2)); got < 99 {
		t.Errorf("the margin has lightness %.0f", got)
	}
}

// The largest picture allowed stays within a bound, and every size can be drawn.
func TestPicturesOfEverySize(t *testing.T) {
	for _, n := range []int{1, 8, 9, 61, mostCells} {
		r := &relevance{Model: strings.Repeat("long", 30), Kind: "cosine"}
		for range n {
			r.Queries = append(r.Queries, labelled{"q", strings.Repeat("wide ", 30)})
			r.Documents = append(r.Documents, labelled{"d", strings.Repeat("unbroken", 30)})
			r.Scores = append(r.Scores, make([]float32, n))
		}
		data, err := drawPNG(r)
		if err != nil {
			t.Fatal(err)
		}
		c, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil || c.Width*c.Height > 40e6 {
			t.Errorf("%d cells: %d by %d, %v", n, c.Width, c.Height, err)
		}
	}
}

// Letters that the font lacks, and characters that are none, do not reach the picture.
func TestLabels(t *testing.T) {
	h := &heatMap{text: style(10)}
	got := strings.Join(h.labels([]labelled{{"1", "Grüße, Ελλάδα"}, {"2", "日本語"}, {"ü", "😀"}, {"4", "a\x1b[31m\nb"}}, 20), "|")
	if got != "Grüße, Ελλάδα|[2]|[?]|a [31m b" {
		t.Error(got)
	}
}

func TestMatrixOnANarrowTerminal(t *testing.T) {
	var out bytes.Buffer
	o := term.New(&out)
	o.Terminal, o.Width = true, 36
	smallMatrix().print(o)
	if err := o.Flush(); err != nil {
		t.Fatal(err)
	}
	want := `logit of m
query         [1]      [2]
one query  3.0000  -4.0000
another   -5.0000   2.0000

query        [3]
one query 0.0000
another   2.0000
`
	for line := range strings.Lines(out.String()) {
		if term.Width(strings.TrimSpace(line)) > 36 {
			t.Errorf("%q does not fit", line)
		}
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.HasPrefix(squeeze(out.String()), squeeze(want)) {
		t.Errorf("got\n%s", out.String())
	}
}
