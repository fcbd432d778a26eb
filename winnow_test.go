// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/notebook"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

// Random checkpoints of a few hundred kilobytes: fast, and enough where only
// the plumbing is tested.
const (
	tinyBi     = "internal/parity/testdata/bi-mean"
	tinyCross  = "internal/parity/testdata/cross-identity"
	threeLabel = "internal/parity/testdata/cross-three-labels"
)

func newEngine(t *testing.T, retriever, reranker string, opts ...Option) *Engine {
	t.Helper()
	e, err := New(Models(retriever, reranker), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func corpus(t *testing.T) []Document {
	t.Helper()
	v, err := notebook.Load()
	if err != nil {
		t.Fatal(err)
	}
	var docs []Document
	for _, d := range v.Corpus {
		docs = append(docs, Document{ID: d.ID, Text: d.Text})
	}
	return docs
}

// withCorpus is an engine with the built-in models and the notebook's corpus.
func withCorpus(t *testing.T, opts ...Option) *Engine {
	t.Helper()
	e, err := New(builtin.Models(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Add(t.Context(), corpus(t)...); err != nil {
		t.Fatal(err)
	}
	return e
}

func search(t *testing.T, e *Engine, query string, opts ...SearchOption) *Result {
	t.Helper()
	r, err := e.Search(t.Context(), query, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const query = "Which ANN index is graph-based and very fast?"

func TestSearchFusesTheBuiltinPair(t *testing.T) {
	e := withCorpus(t)
	r := search(t, e, query, TopK(3), Candidates(8))
	if len(r.Hits) != 3 || r.Hits[0].ID != "d4" || r.Reranked != 8 || r.Reranker != builtin.Reranker || r.Query != query {
		t.Fatalf("%+v", r)
	}
	all := search(t, e, query, TopK(8))
	var cosines, words, logits []float32
	for _, h := range all.Hits {
		cosines, words, logits = append(cosines, h.Retrieval.Dense.Score), append(words, all.Words(&h)), append(logits, *h.Logit)
	}
	fused, err := rank.FuseStandardized(
		rank.Evidence{Name: "cosines", Weight: 1, Scores: cosines},
		rank.Evidence{Name: "words", Weight: 1, Scores: words, AsIs: true},
		rank.Evidence{Name: "logits", Weight: rank.LogitWeight, Scores: logits})
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range all.Hits {
		if h.ScoreKind != rank.Fused || h.Score != fused[i] {
			t.Errorf("%s: %s %v; the sum of its standardised scores is %v", h.ID, h.ScoreKind, h.Score, fused[i])
		}
		if want := 1 / (1 + math.Exp(-float64(*h.Logit))); *h.Probability != want {
			t.Errorf("%s: probability %v of logit %v", h.ID, *h.Probability, *h.Logit)
		}
		if h.Rank != i+1 || h.RankBefore != h.Retrieval.Dense.Rank || i > 0 && h.Score > all.Hits[i-1].Score {
			t.Errorf("place %d: %+v", i+1, h)
		}
	}
	if got := all.Order()[:3]; !slices.Equal(got, r.Order()) {
		t.Errorf("the first 3 of 8 are %v, asking for 3 gives %v", got, r.Order())
	}
}

// An explicit reranker orders by its logit, even when it is the engine's own.
func TestSearchByLogit(t *testing.T) {
	e := withCorpus(t)
	const query = "Why are cross-encoders often more accurate than bi-encoders?"
	r := search(t, e, query, Rerank(builtin.Reranker))
	for i, h := range r.Hits {
		if h.ScoreKind != rank.Logit || h.Score != *h.Logit || i > 0 && h.Score > r.Hits[i-1].Score {
			t.Errorf("place %d: %+v", i+1, h)
		}
	}
	if fused := search(t, e, query); slices.Equal(fused.Order(), r.Order()) {
		t.Errorf("fused and logit give the same order %v: the test shows nothing", r.Order())
	}
}

func TestSearchWithoutReranking(t *testing.T) {
	e := withCorpus(t)
	r := search(t, e, query, Rerank(Off), TopK(2))
	if got := r.Order(); !slices.Equal(got, []string{"d4", "d8"}) || r.Reranked != 0 || r.Reranker != "" || r.Timing.Rerank != 0 {
		t.Errorf("%+v", r)
	}
	for i, h := range r.Hits {
		want := Hit{
			Rank: i + 1, ID: h.ID, Document: h.ID, Text: h.Text, Context: h.Text, Score: h.Retrieval.Dense.Score,
			ScoreKind: rank.Cosine, Retrieval: Retrieval{Dense: &Found{h.Score, i + 1}}, Span: [2]int{0, len(h.Text)},
		}
		if d := cmp.Diff(want, h); d != "" {
			t.Error(d)
		}
	}
}

// The fields of the JSON are a contract.
func TestResultJSON(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	text := "# One\n\nSome text.\n\n## Two\n\nMore text.\n"
	d := Document{ID: "a.md", Text: text, Format: document.Markdown, Source: document.Source{Path: "a.md"}}
	if err := e.Add(t.Context(), d, Document{ID: "b", Text: "plain"}); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	fields := func(opts ...SearchOption) (result, hit, plain object) {
		data, err := json.Marshal(search(t, e, "text", opts...))
		if err != nil {
			t.Fatal(err)
		}
		var hits struct{ Hits []object }
		if err := errors.Join(json.Unmarshal(data, &result), json.Unmarshal(data, &hits)); err != nil {
			t.Fatal(err)
		}
		for _, h := range hits.Hits {
			switch h["id"] {
			case "a.md#2":
				hit = h
			case "b":
				plain = h
			}
		}
		return result, hit, plain
	}
	keys := func(m any) string {
		o, ok := m.(object)
		if !ok {
			t.Fatalf("%v is no object", m)
		}
		return strings.Join(slices.Sorted(maps.Keys(o)), " ")
	}
	under := func(m any, name string) any {
		o, ok := m.(object)
		if !ok {
			t.Fatalf("%v is no object", m)
		}
		return o[name]
	}
	result, hit, plain := fields()
	for _, c := range []struct{ got, want string }{
		{keys(result), "hits mode precision query reading reranked reranker timing_ms"},
		{keys(result["timing_ms"]), "encode rerank retrieve total"},
		{keys(hit), "id logit probability rank rank_before retrieval score score_kind source text title truncated_tokens"},
		{keys(hit["source"]), "end_line path start_line"},
		{keys(under(hit["retrieval"], "dense")), "rank score"},
		{keys(plain), "id logit probability rank rank_before retrieval score score_kind text truncated_tokens"},
		{fmt.Sprintf("%v %v %v", hit["title"], hit["text"], hit["source"]), "Two More text. map[end_line:7 path:a.md start_line:7]"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
	if _, _, plain := fields(Rerank(Off)); keys(plain) != "id rank retrieval score score_kind text truncated_tokens" {
		t.Errorf("without reranking: %s", keys(plain))
	}
	empty := newEngine(t, tinyBi, tinyCross)
	if data, err := json.Marshal(search(t, empty, "text")); err != nil || !strings.Contains(string(data), `"hits":[]`) {
		t.Errorf("no passages: %s, %v", data, err)
	}
}

// However documents are added, and on however many threads, the result is the
// same to the bit.
func TestSearchIsDeterministic(t *testing.T) {
	var want []Hit
	for i, threads := range []int{1, 2, 5} {
		e, err := New(builtin.Models(), Threads(threads))
		if err != nil {
			t.Fatal(err)
		}
		docs := corpus(t)
		if i == 1 {
			slices.Reverse(docs)
		}
		if i == 2 { // one at a time
			for _, d := range docs {
				if err := e.Add(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
		} else if err := e.Add(t.Context(), docs...); err != nil {
			t.Fatal(err)
		}
		got := search(t, e, query).Hits
		if i == 0 {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d threads: %s", threads, d)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Copies of one text have one score; their ids decide, and the cut at k does
// not depend on the order of adding.
func TestTiesGoByID(t *testing.T) {
	for _, reversed := range []bool{false, true} {
		e := newEngine(t, tinyBi, tinyCross)
		var docs []Document
		for i := range 30 {
			docs = append(docs, Document{ID: fmt.Sprintf("copy%02d", i), Text: "the same text"})
		}
		if reversed {
			slices.Reverse(docs)
		}
		if err := e.Add(t.Context(), docs...); err != nil {
			t.Fatal(err)
		}
		want := []string{"copy00", "copy01", "copy02", "copy03"}
		for _, rerank := range []string{Off, Auto} {
			r := search(t, e, "a question", TopK(4), Candidates(4), Rerank(rerank))
			if got := r.Order(); !slices.Equal(got, want) {
				t.Errorf("reversed %v, rerank %s: %v", reversed, rerank, got)
			}
		}
	}
}

func TestAddErrors(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	if err := e.Add(t.Context(), Document{ID: "there", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	long := "# A\n\none\n\n# B\n\ntwo\n"
	for _, c := range []struct {
		docs []Document
		want string
	}{
		{[]Document{{ID: "a", Text: "x"}, {Text: "y"}}, "document 2 has no id"},
		{[]Document{{ID: "a", Text: "x"}, {ID: "a", Text: "y"}}, `two documents have the id "a"`},
		{[]Document{{ID: "a#2", Text: "x"}, {ID: "a", Text: long, Format: document.Markdown}}, `"a#2" is the id of a document and of passage 2 of "a"`},
		{[]Document{{ID: "new", Text: "x"}, {ID: "there", Text: "y", Format: "rst"}}, `format "rst" is not known`},
	} {
		err := e.Add(t.Context(), c.docs...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
		if e.Len() != 1 {
			t.Fatalf("%s: %d passages after a failed Add", c.want, e.Len())
		}
	}
	// A document takes the place of the one with its id.
	if err := e.Add(t.Context(), Document{ID: "there", Text: "another text"}); err != nil || e.Len() != 1 {
		t.Errorf("%d passages, %v", e.Len(), err)
	}
	if got := search(t, e, "text", Rerank(Off)).Hits[0].Text; got != "another text" {
		t.Errorf("found %q", got)
	}
	// What failed left nothing behind.
	if err := e.Add(t.Context(), Document{ID: "new", Text: "x"}, Document{ID: "a", Text: long, Format: document.Markdown}); err != nil || e.Len() != 4 {
		t.Errorf("%d passages, %v", e.Len(), err)
	}
}

func TestSearchErrors(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	if err := e.Add(t.Context(), Document{ID: "a", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		opt   SearchOption
		want  string
	}{
		{" \n", TopK(1), "the query is empty"},
		{"q", TopK(0), "the number of hits is 0; it must be at least 1"},
		{"q", TopK(-1), "the number of hits is -1"},
		{"q", Candidates(0), "the number of candidates is 0; it must be at least 1"},
		{"q", Rerank(""), "the reranker's name is empty"},
		{"q", Rerank("no/such-model"), "no/such-model"},
		{"q", Rerank("builtin:rerankr"), "builtin:reranker"},
		{"q", Rerank(tinyBi), "is a bi-encoder"},
		{"q", Rerank(threeLabel), "has 3 labels; a reranker has one"},
	} {
		r, err := e.Search(t.Context(), c.query, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) || r != nil {
			t.Errorf("%v, error %v, want %s", r, err, c.want)
		}
	}
	for _, c := range []struct {
		query string
		opt   SearchOption
		want  string
	}{
		{"", TopK(1), "the query is empty"},
		{"q", Rerank(Off), "needs a cross-encoder"},
		{"q", Candidates(-1), "the number of candidates is -1"},
		{"q", Rerank(tinyBi), "is a bi-encoder"},
	} {
		if _, err := e.Compare(t.Context(), c.query, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("compare: error %v, want %s", err, c.want)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		retriever string
		opts      []Option
		want      string
	}{
		{"builtin:retriver", nil, "builtin:retriever"},
		{"no/such-model", nil, "no/such-model"},
		{tinyCross, nil, "is a cross-encoder"},
		{tinyBi, []Option{Threads(-1)}, "threads is -1"},
		{tinyBi, []Option{MaxTokens(-1)}, "max tokens is -1"},
	} {
		if e, err := New(Models(c.retriever, tinyCross), c.opts...); err == nil || !strings.Contains(err.Error(), c.want) || e != nil {
			t.Errorf("%s: error %v, want %s", c.retriever, err, c.want)
		}
	}
	// The cross-encoder is opened when it is needed.
	e := newEngine(t, tinyBi, "no/such-model")
	if err := e.Add(t.Context(), Document{ID: "a", Text: "text"}); err != nil {
		t.Error(err)
	}
	if r, err := e.Search(t.Context(), "q", Rerank(Off)); err != nil || len(r.Hits) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := e.Search(t.Context(), "q"); err == nil {
		t.Error("reranking with a model that is not there gives no error")
	}
}

func TestCancelled(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	if err := e.Add(t.Context(), Document{ID: "a", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Add(ctx, Document{ID: "b", Text: "text"}); !errors.Is(err, context.Canceled) || e.Len() != 1 {
		t.Errorf("add: %v, %d passages", err, e.Len())
	}
	if _, err := e.Search(ctx, "q"); !errors.Is(err, context.Canceled) {
		t.Errorf("search: %v", err)
	}
	if _, err := e.Compare(ctx, "q"); !errors.Is(err, context.Canceled) {
		t.Errorf("compare: %v", err)
	}
}

// Run with -race. Every search must see whole documents only.
func TestConcurrentUse(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	const writers, each = 3, 8
	two := "# A\n\nthe first part\n\n# B\n\nthe second part\n"
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				d := Document{ID: fmt.Sprintf("w%d-%d", w, i), Text: two, Format: document.Markdown}
				if err := e.Add(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				r, err := e.Search(t.Context(), "part", TopK(2*writers*each), Rerank([]string{Off, Auto, tinyCross}[w]))
				if err != nil {
					t.Error(err)
				} else if len(r.Hits)%2 != 0 {
					t.Errorf("%d hits: half a document", len(r.Hits))
				}
				if n := e.Len(); n%2 != 0 {
					t.Errorf("%d passages", n)
				}
			}
		})
	}
	wg.Wait()
	if e.Len() != 2*writers*each {
		t.Errorf("%d passages", e.Len())
	}
}

func TestPassages(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	d := Document{
		ID: "guide", Title: "Guide", Format: document.Markdown, Source: document.Source{Path: "docs/guide.md"},
		Text: "# Guide\n\nWelcome \xff here.\n\n## Setup\n\nFirst line.\nSecond line.\n",
	}
	if err := e.Add(t.Context(), d, Document{ID: "blank", Text: " \n"}); err != nil {
		t.Fatal(err)
	}
	got := map[string]Hit{}
	for _, h := range search(t, e, "setup", Rerank(Off)).Hits {
		got[h.ID] = Hit{Title: h.Title, Text: h.Text, Source: h.Source}
	}
	want := map[string]Hit{
		"guide":   {Title: "Guide", Text: "Welcome \ufffd here.", Source: &Source{Path: "docs/guide.md", StartLine: 3, EndLine: 3}},
		"guide#2": {Title: "Setup", Text: "First line.\nSecond line.", Source: &Source{Path: "docs/guide.md", StartLine: 7, EndLine: 8}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTruncationIsReported(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross, MaxTokens(12))
	words := strings.Repeat("water paper ", 8)
	if err := e.Add(t.Context(), Document{ID: "a", Text: words}); err != nil {
		t.Fatal(err)
	}
	if e.Len() < 2 {
		t.Errorf("%d passages of at most 10 tokens for 16 words", e.Len())
	}
	r := search(t, e, "north")
	var cut int
	for _, h := range r.Hits {
		cut += h.TruncatedTokens
	}
	if cut == 0 || r.QueryTruncated != 0 {
		t.Errorf("%d tokens cut beside a short query, %d of the query", cut, r.QueryTruncated)
	}
	for _, h := range search(t, e, "north", Rerank(Off)).Hits {
		if h.TruncatedTokens != 0 {
			t.Errorf("passages are cut to fit the bi-encoder, yet %s lost %d tokens", h.ID, h.TruncatedTokens)
		}
	}
	for _, rerank := range []string{Off, Auto} {
		if r := search(t, e, words, Rerank(rerank)); r.QueryTruncated == 0 {
			t.Errorf("rerank %s: a query of 16 words fits into 12 tokens", rerank)
		}
	}
	c, err := e.Compare(t.Context(), words)
	if err != nil || c.QueryTruncated == 0 || c.Rows[0].TruncatedTokens == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestProgress(t *testing.T) {
	var got [][2]int
	e := newEngine(t, tinyBi, tinyCross, Progress(func(done, total int) { got = append(got, [2]int{done, total}) }))
	plain := newEngine(t, tinyBi, tinyCross)
	var docs []Document
	for i := range 1000 {
		docs = append(docs, Document{ID: fmt.Sprint(i), Text: fmt.Sprintf("text number %d", i)})
	}
	if err := errors.Join(e.Add(t.Context(), docs...), plain.Add(t.Context(), docs...)); err != nil {
		t.Fatal(err)
	}
	if len(got) < 2 || got[0] != [2]int{0, 1000} || got[len(got)-1] != [2]int{1000, 1000} || !slices.IsSortedFunc(got, func(a, b [2]int) int { return a[0] - b[0] }) {
		t.Errorf("progress %v", got)
	}
	if d := cmp.Diff(search(t, plain, "text number 7", Rerank(Off)).Hits, search(t, e, "text number 7", Rerank(Off)).Hits); d != "" {
		t.Errorf("progress changes the result: %s", d)
	}
}

func TestCompare(t *testing.T) {
	e := withCorpus(t)
	c, err := e.Compare(t.Context(), query, Candidates(5))
	if err != nil {
		t.Fatal(err)
	}
	r := search(t, e, query, TopK(5), Candidates(5), Rerank(builtin.Reranker))
	if len(c.Rows) != 5 || c.Kind != rank.Cosine || c.Bands != "" || c.Reranker != builtin.Reranker || c.Retriever != builtin.Retriever {
		t.Fatalf("%+v", c)
	}
	var bi, cross []float32
	for i, row := range c.Rows {
		h := r.Hits[i]
		want := ComparedPassage{ID: h.ID, Text: h.Text, BM25: row.BM25, Bi: *h.Retrieval.Dense, Cross: Found{*h.Logit, i + 1}, Probability: *h.Probability, Moved: h.RankBefore - h.Rank}
		if d := cmp.Diff(want, row); d != "" {
			t.Error(d)
		}
		if shares := row.ID != "d5" && row.ID != "d7"; shares != (row.BM25 != nil) || shares && (row.BM25.Rank < 1 || row.BM25.Score <= 0) {
			t.Errorf("%s shares a word with the query: %v; BM25 %+v", row.ID, shares, row.BM25)
		}
		bi, cross = append(bi, row.Bi.Score), append(cross, row.Cross.Score)
	}
	if tau, err := rank.KendallTau(bi, cross); err != nil || c.Agreement == nil || *c.Agreement != tau {
		t.Errorf("agreement %v, want %v, %v", c.Agreement, tau, err)
	}
	one := newEngine(t, tinyBi, tinyCross)
	if err := one.Add(t.Context(), Document{ID: "a", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	if c, err := one.Compare(t.Context(), "q"); err != nil || len(c.Rows) != 1 || c.Agreement != nil {
		t.Errorf("one passage: %+v, %v", c, err)
	}
	for _, o := range []SearchOption{Budget(1), Diversity(0.5), Rerank(Off), In(Lexical), Cascade(Stage{Auto, 9}, Stage{Auto, 3})} {
		if c, err := one.Compare(t.Context(), "q", o); err == nil {
			t.Errorf("an option that a comparison does not take is accepted: %+v", c)
		}
	}
}

func TestEngineTellsItsModels(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross, MaxTokens(9))
	auto, err := e.Reranker(Auto)
	if err != nil || auto.Model().Name != tinyCross || auto.MaxTokens() != 9 {
		t.Fatalf("%+v, %v", auto, err)
	}
	if named, err := e.Reranker(tinyCross); err != nil || named != auto {
		t.Errorf("opened twice, or %v", err)
	}
	if c, err := e.Reranker(Off); err == nil || c != nil {
		t.Error("off is a model")
	}
	if b := e.Retriever(); b.MaxTokens() != 9 || b.Similarity() != encoder.CosineSimilarity || b.Dim() < 1 {
		t.Errorf("%d tokens, %s, %d dimensions", b.MaxTokens(), b.Similarity(), b.Dim())
	}
}

func TestAddTakesOnlyWhatCanBeFound(t *testing.T) {
	e, err := New(builtin.Models())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", " \n\t"} {
		if err := e.Add(t.Context(), Document{ID: "a", Text: text}); err != nil || e.Len() != 0 {
			t.Errorf("a document of %q: %v, %d passages", text, err, e.Len())
		}
	}
	if err := e.Add(t.Context(), Document{ID: "a", Text: "its id is still free"}); err != nil {
		t.Error(err)
	}
	err = e.Add(t.Context(), Document{ID: "b", Text: "x", Format: "rst"})
	if err == nil || !strings.Contains(err.Error(), `format "rst" is not known`) {
		t.Errorf("an unknown format: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := e.Search(t.Context(), "x"); !errors.Is(err, encoder.ErrClosed) {
		t.Errorf("searching a closed engine: %v", err)
	}
	if _, err := e.Reranker(Auto); !errors.Is(err, encoder.ErrClosed) {
		t.Errorf("a closed engine's reranker: %v", err)
	}
}
