// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var samplesDir = flag.String("samples", "", "write the pictures of the samples into this directory")

// texts returns the texts of an SVG, and an error if it is no well-formed document with one root.
func texts(svg []byte) (root map[string]string, title string, list []string, err error) {
	d := xml.NewDecoder(bytes.NewReader(svg))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, title, list, nil
		}
		if err != nil {
			return nil, "", nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if len(open) == 0 {
				root = map[string]string{}
				for _, a := range e.Attr {
					root[a.Name.Local] = a.Value
				}
			}
			open = append(open, e.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 {
				continue
			}
			switch open[len(open)-1] {
			case "text":
				list = append(list, string(e))
			case "title":
				title += string(e)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			svg, err := s.picture.SVG()
			if err != nil {
				t.Fatal(err)
			}
			root, _, shown, err := texts(svg)
			if err != nil {
				t.Fatalf("%v\n%s", err, svg)
			}
			if !strings.HasPrefix(root["viewBox"], "0 0 540 ") || root["width"] != "720" || root["font-family"] != families {
				t.Errorf("root element has %v", root)
			}
			for _, want := range s.shows {
				if !slices.Contains(shown, want) {
					t.Errorf("no text %q among %q", want, shown)
				}
			}
			if n := len(svg) / (1 + strings.Count(s.name, "page")*2 + strings.Count(s.name, "many")*3); n > 64<<10 {
				t.Errorf("%d bytes of SVG", len(svg))
			}
			if n := bytes.Count(svg, []byte(" textLength=")); n != len(shown) {
				t.Errorf("%d of %d texts have a width", n, len(shown))
			}
			for _, forbidden := range []string{"NaN", "Inf", "href", "<image", "<script", "<style", "Liberation Sans;", "<?xml"} {
				if bytes.Contains(svg, []byte(forbidden)) {
					t.Errorf("the SVG contains %q", forbidden)
				}
			}
			again, err := s.picture.SVG()
			if err != nil || !bytes.Equal(svg, again) {
				t.Errorf("drawn again, the SVG differs (%v)", err)
			}
			if *samplesDir != "" {
				dots, err := s.picture.PNG()
				if err != nil {
					t.Fatal(err)
				}
				for name, data := range map[string][]byte{s.name + ".svg": svg, s.name + ".png": dots} {
					if err := os.WriteFile(filepath.Join(*samplesDir, name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestPNG(t *testing.T) {
	for _, s := range samples() {
		if !slices.Contains([]string{"curves", "slope-one", "histogram", "reliability-one", "frontier-one", "bars-one"}, s.name) {
			continue // one of each kind: dots take long under the race detector
		}
		data, err := s.picture.PNG()
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.picture.PNG()
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: drawn again, the PNG differs (%v)", s.name, err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		sheet := layout(t, s.picture)
		if w, h := img.Bounds().Dx(), img.Bounds().Dy(); w != 1440 || math.Abs(float64(h)-sheet.height*192/72) > 1 {
			t.Errorf("%s: %d by %d dots", s.name, w, h)
		}
		if r, g, b, a := img.At(1, 1).RGBA(); r&g&b&a != 0xffff {
			t.Errorf("%s: the paper is not white", s.name)
		}
	}
}

func layout(t *testing.T, p Picture) *sheet {
	t.Helper()
	f, ours := p.(figure)
	if !ours {
		t.Fatalf("%T", p)
	}
	s, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// overlapping returns two texts of a layout that overlap, or one that is outside.
func overlapping(s *sheet) (a, b string, found bool) {
	var boxes []box
	var labels []string
	for _, m := range s.marks {
		if m.label == "" {
			continue
		}
		r := room(m.font, m.at.x, m.at.y, start, m.label)
		if r.x0 < 0 || r.y0 < 0 || r.x1 > s.width || r.y1 > s.height {
			return m.label, "the edge", true
		}
		r = r.grown(-0.2)
		for i, o := range boxes {
			if r.overlaps(o) {
				return m.label, labels[i], true
			}
		}
		boxes, labels = append(boxes, r), append(labels, m.label)
	}
	return "", "", false
}

func TestNoTextsOverlap(t *testing.T) {
	for _, s := range samples() {
		if a, b, found := overlapping(layout(t, s.picture)); found {
			t.Errorf("%s: %q overlaps %q", s.name, a, b)
		}
	}
}

// Charts of any valid data can be drawn: no coordinate is lost, no text overlaps another.
func TestAnyData(t *testing.T) {
	value := rapid.OneOf(rapid.Float64Range(-largest, largest), rapid.Float64Range(-1, 1), rapid.Float64Range(-1e-12, 1e-12), rapid.Just(0.0), rapid.Just(0.5))
	positive := rapid.OneOf(rapid.Float64Range(1e-9, largest), rapid.Float64Range(3, 900), rapid.Just(5.0))
	name := rapid.OneOf(rapid.String(), rapid.StringMatching("[a-z ]{0,60}"), rapid.Just("<b>&\"'"))
	rapid.Check(t, func(t *rapid.T) {
		title, x, y := name.Draw(t, "title"), name.Draw(t, "x"), name.Draw(t, "y")
		curves := CurveChart{Title: title, Subtitle: x, X: x, Y: y, LogX: rapid.Bool().Draw(t, "log"), PointLabels: name.Draw(t, "labels")}
		frontier := FrontierChart{Title: title, X: x, Y: y, LogX: curves.LogX}
		for range rapid.IntRange(1, 7).Draw(t, "series") {
			s := Series{Name: name.Draw(t, "name")}
			for range rapid.IntRange(1, 6).Draw(t, "points") {
				v := value.Draw(t, "value")
				p := CurvePoint{X: positive.Draw(t, "time"), Y: v, Low: max(v-1, -largest), High: min(v+1, largest), Label: name.Draw(t, "label")}
				s.Points = append(s.Points, p)
				frontier.Settings = append(frontier.Settings, FrontierSetting{X: p.X, Y: p.Y, Label: p.Label, Frontier: rapid.Bool().Draw(t, "frontier") && len(frontier.Settings) < 20})
			}
			curves.Series = append(curves.Series, s)
		}
		if rapid.Bool().Draw(t, "budget") {
			curves.Budget = positive.Draw(t, "budget")
			frontier.Budget, frontier.BudgetLabel = curves.Budget, name.Draw(t, "budget label")
		}
		histogram := HistogramChart{Title: title, X: x, Sets: []Distribution{{y, rapid.SliceOfN(value, 1, 50).Draw(t, "values")}, {x, []float64{1}}}, Marks: []Mark{{value.Draw(t, "mark"), title}}}
		bars := BarChart{Title: title, Y: y, Better: x, Worse: title}
		for range rapid.IntRange(1, 40).Draw(t, "bars") {
			bars.Bars = append(bars.Bars, Bar{name.Draw(t, "query"), value.Draw(t, "difference")})
		}
		for kind, p := range []Picture{Curves(curves), Frontier(frontier), Histogram(histogram), Bars(bars)} {
			f, _ := p.(figure)
			s, err := f()
			if err != nil {
				t.Fatalf("kind %d: %v", kind, err)
			}
			if a, b, found := overlapping(s); found {
				t.Fatalf("kind %d: %q overlaps %q", kind, a, b)
			}
			svg, err := s.svg()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := texts(svg); err != nil || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf,")) {
				t.Fatalf("kind %d: %v\n%s", kind, err, svg)
			}
		}
	})
}

func TestTitleKeepsItsScript(t *testing.T) {
	svg, err := Bars(BarChart{Title: "重排序 <1>\x00", Bars: []Bar{{"q", 1}}}).SVG()
	if err != nil {
		t.Fatal(err)
	}
	_, title, shown, err := texts(svg)
	if err != nil || title != "重排序 <1>" || !slices.Contains(shown, "??? <1>") {
		t.Errorf("title %q, shown %q, %v", title, shown, err)
	}
}

// What a caller passes stays as it is.
func TestInputIsNotSorted(t *testing.T) {
	bars := []Bar{{"a", -1}, {"b", 1}}
	if _, err := Bars(BarChart{Bars: bars}).SVG(); err != nil {
		t.Fatal(err)
	}
	if bars[0].Label != "a" {
		t.Error("the bars were sorted in place")
	}
}

func TestPage(t *testing.T) {
	one, two := barSamples()[0].picture, histogramSamples()[0].picture
	page := layout(t, Page("", one, two))
	if want := layout(t, one).height + layout(t, two).height; page.height != want {
		t.Errorf("the page is %v tall, want %v", page.height, want)
	}
	if _, err := Page("t").SVG(); err == nil || !strings.Contains(err.Error(), "at least one picture") {
		t.Error(err)
	}
	if _, err := Page("t", one, Curves(CurveChart{})).PNG(); err == nil || !strings.Contains(err.Error(), "picture 2 of the page: chart: no series") {
		t.Error(err)
	}
	if _, err := Page("t", foreign{}).SVG(); err == nil || !strings.Contains(err.Error(), "not a chart of this package") {
		t.Error(err)
	}
	if _, err := Page("t", slices.Repeat([]Picture{one}, 60)...).SVG(); err == nil || !strings.Contains(err.Error(), "put fewer pictures on it") {
		t.Error(err)
	}
}

type foreign struct{ Picture }

func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	curve := func(p CurvePoint, log bool) Picture {
		return Curves(CurveChart{LogX: log, Series: []Series{{"s", []CurvePoint{p}}}})
	}
	slope := func(items ...SlopeItem) Picture { return Slope(SlopeChart{Items: items}) }
	histogram := func(v ...float64) Picture { return Histogram(HistogramChart{Sets: []Distribution{{"d", v}}}) }
	reliability := func(b ...ReliabilityBin) Picture {
		return Reliability(ReliabilityChart{Series: []ReliabilitySeries{{"r", b}}})
	}
	for i, c := range []struct {
		picture Picture
		want    string
	}{
		{Curves(CurveChart{}), "no series"},
		{Curves(CurveChart{Series: make([]Series, 8)}), "8 series, at most 7"},
		{Curves(CurveChart{Series: []Series{{Name: "x"}}}), `no points in series "x"`},
		{Curves(CurveChart{Series: []Series{{"x", make([]CurvePoint, 1001)}}}), "1001 points"},
		{curve(CurvePoint{X: 1, Y: nan}, false), `Y of point 1 in series "s" is NaN`},
		{curve(CurvePoint{X: inf}, false), "X of point 1"},
		{curve(CurvePoint{X: 0}, true), "only positive numbers"},
		{curve(CurvePoint{X: 1, Y: 1e13}, false), "cannot be drawn"},
		{curve(CurvePoint{X: 1, Y: 3, Low: 1, High: 2}, false), "outside of its interval"},
		{curve(CurvePoint{X: 1, Y: 3, Low: nan, High: 4}, false), "lower end"},
		{Curves(CurveChart{LogX: true, Budget: -1, Series: []Series{{"s", []CurvePoint{{X: 1}}}}}), "the budget is -1"},
		{slope(), "no documents"},
		{slope(SlopeItem{}), "ranks 0 and 0"},
		{slope(SlopeItem{Left: -1, Right: 1}), "ranks -1 and 1"},
		{slope(SlopeItem{Left: 1, Right: 1, Grade: 10}), "grade 10"},
		{slope(SlopeItem{Left: 1, Right: 1}, SlopeItem{Left: 2, Right: 1}), "both have rank 1 on the right"},
		{slope(make([]SlopeItem, 201)...), "201 documents, at most 200"},
		{Slope(SlopeChart{Top: -1, Items: []SlopeItem{{Left: 1}}}), "must not be negative"},
		{Histogram(HistogramChart{}), "no distributions"},
		{histogram(), `no values in distribution "d"`},
		{histogram(1, nan), "value 2"},
		{Histogram(HistogramChart{Bins: 1, Sets: []Distribution{{"d", []float64{1}}}}), "1 bins"},
		{Histogram(HistogramChart{Marks: []Mark{{X: inf}}, Sets: []Distribution{{"d", []float64{1}}}}), "mark 1"},
		{Reliability(ReliabilityChart{}), "no series"},
		{reliability(), "no bins"},
		{reliability(ReliabilityBin{}), "has no predictions"},
		{reliability(ReliabilityBin{Predicted: 1.1, Count: 1}), "go from 0 to 1"},
		{reliability(ReliabilityBin{Observed: nan, Count: 1}), "go from 0 to 1"},
		{reliability(ReliabilityBin{Count: -1}), "the count of bin 1"},
		{Frontier(FrontierChart{}), "no settings"},
		{Frontier(FrontierChart{Settings: make([]FrontierSetting, 20_001)}), "20001 settings"},
		{Frontier(FrontierChart{Settings: []FrontierSetting{{X: nan}}}), "X of setting 1"},
		{Frontier(FrontierChart{Settings: slices.Repeat([]FrontierSetting{{Frontier: true}}, 41)}), "41 settings on the frontier"},
		{Bars(BarChart{}), "no bars"},
		{Bars(BarChart{Bars: []Bar{{"q", inf}}}), `bar 1 ("q") is +Inf`},
	} {
		for format, draw := range map[string]func() ([]byte, error){"SVG": c.picture.SVG, "PNG": c.picture.PNG} {
			if data, err := draw(); err == nil || !strings.Contains(err.Error(), c.want) || data != nil {
				t.Errorf("case %d, %s: error %v, want %q", i, format, err, c.want)
			}
		}
	}
}

// The largest inputs that are allowed are drawn, and within bounds of size.
func TestLargestInputs(t *testing.T) {
	bars := make([]Bar, mostBars)
	settings := make([]FrontierSetting, mostSettings)
	for i := range bars {
		bars[i] = Bar{strconv.Itoa(i), math.Sin(float64(i))}
	}
	for i := range settings {
		settings[i] = FrontierSetting{X: 1 + float64(i%997), Y: math.Sin(float64(i)), Frontier: i < mostFrontier, Label: longName}
	}
	for name, p := range map[string]Picture{"bars": Bars(BarChart{Bars: bars}), "frontier": Frontier(FrontierChart{Settings: settings})} {
		svg, err := p.SVG()
		if err != nil || len(svg) > 3<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(svg), err)
		}
	}
}
