// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/train/dataset"
)

// inOrder finds all documents of a collection, each with a score 0.1 below the one before.
type inOrder struct{ *eval.Collection }

func (inOrder) Name() string { return "in order" }

func (c inOrder) Retrieve(_ context.Context, _ eval.Query, n int) (experiment.Retrieved, error) {
	var r experiment.Retrieved
	for i, d := range c.Docs[:min(n, len(c.Docs))] {
		r.Candidates = append(r.Candidates, experiment.Candidate{ID: d.ID, Text: d.Text, Score: 1 - 0.1*float32(i)})
	}
	return r, nil
}

func made() (rows []dataset.Row) {
	for i := range 8 {
		rows = append(rows, dataset.Row{Anchor: fmt.Sprintf("q%d", i/2), Positive: fmt.Sprintf("p%d", i)})
	}
	return rows
}

func mined(t *testing.T, o Options) ([]Mined, Stats) {
	t.Helper()
	rows := made()
	c := Collection(rows, []document.Document{{Text: "p0"}, {Text: "extra"}})
	m, err := New(inOrder{c}, c, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	return all(t, m, rows, o)
}

// all are the negatives of rows.
func all(t *testing.T, m *Miner, rows []dataset.Row, o Options) (list []Mined, stats Stats) {
	t.Helper()
	err := m.Mine(t.Context(), rows, func(part []Mined) error {
		list = append(list, part...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		stats.Add(&list[i], o.Negatives)
	}
	return list, stats
}

func TestMineLeavesKnownPositivesOut(t *testing.T) {
	o := Defaults()
	o.Negatives, o.To, o.RelativeMargin = 3, 4, math.NaN()
	list, stats := mined(t, o)
	if got := list[0].Negatives; !slices.Equal(got, []string{"p2", "p3", "p4"}) {
		t.Errorf("negatives of %s: %v; p1 answers it, too", list[0].Anchor, got)
	}
	if got := list[5].Negatives; !slices.Equal(got, []string{"p0", "p1", "p2"}) {
		t.Errorf("negatives of %s: %v", list[5].Anchor, got)
	}
	if stats.Rows != 8 || stats.Found != 24 || stats.Short != 0 || stats.Suspected != 0 {
		t.Errorf("%+v", stats)
	}
	o.From, o.To = 2, 6
	if list, _ := mined(t, o); !slices.Equal(list[0].Negatives, []string{"p4", "p5", "p6"}) || list[0].Found[0].Rank != 2 {
		t.Errorf("from rank 2 on: %+v", list[0].Found)
	}
}

// Documents that rows have, with their titles or without, are no others.
func TestTitlesMakeNoNegatives(t *testing.T) {
	o := Defaults()
	o.Negatives, o.RelativeMargin = 5, math.NaN()
	rows := []dataset.Row{{Anchor: "q", Positive: "T one"}, {Anchor: "q", Positive: "T\n one"}, {Anchor: "r", Positive: "two"}}
	c := Collection(rows, []document.Document{{Title: "T", Text: "one"}, {Title: "U", Text: "two"}, {Title: "T", Text: "one\n"}, {Title: "V"}, {}})
	m, err := New(inOrder{c}, c, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := all(t, m, rows, o)
	for i, want := range [][]string{{"two", "V"}, {"two", "V"}, {"T one", "T\n one", "V"}} {
		if !slices.Equal(list[i].Negatives, want) {
			t.Errorf("negatives of row %d: %q, want %q", i, list[i].Negatives, want)
		}
	}
}

// A positive that was not found has its own score if that can be told, and else the last that is known.
func TestPositivesThatWereNotFound(t *testing.T) {
	o := Defaults()
	o.Negatives, o.To, o.RelativeMargin = 2, 2, math.NaN()
	if list, _ := mined(t, o); math.Abs(list[7].PositiveScore-0.7) > 1e-6 { // p7 is behind the four that were looked at
		t.Errorf("score %v", list[7].PositiveScore)
	}
	o.Similarity = func(_ context.Context, query, text string) (float64, error) {
		if query != "q3" && query != "q2" || !strings.HasPrefix(text, "p") {
			t.Errorf("asked for %s and %s", query, text)
		}
		return -0.25, nil
	}
	list, _ := mined(t, o)
	if list[7].PositiveScore != -0.25 || math.Abs(list[1].PositiveScore-0.9) > 1e-6 {
		t.Errorf("scores %v and %v", list[7].PositiveScore, list[1].PositiveScore)
	}
	o.Similarity = func(context.Context, string, string) (float64, error) { return 0, context.Canceled }
	rows := made()
	c := Collection(rows, nil)
	m, err := New(inOrder{c}, c, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Mine(t.Context(), rows, func([]Mined) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestMarginsSuspectAnswers(t *testing.T) {
	o := Defaults()
	o.Negatives, o.To, o.RelativeMargin, o.AbsoluteMargin = 2, 7, math.NaN(), 0.05
	list, stats := mined(t, o)
	// The positive of row 4 is fifth: what comes before it, and is no known answer, is suspected.
	var suspected []string
	for _, s := range list[4].Suspected {
		suspected = append(suspected, s.Text)
	}
	if !slices.Equal(suspected, []string{"p0", "p1", "p2", "p3"}) || !slices.Equal(list[4].Negatives, []string{"p6", "p7"}) {
		t.Errorf("suspected %v, negatives %v", suspected, list[4].Negatives)
	}
	if stats.Suspected == 0 || stats.MeanGap <= 0 {
		t.Errorf("%+v", stats)
	}
	o.AbsoluteMargin, o.RelativeMargin = math.NaN(), 0.5
	if list, _ := mined(t, o); list[0].Found[0].Text != "p5" {
		t.Errorf("half of the positive's score: %+v", list[0].Found)
	}
}

func TestRandomDependsOnTheSeed(t *testing.T) {
	o := Defaults()
	o.Negatives, o.To, o.RelativeMargin, o.Random = 2, 7, math.NaN(), true
	a, _ := mined(t, o)
	b, _ := mined(t, o)
	o.Seed = 2
	c, _ := mined(t, o)
	texts := func(list []Mined) (all []string) {
		for _, m := range list {
			all = append(all, m.Negatives...)
		}
		return all
	}
	if !slices.Equal(texts(a), texts(b)) || slices.Equal(texts(a), texts(c)) {
		t.Error("the order does not depend on the seed alone")
	}
}

func TestFormats(t *testing.T) {
	m := Mined{Row: dataset.Row{Anchor: "a <b>", Positive: "p", Negatives: []string{"x", "y"}}, Found: []Negative{{Text: "x"}, {Text: "y"}}, Suspected: []Negative{{"1", "s", 1, 0.5}}}
	for format, want := range map[Format]string{
		Tuple:   `{"anchor":"a <b>","positive":"p","negative_1":"x","negative_2":"y"}` + "\n",
		Triplet: `{"anchor":"a <b>","positive":"p","negative":"x"}` + "\n" + `{"anchor":"a <b>","positive":"p","negative":"y"}` + "\n",
		List:    `{"query":"a <b>","positive":"p","negatives":["x","y"],"suspected":[{"text":"s","rank":1,"score":0.5}]}` + "\n",
	} {
		var b bytes.Buffer
		n, err := m.Write(&b, format, 2, false)
		if err != nil || b.String() != want || n != strings.Count(want, "\n") {
			t.Errorf("%s: %d lines, %v: %s", format, n, err, b.String())
		}
	}
	m.PositiveScore, m.Found[1].Score = 0.75, 0.25
	for format, want := range map[Format]string{
		Tuple: `{"anchor":"a <b>","positive":"p","negative_1":"x","negative_2":"y","scores":[0.75,0,0.25]}` + "\n",
		List:  `{"query":"a <b>","positive":"p","negatives":["x","y"],"suspected":[{"text":"s","rank":1,"score":0.5}],"scores":[0.75,0,0.25]}` + "\n",
	} {
		var b bytes.Buffer
		if _, err := m.Write(&b, format, 2, true); err != nil || b.String() != want {
			t.Errorf("%s with scores: %v: %s", format, err, b.String())
		}
	}
	none := Mined{Row: dataset.Row{Anchor: "a", Positive: "p"}, PositiveScore: math.NaN()}
	var b bytes.Buffer
	if _, err := none.Write(&b, List, 2, true); err != nil || b.String() != `{"query":"a","positive":"p","negatives":[]}`+"\n" {
		t.Errorf("a row for which nothing was found: %v: %s", err, b.String())
	}
	if n, err := m.Write(&bytes.Buffer{}, Tuple, 3, false); n != 0 || err != nil {
		t.Errorf("a row with too few negatives: %d lines, %v", n, err)
	}
	if _, err := m.Write(&bytes.Buffer{}, "csv", 2, false); err == nil {
		t.Error("an unknown format is no error")
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for _, change := range []func(*Options){
		func(o *Options) { o.Negatives = 0 },
		func(o *Options) { o.From = -1 },
		func(o *Options) { o.To = 0 },
		func(o *Options) { o.To = 3 },
		func(o *Options) { o.RelativeMargin = 1 },
	} {
		o := Defaults()
		change(&o)
		if o.Check() == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
