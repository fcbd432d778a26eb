// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// sample is a chart that tests check and a person may look at (go test -run TestSamples -samples DIR).
type sample struct {
	name    string
	picture Picture
	shows   []string // texts that must be in the picture
}

var longName = strings.Repeat("a reranker with a name that nobody would choose for a chart ", 6)

func samples() []sample {
	return slices.Concat(curveSamples(), slopeSamples(), histogramSamples(), reliabilitySamples(), frontierSamples(), barSamples(), pageSamples())
}

func depths(ms, quality, gain float64) []CurvePoint {
	var out []CurvePoint
	for _, d := range []float64{5, 10, 20, 50, 100, 200} {
		y := quality + gain*(1-math.Exp(-d/30)) - 0.00008*d
		out = append(out, CurvePoint{X: 2 + ms*d, Y: y, Low: y - 0.018, High: y + 0.017, Label: strconv.Itoa(int(d))})
	}
	return out
}

func fourSeries() []Series {
	return []Series{
		{"BM25 + MiniLM-L6 reranker", depths(1.4, 0.62, 0.11)},
		{"dense + MiniLM-L6 reranker", depths(1.45, 0.645, 0.095)},
		{"hybrid + MiniLM-L12 reranker", depths(4.4, 0.66, 0.1)},
		{"built-in reranker", depths(0.2, 0.6, 0.06)},
	}
}

func curveSamples() []sample {
	c := CurveChart{
		Title: "A deeper rerank pays off up to 50 documents", Subtitle: "SciFact, 300 queries; AMD EPYC (Zen 4), 2 cores, AVX-512; bars are 95 % intervals",
		X: "reranking time per query (ms)", Y: "nDCG@10", LogX: true, Series: fourSeries(),
		PointLabels: "documents reranked", Budget: 50, BudgetLabel: "budget 50 ms",
	}
	linear := c
	linear.LogX, linear.Series, linear.Budget = false, fourSeries()[1:3], 0
	one := CurveChart{Title: "One point", X: "time (ms)", Y: "P@3", LogX: true, Series: []Series{{"only", []CurvePoint{{X: 12, Y: 0.5, Label: "10"}}}}}
	equal := CurveChart{Title: "All equal", X: "time (ms)", Y: "P@3", Series: []Series{
		{"a", []CurvePoint{{X: 5, Y: 1}, {X: 5, Y: 1}}}, {"b", []CurvePoint{{X: 5, Y: 1}, {X: 5, Y: 1}}},
	}}
	long := c
	long.Title, long.Subtitle, long.X, long.Y, long.BudgetLabel = longName, longName, longName, longName, longName
	long.Series = fourSeries()
	for i := range long.Series {
		long.Series[i].Name = longName
	}
	foreign := c
	foreign.Title, foreign.Series = "重排序 reranking", fourSeries()[:2]
	foreign.Series[0].Name, foreign.Series[1].Name = "日本語モデル", "модель"
	seven := c
	seven.Title, seven.Series = "Seven lines that all but coincide", nil
	for i := range 7 {
		seven.Series = append(seven.Series, Series{"setting " + strconv.Itoa(i+1), depths(1.4+float64(i)*0.05, 0.62+0.002*float64(i), 0.11)})
	}
	return []sample{
		{"curves", Curves(c), []string{"nDCG@10", "built-in reranker", "budget 50 ms", "200", "numbers at points: documents reranked"}},
		{"curves-linear", Curves(linear), []string{"nDCG@10"}},
		{"curves-one", Curves(one), []string{"only", "10"}},
		{"curves-equal", Curves(equal), []string{"a", "b"}},
		{"curves-long", Curves(long), nil},
		{"curves-foreign", Curves(foreign), []string{"[series 1]", "модель"}},
		{"curves-seven", Curves(seven), []string{"setting 7"}},
	}
}

var titles = []string{
	"Vitamin D supplementation and risk of fractures", "Low-dose aspirin in primary prevention", "Statins lower LDL cholesterol",
	"Antibiotic resistance in hospital wards", "Sleep and memory consolidation in adolescents", "CRISPR screens find essential genes",
	"Gut microbiome of patients with type 2 diabetes", "A randomised trial of mindfulness", "mRNA vaccines: a review", "Malaria transmission",
}

