// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

func TestParseStages(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []Stage
	}{
		{"off", nil},
		{"auto", []Stage{{Model: Auto}}},
		{"auto@50", []Stage{{Auto, 50}}},
		{"a/b@100,/tmp/x@y/c@10", []Stage{{"a/b", 100}, {"/tmp/x@y/c", 10}}},
		{"auto,c@10", []Stage{{Model: Auto}, {"c", 10}}},
	} {
		got, err := ParseStages(tt.text)
		if err != nil || !slices.Equal(got, tt.want) || FormatStages(got) != tt.text {
			t.Errorf("%q: %v, %v, again %q", tt.text, got, err, FormatStages(got))
		}
	}
	for text, want := range map[string]string{
		"":                      "name is empty",
		"a,":                    "name is empty",
		"auto@0":                `depth "0"`,
		"auto@ten":              `depth "ten"`,
		"a@10,b@20":             "stage 2, b, reads more",
		"a@10,b":                "stage 2, b, reads more",
		"off,a@1":               "off cannot be",
		"off@10":                "off reads nothing",
		"a@20,off@10":           "off reads nothing",
		strings.Repeat("a,", 9): "at most 8",
	} {
		if _, err := ParseStages(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func TestCascade(t *testing.T) {
	e := withCorpus(t)
	plain := search(t, e, query, Rerank(Off), TopK(8))
	first := search(t, e, query, Rerank(builtin.Reranker), TopK(8))
	shallow := search(t, e, query, Cascade(Stage{builtin.Reranker, 3}), TopK(8))
	if got, want := shallow.Order()[3:], plain.Order()[3:]; !slices.Equal(got, want) {
		t.Errorf("what was not read is in the order %v, want %v", got, want)
	}
	read := shallow.Order()[:3]
	if slices.Equal(read, plain.Order()[:3]) {
		t.Fatalf("reranking three leaves their order %v: the test shows nothing", read)
	}
	for i, h := range shallow.Hits {
		if (h.Logit != nil) != (i < 3) || h.Rank != i+1 || plain.Order()[h.RankBefore-1] != h.ID {
			t.Errorf("hit %d: %+v", i+1, h)
		}
	}
	// A second stage reads the best of the first one's order, and all hits tell where retrieval had them.
	two := search(t, e, query, Cascade(Stage{Model: builtin.Reranker}, Stage{Auto, 4}), TopK(8))
	if got, want := two.Order()[4:], first.Order()[4:]; !slices.Equal(got, want) {
		t.Errorf("after two stages the rest is %v, want %v", got, want)
	}
	for i, h := range two.Hits {
		want := rank.Logit
		if i < 4 {
			want = rank.Fused
		}
		if h.ScoreKind != want || plain.Order()[h.RankBefore-1] != h.ID {
			t.Errorf("hit %d of two stages: %+v", i+1, h)
		}
	}
	if len(two.Reading) != 2 || two.Reading[0].Read != 8 || two.Reading[1].Read != 4 || two.Reading[1].Tokens == 0 || two.Reranked != 8 {
		t.Errorf("stages read %+v, reranked %d", two.Reading, two.Reranked)
	}
	if _, err := e.Search(t.Context(), query, Cascade(Stage{Auto, 1}, Stage{Auto, 2})); err == nil {
		t.Error("a stage that reads more than the one before is accepted")
	}
}

func TestWholeDocuments(t *testing.T) {
	e, err := New(builtin.Models(), Passages(index.Sizes{Whole: true}))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	long := strings.Repeat("A sentence about nothing much, again and again.\n\n", 200)
	if err := e.Add(t.Context(), Document{ID: "long", Title: "T", Text: long}, Document{ID: "empty"}, Document{ID: "title", Title: "Only"}); err != nil {
		t.Fatal(err)
	}
	r := search(t, e, "A sentence about nothing much", Rerank(Off))
	if got := r.Order(); !slices.Equal(got, []string{"long", "title"}) {
		t.Errorf("hits %v, want long and title", got)
	}
	if h := r.Hits[0]; h.Text != long || h.Context != "T "+long || h.TruncatedTokens == 0 {
		t.Errorf("%d bytes of text, context %.20q, %d tokens left out", len(h.Text), h.Context, h.TruncatedTokens)
	}
}

// A setting changes its own field: what options before it have set stays, down to the variant of BM25.
func TestSettingsLeaveTheRest(t *testing.T) {
	zero := 0.0
	before := []SearchOption{BM25(lexical.Params{Variant: lexical.BM25L, K1: 1.5, B: 0.75, Delta: 0.25, TitleWeight: 2}), Width(64, 8)}
	for _, tt := range []struct {
		s    Settings
		want func(o *searchOptions)
	}{
		{Settings{}, func(*searchOptions) {}},
		{Settings{BM25Settings: BM25Settings{K1: 1.2}}, func(o *searchOptions) { o.bm25.K1 = 1.2 }},
		{Settings{BM25Settings: BM25Settings{B: &zero}}, func(o *searchOptions) { o.bm25.B = 0 }},
		{Settings{BM25Settings: BM25Settings{Variant: "lucene"}}, func(o *searchOptions) { o.bm25.Variant = lexical.Lucene }},
		{Settings{BM25Settings: BM25Settings{Variant: "bm25+"}}, func(o *searchOptions) { o.bm25.Variant = lexical.BM25Plus }},
		{Settings{BM25Settings: BM25Settings{Delta: &zero}}, func(o *searchOptions) { o.bm25.Delta = 0 }},
		{Settings{BM25Settings: BM25Settings{TitleWeight: 3}}, func(o *searchOptions) { o.bm25.TitleWeight = 3 }},
		{Settings{Ef: 100}, func(o *searchOptions) { o.ef = 100 }},
		{Settings{Probes: 3}, func(o *searchOptions) { o.probes = 3 }},
	} {
		opts, err := tt.s.Options()
		if err != nil {
			t.Fatal(err)
		}
		got, want := newSearchOptions(slices.Concat(before, opts)), newSearchOptions(before)
		tt.want(&want)
		if got.bm25 != want.bm25 || got.ef != want.ef || got.probes != want.probes {
			t.Errorf("%+v: %+v, %d, %d, want %+v, %d, %d", tt.s, got.bm25, got.ef, got.probes, want.bm25, want.ef, want.probes)
		}
	}
	two, below := 2.0, -1.0
	bad := []Settings{{Ef: -1}, {Probes: -1}}
	for _, s := range []BM25Settings{{K1: -5}, {K1: 1001}, {B: &two}, {Variant: "bm25"}, {Delta: &below}, {TitleWeight: -1}, {TitleWeight: 1e-9}} {
		bad = append(bad, Settings{BM25Settings: s})
	}
	for _, s := range bad {
		if _, err := s.Options(); err == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
}

func TestSettings(t *testing.T) {
	half := 0.5
	s := Settings{Mode: Hybrid, Candidates: 70, Rerank: "auto@20", Budget: Duration(50 * time.Millisecond), BM25Settings: BM25Settings{Variant: "bm25l", K1: 1.2, B: &half, Delta: &half, TitleWeight: 2}, Ef: 90}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"mode":"hybrid","candidates":70,"rerank":"auto@20","budget":"50ms","bm25_variant":"bm25l","bm25_k1":1.2,"bm25_b":0.5,"bm25_delta":0.5,"bm25_title_weight":2,"ef":90}`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	var back Settings
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, back); d != "" {
		t.Error(d)
	}
	opts, err := s.Options()
	if err != nil {
		t.Fatal(err)
	}
	o := newSearchOptions(opts)
	if o.mode != Hybrid || o.candidates != 70 || !slices.Equal(o.stages, []Stage{{Auto, 20}}) || o.budget != 50*time.Millisecond || o.bm25 != (lexical.Params{Variant: lexical.BM25L, K1: 1.2, B: 0.5, Delta: 0.5, TitleWeight: 2}) || o.ef != 90 {
		t.Errorf("%+v", o)
	}
	if o := newSearchOptions(nil); o.bm25.K1 != 0.9 || o.candidates != defaultCandidates {
		t.Errorf("defaults: %+v", o)
	}
	if _, err := (Settings{Rerank: "a@0"}).Options(); err == nil {
		t.Error("a bad depth is accepted")
	}
}
