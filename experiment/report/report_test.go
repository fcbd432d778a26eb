// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/chart"
)

// WINNOW_REPORT_SAMPLE names a file that the report of the structure test is written to, to be looked at.
func TestStructure(t *testing.T) {
	s := full(t, world{queries: 60, seed: 3, retrieval: 0.5, reranking: 1.2}, "valves", 5, 10, 20, 40)
	page := write(t, Report{Command: []string{"winnow", "eval", "made up/", "--html", "it's.html"}, Sections: []Section{s}})
	if path := os.Getenv("WINNOW_REPORT_SAMPLE"); path != "" {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	doc := parse(t, page)
	if got, want := text(one(t, doc, "h1")), "Does reranking pay on valves?"; got != want {
		t.Errorf("h1 %q, want %q", got, want)
	}
	if got, want := text(one(t, one(t, doc, "head"), "title")), "Does reranking pay on valves?"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	var parts []string
	for _, h := range all(doc, "h3") {
		if attribute(h, "id") != "" {
			parts = append(parts, text(h))
		}
	}
	if want := []string{"Quality", "Differences", "Time and cost", "Pictures", "Queries that changed most", "Reading the figures", "Repeating this"}; !slices.Equal(parts, want) {
		t.Errorf("parts %q, want %q", parts, want)
	}
	if got := len(all(doc, "article")); got != 3 {
		t.Errorf("%d verdicts, want 3", got)
	}
	if got := len(all(doc, "figure")); got != len(s.Pictures) || got < 5 {
		t.Errorf("%d figures of %d pictures, at least 5 wanted", got, len(s.Pictures))
	}
	if got, want := text(one(t, doc, "pre")), `winnow eval 'made up/' --html 'it'\''s.html'`; got != want {
		t.Errorf("command %s, want %s", got, want)
	}
	body := text(one(t, doc, "body"))
	for _, want := range []string{
		"2,400 documents", "60 judged queries", "Reranking pays in all 3 comparisons.", "The highest mean of 15 runs has",
		strings.Repeat("cd", 32), strings.Repeat("0f", 32), "made-up/corpus.jsonl", "123,456", "300.0 MiB", "judged@10: ", "A processor, avx2, 2 threads",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	checkSound(t, doc)
}

// The figures of tables are those of the collection.
func TestTables(t *testing.T) {
	s := full(t, world{queries: 20, seed: 3, retrieval: 0.5, reranking: 1.2}, "valves", 5, 10)
	doc := parse(t, write(t, Report{Sections: []Section{s}}))
	tables := map[string]*html.Node{}
	for _, n := range all(doc, "table") {
		tables[attribute(n.Parent, "aria-label")] = n
	}
	for _, r := range s.Collection.Runs {
		row := rowOf(tables["Quality of the runs"], r.Name)
		if got, want := strings.TrimSuffix(cell(row, 0), "≈"), figures(r.Measures[s.Collection.Main]); got != want {
			t.Errorf("%s: %s %s, want %s", r.Name, s.Collection.Main, got, want)
		}
		if got, want := cell(rowOf(tables["Time and cost of the runs"], r.Name), 6), milliseconds(r.Latency.Total.Mean); got != want {
			t.Errorf("%s: mean total %s, want %s", r.Name, got, want)
		}
		row = rowOf(tables["Differences from the baseline"], r.Name)
		if r.Versus == nil {
			if row != nil {
				t.Errorf("%s is compared with itself", r.Name)
			}
			continue
		}
		got := []string{cell(row, 0), cell(row, 1), cell(row, 2), cell(row, 5), cell(row, 6), cell(row, 7)}
		mark := ""
		if r.Versus.P() < experiment.Significant {
			mark = " ▲significantly better"
		}
		want := []string{signed(r.Versus.Difference) + mark, interval(r.Versus), chance(r.Versus.P()), count(r.Versus.Wins), count(r.Versus.Ties), count(r.Versus.Losses)}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", r.Name, got, want)
		}
	}
}

// rowOf is the row whose header begins with the name of a run; nil if there is none.
func rowOf(table *html.Node, run string) *html.Node {
	for _, tr := range all(table, "tr") {
		if th := all(tr, "th"); len(th) == 1 && strings.TrimSpace(th[0].FirstChild.Data) == run {
			return tr
		}
	}
	return nil
}

func cell(row *html.Node, i int) string {
	if row == nil {
		return "no row"
	}
	return text(all(row, "td")[i])
}

// checkSound looks at what all reports promise: nothing that runs or loads, landmarks, headings without gaps, tables with
// captions and scopes, pictures with names, links that lead somewhere.
func checkSound(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	level := 0
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("a comment: %q", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "iframe", "object", "embed", "link", "img", "image", "base", "form", "foreignobject", "use", "audio", "video", "input":
			t.Errorf("element %s", n.Data)
		case "h1", "h2", "h3", "h4", "h5":
			next := int(n.Data[1] - '0')
			if next > level+1 {
				t.Errorf("heading %s %q after level %d", n.Data, text(n), level)
			}
			level = next
		case "table":
			if len(all(n, "caption")) != 1 || len(all(n, "thead")) != 1 {
				t.Errorf("a table without caption or head: %.80s", text(n))
			}
		case "th":
			if attribute(n, "scope") == "" {
				t.Errorf("th %q without scope", text(n))
			}
		case "svg":
			if attribute(n, "aria-hidden") != "true" && (attribute(n, "role") != "img" || len(all(n, "title")) != 1 || text(all(n, "title")[0]) == "") {
				t.Error("an SVG without role and title")
			}
		case "meta":
			if attribute(n, "http-equiv") == "refresh" {
				t.Error("the page goes elsewhere")
			}
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "srcset", a.Key == "action", a.Key == "background":
				t.Errorf("attribute %s of %s", a.Key, n.Data)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "#"):
				t.Errorf("a link to %q", a.Val)
			case a.Key == "style" && regexp.MustCompile(`(?i)url|import|expression|[<>@\\]`).MatchString(a.Val):
				t.Errorf("style %q", a.Val)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("id %s twice", a.Val)
				}
				ids[a.Val] = true
			}
		}
	}
	for _, a := range all(doc, "a") {
		if target := strings.TrimPrefix(attribute(a, "href"), "#"); !ids[target] {
			t.Errorf("a link to #%s, which is not there", target)
		}
	}
	for _, s := range all(doc, "section") {
		if !ids[attribute(s, "aria-labelledby")] {
			t.Errorf("a section without a name: %.80s", text(s))
		}
	}
	for _, name := range []string{"main", "header", "footer", "nav", "h1", "style"} {
		one(t, doc, name)
	}
	for _, style := range texts(all(doc, "style")) {
		if regexp.MustCompile(`(?i)url\(|@import|@font-face`).MatchString(style) {
			t.Error("the style sheet loads something")
		}
	}
}