func slopeSamples() []sample {
	r := rand.New(rand.NewPCG(1, 2))
	var items []SlopeItem
	for i, to := range r.Perm(20) {
		d := SlopeItem{ID: "doc" + strconv.Itoa(i), Text: titles[i%10] + " (" + strconv.Itoa(i) + ")", Left: i + 1, Right: to + 1, Grade: max(0, 3-to/3)}
		switch i {
		case 18:
			d.Left = 57
		case 19:
			d.Left = 143
		case 7:
			d.Right = 64
		case 3:
			d.Grade = -1
		}
		items = append(items, d)
	}
	c := SlopeChart{
		Title: "What the reranker moved", Subtitle: "query: “does vitamin D prevent fractures?”; dense retrieval of 200, reranked by MiniLM-L6",
		Left: "dense retrieval", Right: "reranked", Items: items, Top: 10, Grades: []string{"not relevant", "related", "relevant", "highly relevant"},
	}
	one := SlopeChart{Title: "One document", Items: []SlopeItem{{ID: "a", Left: 1, Right: 0, Grade: 1}}, Top: 10}
	foreign := SlopeChart{Title: "Letters without glyphs", Left: "before", Right: "after", Items: []SlopeItem{
		{ID: "17", Text: "東京の天気", Left: 1, Right: 2}, {ID: "18", Text: longName, Left: 2, Right: 1, Grade: 1}, {ID: "ü", Text: "😀", Left: 3, Right: 3, Grade: -1},
	}}
	many := SlopeChart{Title: "Two hundred documents"}
	for i, to := range r.Perm(200) {
		many.Items = append(many.Items, SlopeItem{ID: strconv.Itoa(i), Text: titles[i%10], Left: i + 1, Right: to + 1, Grade: to % 40 / 39})
	}
	return []sample{
		{"slope", Slope(c), []string{"dense retrieval", "reranked", "57", "143", "highly relevant", "not judged", "end of the top 10"}},
		{"slope-one", Slope(one), []string{"–", "a"}},
		{"slope-foreign", Slope(foreign), []string{"[17]", "[?]"}},
		{"slope-many", Slope(many), []string{"200"}},
	}
}

func normal(r *rand.Rand, n int, mean, sd float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = mean + sd*r.NormFloat64()
	}
	return out
}

func histogramSamples() []sample {
	r := rand.New(rand.NewPCG(3, 4))
	c := HistogramChart{
		Title: "Scores separate relevant from other documents", Subtitle: "SciFact, candidates of 300 queries, MiniLM-L6 reranker",
		X: "logit",
		Sets: []Distribution{
			{"relevant", append(normal(r, 380, 4.5, 2.5), normal(r, 120, -3, 3)...)},
			{"other", append(normal(r, 7000, -9.5, 1.2), normal(r, 2000, -4, 4)...)},
		},
		Marks: []Mark{{X: -2.2, Label: "p = 0.1"}, {X: 3.1, Label: "p = 0.5"}},
	}
	equal := HistogramChart{Title: "All equal", X: "logit", Sets: []Distribution{{"relevant", []float64{3, 3, 3}}, {"other", []float64{3}}}}
	long := c
	long.Title, long.X, long.Sets = longName, longName, slices.Clone(c.Sets)
	for i := range long.Sets {
		long.Sets[i].Name = longName
	}
	long.Marks = nil
	for i := range 8 {
		long.Marks = append(long.Marks, Mark{float64(i)/4 - 2, longName})
	}
	one := HistogramChart{Title: "One value", X: "score", Sets: []Distribution{{"日本語", []float64{0}}}}
	return []sample{
		{"histogram", Histogram(c), []string{"logit", "p = 0.5", "relevant (500)", "other (9,000)"}},
		{"histogram-equal", Histogram(equal), []string{"relevant (3)"}},
		{"histogram-long", Histogram(long), nil},
		{"histogram-one", Histogram(one), []string{"[distribution 1] (1)"}},
	}
}

func reliabilitySamples() []sample {
	var before, after []ReliabilityBin
	counts := []int{6200, 900, 420, 260, 200, 170, 180, 220, 310, 640}
	for i, n := range counts {
		p := (float64(i) + 0.5) / 10
		before = append(before, ReliabilityBin{p, p * p * p, n})
		after = append(after, ReliabilityBin{p, min(1, max(0, p+0.03*math.Sin(float64(i)*2))), n})
	}
	c := ReliabilityChart{
		Title: "Calibrated probabilities can be believed", Subtitle: "SciFact, 5-fold; ECE 0.11 before, 0.02 after",
		Series: []ReliabilitySeries{{"sigmoid of the logit", before}, {"Platt", after}},
	}
	single := c
	single.Series = c.Series[:1]
	one := ReliabilityChart{Title: "One prediction", Series: []ReliabilitySeries{{longName, []ReliabilityBin{{1, 1, 1}, {math.NaN(), math.NaN(), 0}}}}}
	return []sample{
		{"reliability", Reliability(c), []string{"predicted probability", "observed share of relevant", "Platt", "9,500 predictions"}},
		{"reliability-single", Reliability(single), []string{"sigmoid of the logit"}},
		{"reliability-one", Reliability(one), []string{"1 prediction"}},
	}
}

func settings(n int, name func(i int) string) []FrontierSetting {
	r := rand.New(rand.NewPCG(5, 6))
	var out []FrontierSetting
	for range n {
		x := math.Exp(r.Float64()*math.Log(300)) * 3
		y := 0.5 + 0.035*math.Log(x) - 0.05*math.Abs(r.NormFloat64())
		out = append(out, FrontierSetting{X: x, Y: y})
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if out[a].X < out[b].X {
			return -1
		}
		return 1
	})
	best, on := math.Inf(-1), 0
	for _, i := range order {
		if out[i].Y > best+0.022 && on < 8 {
			best = out[i].Y
			out[i].Frontier, out[i].Label, out[i].Chosen = true, name(on), on == 4
			out[i].Low, out[i].High = out[i].Y-0.014, out[i].Y+0.013
			on++
		} else if out[i].Y > best {
			out[i].Y = best - 0.02*r.Float64()
		}
	}
	return out
}

func frontierSamples() []sample {
	names := []string{
		"BM25", "hybrid 0.5", "hybrid, built-in, depth 10", "hybrid, built-in, depth 20", "hybrid, MiniLM-L6 int8, depth 20",
		"hybrid, MiniLM-L6, depth 50", "hybrid, MiniLM-L12, depth 50", "hybrid, cascade 100 → 20",
	}
	c := FrontierChart{
		Title: "What quality costs", Subtitle: "SciFact, 5-fold cross-validation, 400 settings; AMD EPYC (Zen 4), 2 cores; bars are 95 % intervals",
		X: "time per query, median (ms)", Y: "nDCG@10", LogX: true,
		Settings: settings(400, func(i int) string { return names[i] }), Budget: 50, BudgetLabel: "budget 50 ms",
	}
	numbered := c
	numbered.Settings = settings(400, func(i int) string {
		return "mode=hybrid fusion=rrf(60) candidates=200 reranker=ms-marco-MiniLM-L-6-v2 precision=int8 depth=" + strconv.Itoa(i*10) + " index=hnsw(ef=64)"
	})
	one := FrontierChart{Title: "One setting", X: "time (ms)", Y: "P@3", Settings: []FrontierSetting{{X: 3, Y: 0.5, Label: "only", Frontier: true, Chosen: true}}}
	equal := FrontierChart{Title: "All equal", X: "time (ms)", Y: "P@3", LogX: true}
	for range 30 {
		equal.Settings = append(equal.Settings, FrontierSetting{X: 3, Y: 0.5, Label: "設定", Frontier: true})
	}
	return []sample{
		{"frontier", Frontier(c), []string{"nDCG@10", "budget 50 ms", "BM25"}},
		{"frontier-numbered", Frontier(numbered), []string{"8", "precision=int8 depth=40 index=hnsw(ef=64) (chosen)"}},
		{"frontier-one", Frontier(one), []string{"only (chosen)"}},
		{"frontier-equal", Frontier(equal), []string{"[setting 30]"}},
	}
}

func differences(n int) []Bar {
	r := rand.New(rand.NewPCG(7, 8))
	var out []Bar
	for i := range n {
		v := 0.06 + 0.25*r.NormFloat64()
		if r.IntN(4) == 0 {
			v = 0
		}
		out = append(out, Bar{titles[i%10], max(-1, min(1, v))})
	}
	return out
}

func barSamples() []sample {
	bars := func(title string, b []Bar) Picture {
		return Bars(BarChart{
			Title: title, Subtitle: "SciFact; randomisation test p = 0.003; 95 % interval of the mean from 0.02 to 0.09",
			Y: "difference of nDCG@10", Better: "better with the reranker", Worse: "worse", Bars: b,
		})
	}
	equal := make([]Bar, 40)
	losses := differences(97)
	for i := range losses {
		losses[i].Value = -math.Abs(losses[i].Value) - 0.01
	}
	return []sample{
		{"bars", bars("The reranker helps more queries than it hurts", differences(97)), []string{"difference of nDCG@10", "97 queries, from the greatest win to the greatest loss", "38 better with the reranker"}},
		{"bars-many", bars("2,655 queries", differences(2655)), []string{"2,655 queries, from the greatest win to the greatest loss"}},
		{"bars-one", bars("One query", []Bar{{longName, 0.25}}), []string{"mean +0.25", "1 query"}},
		{"bars-equal", bars("No difference", equal), []string{"40 equal", "mean 0"}},
		{"bars-losses", bars("Only losses", losses), []string{"97 worse"}},
		{"bars-few", bars("Five queries", differences(5)), nil},
	}
}

func pageSamples() []sample {
	return []sample{{
		"page", Page("SciFact, in pictures", curveSamples()[0].picture, histogramSamples()[0].picture, barSamples()[0].picture),
		[]string{"SciFact, in pictures", "nDCG@10", "logit", "97 queries, from the greatest win to the greatest loss"},
	}}
}