// Whatever queries, documents, models, runs and files are called, it is text.
func TestHostileTexts(t *testing.T) {
	w := world{queries: 12, seed: 3, retrieval: 0.5, reranking: 1.2, text: hostile}
	s := full(t, w, "valves", 5)
	s.Manifest.Winnow, s.Manifest.Machine.CPU = hostile, hostile
	s.Manifest.Inputs[0].Path, s.Manifest.Models[0].Name = hostile, hostile
	s.Manifest.Parameters[hostile] = hostile
	for _, r := range s.Collection.Runs {
		r.Name += hostile
	}
	s.Collection.Baseline += hostile
	for _, v := range s.Collection.Verdicts {
		v.Run, v.Before = v.Run+hostile, v.Before+hostile
	}
	s.Pictures[0].Name = hostile
	page := write(t, Report{Title: hostile, Command: []string{hostile}, Sections: []Section{s}})
	doc := parse(t, page)
	checkSound(t, doc)
	if got := text(one(t, doc, "h1")); !strings.HasPrefix(got, "<script>alert(1)</script>") {
		t.Errorf("the title became %q", got)
	}
	if n := strings.Count(text(one(t, doc, "body")), "<script>alert(1)</script>"); n < 40 {
		t.Errorf("hostile texts are shown %d times: they should be seen as they are", n)
	}
	if strings.Contains(page, "\x00") {
		t.Error("control characters are kept")
	}
}

func TestSameBytes(t *testing.T) {
	w := world{queries: 15, seed: 3, retrieval: 0.5, reranking: 1.2}
	first := write(t, Report{Sections: []Section{full(t, w, "valves", 5, 10)}})
	for range 2 {
		if write(t, Report{Sections: []Section{full(t, w, "valves", 5, 10)}}) != first {
			t.Fatal("the same input gives other bytes")
		}
	}
}

// Queries make collections large, not reports.
func TestBoundedSize(t *testing.T) {
	sizes := map[int]int{}
	for _, n := range []int{240, 1200} {
		w := world{queries: n, seed: 3, retrieval: 0.5, reranking: 1.2}
		// Without pictures: their size is internal/chart's.
		c := measure(t, w.subject("valves"), w.systems(allModes[:1], true), experiment.Plan{Depths: []int{5}, Candidates: pool})
		sizes[n] = len(write(t, Report{Sections: []Section{{Collection: c}}}))
	}
	if sizes[1200] > sizes[240]*11/10 {
		t.Errorf("%d bytes for 240 queries, %d for 1,200", sizes[240], sizes[1200])
	}
}

func TestOddInputs(t *testing.T) {
	w := world{queries: 8, seed: 3, retrieval: 0.5, reranking: 1.2}
	run := func(w world, systems []experiment.System) *experiment.Collection {
		return measure(t, w.subject("odd"), systems, experiment.Plan{Depths: []int{5}, Candidates: pool})
	}
	file := func(name string) experiment.System {
		return experiment.System{Name: name, Retriever: w, Mode: "file", External: true}
	}
	alone := w
	alone.queries = 1
	for _, test := range []struct {
		name       string
		collection *experiment.Collection
		says       []string
		silent     []string
	}{
		{"one run", run(w, w.systems(allModes[:1], false)), []string{"One run was measured: dense", "Search quality on odd"}, []string{"Differences", "Queries that changed most"}},
		{"no reranking", run(w, w.systems(allModes, false)), []string{"The highest mean of 3 runs has hybrid", "Differences", "Against dense that is"}, []string{"Queries that changed most", "Reranking pays", "Does reranking pay"}},
		{"run files without times", run(w, []experiment.System{file("theirs"), file("ours")}), []string{"Differences", "±0.000"}, []string{"Time and cost"}},
		{"a run file, reranked", run(w, append(w.systems(allModes[:1], true), file("theirs"))), []string{"Time and cost", "The times of 1 run from files are not known."}, nil},
		{"one query", run(alone, alone.systems(allModes, true)), []string{"One query says nothing about others"}, []string{"Differences"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pictures, err := test.collection.Pictures(experiment.PictureOptions{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			doc := parse(t, write(t, Report{Sections: []Section{{Collection: test.collection, Pictures: pictures}}}))
			checkSound(t, doc)
			body := text(one(t, doc, "body"))
			for _, want := range test.says {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			for _, not := range append(test.silent, "NaN", "Inf", "Repeating this") {
				if strings.Contains(body, not) {
					t.Errorf("the page says %q", not)
				}
			}
		})
	}
}

// Several collections begin with a table over all of them.
func TestSeveralCollections(t *testing.T) {
	good := full(t, world{queries: 50, seed: 3, retrieval: 0.5, reranking: 1.5}, "good", 5, 20)
	bad := full(t, world{queries: 50, seed: 4, retrieval: 1.5, reranking: -1}, "bad", 5, 20)
	plain := measure(t, world{queries: 50}.subject("plain"), world{queries: 50}.systems(allModes, false), experiment.Plan{})
	doc := parse(t, write(t, Report{Sections: []Section{good, bad, {Collection: plain}}}))
	checkSound(t, doc)
	if got, want := text(one(t, doc, "h1")), "Does reranking pay on good, bad and plain?"; got != want {
		t.Errorf("h1 %q, want %q", got, want)
	}
	var outcomes []string
	for _, tr := range all(all(doc, "table")[0], "tr")[1:] {
		outcomes = append(outcomes, text(all(tr, "th")[0])+": "+cell(tr, 6))
	}
	want := slices.Concat(slices.Repeat([]string{"good 50 queries: ▲ pays"}, 3), slices.Repeat([]string{"bad 50 queries: ▼ hurts"}, 3), []string{"plain 50 queries: –"})
	if !slices.Equal(outcomes, want) {
		t.Errorf("outcomes %q, want %q", outcomes, want)
	}
}

// The reader who sees that the best mean is not proven is told what the search has without reranking.
func TestUnprovenBest(t *testing.T) {
	w := world{queries: 12, seed: 3, retrieval: 1, reranking: 0.45}
	c := measure(t, w.subject("odd"), w.systems(allModes[:1], true), experiment.Plan{Depths: []int{3, 5}, Candidates: pool})
	if c.Verdicts[0].Outcome != experiment.Unproven {
		t.Fatalf("outcome %s: the world is to leave it open", c.Verdicts[0].Outcome)
	}
	c.Runs[0].Measures[c.Main] = 0 // so that the best run is surely a reranked one
	main := text(one(t, parse(t, write(t, Report{Sections: []Section{{Collection: c}}})), "main"))
	for _, want := range []string{"Reranking shows no proven gain.", "Without reranking, dense has nDCG@10 0.000 at 2.7 ms a query.", "With 12 queries only large differences"} {
		if !strings.Contains(main, want) {
			t.Errorf("the summary is %.400q, want %q in it", main, want)
		}
	}
}

// Neither card nor lead calls a depth the best of which the mean of another is higher; where nothing can be shown, none claims anything.
func TestWordsOfVerdicts(t *testing.T) {
	w := world{queries: 60, seed: 3, retrieval: 0.5, reranking: 2}
	c := measure(t, w.subject("odd"), w.systems(allModes[:1], true), experiment.Plan{Depths: []int{3, 5}, Candidates: pool})
	v := c.Verdicts[0]
	if v.Outcome != experiment.Pays {
		t.Fatalf("outcome %s: the world is to be clear", v.Outcome)
	}
	for _, r := range c.Runs { // another depth has a higher mean, which judging took for luck
		if r.Depth > 0 && r.Name != v.Run {
			r.Measures[c.Main] = 0.999
		}
	}
	says := func(want ...string) {
		t.Helper()
		main := text(one(t, parse(t, write(t, Report{Sections: []Section{{Collection: c}}})), "main"))
		for _, want := range want {
			if !strings.Contains(main, want) {
				t.Errorf("the report is %.1200q, want %q in it", main, want)
			}
		}
		if strings.Contains(main, "reading deeper brings nothing") {
			t.Error("a higher mean is called nothing")
		}
	}
	says(" has the highest mean with a proven gain; ", " has 0.999, not proven", "The highest with a proven gain is "+v.Run)
	v.Outcome, v.TooFew = experiment.Unproven, true
	says("Too few queries to tell whether reranking pays.", "too few queries to tell", "too few queries differ for any proof")
}

// Times of a run file that is reranked are those of reranking alone.
func TestTimesOfARunFile(t *testing.T) {
	w := world{queries: 12, seed: 3, retrieval: 1, reranking: 0.45}
	c := measure(t, w.subject("odd"), w.systems(allModes[:1], true), experiment.Plan{Depths: []int{3}, Candidates: pool})
	for _, r := range c.Runs {
		if r.Depth > 0 {
			r.Latency.Encode, r.Latency.Retrieve, r.Latency.Total = nil, nil, nil
		}
	}
	rows := newTimes(c).Rows
	if got := rows[len(rows)-1].Cells; got[0] != absent || got[2] != absent || got[4] == absent || got[6] != absent {
		t.Errorf("cells %q", got)
	}
}

// Equal scores that matter, queries without results and those without relevant documents are told.
func TestNotes(t *testing.T) {
	w := world{queries: 8, seed: 3, retrieval: 0.5, reranking: 1.2}
	c := measure(t, w.subject("odd"), w.systems(allModes[:2], false), experiment.Plan{})
	m := eval.Measure{Kind: eval.KindP, Cut: 3}
	c.NoRelevant = 1
	c.Runs[0].Missing, c.Runs[1].Unjudged = 2, 3
	c.Runs[0].Tied, c.Runs[0].TieAware = map[eval.Measure]int{m: 4}, map[eval.Measure]float64{m: 0.1234}
	c.Runs[1].Tied = nil
	doc := parse(t, write(t, Report{Sections: []Section{{Collection: c}}}))
	checkSound(t, doc)
	body := text(one(t, doc, "body"))
	for _, want := range []string{
		"1 query has no relevant document", "dense found nothing for 2 queries", "lexical has 3 queries without judgments", "judged@10 tells",
		"dense P@3 4 " + figures(c.Runs[0].Measures[m]) + " 0.123", "In some queries equal scores",
	} {
		if !strings.Contains(body, want) && !strings.Contains(spaced(doc), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// spaced is the text of table rows, cells apart.
func spaced(doc *html.Node) string {
	var rows []string
	for _, tr := range all(doc, "tr") {
		var cells []string
		for n := range tr.ChildNodes() {
			if n.Type == html.ElementNode {
				cells = append(cells, text(n))
			}
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return strings.Join(rows, "\n")
}

type brokenPicture struct{ chart.Picture }

var errBroken = errors.New("broken")

func (brokenPicture) SVG() ([]byte, error) { return nil, errBroken }

func TestErrors(t *testing.T) {
	w := world{queries: 3}
	c := measure(t, w.subject("odd"), w.systems(allModes[:1], false), experiment.Plan{})
	for _, test := range []struct {
		sections []Section
		want     string
	}{
		{nil, "no collection"},
		{[]Section{{}}, "no collection"},
		{[]Section{{Collection: &experiment.Collection{Name: "bare"}}}, "bare has no runs"},
		{[]Section{{Collection: c, Pictures: []experiment.Picture{{Name: "quality"}}}}, `"quality" is empty`},
		{[]Section{{Collection: c, Pictures: []experiment.Picture{{Name: "quality", Picture: brokenPicture{}}}}}, "picture quality: broken"},
	} {
		var out strings.Builder
		err := Write(&out, Report{Sections: test.sections})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %q", err, test.want)
		}
		if out.Len() > 0 {
			t.Errorf("%q: something was written", test.want)
		}
	}
	broken := errors.New("full")
	if err := Write(failing{broken}, Report{Sections: []Section{{Collection: c}}}); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
